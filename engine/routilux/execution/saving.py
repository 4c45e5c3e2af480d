"""A run captured as plain data, whatever its threads are doing, and restored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ..connection import Connection
from ..persistence.plain_data import Part, shown
from ..persistence.snapshot import snapshot
from ..slot import Slot
from ..status import COMPLETED, PAUSED, RUNNING
from .failures import Item
from .settling import AT_REST

if TYPE_CHECKING:
    from .runner import Runner


LOOK_AGAIN = 0.0002
"""Seconds until the next look at a job whose thread is between two handlers."""

LOOKS = 1000
"""After that it stays between them: it is this very thread, in a handler of a signal."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a job was at a moment.

    Attributes:
        status, ended_ns: as of the job (ns since the epoch, or `None`).
        seq: the number of its newest record.
        items: the activations that had not ended, in their order: those that had begun, or of which a carried
            function had not returned, are the first.
    """

    status: str
    ended_ns: int | None
    seq: int
    items: list[Item]


def cut(runner: Runner) -> Cut:
    """The job now. Stops nobody: looks until each activation waits, or is in a handler."""
    for _ in range(LOOKS):
        with runner.lock:
            begun = runner.begun()
            waiting = _waiting(runner)
            if begun is not None and _same(begun, runner.begun()):
                return _made(runner, begun, waiting)
        time.sleep(LOOK_AGAIN)
    with runner.lock:
        return _made(runner, runner.in_frames(), _waiting(runner))


def _same(begun: list[Item], again: list[Item] | None) -> bool:
    return again is not None and list(map(id, begun)) == list(map(id, again))


def _waiting(runner: Runner) -> list[Item]:
    return [*runner.queue, *runner.in_hand, *(item for item, _ in runner.failures.delayed.values())]


def _made(runner: Runner, begun: list[Item], waiting: list[Item]) -> Cut:
    job_state = runner.job_state
    guests_of = [frame.carried for frame in runner.frames if frame.carried is not None]
    under_way = {id(item): item for item in (*begun, *guests_of)}.values()
    items = [*(item for item in under_way if not _is_retried(item, waiting)), *waiting]
    open_ended = job_state.status in (RUNNING, PAUSED) and not runner.closed
    return Cut(job_state.status, job_state._ended_ns, runner.journal.seq, items if open_ended else [])


def _is_retried(item: Item, waiting: list[Item]) -> bool:
    """Whether a handler's next try waits already: it has failed just now."""
    return any(one[1] is item[1] and one[0] is item[0] and one[3] > item[3] for one in waiting)


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


_ConnectionEnds: TypeAlias = tuple[str | None, ...]


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
        self._by_ends: dict[_ConnectionEnds, list[Connection]] = {}
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
