"""A run as plain data: captured at one moment, whatever its threads are doing, and restored.

Capturing stops no thread. It looks at the run, under the lock, until every activation is either waiting or in a
handler; between two handlers a loop may hold one that is in neither place.
"""

from __future__ import annotations

import time
from typing import Any, TypeAlias

from ..connection import Connection
from ..job.job_document import RunSnapshot
from ..job.state_machine import Facts, Transition, decide
from ..job_state import RunCapture, restored_run
from ..persistence.plain_data import PlainReader, describe
from ..persistence.snapshot import snapshot
from ..routine import generated_id
from ..slot import Slot
from ..status import COMPLETED, PAUSED, RUNNING
from .activation import Activation
from .failures import Failures
from .run import Run

RETRY_SECONDS = 0.0002
"""Time until the next look at a run whose loop is between two handlers."""
ATTEMPTS = 1000
"""After that it stays between them: it is this very thread, in a signal handler."""


_Moment: TypeAlias = tuple[str, int | None, int, list[Activation]]
"""Status, end (ns since the epoch), `seq` of the newest record, and the activations that have not ended."""

# -- capturing


def capture(run: Run, failures: Failures) -> RunCapture:
    """The run now, with the activations that have not ended: those that had begun are the first."""
    status, ended_ns, seq, activations = _look(run)
    return RunCapture(status, ended_ns, seq, _snapshot(run, failures, activations))


def pending_tasks(run: Run, failures: Failures) -> list[dict[str, Any]]:
    """The activations that wait while the job is paused, as plain dicts; `[]` if it is not paused."""
    if run.lifecycle.status != PAUSED:
        return []
    now = capture(run, failures)
    return now.snapshot.pending_tasks if now.status == PAUSED else []


def _same(begun: list[Activation], again: list[Activation] | None) -> bool:
    return again is not None and list(map(id, begun)) == list(map(id, again))


def _waiting(run: Run) -> list[Activation]:
    leased = [activation for lease in run.leases for activation in lease.activations]
    return [*run.queue, *leased, *(activation for activation, _ in run.retries.values())]


def _look(run: Run) -> _Moment:
    for _ in range(ATTEMPTS):
        with run.lock:
            begun = run.in_flight()
            waiting = _waiting(run)
            if begun is not None and _same(begun, run.in_flight()):
                return _moment_locked(run, begun, waiting)
        time.sleep(RETRY_SECONDS)
    with run.lock:
        return _moment_locked(run, run.frames_in_flight(), _waiting(run))


def _moment_locked(run: Run, begun: list[Activation], waiting: list[Activation]) -> _Moment:
    status, origins = run.lifecycle.status, [frame.origin for frame in run.frames if frame.origin is not None]
    begun = list({id(activation): activation for activation in (*begun, *origins)}.values())
    activations = [*(activation for activation in begun if not _is_retried(activation, waiting)), *waiting]
    open_ended = status in (RUNNING, PAUSED) and run.accepting
    return status, run.lifecycle.ended_ns, run.journal.seq, activations if open_ended else []


def _is_retried(activation: Activation, waiting: list[Activation]) -> bool:
    """Whether a handler's next attempt waits already: it has failed just now."""
    return any(one[1] is activation[1] and one[0] is activation[0] and one[3] > activation[3] for one in waiting)


def _snapshot(run: Run, failures: Failures, activations: list[Activation]) -> RunSnapshot:
    return RunSnapshot(
        [_task(run, failures, activation) for activation in activations],
        _slot_data(run),
        run.completed_routines(),
        run.entry_retried,
        None if run.strategy == run.graph.execution_strategy else run.strategy,
        run.time_limit.seconds,
        run.time_limit.left,
    )


def _slot_data(run: Run) -> list[dict[str, Any]]:
    with run.merge_lock:
        rows = list(run.slot_data.items())
    return [{"routine_id": key[0], "slot_name": key[1], "data": snapshot(data)} for key, data in rows]


def _task(run: Run, failures: Failures, activation: Activation) -> dict[str, Any]:
    delivery, data, cause, attempt, prepared = activation
    connection = delivery.connection
    ends = run.graph.connection_ends(connection) if connection is not None else (None,) * 4
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
        "max_retries": failures.error_handler_for(delivery).max_retries,
        "created_at": None,
        "cause": cause,
        "prepared": prepared,
        "is_entry": delivery is run.entry,
    }


# -- restoring


def restore(run: Run) -> None:
    """Make a new run that of a loaded job, which nothing runs.

    Raises:
        ValueError: naming every receiver that the flow does not have; nothing is dropped in silence.
    """
    job_state, graph = run.job_state, run.graph
    saved = restored_run(job_state)
    _restore_activations(run, saved.pending_tasks)
    for row in saved.slot_data:
        run.slot_data[row["routine_id"], row["slot_name"]] = dict(row.get("data", {}))
    entry = job_state.entry_routine_id or job_state.current_routine_id
    if entry is not None and entry not in graph.routines:
        name = describe(graph.flow_id)
        raise ValueError(f"Routine {describe(entry)} of job {job_state.job_id} not found in flow {name}")
    if run.entry is None and entry is not None:
        run.entry = run.routing.entry(entry) or run.routing.missing_entry(entry)
    run.completed_before = saved.completed_routines
    run.entry_retried = saved.entry_retried
    run.completion_recorded = job_state.status == COMPLETED or run.journal.has_local_kind("completed")
    run.started -= max(time.time_ns() - run.lifecycle.created_ns, 0)
    if saved.time_left is not None:
        run.time_limit.left = saved.time_left
    transition = decide(run.state, "restore", Facts(restored=job_state.status))
    assert isinstance(transition, Transition)
    run.state = transition.state
    run.leases.clear()


def _restore_activations(run: Run, tasks: list[dict[str, Any]]) -> None:
    parts = [PlainReader(task, f"job.pending_tasks[{number}]") for number, task in enumerate(tasks)]
    generated_ids = {generated_id(routine): key for key, routine in run.graph.routines.items()}
    receivers = [_receiver(run, part, generated_ids) for part in parts]
    missing = [f"{part.path}: {found}" for part, found in zip(parts, receivers, strict=True) if isinstance(found, str)]
    if missing:
        raise ValueError(f"Flow {run.graph.flow_id!r} cannot resume this job; " + "; ".join(missing[:10]))
    connections = _ConnectionFinder(run)
    for part, found in zip(parts, receivers, strict=True):
        assert not isinstance(found, str)
        run.queue.append(_activation(run, part, found, connections))


def _receiver(run: Run, part: PlainReader, generated_ids: dict[str, str]) -> tuple[str, Slot] | str:
    """A task's routine id and slot, or what is missing. Release 0.10.0 wrote a routine's generated id."""
    named, slot_name = part.string("slot_routine_id"), part.string("slot_name")
    routine_id = named if named in run.graph.routines else generated_ids.get(named)
    if routine_id is None:
        return f"it has no routine {describe(named)}"
    slot = run.graph.routines[routine_id].get_slot(slot_name)
    return (
        f"its routine {describe(routine_id)} has no slot {describe(slot_name)}" if slot is None else (routine_id, slot)
    )


def _activation(run: Run, part: PlainReader, receiver: tuple[str, Slot], connections: _ConnectionFinder) -> Activation:
    is_entry = part.boolean("is_entry")
    delivery = run.routing.delivery(*receiver, connections.find(part), direct_call=not is_entry)
    if is_entry:
        run.entry = delivery
    prepared = part.boolean("prepared")
    return (delivery, part.object("data"), part.integer("cause", 0), part.integer("retry_count", 0), prepared)


_ConnectionEnds: TypeAlias = tuple[str | None, ...]


class _ConnectionFinder:
    """The connections of a flow by their ends: there may be many, and many tasks that came along them."""

    def __init__(self, run: Run) -> None:
        self._by_ends: dict[_ConnectionEnds, list[Connection]] = {}
        for connection in run.graph.connections:
            self._by_ends.setdefault(run.graph.connection_ends(connection), []).append(connection)

    def find(self, part: PlainReader) -> Connection | None:
        """The connection that brought a task here; an equivalent one if the flow no longer has it."""
        keys = ("source_routine_id", "source_event_name", "target_routine_id", "target_slot_name")
        ends = tuple(part.optional_string(f"connection_{key}") for key in keys)
        mapping = part.object("param_mapping")
        for connection in self._by_ends.get(ends, ()):
            if connection.param_mapping == mapping:
                return connection
        return Connection(None, None, mapping) if mapping else None
