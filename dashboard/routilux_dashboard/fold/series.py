"""The chart points of a job: a bounded series whose intervals grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import Struct

from ..protocol import Sample, Series
from ..times import MILLISECOND

FIRST_INTERVAL_MS = 200
"""A multiple of the time slices that batches are cut into."""
MAX_POINTS = 480
MAX_ROUTINES = 50
"""Flows with more routines than this have no per-routine chart figures."""


class Level(NamedTuple):
    """The load (queued and running work) at one moment; `routines` is queued activations by routine."""

    queued: int
    running: int
    routines: Mapping[str, int]


class SeriesState(Struct, array_like=True):
    """The complete state of a `ChartSeries`: its closed points and the counts of the open interval."""

    start_ns: int
    interval_ms: int
    points: list[Sample]
    events: int
    errors: int
    ended: dict[str, tuple[int, int]]


class ChartSeries:
    """Closed intervals of `interval_ms` from `start_ns`, at most 480; beyond that, neighbours are merged.

    Rows that arrive after their interval was closed count in the open one, so totals are exact.
    Silence costs nothing: its intervals are closed at the next event.
    """

    def __init__(self, start_ns: int) -> None:
        self._interval_ms = FIRST_INTERVAL_MS
        self._start_ns = start_ns - start_ns % (FIRST_INTERVAL_MS * MILLISECOND)
        self._points: list[Sample] = []
        self._view: Series | None = None
        self._clear()

    @classmethod
    def of(cls, state: SeriesState) -> ChartSeries:
        """Restore a series from its `state`."""
        series = cls(state.start_ns)
        series._start_ns, series._interval_ms, series._points = state.start_ns, state.interval_ms, state.points
        series._events, series._errors, series._ended = state.events, state.errors, state.ended
        return series

    def state(self) -> SeriesState:
        """The complete state of the series."""
        sums = (self._events, self._errors, self._ended)
        return SeriesState(self._start_ns, self._interval_ms, self._points[:], *sums)

    def _clear(self) -> None:
        self._events = self._errors = 0
        self._ended: dict[str, tuple[int, int]] = {}

    def add(self, events: int, errors: int, runs: Mapping[str, tuple[int, int]]) -> None:
        """Count in the open interval; `runs` is (handler runs ended, total ns) by routine."""
        self._events += events
        self._errors += errors
        for routine_id, (count, busy_ns) in runs.items():
            known = self._ended.get(routine_id, (0, 0))
            self._ended[routine_id] = (known[0] + count, known[1] + busy_ns)

    def advance(self, now_ns: int, level: Callable[[], Level]) -> None:
        """Close the intervals that ended by `now_ns`; `level` returns the load since the last change."""
        if now_ns < self._open_end_ns():
            return
        now = level()
        while now_ns >= self._open_end_ns():
            self._close(now)
            silent = (now_ns - self._start_ns) // (self._interval_ms * MILLISECOND) - len(self._points)
            while silent > MAX_POINTS:  # a long silence needs long intervals: skip making short ones first
                self._merge()
                silent = (now_ns - self._start_ns) // (self._interval_ms * MILLISECOND) - len(self._points)

    def finish(self, level: Callable[[], Level]) -> None:
        """Close the open interval of a job that has ended."""
        if self._events or self._errors or self._ended or not self._points:
            self._close(level())

    def view(self) -> Series:
        """All points; the same object until something changes."""
        if self._view is None:
            self._view = Series(self._start_ns / MILLISECOND, self._interval_ms, self._points[:])
        return self._view

    def _open_end_ns(self) -> int:
        return self._start_ns + (len(self._points) + 1) * self._interval_ms * MILLISECOND

    def _close(self, level: Level) -> None:
        names = {**dict.fromkeys(self._ended), **{key: None for key, queued in level.routines.items() if queued}}
        routines = {name: _figures(self._ended.get(name, (0, 0)), level.routines.get(name, 0)) for name in names}
        index = len(self._points)
        self._points.append(Sample(index, self._events, self._errors, level.queued, level.running, routines))
        self._view = None
        self._clear()
        if len(self._points) >= MAX_POINTS:
            self._merge()

    def _merge(self) -> None:
        if len(self._points) % 2:  # the last point has no neighbour yet: reopen it
            self._open_again(self._points.pop())
        pairs = zip(self._points[::2], self._points[1::2], strict=True)
        self._points = [_merged(index, first, second) for index, (first, second) in enumerate(pairs)]
        self._interval_ms *= 2
        self._view = None

    def _open_again(self, point: Sample) -> None:
        runs = {key: (ended, round(busy * MILLISECOND)) for key, (ended, _, busy) in point.routines.items() if ended}
        self.add(point.events, point.errors, runs)


def _figures(ended: tuple[int, int], queued: int) -> tuple[int, int, float]:
    return ended[0], queued, ended[1] / MILLISECOND


def _merged(index: int, first: Sample, second: Sample) -> Sample:
    routines = {}
    for name in {**first.routines, **second.routines}:
        runs, _, busy = first.routines.get(name, (0, 0, 0.0))
        more, queued, more_busy = second.routines.get(name, (0, 0, 0.0))
        routines[name] = (runs + more, queued, busy + more_busy)
    sums = (first.events + second.events, first.errors + second.errors)
    return Sample(index, *sums, second.queued, second.running, routines)
