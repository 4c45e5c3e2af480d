"""Asking the engine: start, pause, resume, cancel. Called in native threads; returns once it is asked."""

from __future__ import annotations

from typing import Any

from routilux import Flow, JobState

from .arguments import check_arguments
from .protocol import EntryPoint, FlowDefinition, StartJob
from .watch.describe import describe
from .watch.watched_job import WatchedJob

ACTIONS = ("pause", "resume", "cancel")
_ENDED = ("completed", "failed", "cancelled")


class ControlRefused(Exception):
    """A control that makes no sense for the job as it is; the message says why."""


class CannotStart(ValueError):
    """A job cannot be started so; the message says what to send instead."""


class Controls:
    """What can be asked of the engine. Holds nothing; any thread may call it."""

    def start(self, flow: Flow, wanted: StartJob, like: WatchedJob | None = None) -> str:
        """Start a job of `flow` and return its id.

        `like` is the job that `wanted.again` names: its entry and parameters are used, as the
        Python objects that they were. Raises `CannotStart`, and `BadArgument` for a parameter.
        """
        if like is not None:
            return self._start_again(flow, wanted, like.job_state)
        entry = entry_of(describe(flow), wanted.entry)
        params = wanted.params or {}
        check_arguments(params, entry.parameters)
        return flow.start(entry.routine_id, params).job_id

    def _start_again(self, flow: Flow, wanted: StartJob, before: JobState) -> str:
        if wanted.entry is not None or wanted.params is not None:
            raise CannotStart("'again' brings its own entry and parameters; send it alone.")
        if before.flow_id != flow.flow_id:
            raise CannotStart(f"Job {before.job_id} is of flow {before.flow_id!r}, not of {flow.flow_id!r}.")
        if before.entry_routine_id is None:
            raise CannotStart(f"Job {before.job_id} was not started by a flow; send 'entry' and 'params'.")
        return flow.start(before.entry_routine_id, dict(before.entry_params)).job_id

    def ask(self, job: WatchedJob, action: str, reason: str, by: str) -> None:
        """Ask for `action`, one of `ACTIONS`. Asking again for what has been asked does nothing.

        Raises `ControlRefused` where it makes no sense.
        """
        if _asked_already(job.job_state, action):
            return
        refusal = job.job_state.control.refusals.get(action)
        if refusal is not None:
            raise ControlRefused(refusal)
        try:
            self._ask(job.flow, job.job_state, action, reason, by)
        except ValueError as error:  # it has ended between the question and the answer
            raise ControlRefused(str(error)) from error

    @staticmethod
    def _ask(flow: Flow, job_state: JobState, action: str, reason: str, by: str) -> None:
        match action:
            case "pause":
                flow.pause(job_state, reason, by=by, wait=False)
            case "resume":
                flow.resume(job_state, reason=reason, by=by)
            case "cancel":
                flow.cancel(job_state, reason, by=by, wait=False)
            case _:
                raise ControlRefused(f"there is no control {action!r}; there are {', '.join(ACTIONS)}")


def entry_of(flow: FlowDefinition, routine_id: str | None) -> EntryPoint:
    """The entry of that id, or the only one of the flow. Raises `CannotStart`."""
    known = ", ".join(repr(entry.routine_id) for entry in flow.entries) or "none"
    found = [entry for entry in flow.entries if routine_id in (None, entry.routine_id)]
    if len(found) == 1:
        return found[0]
    if routine_id is None:
        raise CannotStart(f"Flow {flow.flow_id!r} has {len(flow.entries)} entries; name one of them: {known}.")
    raise CannotStart(f"Flow {flow.flow_id!r} has no entry {routine_id!r}; it has: {known}.")


def _asked_already(job_state: JobState, action: str) -> bool:
    control: Any = job_state.control
    over = job_state.status in _ENDED and not (action == "cancel" and job_state.status == "cancelled")
    return bool(control.action == action and not over)
