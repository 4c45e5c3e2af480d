"""Deferred events: stored in a job, emitted when it is resumed, ahead of what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .failures import Item
from .frame import RunFrame

if TYPE_CHECKING:
    from .runner import Runner


def emit_deferred(runner: Runner) -> tuple[list[Item], list[str]]:
    """Emit the deferred events in order; return what waited before them, and what could not be emitted."""
    rows: list[Any] = runner.job_state.deferred_events
    runner.job_state.deferred_events = []
    with runner.lock:
        waiting = runner.in_hand = list(runner.queue)
        runner.queue.clear()
    frame = RunFrame(runner)
    problems = []
    for row in rows:
        try:
            _emit(runner, frame, row["routine_id"], row["event_name"], row["data"])
        except Exception as error:
            name = f"{row.get('routine_id')}.{row.get('event_name')}" if isinstance(row, dict) else type(row)
            problems.append(f"The deferred event {name!s:.200} was not emitted: {type(error).__name__}: {error}")
    return waiting, problems


def _emit(runner: Runner, frame: RunFrame, routine_id: str, event_name: str, data: Any) -> None:
    routine = runner.flow.routines.get(routine_id)
    event = routine.get_event(event_name) if routine is not None else None
    if event is None:
        raise LookupError("the flow has no such event")
    if not isinstance(data, dict):
        raise TypeError(f"its data is {type(data).__name__}, not a dict")
    frame.emit(routine, event, data)
