"""The newest rows of a job, on their way into chunks.

What comes in is written at once, however few rows that are; once there are many small chunks, or
enough rows for a whole one, they are written again as one and the small ones removed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from ..protocol import LogRow, OutputRow
from ..segments.segment import Records, Runs
from . import coding
from .coding import ROWS, KeptSegment
from .tables import Kind

LOOSE = 32
"""Small chunks that may stand side by side before they are made one."""


class Chunk(NamedTuple):
    """A row of the table of that name, without the job."""

    kind: int
    first: int
    last: int
    first_ns: int
    last_ns: int
    min_cause: int
    max_cause: int
    mask: int
    data: bytes


class TailFlush(NamedTuple):
    """Chunks to be written, after those of the numbers in `gone` have been removed."""

    chunks: list[Chunk]
    gone: list[int]


class Tail(ABC):
    """Rows from number `first` on: `written` of them are in the chunks `loose` (their first numbers) already, which
    have so many `bytes`."""

    kind: Kind
    most = ROWS
    """Rows in a chunk."""

    def __init__(self) -> None:
        self.first = 1
        self._written = 0
        self._loose: list[int] = []
        self._bytes = 0

    def cut(self) -> TailFlush:
        """What is to be written now; whoever asks for it writes it, or forgets this tail."""
        count = self.count()
        if count == self._written:
            return TailFlush([], [])
        if count < self.most and len(self._loose) < LOOSE:
            chunk = self.chunk(self._written, count)
            self._bytes += len(chunk.data)
            if self._bytes <= coding.BYTES:
                self._loose.append(chunk.first)
                self._written = count
                return TailFlush([chunk], [])
        return self._whole(count)

    def begin_at(self, first: int) -> None:
        """Rows with numbers from `first` on follow; what is here is left as it is unless they follow at once."""
        if first != self.next_number():
            self.forget(self.count())
            self._loose, self._written, self._bytes = [], 0, 0
            self.first = first

    def next_number(self) -> int:
        """The number of the next row that follows without a gap."""
        return self.first + self.count()

    def _whole(self, count: int) -> TailFlush:
        """As large chunks as can be; the last of them stays here when it is small."""
        gone, chunks, start, rest = self._loose, [], 0, 0
        while start < count:
            stop = min(start + self.most, count)
            chunk = self.chunk(start, stop)
            while len(chunk.data) > coding.BYTES and stop - start > 1:  # the rows are large: fewer of them
                stop = start + max(1, (stop - start) * coding.BYTES // len(chunk.data))
                chunk = self.chunk(start, stop)
            chunks.append(chunk)
            rest, start = start, stop
        size = len(chunks[-1].data)
        whole = count - rest >= self.most or size > coding.BYTES // 2
        kept = count if whole else rest
        first = self.number(rest) if not whole else self.next_number()
        self.forget(kept)
        self.first = first
        self._written = self.count()
        self._loose = [] if whole else [chunks[-1].first]
        self._bytes = 0 if whole else size
        return TailFlush(chunks, gone)

    def number(self, index: int) -> int:
        """The number of a row here."""
        return self.first + index

    @abstractmethod
    def count(self) -> int:
        """How many rows are here."""

    @abstractmethod
    def forget(self, count: int) -> None:
        """Let go of the first rows."""

    @abstractmethod
    def chunk(self, start: int, stop: int) -> Chunk:
        """Rows `start` to `stop` - 1 of those here."""


class RecordTail(Tail):
    """Records."""

    kind = Kind.RECORDS

    def __init__(self) -> None:
        super().__init__()
        self._rows = Records()

    def add(self, rows: Records) -> None:
        """Take in the next records; `source` in the store's numbers."""
        held = self._rows
        if rows.cut:
            held.cut += [len(held.source) + index for index in rows.cut]
        held.source += rows.source
        held.time_ns += rows.time_ns
        held.cause += rows.cause
        held.data += rows.data

    def count(self) -> int:
        return len(self._rows.source)

    def forget(self, count: int) -> None:
        self._rows = part_of_records(self._rows, count, self.count())

    def chunk(self, start: int, stop: int) -> Chunk:
        rows = part_of_records(self._rows, start, stop)
        mask = 0
        for number in set(rows.source):
            mask |= coding.bit(number)
        first, times = self.first + start, rows.time_ns
        causes = _extent(rows.cause)
        return Chunk(
            self.kind, first, first + stop - start - 1, min(times), max(times), *causes, mask, coding.encode(rows)
        )


class RunTail(Tail):
    """Handler runs."""

    kind = Kind.RUNS

    def __init__(self) -> None:
        super().__init__()
        self._rows = Runs()

    def add(self, rows: Runs) -> None:
        """Take in the next runs; `target` in the store's numbers."""
        held = self._rows
        held.target += rows.target
        held.start_ns += rows.start_ns
        held.duration_ns += rows.duration_ns
        held.outcome += rows.outcome
        held.cause += rows.cause

    def count(self) -> int:
        return len(self._rows.target)

    def forget(self, count: int) -> None:
        self._rows = part_of_runs(self._rows, count, self.count())

    def chunk(self, start: int, stop: int) -> Chunk:
        rows = part_of_runs(self._rows, start, stop)
        mask = 0
        for outcome in set(rows.outcome):
            mask |= coding.bit(outcome)
        first, starts = self.first + start, rows.start_ns
        causes = _extent(rows.cause)
        return Chunk(
            self.kind, first, first + stop - start - 1, min(starts), max(starts), *causes, mask, coding.encode(rows)
        )


class ListTail(Tail):
    """Rows that are few: segments, log, outputs. Each with its number and time; numbers may have gaps."""

    most = 64

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self._rows: list[tuple[int, int, Any]] = []

    def add(self, number: int, at_ns: int, row: KeptSegment | LogRow | OutputRow) -> None:
        """Take in the next row."""
        self._rows.append((number, at_ns, row))

    def count(self) -> int:
        return len(self._rows)

    def number(self, index: int) -> int:
        return self._rows[index][0]

    def forget(self, count: int) -> None:
        self._rows = self._rows[count:]

    def chunk(self, start: int, stop: int) -> Chunk:
        numbers, times, rows = zip(*self._rows[start:stop], strict=True)
        data = coding.encode(rows, pack=stop - start > 1)
        return Chunk(self.kind, numbers[0], numbers[-1], min(times), max(times), 0, 0, 0, data)


def part_of_records(rows: Records, start: int, stop: int) -> Records:
    """Rows `start` to `stop` - 1."""
    cut = [index - start for index in rows.cut if start <= index < stop] if rows.cut else []
    return Records(
        rows.source[start:stop], rows.time_ns[start:stop], rows.cause[start:stop], rows.data[start:stop], cut
    )


def part_of_runs(rows: Runs, start: int, stop: int) -> Runs:
    """Rows `start` to `stop` - 1."""
    return Runs(
        rows.target[start:stop],
        rows.start_ns[start:stop],
        rows.duration_ns[start:stop],
        rows.outcome[start:stop],
        rows.cause[start:stop],
    )


def _extent(causes: list[int]) -> tuple[int, int]:
    """The lowest and highest of the causes, (0, 0) when there are none."""
    lowest, highest = min(causes), max(causes)
    return (lowest or min(filter(None, causes), default=0)), highest
