"""Putting a loaded job to work again: its pending tasks become activations of a flow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

from .connection import Connection
from .documents import Part
from .failures import Item
from .settling import AT_REST
from .status import COMPLETED

if TYPE_CHECKING:
    from .runner import Runner

_Ends: TypeAlias = tuple[str | None, ...]


def take_over(runner: Runner) -> None:
    """Make a new runner that of a loaded job, which is at rest.

    Raises:
        ValueError: naming every receiver that the flow does not have; nothing is dropped in silence.
    """
    job_state = runner.job_state
    stored = job_state._stored
    _restore(runner, stored.pending_tasks, stored.slot_data)
    entry = job_state.entry_routine_id or job_state.current_routine_id
    if runner.entry is None and entry in runner.flow.routines:
        runner.entry = runner.plan.entry(entry)
    runner.completed_before = stored.completed_routines
    runner.retried_entry = stored.entry_retried
    runner.completed_recorded = job_state.status == COMPLETED or job_state._journal.has_own("completed")
    runner.started -= max(time.time_ns() - job_state._created_ns, 0)
    if stored.time_left is not None:
        runner.time_limit.left = stored.time_left
    runner.phase = AT_REST
    runner.held = 0
    job_state._runner = runner


def _restore(runner: Runner, tasks: list[dict[str, Any]], slot_data: list[dict[str, Any]]) -> None:
    parts = [Part(task, f"job.pending_tasks[{number}]") for number, task in enumerate(tasks)]
    missing = [f"{part.path}: {problem}" for part in parts if (problem := _problem(runner, part))]
    if missing:
        raise ValueError(f"Flow {runner.flow.flow_id!r} cannot go on with this job; " + "; ".join(missing[:10]))
    connections = _Connections(runner)
    runner.queue.extend(_item(runner, part, connections) for part in parts)
    for row in slot_data:
        runner.slot_data[row["routine_id"], row["slot_name"]] = dict(row["data"])


def _problem(runner: Runner, part: Part) -> str | None:
    routine_id, slot_name = part.text("slot_routine_id"), part.text("slot_name")
    routine = runner.flow.routines.get(routine_id)
    if routine is None:
        return f"it has no routine {routine_id!r}"
    if routine.get_slot(slot_name) is None:
        return f"its routine {routine_id!r} has no slot {slot_name!r}"
    return None


def _item(runner: Runner, part: Part, connections: _Connections) -> Item:
    slot = runner.flow.routines[part.text("slot_routine_id")].get_slot(part.text("slot_name"))
    assert slot is not None
    is_entry = part.flag("is_entry")
    delivery = runner.plan.delivery(part.text("slot_routine_id"), slot, connections.that_of(part), plain=not is_entry)
    if is_entry:
        runner.entry = delivery
    prepared = part.flag("prepared")
    return (delivery, part.object("data"), part.whole("cause", 0), part.whole("retry_count", 0), prepared)


class _Connections:
    """The connections of a flow by their ends: there may be many, and many tasks that came along them."""

    def __init__(self, runner: Runner) -> None:
        self._by_ends: dict[_Ends, list[Connection]] = {}
        for connection in runner.flow.connections:
            self._by_ends.setdefault(runner.flow.connection_ends(connection), []).append(connection)

    def that_of(self, part: Part) -> Connection | None:
        """The connection that brought a task here; one of the same mapping when the flow has it no more."""
        keys = ("source_routine_id", "source_event_name", "target_routine_id", "target_slot_name")
        ends = tuple(part.optional_text(f"connection_{key}") for key in keys)
        mapping = part.object("param_mapping")
        for connection in self._by_ends.get(ends, ()):
            if connection.param_mapping == mapping:
                return connection
        return Connection(None, None, mapping) if mapping else None
