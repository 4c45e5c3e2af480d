"""The tables of the store, as the newest migration leaves them."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text

SCHEMA = 2
"""The version that this code reads and writes."""

metadata = MetaData()
_counting = BigInteger().with_variant(Integer, "sqlite")


class Kind(IntEnum):
    """What is in a chunk, and what its numbers count."""

    RECORDS = 0
    """Numbered by `seq`."""
    RUNS = 1
    """Handler runs, numbered from 1 in the order of their ends."""
    SEGMENTS = 2
    """What is rare and small of segments, numbered as these."""
    LOG = 3
    OUTPUTS = 4


jobs = Table(
    "jobs",
    metadata,
    Column("job_no", _counting, primary_key=True, autoincrement=True),
    Column("job_id", Text, nullable=False, unique=True),
    Column("flow_id", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="pending"),
    Column("ended", Boolean, nullable=False, server_default="0"),
    Column("created_at", Text, nullable=False, server_default=""),
    Column("origin", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default=""),
    Column("writer", Text, nullable=False, server_default=""),
    Column("sign_ns", BigInteger, nullable=False, server_default="0"),
    Column("written_ns", BigInteger, nullable=False, server_default="0"),
    Column("n", BigInteger, nullable=False, server_default="0"),
    Column("first_seq", BigInteger, nullable=False, server_default="0"),
    Column("seq", BigInteger, nullable=False, server_default="0"),
    Column("run", BigInteger, nullable=False, server_default="0"),
    Column("first_log", BigInteger, nullable=False, server_default="0"),
    Column("log", BigInteger, nullable=False, server_default="0"),
    Column("first_output", BigInteger, nullable=False, server_default="0"),
    Column("output", BigInteger, nullable=False, server_default="0"),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("played", BigInteger, nullable=False, server_default="0"),
    Column("summary", LargeBinary),
    Column("words", Text, nullable=False, server_default=""),
    Index("jobs_newest", "created_at", "job_id"),
)
"""A job. `n`, `seq`, `run`, `log`, `output`: the last number of each that is kept; `first_*`: the first.
`sign_ns`: when its program was last heard of through `writer`, which wrote it last at `written_ns`. `owner`: a digest
of whoever may send more of it. `size`: bytes in chunks. `words`: what the list is searched in. `played`: the segment
as of which `summary` is."""

names = Table(
    "names",
    metadata,
    Column("job_no", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", LargeBinary, nullable=False),
)
"""What numbers in the chunks of records (sources) and runs (targets) mean: one thing each, for ever."""

chunks = Table(
    "chunks",
    metadata,
    Column("job_no", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("min_cause", BigInteger, nullable=False),
    Column("max_cause", BigInteger, nullable=False),
    Column("mask", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("chunks_range", "job_no", "kind", "first", "last", "first_ns", "last_ns", "mask"),
    Index("chunks_cause", "job_no", "kind", "max_cause", "min_cause", "mask"),
)
"""Rows `first` to `last` of one kind, at most 256. `*_cause`: the lowest and highest cause among them, 0 when there is
none. `mask`: a bit for each source (number modulo 63) or outcome that is among them."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("job_no", BigInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""The state of a job after its segment `n`."""

writers = Table(
    "writers",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("beat_ns", BigInteger, nullable=False),
    Column("stopped", Boolean, nullable=False),
)
"""Who writes here, and when they were last alive."""
