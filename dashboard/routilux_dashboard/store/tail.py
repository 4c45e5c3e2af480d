"""The newest rows of a job, on their way into chunks.

Whatever comes in is written at once, even if it makes a small chunk. When 32 small chunks have gathered, or enough
rows for a full one, they are written again as one chunk and the small ones are deleted:

    full chunk   full chunk   small small small …   ← rows not written yet
                              `----- the tail: kept in memory, at most 256 rows -----'
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from ..protocol import LogRow, OutputRow
from ..segments.cut import slice_records, slice_runs
from ..segments.segment import Records, Runs
from .chunks import BYTES, ROWS, Chunk, StoredSegment, encode, mask_bit
from .tables import Kind

SMALL_CHUNKS = 32
"""How many small chunks may gather before they are merged."""


class TailFlush(NamedTuple):
    """Chunks to write after the chunks whose first rows are `replaced` have been deleted."""

    chunks: list[Chunk]
    replaced: list[int]


class Tail(ABC):
    """Rows from number `first` on. The first `_written` of them are already in the small chunks that begin at `_small`,
    which have `_bytes` together."""

    kind: Kind
    most = ROWS
    """Rows in a full chunk."""

    def __init__(self) -> None:
        self.first = 1
        self._written = 0
        self._small: list[int] = []
        self._bytes = 0

    def flush(self) -> TailFlush:
        """What to write now. If the transaction fails, this tail must be discarded."""
        count = self.count()
        if count == self._written:
            return TailFlush([], [])
        if count < self.most and len(self._small) < SMALL_CHUNKS:
            chunk = self.chunk(self._written, count)
            self._bytes += len(chunk.data)
            if self._bytes <= BYTES:
                self._small.append(chunk.first)
                self._written = count
                return TailFlush([chunk], [])
        return self._merge(count)

    def begin_at(self, first: int) -> None:
        """Rows numbered from `first` follow; after a gap they begin a chunk of their own."""
        if first != self.next_number():
            self.drop(self.count())
            self._small, self._written, self._bytes = [], 0, 0
            self.first = first

    def next_number(self) -> int:
        """The number of the row that follows without a gap."""
        return self.first + self.count()

    def _merge(self, count: int) -> TailFlush:
        """Write all rows as chunks that are as large as they may be; a last one that isn't full stays in the tail."""
        replaced, chunks = self._small, []
        rest = start = 0
        while start < count:
            stop = min(start + self.most, count)
            chunk = self.chunk(start, stop)
            while len(chunk.data) > BYTES and stop - start > 1:  # the rows are large: take fewer of them
                stop = start + max(1, (stop - start) * BYTES // len(chunk.data))
                chunk = self.chunk(start, stop)
            chunks.append(chunk)
            rest, start = start, stop
        size = len(chunks[-1].data)
        full = count - rest >= self.most or size > BYTES // 2
        kept = count if full else rest
        first = self.number(rest) if not full else self.next_number()
        self.drop(kept)
        self.first = first
        self._written = self.count()
        self._small = [] if full else [chunks[-1].first]
        self._bytes = 0 if full else size
        return TailFlush(chunks, replaced)

    def number(self, index: int) -> int:
        """The number of the row at `index`."""
        return self.first + index

    @abstractmethod
    def count(self) -> int:
        """How many rows the tail has."""

    @abstractmethod
    def drop(self, count: int) -> None:
        """Drop the first `count` rows."""

    @abstractmethod
    def chunk(self, start: int, stop: int) -> Chunk:
        """The rows `start` to `stop` - 1 as a chunk."""


class RecordTail(Tail):
    """Records."""

    kind = Kind.RECORDS

    def __init__(self) -> None:
        super().__init__()
        self._rows = Records()

    def add(self, rows: Records) -> None:
        """Append records whose `source` numbers are the store's."""
        tail = self._rows
        if rows.cut:
            tail.cut += [len(tail.source) + index for index in rows.cut]
        tail.source += rows.source
        tail.time_ns += rows.time_ns
        tail.cause += rows.cause
        tail.data += rows.data

    def count(self) -> int:
        return len(self._rows.source)

    def drop(self, count: int) -> None:
        self._rows = slice_records(self._rows, count, self.count())

    def chunk(self, start: int, stop: int) -> Chunk:
        rows = slice_records(self._rows, start, stop)
        return _chunk(self.kind, self.first + start, rows.time_ns, rows.cause, rows.source, encode(rows))


class RunTail(Tail):
    """Handler runs."""

    kind = Kind.RUNS

    def __init__(self) -> None:
        super().__init__()
        self._rows = Runs()

    def add(self, rows: Runs) -> None:
        """Append runs whose `target` numbers are the store's."""
        tail = self._rows
        tail.target += rows.target
        tail.start_ns += rows.start_ns
        tail.duration_ns += rows.duration_ns
        tail.outcome += rows.outcome
        tail.cause += rows.cause

    def count(self) -> int:
        return len(self._rows.target)

    def drop(self, count: int) -> None:
        self._rows = slice_runs(self._rows, count, self.count())

    def chunk(self, start: int, stop: int) -> Chunk:
        rows = slice_runs(self._rows, start, stop)
        return _chunk(self.kind, self.first + start, rows.start_ns, rows.cause, rows.outcome, encode(rows))


class ListTail(Tail):
    """Rows that are few (segments, log, outputs), each with its number and time. Numbers may have gaps."""

    most = 64

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self._rows: list[tuple[int, int, Any]] = []

    def add(self, number: int, at_ns: int, row: StoredSegment | LogRow | OutputRow) -> None:
        """Append a row."""
        self._rows.append((number, at_ns, row))

    def count(self) -> int:
        return len(self._rows)

    def number(self, index: int) -> int:
        return self._rows[index][0]

    def drop(self, count: int) -> None:
        self._rows = self._rows[count:]

    def chunk(self, start: int, stop: int) -> Chunk:
        numbers, times, rows = zip(*self._rows[start:stop], strict=True)
        data = encode(rows, compress=stop - start > 1)
        return Chunk(self.kind, numbers[0], numbers[-1], min(times), max(times), 0, 0, 0, data)


def _chunk(kind: Kind, first: int, times: list[int], causes: list[int], masked: list[int], data: bytes) -> Chunk:
    """A chunk of records or runs; `masked` is the column whose values make up the mask."""
    mask = 0
    for number in set(masked):
        mask |= mask_bit(number)
    lowest, highest = min(causes), max(causes)
    lowest = lowest or min(filter(None, causes), default=0)
    return Chunk(kind, first, first + len(times) - 1, min(times), max(times), lowest, highest, mask, data)
