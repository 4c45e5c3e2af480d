"""Chunks: up to 256 rows of one kind, stored as one blob, and read by the numbers of their rows.

Each chunk is a row of the table `chunks`, with the numbers of its first and last row and what a search can tell from
outside: the span of its times, the span of its causes, and a mask of the sources (or outcomes) that occur in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection

from ..protocol import LogRow, OutputRow
from ..segments.segment import Records, Runs, Segment
from .database import Database
from .errors import StoreFailed
from .tables import Kind

ROWS = 256
"""The most rows in a chunk: as many are read, and rewritten, for the sake of one."""
BYTES = 256 * 1024
"""The size of a chunk, about, when its rows are large."""
MASK_BITS = 63
PAGE = 2, 32
"""How many chunks one query fetches: at first, and at most later on."""
_COMPRESSED = b"\x78"
"""The first byte of compressed data, which no MessagePack list begins with."""
_WORTH_COMPRESSING = 4096

Rows = TypeVar("Rows")


class StoredSegment(msgspec.Struct, array_like=True):
    """A segment without its rows, and how many it had; `log` and `outputs` are the first and last `n`."""

    segment: Segment
    records: int
    runs: int
    log: tuple[int, int] = (0, -1)
    outputs: tuple[int, int] = (0, -1)


class Chunk(NamedTuple):
    """A row of the table `chunks`, without the job."""

    kind: int
    first: int
    last: int
    first_ns: int
    last_ns: int
    min_cause: int
    max_cause: int
    mask: int
    data: bytes


# -- encoding

_encode = msgspec.msgpack.Encoder().encode
_records = msgspec.msgpack.Decoder(Records).decode
_runs = msgspec.msgpack.Decoder(Runs).decode
_segments = msgspec.msgpack.Decoder(list[StoredSegment]).decode
_log = msgspec.msgpack.Decoder(list[LogRow]).decode
_outputs = msgspec.msgpack.Decoder(list[OutputRow]).decode
DECODERS: dict[Kind, Callable[[bytes], Any]] = {
    Kind.RECORDS: _records,
    Kind.RUNS: _runs,
    Kind.SEGMENTS: lambda data: _segments(_unpacked(data)),
    Kind.LOG: lambda data: _log(_unpacked(data)),
    Kind.OUTPUTS: lambda data: _outputs(_unpacked(data)),
}
"""Kind of a chunk → its rows from its data. They raise `msgspec.DecodeError` or `zlib.error` for damaged data."""


def encode(rows: object, *, compress: bool = False) -> bytes:
    """The data of a chunk; compressed, if asked for and worth it."""
    data = _encode(rows)
    return zlib.compress(data, 6) if compress and len(data) >= _WORTH_COMPRESSING else data


def mask_bit(number: int) -> int:
    """The bit of a chunk's `mask` for a source or an outcome."""
    return 1 << number % MASK_BITS


def _unpacked(data: bytes) -> bytes:
    return zlib.decompress(data) if data[:1] == _COMPRESSED else data


# -- reading

_COLUMNS = "first, last, first_ns, min_cause, max_cause, data"
_FROM = "FROM chunks WHERE job_no = ? AND kind = ?"


class ChunkRow(NamedTuple):
    """A chunk as read; `ChunkReader.rows` decodes its `data`."""

    first: int
    last: int
    first_ns: int
    min_cause: int
    max_cause: int
    data: bytes


class ChunkReader(Generic[Rows]):
    """Reads a job's chunks of one kind within a transaction. The chunk decoded last stays in memory."""

    def __init__(self, database: Database, connection: Connection, job_no: int, kind: Kind) -> None:
        self._database = database
        self._connection = connection
        self._job_no = job_no
        self._kind = int(kind)
        self._decode = DECODERS[kind]
        self._decoded: tuple[ChunkRow, Rows] | None = None

    def rows(self, chunk: ChunkRow) -> Rows:
        """The rows of a chunk. Raises `StoreFailed` if it is damaged."""
        if self._decoded is None or self._decoded[0] is not chunk:
            try:
                self._decoded = (chunk, self._decode(bytes(chunk.data)))
            except (msgspec.DecodeError, zlib.error) as error:
                kind = Kind(self._kind).name.lower()
                raise StoreFailed(
                    f"{self._database.place}: {kind} {chunk.first} to {chunk.last} of a job are damaged ({error})"
                ) from error
        return self._decoded[1]

    def at(self, number: int) -> ChunkRow | None:
        """The chunk that has row `number`."""
        if self._decoded is not None and self._decoded[0].first <= number <= self._decoded[0].last:
            return self._decoded[0]
        found = self._select(f"SELECT {_COLUMNS} {_FROM} AND first <= ? ORDER BY first DESC LIMIT 1", number)
        return found[0] if found and found[0].last >= number else None

    def between(self, first: int, last: int, where: str = "", *values: int) -> Iterator[ChunkRow]:
        """The chunks with any of the rows `first` to `last` that satisfy `where`, in order."""
        text = (
            f"SELECT {_COLUMNS} {_FROM} AND first >= COALESCE((SELECT MAX(first) {_FROM} AND first <= ?), 0) "
            f"AND first <= ? AND last >= ? {where} ORDER BY first LIMIT ?"
        )
        size = PAGE[0]
        while True:
            page = self._select(text, self._job_no, self._kind, first, last, first, *values, size)
            yield from page
            if len(page) < size:
                return
            first, size = page[-1].last + 1, min(2 * size, PAGE[1])

    def backwards(self, first: int, last: int, where: str = "", *values: int) -> Iterator[ChunkRow]:
        """The same chunks, the last one first."""
        text = f"SELECT {_COLUMNS} {_FROM} AND first <= ? AND last >= ? {where} ORDER BY first DESC LIMIT ?"
        size = PAGE[0]
        while True:
            page = self._select(text, last, first, *values, size)
            yield from page
            if len(page) < size:
                return
            last, size = page[-1].first - 1, min(2 * size, PAGE[1])

    def caused_by(self, seq: int, limit: int) -> list[ChunkRow]:
        """The chunks that may have rows caused by record `seq`, at most `limit`."""
        where = "AND max_cause >= ? AND min_cause <= ? ORDER BY max_cause LIMIT ?"
        return self._select(f"SELECT {_COLUMNS} {_FROM} {where}", seq, seq, limit)

    def cause_spans(self, where: str, *values: int) -> list[tuple[int, int, int]]:
        """The lowest cause, highest cause and first row number of each chunk that satisfies `where`."""
        text = self._database.sql(f"SELECT min_cause, max_cause, first {_FROM} AND {where}")
        return [tuple(row) for row in self._connection.exec_driver_sql(text, (self._job_no, self._kind, *values))]

    def _select(self, text: str, *values: Any) -> list[ChunkRow]:
        rows = self._connection.exec_driver_sql(self._database.sql(text), (self._job_no, self._kind, *values))
        return [ChunkRow(*row) for row in rows]
