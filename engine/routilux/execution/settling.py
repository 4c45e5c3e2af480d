"""How a job comes to rest: what it becomes, what is noted of it, and who is told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from ..persistence.plain_data import now_iso
from ..status import CANCELLED, COMPLETED, FAILED, OVER, PAUSED, RUNNING

if TYPE_CHECKING:
    from .runner import Runner


ACTIVE, SETTLING, AT_REST = "active", "settling", "at rest"
"""The phases of a job: it is worked on, somebody brings it to rest, nothing happens."""

PAUSING = ("pause", "step")
"""What keeps handlers from starting while a job is about to be paused."""


def settle(runner: Runner) -> None:
    """Become what the gate says, or what the routines' states say."""
    if runner.gate == "pause":
        _pause(runner)
    elif runner.gate == "step":
        _rest(runner, PAUSED)
    elif runner.gate is not None:
        _end(runner, CANCELLED if runner.gate == "cancel" else FAILED)
    else:
        _complete_states(runner)
        _end(runner, FAILED if runner.job_state._has_failed_routine() else COMPLETED)


def _pause(runner: Runner) -> None:
    request = runner.controls.request or ControlRequest("pause", "", "", time.time_ns())
    job_state = runner.job_state
    with runner.lock:
        job_state.pause_points.append(
            {
                "timestamp": now_iso(),
                "reason": request.reason,
                "checkpoint": request.checkpoint or {},
                "current_routine_id": job_state.current_routine_id,
                "pending_tasks_count": runner.waiting(),
                "active_tasks_count": 0,
                "queue_size": len(runner.queue),
            }
        )
    _rest(runner, PAUSED)


def _end(runner: Runner, status: str) -> None:
    if status == COMPLETED and not runner.completed_recorded:
        runner.completed_recorded = True
        _record_completed(runner)
    _rest(runner, status)
    runner.job_state._hooks.job_ended(runner.job_state)


def _rest(runner: Runner, status: str) -> None:
    job_state = runner.job_state
    with runner.lock:
        asked = runner.gate
        entries = [job_state._become(status, runner.error)]
        runner.flow._job_rests(job_state)
        if asked in ("pause", "step", "cancel"):
            entries.append(runner.controls.entry("effective"))
        runner.phase = AT_REST
        runner.settler = None
        runner.gate = None
        runner.closed = status != PAUSED
        runner._changed.notify_all()
    for entry in entries:
        job_state._announce(entry)


def _complete_states(runner: Runner) -> None:
    """Routines that ran and stored no state get one."""
    states = runner.job_state.routine_states
    for routine_id in runner.completed_routines():
        if routine_id not in states and routine_id in runner.flow.routines:
            runner.job_state._merge_routine_state(routine_id, {"status": COMPLETED}, {})


def _record_completed(runner: Runner) -> None:
    if runner.entry is None:  # a job that was made by hand, and resumed
        return
    row: dict[str, Any] = {"execution_time": (perf_counter_ns() - runner.started) / 1e9}
    if runner.retried_entry:
        row["retried"] = True
    runner.job_state._record(runner.entry.target.routine_id, "completed", "completed", row)


def rest_anyhow(runner: Runner, error: BaseException) -> None:
    """Settling was cut short: whoever waits for this job must not wait for ever."""
    with runner.lock:
        if runner.phase != SETTLING:
            return
        if runner.job_state.status not in OVER:
            word = FAILED if runner.job_state.status == RUNNING and isinstance(error, Exception) else CANCELLED
            runner.job_state._become(word, runner.error or type(error).__name__)
        runner.flow._job_rests(runner.job_state)
        runner.phase, runner.settler, runner.gate, runner.closed = AT_REST, None, None, True
        runner._changed.notify_all()


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A control as it was asked for."""

    action: str
    by: str
    reason: str
    since_ns: int
    checkpoint: dict[str, Any] | None = None
