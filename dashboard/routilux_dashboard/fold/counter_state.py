"""A fold as plain data, so that a job can be shown without its journal from the beginning."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from routilux import RunningHandler

from ..protocol import OUTCOMES, ErrorReport
from ..segments.entries import ControlRecord
from .counters import JobFold, Names
from .latency_digest import LatencyDigest
from .routine_counters import RETRIES_KEPT, Retry, RoutineTally
from .series import ChartSeries, SeriesState
from .time_buckets import TimeBuckets

Counted = list[tuple[int, list[tuple[str | None, int]]]]
"""Time buckets: pairs (number of the bucket, its counts by key)."""


class TallyState(Struct, array_like=True):
    """A `RoutineTally`; `outcomes` are in the order of `OUTCOMES`."""

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


class FoldState(Struct, array_like=True):
    """A `JobFold`."""

    seq: int
    status: str
    error: str | None
    status_ns: int
    events: int
    tallies: dict[str, TallyState]
    edges: dict[str, int]
    log_total: int
    output_total: int
    notes: list[tuple[str, str, str, str, str, int, int]]
    last_failure: ErrorReport | None
    activity: Counted
    pulse: Counted
    series: SeriesState
    running: list[tuple[str, str, int, int]]


def state_of_fold(fold: JobFold) -> FoldState:
    """All that a fold is."""
    return FoldState(
        seq=fold.seq,
        status=fold.status,
        error=fold.error,
        status_ns=fold.status_ns,
        events=fold.events,
        tallies={routine_id: _state_of_tally(tally) for routine_id, tally in fold.tallies.items()},
        edges=dict(fold.edges),
        log_total=fold.log_total,
        output_total=fold.output_total,
        notes=[(*note,) for note in fold.notes],
        last_failure=fold.last_failure,
        activity=_state_of_buckets(fold.activity),
        pulse=_state_of_buckets(fold.pulse),
        series=fold.series.state(),
        running=[(*handler,) for handler in fold.running_handlers],
    )


def fold_of(state: FoldState, names: Names) -> JobFold:
    """A fold whose state this was; `names` say what the numbers of further batches mean."""
    fold = JobFold(names, 0, state.status)
    fold.seq = state.seq
    fold.error = state.error
    fold.status_ns = state.status_ns
    fold.events = state.events
    fold.tallies.update({routine_id: _tally_of(tally) for routine_id, tally in state.tallies.items()})
    fold.edges.update(state.edges)
    fold.log_total = state.log_total
    fold.output_total = state.output_total
    fold.notes = tuple(ControlRecord(*note) for note in state.notes)
    fold.last_failure = state.last_failure
    fold.activity.fill([(index, dict(counts)) for index, counts in state.activity])
    fold.pulse.fill([(index, dict(counts)) for index, counts in state.pulse])
    fold.series = ChartSeries.of(state.series)
    fold.running_handlers = tuple(RunningHandler(*handler) for handler in state.running)
    return fold


def _state_of_tally(tally: RoutineTally) -> TallyState:
    return TallyState(
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


def _tally_of(state: TallyState) -> RoutineTally:
    tally = RoutineTally()
    tally.received, tally.ended, tally.dropped = state.received, state.ended, state.dropped
    tally.outcomes = dict(zip(OUTCOMES, state.outcomes, strict=True))
    tally.total_ns, tally.min_ns, tally.max_ns = state.total_ns, state.min_ns, state.max_ns
    tally.digest = LatencyDigest.of(state.histogram)
    tally.retries_ahead = deque((Retry(*retry) for retry in state.retries), maxlen=RETRIES_KEPT)
    tally.last_error = state.last_error
    return tally


def _state_of_buckets(buckets: TimeBuckets[str | None]) -> Counted:
    return [(index, list(counts.items())) for index, counts in buckets.buckets()]
