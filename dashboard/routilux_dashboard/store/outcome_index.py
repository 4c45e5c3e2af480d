"""Which records led to a handler run that ended in a certain way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from itertools import accumulate

from ..segments.segment import Runs
from . import coding
from .chunk_reader import ChunkReader

_HELD = 64


class OutcomeIndex:
    """The causes of the runs with that outcome, within the seqs `first` to `last`: their chunks are known, and read
    when they are needed."""

    def __init__(self, runs: ChunkReader[Runs], outcome: int, first: int, last: int) -> None:
        self._runs = runs
        self._outcome = outcome
        where = "(mask & ?) <> 0 AND max_cause >= ? AND min_cause <= ?"
        extents = sorted(runs.extents(where, coding.bit(outcome), first, last))
        self._lowest = [lowest for lowest, _, _ in extents]
        self._reach = list(accumulate((highest for _, highest, _ in extents), max))
        self._extents = extents
        self._held: OrderedDict[int, frozenset[int]] = OrderedDict()

    def ranges(self, first: int, last: int) -> list[tuple[int, int]]:
        """The parts of `first` to `last` outside of which there is no such record."""
        found: list[tuple[int, int]] = []
        for lowest, highest, _ in self._extents:
            low, high = max(lowest, first), min(highest, last)
            if found and low <= found[-1][1] + 1:
                found[-1] = (found[-1][0], max(found[-1][1], high))
            elif low <= high:
                found.append((low, high))
        return found

    def causes(self, first: int, last: int) -> set[int]:
        """The causes among the seqs `first` to `last`."""
        start, stop = bisect_left(self._reach, first), bisect_right(self._lowest, last)
        found: set[int] = set()
        for _, highest, number in self._extents[start:stop]:
            if highest >= first:
                found |= self._of_chunk(number)
        return found

    def _of_chunk(self, number: int) -> frozenset[int]:
        held = self._held.get(number)
        if held is None:
            chunk = self._runs.at(number)
            rows = self._runs.rows(chunk) if chunk is not None else Runs()
            pairs = zip(rows.outcome, rows.cause, strict=True)
            held = self._held[number] = frozenset(cause for outcome, cause in pairs if outcome == self._outcome)
            if len(self._held) > _HELD:
                self._held.popitem(last=False)
        return held
