"""What a job needs, besides its state, to go on where it was paused: it is saved with the job."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .documents import Part
from .failures import Item
from .pending_tasks import check_task, tasks
from .snapshot import snapshot

if TYPE_CHECKING:
    from .runner import Runner


@dataclass(slots=True)
class StoredRun:
    """A run as it is saved.

    Attributes:
        pending_tasks: the activations that have not ended, as `pending_tasks.py` describes them.
        slot_data: what merging slots have received: rows of `routine_id`, `slot_name`, `data`.
        completed_routines: ids of routines with a handler run that completed, in order.
        entry_retried: whether the entry's handler needed a retry.
        execution_strategy: the job's own, or `None` for its flow's.
        timeout, time_left: seconds that the job may take in all, and what is left of them; `None`: as its flow says.
    """

    pending_tasks: list[dict[str, Any]] = field(default_factory=list)
    slot_data: list[dict[str, Any]] = field(default_factory=list)
    completed_routines: list[str] = field(default_factory=list)
    entry_retried: bool = False
    execution_strategy: str | None = None
    timeout: float | None = None
    time_left: float | None = None

    def to_plain(self) -> dict[str, Any]:
        """The keys of a job's document that are about this."""
        return {
            "pending_tasks": snapshot(self.pending_tasks),
            "slot_data": snapshot(self.slot_data),
            "completed_routines": list(self.completed_routines),
            "entry_retried": self.entry_retried,
            "execution_strategy": self.execution_strategy,
            "timeout": self.timeout,
            "time_left": self.time_left,
        }

    @classmethod
    def of(cls, job: Part) -> StoredRun:
        """What a job's document says of this; `ValueError` tells what is wrong and where."""
        waiting, rows = job.at("pending_tasks", []).items(), job.at("slot_data", []).items()
        for task in waiting:
            check_task(task)
        for row in rows:
            row.text("routine_id"), row.text("slot_name"), row.object("data")
        strategy = job.at("execution_strategy")
        if strategy.value not in (None, "sequential", "concurrent"):
            raise strategy.wrong("'sequential', 'concurrent' or null")
        return cls(
            [task.copy() for task in waiting],
            [row.copy() for row in rows],
            [item.as_text() for item in job.at("completed_routines", []).items()],
            job.flag("entry_retried"),
            strategy.value,
            job.optional_number("timeout"),
            job.optional_number("time_left"),
        )


def stored_run(runner: Runner, items: list[Item]) -> StoredRun:
    """What is to be saved of a job that a flow runs; `items` are the activations that have not ended."""
    strategy = runner.strategy
    return StoredRun(
        tasks(runner, items),
        _slot_data(runner),
        runner.completed_routines(),
        runner.retried_entry,
        None if strategy == runner.flow.execution_strategy else strategy,
        runner.time_limit.seconds,
        runner.time_limit.left,
    )


def _slot_data(runner: Runner) -> list[dict[str, Any]]:
    with runner._merge_lock:
        rows = list(runner.slot_data.items())
    return [{"routine_id": key[0], "slot_name": key[1], "data": snapshot(data)} for key, data in rows]
