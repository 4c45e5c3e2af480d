"""Counters as plain data, so that a job can be shown without reading its journal from the beginning."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from routilux import RunningHandler

from ..protocol import OUTCOMES, ErrorReport
from ..segments.entries import ControlRecord
from .counters import JobCounters, JournalNames
from .latency_digest import LatencyDigest
from .routine_counters import RETRIES_KEPT, Retry, RoutineCounters
from .series import ChartSeries, SeriesState
from .time_buckets import TimeBuckets

Counted = list[tuple[int, list[tuple[str | None, int]]]]
"""Time buckets as pairs (bucket number, counts by key)."""


class RoutineCounterState(Struct, array_like=True):
    """The state of a `RoutineCounters`; `outcomes` are in the order of `OUTCOMES`."""

    received: int
    ended: int
    dropped: int
    outcomes: list[int]
    total_ns: int
    min_ns: int
    max_ns: int
    histogram: list[tuple[int, int]]
    retries: list[tuple[int, int, int]]
    last_error: ErrorReport | None


class CounterState(Struct, array_like=True):
    """The state of a `JobCounters`."""

    seq: int
    status: str
    error: str | None
    status_ns: int
    events: int
    routines: dict[str, RoutineCounterState]
    edges: dict[str, int]
    log_total: int
    output_total: int
    notes: list[tuple[str, str, str, str, str, int, int]]
    last_failure: ErrorReport | None
    activity: Counted
    pulse: Counted
    series: SeriesState
    running: list[tuple[str, str, int, int]]


def state_of_counters(fold: JobCounters) -> CounterState:
    """The complete state of a job's counters."""
    return CounterState(
        seq=fold.seq,
        status=fold.status,
        error=fold.error,
        status_ns=fold.status_ns,
        events=fold.events,
        routines={routine_id: _state_of_routine(tally) for routine_id, tally in fold.routines.items()},
        edges=dict(fold.messages),
        log_total=fold.log_total,
        output_total=fold.output_total,
        notes=[(*note,) for note in fold.control_log],
        last_failure=fold.last_failure,
        activity=_state_of_buckets(fold.activity),
        pulse=_state_of_buckets(fold.send_rate),
        series=fold.series.state(),
        running=[(*handler,) for handler in fold.running_handlers],
    )


def counters_of(state: CounterState, names: JournalNames) -> JobCounters:
    """Restore a job's counters from their state; `names` resolves the numbers in further batches."""
    fold = JobCounters(names, 0, state.status)
    fold.seq = state.seq
    fold.error = state.error
    fold.status_ns = state.status_ns
    fold.events = state.events
    fold.routines.update({routine_id: _routine_of(tally) for routine_id, tally in state.routines.items()})
    fold.messages.update(state.edges)
    fold.log_total = state.log_total
    fold.output_total = state.output_total
    fold.control_log = tuple(ControlRecord(*note) for note in state.notes)
    fold.last_failure = state.last_failure
    fold.activity.fill([(index, dict(counts)) for index, counts in state.activity])
    fold.send_rate.fill([(index, dict(counts)) for index, counts in state.pulse])
    fold.series = ChartSeries.of(state.series)
    fold.running_handlers = tuple(RunningHandler(*handler) for handler in state.running)
    return fold


def _state_of_routine(tally: RoutineCounters) -> RoutineCounterState:
    return RoutineCounterState(
        received=tally.received,
        ended=tally.ended,
        dropped=tally.dropped,
        outcomes=[tally.outcomes[outcome] for outcome in OUTCOMES],
        total_ns=tally.total_ns,
        min_ns=tally.min_ns,
        max_ns=tally.max_ns,
        histogram=tally.digest.histogram(),
        retries=[(*retry,) for retry in tally.retries_ahead],
        last_error=tally.last_error,
    )


def _routine_of(state: RoutineCounterState) -> RoutineCounters:
    tally = RoutineCounters()
    tally.received, tally.ended, tally.dropped = state.received, state.ended, state.dropped
    tally.outcomes = dict(zip(OUTCOMES, state.outcomes, strict=True))
    tally.total_ns, tally.min_ns, tally.max_ns = state.total_ns, state.min_ns, state.max_ns
    tally.digest = LatencyDigest.of(state.histogram)
    tally.retries_ahead = deque((Retry(*retry) for retry in state.retries), maxlen=RETRIES_KEPT)
    tally.last_error = state.last_error
    return tally


def _state_of_buckets(buckets: TimeBuckets[str | None]) -> Counted:
    return [(index, list(counts.items())) for index, counts in buckets.buckets()]
