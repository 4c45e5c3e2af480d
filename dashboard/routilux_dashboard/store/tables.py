"""The tables of the store, as the newest migration leaves them."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text

SCHEMA = 2
"""The version that this code reads and writes."""

metadata = MetaData()
_counting = BigInteger().with_variant(Integer, "sqlite")


class Kind(IntEnum):
    """The kind of a chunk's rows, and what their numbers count."""

    RECORDS = 0
    """Numbered by `seq`."""
    RUNS = 1
    """Handler runs, numbered from 1 in the order in which they ended."""
    SEGMENTS = 2
    """Segments without their rows, by their numbers."""
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
"""A job.

- `n`, `seq`, `run`, `log`, `output`: the number of the last segment, record, run, log row and output that is stored;
  `first_*`: of the first.
- `sign_ns`: when its program was last known to be alive.
- `writer`: which store wrote it last, at `written_ns`.
- `owner`: the digest of the program that may send more of it.
- `size`: bytes in chunks.
- `summary`: as of segment `played`; `words`: the text that the job list searches.
"""

names = Table(
    "names",
    metadata,
    Column("job_no", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", LargeBinary, nullable=False),
)
"""The names of the numbers in chunks of records (sources) and runs (targets): one name a number, for ever."""

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
"""Rows `first` to `last` of one kind, at most 256. `min_cause` and `max_cause` are 0 if no row has a cause. `mask` has
a bit for each source (number modulo 63) or outcome among the rows."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("job_no", BigInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
"""A job's counters as of its segment `n`."""

writers = Table(
    "writers",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("beat_ns", BigInteger, nullable=False),
    Column("stopped", Boolean, nullable=False),
)
"""The writers of this store, with their last heartbeats."""
