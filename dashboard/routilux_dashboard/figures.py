"""The figures of routines and connections as the wire has them, made anew only where something changed."""

from __future__ import annotations

from .fold import JobFold
from .protocol import ConnectionFigures, FlowDefinition, RetryFigures, RoutineFigures
from .routine_status import Judgement, Outlook, judge
from .tally import RoutineTally
from .times import MILLISECOND, milliseconds
from .watched_flow import FlowView

BUSY_SECONDS = 2
"""How many of the newest seconds of activity make a routine with work queued a busy one."""


def routine_figures(
    before: dict[str, RoutineFigures],
    fold: JobFold,
    flow: FlowView,
    outlook: Outlook,
    touched: set[str],
) -> dict[str, RoutineFigures]:
    """Figures of every routine of the flow.

    One that is not `touched` keeps its object, unless its status or, as time passes, its activity changed.
    """
    active = fold.activity.keys(outlook.now_ns)
    quiet = [0] * fold.activity.length
    figures: dict[str, RoutineFigures] = {}
    for routine in flow.definition.routines:
        routine_id = routine.routine_id
        tally = fold.tallies.get(routine_id)
        activity = fold.activity.row(routine_id, outlook.now_ns) if routine_id in active else quiet
        judgement = judge(routine_id, tally, outlook, flow.wiring, any(activity[-BUSY_SECONDS:]))
        known = before.get(routine_id)
        if known is None or routine_id in touched or _changed(known, judgement, activity):
            known = _figures(tally or RoutineTally(), judgement, activity, outlook.now_ns)
        figures[routine_id] = known
    return figures


def _changed(known: RoutineFigures, judgement: Judgement, activity: list[int]) -> bool:
    return known.activity != activity or (known.status, known.detail) != judgement


def _figures(tally: RoutineTally, judgement: Judgement, activity: list[int], now_ns: int) -> RoutineFigures:
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
    before: dict[str, ConnectionFigures], fold: JobFold, flow: FlowDefinition, now_ns: int, *, at_rest: bool
) -> dict[str, ConnectionFigures]:
    """Figures of every connection of the flow; `at_rest` says that the job has ended, and with it every rate."""
    flowing = set() if at_rest else fold.pulse.keys(now_ns)
    figures: dict[str, ConnectionFigures] = {}
    for connection in flow.connections:
        key = connection.connection_id
        known = before.get(key)
        rate = round(fold.pulse.rate(key, now_ns), 1) if key in flowing else 0.0
        if known is None or known.count != fold.edges[key] or known.rate != rate:
            known = ConnectionFigures(fold.edges[key], rate)
        figures[key] = known
    return figures
