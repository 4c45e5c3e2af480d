"""Start and control jobs of this program. Called in worker threads; returns once the engine has the command."""

from __future__ import annotations

from typing import Any

from routilux import Flow, JobState

from ..flows.arguments import check_arguments
from ..flows.describe import describe
from ..protocol import ACTIONS, ENDED, EntryPoint, FlowDefinition, StartJob


class ControlRefused(Exception):
    """The job's current state does not allow the control; the message says why."""


class CannotStart(ValueError):
    """The request can't start a job; the message says what to send instead."""


def start_job(flow: Flow, wanted: StartJob) -> str:
    """Start a job of `flow` and return its id. Raises `CannotStart`, or `InvalidParameter` for a bad parameter."""
    entry = entry_of(describe(flow), wanted.entry)
    params = wanted.params or {}
    check_arguments(params, entry.parameters)
    return flow.start(entry.routine_id, params).job_id


def start_again(flow: Flow, before: JobState) -> str:
    """Start a job with the entry and parameters of `before`. Raises `CannotStart`."""
    if before.entry_routine_id is None:
        raise CannotStart(f"Job {before.job_id} was not started by a flow; send 'entry' and 'params'.")
    return flow.start(before.entry_routine_id, dict(before.entry_params)).job_id


def ask_job(flow: Flow, job_state: JobState, action: str, reason: str, by: str) -> None:
    """Pause, resume, step or cancel a job; a repeated request does nothing. Raises `ControlRefused`."""
    if _asked_already(job_state, action):
        return
    refusal = job_state.control.refusals.get(action)
    if refusal is not None:
        raise ControlRefused(refusal)
    try:
        _ask(flow, job_state, action, reason, by)
    except ValueError as error:  # the job ended in the meantime
        raise ControlRefused(str(error)) from error


def _ask(flow: Flow, job_state: JobState, action: str, reason: str, by: str) -> None:
    match action:
        case "pause":
            flow.pause(job_state, reason, by=by, wait=False)
        case "resume":
            flow.resume(job_state, reason=reason, by=by)
        case "step":
            flow.step(job_state, reason=reason, by=by)
        case "cancel":
            flow.cancel(job_state, reason, by=by, wait=False)
        case _:
            raise ControlRefused(f"there is no control {action!r}; there are {', '.join(ACTIONS)}")


def _asked_already(job_state: JobState, action: str) -> bool:
    control: Any = job_state.control
    over = job_state.status in ENDED and not (action == "cancel" and job_state.status == "cancelled")
    return bool(control.action == action and action != "step" and not over)


def entry_of(flow: FlowDefinition, routine_id: str | None) -> EntryPoint:
    """The entry with that id, or the flow's only entry. Raises `CannotStart`."""
    known = ", ".join(repr(entry.routine_id) for entry in flow.entries) or "none"
    found = [entry for entry in flow.entries if routine_id in (None, entry.routine_id)]
    if len(found) == 1:
        return found[0]
    if routine_id is None:
        raise CannotStart(f"Flow {flow.flow_id!r} has {len(flow.entries)} entries; name one of them: {known}.")
    raise CannotStart(f"Flow {flow.flow_id!r} has no entry {routine_id!r}; it has: {known}.")
