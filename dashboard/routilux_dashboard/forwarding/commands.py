"""Runs the server's commands (starts and controls) in worker threads; each one is answered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from routilux import Flow, JobState

from ..flows.arguments import InvalidParameter
from ..protocol import StartJob
from ..protocol.programs import Command, CommandResult
from ..sources.local_commands import CannotStart, ControlRefused, ask_job, start_again, start_job
from ..worker_pool import Natives

log = logging.getLogger("routilux_dashboard")


class ProgramJobs(Protocol):
    """This program's flows and jobs."""

    def flow(self, flow_id: str) -> Flow | None: ...
    def job(self, job_id: str) -> tuple[Flow, JobState] | None: ...
    def flush(self) -> None:
        """Hand everything that happened until now to the sink."""


class CommandRunner:
    """Runs commands and hands each result to `reply`."""

    def __init__(self, jobs: ProgramJobs, reply: Callable[[CommandResult], None]) -> None:
        self._jobs = jobs
        self._reply = reply
        self._natives = Natives(size=2, name="routilux-commands")

    def received(self, message: Any) -> None:
        """Run a command in a worker thread; an invalid message is logged and ignored. (One thread.)"""
        try:
            command = msgspec.convert(message, Command)
        except msgspec.ValidationError as error:
            log.warning("Ignored an invalid command from the server: %s", error)
            return
        self._natives.submit(lambda: self._do(command))

    def stop(self) -> None:
        self._natives.stop(timeout=1.0)

    def _do(self, command: Command) -> None:
        try:
            result = self._start(command) if command.action == "start" else self._control(command)
        except InvalidParameter as error:
            result = CommandResult(command.id, refusal="argument", name=error.name, text=str(error))
        except CannotStart as error:
            result = CommandResult(command.id, refusal="start", text=str(error))
        except ControlRefused as error:
            result = CommandResult(command.id, refusal="control", text=str(error))
        except Exception as error:
            log.exception("A command of the server failed: %r", command)
            result = CommandResult(command.id, refusal="fault", text=f"a fault in the program: {type(error).__name__}")
        else:
            self._jobs.flush()  # so that the changes are sent before the result
        self._reply(result)

    def _start(self, command: Command) -> CommandResult:
        if command.again is not None:
            known = self._jobs.job(command.again)
            if known is None:
                raise CannotStart(f"Job {command.again} is no longer in memory there; send 'entry' and 'params'.")
            return CommandResult(command.id, start_again(*known))
        flow = self._jobs.flow(command.flow_id)
        if flow is None:
            raise CannotStart(f"The program no longer has a flow {command.flow_id!r}.")
        return CommandResult(command.id, start_job(flow, StartJob(command.entry, command.params)))

    def _control(self, command: Command) -> CommandResult:
        known = self._jobs.job(command.job_id)
        if known is None:
            raise ControlRefused(f"job {command.job_id} is no longer in its program's memory")
        ask_job(*known, command.action, command.reason, command.by)
        return CommandResult(command.id)
