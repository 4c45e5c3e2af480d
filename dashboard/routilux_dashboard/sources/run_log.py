"""Handler runs of a job without a store: packed, and small compared with the records that led to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import msgspec

from routilux import JournalBatch

from ..fold.counters import JournalNames

RUNS_KEPT = 1_000_000
"""Maximum number of handler runs per job; beyond it, the oldest eighth is evicted at a time."""
CHUNK = 8_192
"""Runs packed together."""

Run: TypeAlias = tuple[int, int, int, str, int]
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Run])


class HandlerRun(NamedTuple):
    """A handler run; times are in ns, `start_ns` since the epoch."""

    routine_id: str
    slot: str
    start_ns: int
    duration_ns: int
    outcome: str
    cause: int


class _RunChunk:
    """Runs packed as one piece of msgpack: a fifth of the encoding cost of columns, at the price of slower reads.

    The first unpacking notes the outcomes and causes, so that later searches can skip the chunk.
    """

    __slots__ = ("_packed", "causes", "count", "outcomes")

    def __init__(self, runs: list[Run]) -> None:
        self._packed = _ENCODER.encode(runs)
        self.count = len(runs)
        self.causes: range | None = None
        self.outcomes: frozenset[str] | None = None

    def unpack(self) -> list[Run]:
        runs = _DECODER.decode(self._packed)
        if self.causes is None:
            self.outcomes = frozenset(run[3] for run in runs)
            self.causes = range(min(run[4] for run in runs), max(run[4] for run in runs) + 1)
        return runs


class _Kept(NamedTuple):
    """A snapshot of the log: packed runs, and the newest, not yet packed."""

    chunks: tuple[_RunChunk, ...]
    fresh: list[Run]


class RunLog:
    """The newest million handler runs of a job, 30 bytes each. One thread adds, any thread reads.

    `left` is the number of runs that are no longer kept.
    """

    def __init__(self, names: JournalNames, bound: int = RUNS_KEPT) -> None:
        self.left = 0
        self._names = names
        self._bound = bound
        self._kept = _Kept((), [])

    def __len__(self) -> int:
        chunks, fresh = self._kept
        return sum(chunk.count for chunk in chunks) + len(fresh)

    def add(self, batch: JournalBatch) -> None:
        """Add the runs of a batch."""
        if batch.totals is not None:
            self.left += sum(totals.count for totals in batch.totals.runs.values())
        fresh = self._kept.fresh
        fresh += batch.runs
        if len(fresh) >= CHUNK:
            packed = tuple(_RunChunk(fresh[start : start + CHUNK]) for start in range(0, len(fresh), CHUNK))
            self._kept = _Kept(self._bounded(self._kept.chunks + packed), [])

    def _bounded(self, chunks: tuple[_RunChunk, ...]) -> tuple[_RunChunk, ...]:
        count = sum(chunk.count for chunk in chunks)
        if count <= self._bound:
            return chunks
        first = 0
        while count > self._bound * 7 // 8 and first < len(chunks) - 1:
            count -= chunks[first].count
            self.left += chunks[first].count
            first += 1
        return chunks[first:]

    def __iter__(self) -> Iterator[HandlerRun]:
        """The runs kept now, ordered by their end."""
        return map(self._run, self._runs(lambda _: True))

    def causes_of(self, outcome: str) -> frozenset[int]:
        """The seqs of the records that led to a run with this outcome."""
        runs = self._runs(lambda chunk: chunk.outcomes is None or outcome in chunk.outcomes)
        return frozenset(run[4] for run in runs if run[3] == outcome)

    def caused_by(self, seq: int) -> Iterator[HandlerRun]:
        """The runs that record `seq` led to, ordered by their end."""
        runs = self._runs(lambda chunk: chunk.causes is None or seq in chunk.causes)
        return (self._run(run) for run in runs if run[4] == seq)

    def _runs(self, wanted: Callable[[_RunChunk], bool]) -> Iterator[Run]:
        chunks, fresh = self._kept
        for chunk in chunks:
            if wanted(chunk):
                yield from chunk.unpack()
        yield from fresh[:]

    def _run(self, run: Run) -> HandlerRun:
        number, start, duration_ns, outcome, cause = run
        target = self._names.target(number)
        return HandlerRun(target.routine_id, target.slot_name, self._names.wall_ns(start), duration_ns, outcome, cause)
