"""Putting a loaded job to work again: its pending tasks become activations of a flow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

from .connection import Connection
from .documents import Part, shown
from .failures import Item
from .settling import AT_REST
from .slot import Slot
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
    if entry is not None and entry not in runner.flow.routines:
        name = shown(runner.flow.flow_id)
        raise ValueError(f"Routine {shown(entry)} of job {job_state.job_id} not found in flow {name}")
    if runner.entry is None and entry is not None:
        runner.entry = runner.plan.entry(entry) or runner.plan.missing_entry(entry)
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
    own_ids = {routine._id: key for key, routine in runner.flow.routines.items()}
    receivers = [_receiver(runner, part, own_ids) for part in parts]
    missing = [f"{part.path}: {found}" for part, found in zip(parts, receivers, strict=True) if isinstance(found, str)]
    if missing:
        raise ValueError(f"Flow {runner.flow.flow_id!r} cannot go on with this job; " + "; ".join(missing[:10]))
    connections = _Connections(runner)
    for part, found in zip(parts, receivers, strict=True):
        assert not isinstance(found, str)
        runner.queue.append(_item(runner, part, found, connections))
    for row in slot_data:
        runner.slot_data[row["routine_id"], row["slot_name"]] = dict(row.get("data", {}))


def _receiver(runner: Runner, part: Part, own_ids: dict[str, str]) -> tuple[str, Slot] | str:
    """A task's routine id and slot, or what is missing. Release 0.10.0 wrote a routine's own id, not the flow's."""
    named, slot_name = part.text("slot_routine_id"), part.text("slot_name")
    routine_id = named if named in runner.flow.routines else own_ids.get(named)
    if routine_id is None:
        return f"it has no routine {shown(named)}"
    slot = runner.flow.routines[routine_id].get_slot(slot_name)
    return f"its routine {shown(routine_id)} has no slot {shown(slot_name)}" if slot is None else (routine_id, slot)


def _item(runner: Runner, part: Part, receiver: tuple[str, Slot], connections: _Connections) -> Item:
    is_entry = part.flag("is_entry")
    delivery = runner.plan.delivery(*receiver, connections.that_of(part), plain=not is_entry)
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
