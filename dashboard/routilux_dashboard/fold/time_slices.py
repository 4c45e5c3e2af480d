"""Cut a journal batch into time slices, so that each slice can be counted as a whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from routilux import JournalBatch

from ..times import MILLISECOND

SLICE_NS = 100 * MILLISECOND
SLICES_BACK = 250
"""Rows more than this many slices older than the newest of their batch go into a single slice."""

Row = TypeVar("Row", bound=tuple[Any, ...])


class TimeSlice(NamedTuple):
    """Records made and handler runs ended within `SLICE_NS`; `time_ns` (since the epoch) lies within."""

    time_ns: int
    records: list[tuple[int, dict[str, Any], int, int]]
    runs: list[tuple[int, int, int, str, int]]


def time_slices(batch: JournalBatch, wall_ns: Callable[[int], int]) -> list[TimeSlice]:
    """Cut a batch; oldest slice first, none empty. `wall_ns` turns the journal's clock into epoch ns.

    Cuts by bisection, so the cost depends on the slices, not on the rows. Rows are in chronological
    order except for a few microseconds (threads), so a row may land in the neighbouring slice.
    """
    made = dict(_cut(batch.records, lambda record: wall_ns(record[2]) // SLICE_NS))
    ended = dict(_cut(batch.runs, lambda run: wall_ns(run[1] + run[2]) // SLICE_NS))
    return [TimeSlice(index * SLICE_NS, made.get(index, []), ended.get(index, [])) for index in sorted({*made, *ended})]


def _cut(rows: list[Row], index_of: Callable[[Row], int]) -> Iterator[tuple[int, list[Row]]]:
    """Pairs (slice number, its rows), ascending."""
    if not rows:
        return
    last = index_of(rows[-1])
    start, index = 0, max(index_of(rows[0]), last - SLICES_BACK)
    while index < last:
        stop = bisect_left(rows, index + 1, start, key=index_of)
        if stop > start:
            yield index, rows[start:stop]
        if stop == len(rows):
            return
        start, index = stop, max(index_of(rows[stop]), index + 1)
    yield index, rows[start:] if start else rows
