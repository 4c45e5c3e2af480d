"""The protocol's figures of routines and connections, remade only where something changed."""

from __future__ import annotations

from collections.abc import Iterable

from ..protocol import ConnectionFigures, RetryFigures, RoutineFigures
from ..times import MILLISECOND, milliseconds
from .counters import JobCounters
from .outlook import JobContext
from .routine_counters import RoutineCounters
from .routine_status import StatusReason, routine_status
from .wiring import Wiring

BUSY_SECONDS = 2
"""A routine with queued work counts as busy if it was active within this many seconds."""


def routine_figures(
    before: dict[str, RoutineFigures], fold: JobCounters, wiring: Wiring, context: JobContext, changed: Iterable[str]
) -> dict[str, RoutineFigures]:
    """`before`, updated with the figures of the `changed` routines; equal figures keep their object."""
    figures = before.copy()
    for routine_id in changed:
        known = before.get(routine_id)
        fresh = _routine(fold, routine_id, wiring, context)
        figures[routine_id] = known if known is not None and known == fresh else fresh
    return figures


def _routine(fold: JobCounters, routine_id: str, wiring: Wiring, context: JobContext) -> RoutineFigures:
    tally = fold.routines.get(routine_id) or RoutineCounters()
    activity = fold.activity.row(routine_id, context.now_ns)
    judgement = routine_status(routine_id, tally, context, wiring, any(activity[-BUSY_SECONDS:]))
    return _figures(tally, judgement, activity, context.now_ns)


def _figures(tally: RoutineCounters, judgement: StatusReason, activity: list[int], now_ns: int) -> RoutineFigures:
    status, detail = judgement
    retry = tally.retry_ahead(now_ns) if status == "retry" else None
    low, high = tally.min_ns / MILLISECOND, tally.max_ns / MILLISECOND
    quantiles = tally.digest.quantiles_ms(0.5, 0.95)
    p50, p95 = (min(max(value, low), high) for value in quantiles) if quantiles else (None, None)
    return RoutineFigures(
        status=status,
        done=tally.done,
        errors=tally.errors,
        retries=tally.outcomes["retry"],
        queued=tally.queued,
        running=tally.running,
        avg_ms=tally.total_ns / tally.ended / MILLISECOND if tally.ended else None,
        min_ms=low if tally.ended else None,
        max_ms=high if tally.ended else None,
        p50_ms=p50,
        p95_ms=p95,
        activity=activity,
        histogram=tally.digest.histogram(),
        detail=detail,
        last_error=tally.last_error,
        retry=RetryFigures(retry.attempt, retry.max_retries, milliseconds(retry.due_ns)) if retry else None,
    )


def connection_figures(
    before: dict[str, ConnectionFigures], fold: JobCounters, rates: dict[str | None, float], changed: Iterable[str]
) -> dict[str, ConnectionFigures]:
    """`before`, updated likewise for the `changed` connections; `rates` are messages per second by connection."""
    figures = before.copy()
    for connection_id in changed:
        known = before.get(connection_id)
        count, rate = fold.messages[connection_id], round(rates.get(connection_id, 0.0), 1)
        if known is None or known.count != count or known.rate != rate:
            figures[connection_id] = ConnectionFigures(count, rate)
    return figures
