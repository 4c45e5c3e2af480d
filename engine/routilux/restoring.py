"""Putting a loaded job to work again: its pending tasks become activations of a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .connection import Connection
from .documents import Part
from .failures import Item

if TYPE_CHECKING:
    from .runner import Runner


def restore(runner: Runner, tasks: list[dict[str, Any]], slot_data: list[dict[str, Any]]) -> None:
    """Fill a new runner with what a saved job had waiting.

    Raises:
        ValueError: naming every receiver that the flow does not have; nothing is dropped in silence.
    """
    parts = [Part(task, f"job.pending_tasks[{number}]") for number, task in enumerate(tasks)]
    missing = [f"{part.path}: {problem}" for part in parts if (problem := _problem(runner, part))]
    if missing:
        raise ValueError(f"Flow {runner.flow.flow_id!r} cannot go on with this job; " + "; ".join(missing[:10]))
    runner.queue.extend(_item(runner, part) for part in parts)
    for number, row in enumerate(slot_data):
        part = Part(row, f"job.slot_data[{number}]")
        runner.slot_data[part.text("routine_id"), part.text("slot_name")] = dict(part.object("data"))


def _problem(runner: Runner, part: Part) -> str | None:
    routine_id, slot_name = part.text("slot_routine_id"), part.text("slot_name")
    routine = runner.flow.routines.get(routine_id)
    if routine is None:
        return f"it has no routine {routine_id!r}"
    if routine.get_slot(slot_name) is None:
        return f"its routine {routine_id!r} has no slot {slot_name!r}"
    return None


def _item(runner: Runner, part: Part) -> Item:
    slot = runner.flow.routines[part.text("slot_routine_id")].get_slot(part.text("slot_name"))
    assert slot is not None
    delivery = runner.plan.delivery(part.text("slot_routine_id"), slot, _connection(runner, part))
    if part.flag("is_entry"):
        runner.entry = delivery
        delivery.plain = None
    prepared = part.flag("prepared")
    return (delivery, part.object("data"), part.whole("cause", 0), part.whole("retry_count", 0), prepared)


def _connection(runner: Runner, part: Part) -> Connection | None:
    """The connection that brought the task here; one of the same mapping when the flow has it no more."""
    keys = ("source_routine_id", "source_event_name", "target_routine_id", "target_slot_name")
    names = tuple(part.optional_text(f"connection_{key}") for key in keys)
    mapping = part.object("param_mapping")
    for connection in runner.flow.connections:
        if runner.flow.connection_ends(connection) == names and connection.param_mapping == mapping:
            return connection
    return Connection(None, None, mapping) if mapping else None
