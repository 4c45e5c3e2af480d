"""The activations of a paused job as plain dicts, as they are saved and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cut import cut
from .documents import Part
from .failures import Item
from .snapshot import snapshot
from .status import PAUSED

if TYPE_CHECKING:
    from .runner import Runner


def pending_tasks(runner: Runner) -> list[dict[str, Any]]:
    """What waits when the job is paused, else nothing."""
    if runner.job_state.status != PAUSED:
        return []
    now = cut(runner)
    return tasks(runner, now.items) if now.status == PAUSED else []


def tasks(runner: Runner, items: list[Item]) -> list[dict[str, Any]]:
    """These activations as plain dicts."""
    return [_task(runner, item) for item in items]


def _task(runner: Runner, item: Item) -> dict[str, Any]:
    delivery, data, cause, attempt, prepared = item
    connection = delivery.connection
    ends = runner.flow.connection_ends(connection) if connection is not None else (None,) * 4
    return {
        "slot_routine_id": delivery.target.routine_id,
        "slot_name": delivery.target.slot_name,
        "data": snapshot(data),
        "connection_source_routine_id": ends[0],
        "connection_source_event_name": ends[1],
        "connection_target_routine_id": ends[2],
        "connection_target_slot_name": ends[3],
        "param_mapping": dict(delivery.mapping),
        "priority": 2,
        "retry_count": attempt,
        "max_retries": runner.failures.handler_of(delivery).max_retries,
        "created_at": None,
        "cause": cause,
        "prepared": prepared,
        "is_entry": delivery is runner.entry,
    }


def check_task(task: Part) -> None:
    """Raise `ValueError` when a document has something else than a task at this place.

    Whether a flow has its receiver is seen when a flow goes on with the job.
    """
    for key in ("slot_routine_id", "slot_name"):
        task.text(key)
    for key in ("source_routine_id", "source_event_name", "target_routine_id", "target_slot_name"):
        task.optional_text(f"connection_{key}")
    for _, name in task.at("param_mapping", {}).entries():
        name.as_text()
    task.object("data"), task.whole("cause", 0), task.whole("retry_count", 0)
    task.flag("prepared"), task.flag("is_entry")
