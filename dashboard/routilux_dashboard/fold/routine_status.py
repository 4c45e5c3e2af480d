"""The status of a routine in a job, and the reason it is not running. Pure."""

from __future__ import annotations

from ..protocol import ENDED, ErrorReport, RoutineStatus
from ..times import clock
from .outlook import JobContext
from .routine_counters import RoutineCounters
from .wiring import Wiring

_DETAIL_TEXT = 200
_INPUTS_NAMED = 2

StatusReason = tuple[RoutineStatus, str]


def routine_status(
    routine_id: str, tally: RoutineCounters, context: JobContext, wiring: Wiring, busy: bool
) -> StatusReason:
    """The status of a routine, and one sentence with the reason it is not running.

    `busy` says that one of its handlers ended very recently. A busy routine with queued work that takes
    turns with others counts as running although none of its handlers runs at this instant; so does one
    about to get its next message, whose status would otherwise flicker.
    """
    if context.job_status == "lost" and (tally.running or tally.queued):
        return _when_last_heard_of(tally)
    if tally.running:
        return "running", _handling(tally.slots)
    if context.job_status in ENDED:
        return _at_the_end(routine_id, tally, context)
    return _before_the_end(routine_id, tally, context, wiring, busy)


def _before_the_end(
    routine_id: str, tally: RoutineCounters, context: JobContext, wiring: Wiring, busy: bool
) -> StatusReason:
    """The status while none of its handlers is running and the job may continue."""
    if tally.outcomes["failed"]:
        return "failed", _why_failed(tally.last_error)
    if tally.dropped:
        return "cancelled", _dropped(tally.dropped)
    if tally.queued:
        return _waiting(tally, context, busy)
    return _at_rest(routine_id, tally, context, wiring, busy)


def _waiting(tally: RoutineCounters, context: JobContext, busy: bool) -> StatusReason:
    """The status while work is queued and none of its handlers is running."""
    retry = tally.retry_ahead(context.now_ns)
    again = f"retry {retry.attempt} of {retry.max_retries} at {clock(retry.due_ns)}" if retry else ""
    if context.held:
        since = f" since {clock(context.held_since_ns)}" if context.held_since_ns is not None else ""
        return "paused", "; ".join(filter(None, (f"held{since}: {context.held}", again)))
    if retry:
        return "retry", again
    if busy:
        return "running", "takes turns with other routines"
    return ("idle" if tally.ended else "pending"), "waiting for a worker"


def _when_last_heard_of(tally: RoutineCounters) -> StatusReason:
    """The status if work was left when the job was lost; its outcome is unknown."""
    if tally.running:
        return "lost", f"{_handling(tally.slots)}, when its program was last heard of"
    return ("idle" if tally.ended else "pending"), "something was queued when its program was last heard of"


def _at_rest(routine_id: str, tally: RoutineCounters, context: JobContext, wiring: Wiring, busy: bool) -> StatusReason:
    """The status while no work is queued or running and the job has not ended."""
    if routine_id in context.awaited:
        status: RoutineStatus = "idle" if tally.ended else "pending"
        flows = busy and not context.held and context.job_status != "lost"
        return "running" if flows else status, _waiting_for(routine_id, context, wiring)
    if not tally.ended and (not context.live or routine_id not in context.reachable):
        return "pending", "nothing queued"
    return _finished(tally)


def _at_the_end(routine_id: str, tally: RoutineCounters, context: JobContext) -> StatusReason:
    """The status once the job has ended."""
    if tally.failed:
        return "failed", _why_failed(tally.last_error)
    if context.job_status == "completed":
        return _finished(tally)
    if tally.dropped:
        return "cancelled", _dropped(tally.dropped)
    failed = context.job_status == "failed"
    if routine_id in context.cut | context.cut_off:
        return "cancelled", "upstream failed" if failed else "the job was cancelled"
    if not tally.ended and routine_id in context.reachable:
        return "cancelled", f"nothing came before the job {'failed' if failed else 'was cancelled'}"
    return _finished(tally) if tally.ended else ("pending", "nothing queued")


def _finished(tally: RoutineCounters) -> StatusReason:
    if tally.failed:
        return "failed", _why_failed(tally.last_error)
    return "completed", "nothing more can come" if tally.ended else "nothing came"


def _waiting_for(routine_id: str, context: JobContext, wiring: Wiring) -> str:
    """Name the events that can still arrive, first those from routines with work."""
    senders = context.live | context.awaited
    sources = {c.source: None for c in wiring.inputs(routine_id) if c.source.routine_id in senders}
    names = [f"{s.routine_id}.{s.event}" for s in sorted(sources, key=lambda s: s.routine_id not in context.live)]
    more = f" and {len(names) - _INPUTS_NAMED} more" if len(names) > _INPUTS_NAMED else ""
    held = f"; {context.held}" if context.held else ""
    return f"waiting for {' or '.join(names[:_INPUTS_NAMED])}{more}{held}"


def _handling(slots: tuple[str, ...]) -> str:
    return f"handling {slots[0]}" if len(slots) == 1 else f"{len(slots)} handlers run"


def _dropped(count: int) -> str:
    return f"{count:,} queued {'was' if count == 1 else 'were'} dropped"


def _why_failed(error: ErrorReport | None) -> str:
    if error is None:
        return "a handler failed"
    said = f"{error.error_type}: {error.error}" if error.error_type else error.error
    return said[:_DETAIL_TEXT]
