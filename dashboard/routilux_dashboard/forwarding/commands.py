"""What a server asks of this program: starts and controls, done on native threads, answered in any case."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from routilux import Flow, JobState

from ..flows.arguments import BadArgument
from ..program_protocol import Answer, Order
from ..protocol import StartJob
from ..sources.local_commands import CannotStart, ControlRefused, ask_job, start_again, start_job
from ..worker_pool import Natives

log = logging.getLogger("routilux_dashboard")


class Jobs(Protocol):
    """This program's flows and jobs, as its recorder knows them."""

    def flow(self, flow_id: str) -> Flow | None: ...
    def job(self, job_id: str) -> tuple[Flow, JobState] | None: ...
    def take_soon(self) -> None:
        """Take what has happened until now, and return when it is with the sink (after a moment, at the latest)."""


class CommandRunner:
    """Does what is asked, and hands each answer to `reply`. `received` is called from one thread only."""

    def __init__(self, jobs: Jobs, reply: Callable[[Answer], None]) -> None:
        self._jobs = jobs
        self._reply = reply
        self._natives = Natives(size=2, name="routilux-commands")

    def received(self, message: Any) -> None:
        """An order has come; what is none is ignored."""
        try:
            order = msgspec.convert(message, Order)
        except msgspec.ValidationError as error:
            log.warning("The server has sent an order that is none: %s", error)
            return
        self._natives.submit(lambda: self._do(order))

    def stop(self) -> None:
        self._natives.stop(timeout=1.0)

    def _do(self, order: Order) -> None:
        try:
            answer = self._start(order) if order.action == "start" else self._control(order)
        except BadArgument as error:
            answer = Answer(order.id, refusal="argument", name=error.name, text=str(error))
        except CannotStart as error:
            answer = Answer(order.id, refusal="start", text=str(error))
        except ControlRefused as error:
            answer = Answer(order.id, refusal="control", text=str(error))
        except Exception as error:
            log.exception("What the server has asked could not be done: %r", order)
            answer = Answer(order.id, refusal="fault", text=f"a fault in the program: {type(error).__name__}")
        else:
            self._jobs.take_soon()  # so that what has changed is on its way before the answer is
        self._reply(answer)

    def _start(self, order: Order) -> Answer:
        if order.again is not None:
            known = self._jobs.job(order.again)
            if known is None:
                raise CannotStart(f"Job {order.again} is not kept by its program any more; send 'entry' and 'params'.")
            return Answer(order.id, start_again(*known))
        flow = self._jobs.flow(order.flow_id)
        if flow is None:
            raise CannotStart(f"The program has no flow {order.flow_id!r} any more.")
        return Answer(order.id, start_job(flow, StartJob(order.entry, order.params)))

    def _control(self, order: Order) -> Answer:
        known = self._jobs.job(order.job_id)
        if known is None:
            raise ControlRefused(f"job {order.job_id} is not kept by its program any more")
        ask_job(*known, order.action, order.reason, order.by)
        return Answer(order.id)
