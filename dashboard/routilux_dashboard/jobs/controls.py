"""Start, pause, resume, step and cancel jobs wherever they run. Returns once the request has been delivered.

Called in native threads. Requests for jobs of this program go to its engine, those for other jobs to
their program; a job whose program is gone refuses, with the reason.
"""

from __future__ import annotations

from ..flows.arguments import InvalidParameter
from ..flows.local_flow import LocalFlow
from ..protocol import ACTIONS, StartJob
from ..protocol.programs import Command, CommandResult
from ..sources.local_commands import CannotStart, ControlRefused, ask_job, start_again, start_job
from ..sources.local_source import LocalSource
from ..sources.programs import Program, ProgramUnreachable, RemoteFlow
from ..sources.remote_source import RemoteSource
from .job import JobSource, StartableFlow


class JobControls:
    """Sends controls to jobs, wherever they run. Stateless; any thread may call it."""

    def start(self, flow: StartableFlow, wanted: StartJob, like: JobSource | None = None) -> str:
        """Start a job of `flow` and return its id.

        `like` is the job that `wanted.again` names: its entry and parameters are reused as the
        original Python objects, so its program must still be connected. Raises `CannotStart`, or
        `InvalidParameter` for a bad parameter.
        """
        if like is not None:
            _check_again(flow, wanted, like)
            if isinstance(like, RemoteSource):
                return _start_elsewhere(like.program, flow.flow_id, wanted)
            if isinstance(like, LocalSource):
                return start_again(like.flow, like.job_state)
            raise CannotStart(f"The program of job {like.job_id} is gone; send 'entry' and 'params'.")
        match flow:
            case LocalFlow():
                return start_job(flow.flow, wanted)
            case RemoteFlow():
                return _start_elsewhere(flow.program, flow.flow_id, wanted)
        raise CannotStart(f"Flow {flow.flow_id!r} runs nowhere.")

    def ask(self, job: JobSource, action: str, reason: str, by: str) -> None:
        """Request `action`, one of `ACTIONS`. A repeated request does nothing.

        Raises `ControlRefused` if the job's state does not allow it.
        """
        match job:
            case LocalSource():
                ask_job(job.flow, job.job_state, action, reason, by)
            case RemoteSource():
                _ask_elsewhere(job, action, reason, by)
            case _:
                refusal = job.summary.control.refusals.get(action)
                raise ControlRefused(refusal or "the job's program is gone: nobody can be asked any more")


# -- jobs of connected programs


def _start_elsewhere(program: Program, flow_id: str, wanted: StartJob) -> str:
    order = Command(0, "start", flow_id, entry=wanted.entry, params=wanted.params, again=wanted.again)
    try:
        answer = program.ask(order)
    except ProgramUnreachable as error:
        raise CannotStart(f"{error}: look whether the job was started before asking again.") from None
    _raise_refusal(answer)
    return answer.job_id


def _ask_elsewhere(job: RemoteSource, action: str, reason: str, by: str) -> None:
    if action not in ACTIONS:
        raise ControlRefused(f"there is no control {action!r}; there are {', '.join(ACTIONS)}")
    order = Command(0, action, job_id=job.job_id, reason=reason, by=by)
    try:
        answer = job.program.ask(order)
    except ProgramUnreachable as error:
        raise ControlRefused(str(error)) from None
    _raise_refusal(answer)


def _raise_refusal(answer: CommandResult) -> None:
    match answer.refusal:
        case "":
            return
        case "start":
            raise CannotStart(answer.text)
        case "argument":
            raise InvalidParameter(answer.name, answer.text)
    raise ControlRefused(answer.text)


def _check_again(flow: StartableFlow, wanted: StartJob, like: JobSource) -> None:
    if wanted.entry is not None or wanted.params is not None:
        raise CannotStart("'again' brings its own entry and parameters; send it alone.")
    if like.flow_id != flow.flow_id:
        raise CannotStart(f"Job {like.job_id} is of flow {like.flow_id!r}, not of {flow.flow_id!r}.")
