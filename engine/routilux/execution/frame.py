"""A thread's work for one job: the handler it runs, and where that handler's emissions go."""

from __future__ import annotations

from gc import is_tracked
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from ..context import JobCancelled
from ..event import Event
from ..graph.routing import Emission, Receiver
from ..journal.entries import RunningHandler
from ..persistence.snapshot import snapshot
from ..threads.current_frame import Frame
from ..threads.synchronization import take
from .settling import ACTIVE, PAUSING

if TYPE_CHECKING:
    from ..flow import Flow
    from ..job_state import JobState
    from .runner import Runner


class RunFrame:
    """Set before each handler run; `target` is `None` between runs. Its thread alone writes it."""

    __slots__ = ("carried", "cause", "item", "on_worker", "parent", "parked", "runner", "started", "target")

    def __init__(self, runner: Runner, *, on_worker: bool = False) -> None:
        self.runner: Runner = runner
        self.on_worker: bool = on_worker
        self.parent: Frame | None = None
        self.target: Receiver | None = None
        self.cause: int = 0
        self.started: int = 0
        self.item: Any = None
        """The activation that runs, so that a job paused in its midst can be saved."""
        self.carried: Any = None
        """Of a guest: the activation that it does work of, which may have ended."""
        self.parked: bool = False
        """Whether the handler waits at a checkpoint."""

    @property
    def flow(self) -> Flow:
        return self.runner.flow

    @property
    def job_state(self) -> JobState:
        return self.runner.job_state

    @property
    def routine_id(self) -> str:
        return self.target.routine_id if self.target is not None else ""

    def running(self, now_ns: int) -> RunningHandler | None:
        target = self.target
        if target is None or self.parked:
            return None
        started = self.started
        return RunningHandler(target.routine_id, target.slot_name, max(now_ns - started, 0), started)

    def guest(self) -> RunFrame:
        guest = RunFrame(self.runner)
        guest.target, guest.cause, guest.started = self.target, self.cause, perf_counter_ns()
        guest.carried = self.carried if self.item is None else self.item
        self.runner.hold(guest)
        return guest

    def release(self) -> None:
        self.runner.release(self)

    def checkpoint(self) -> None:
        checkpoint(self.runner, self)

    def emit(self, routine: Any, event: Event, data: dict[str, Any]) -> None:
        target = self.target
        emission = None
        if target is not None and target.routine is routine:
            emission = target.sources.get(event.name)
        if emission is None:
            emission = self._find(routine, event)
            if emission is None:
                event.emit_directly(data)
                return
        # A dict that the collector does not track holds nothing that could change later.
        kept = snapshot(data) if is_tracked(data) else data
        runner = self.runner
        if self.on_worker:
            self._emit_on_worker(emission, kept, data)
            return
        with runner.lock:  # the only way to take it that is safe from an interrupt of the main thread
            # jscpd:ignore-start - as in `_send`: a call in between costs a twelfth of an event (W1)
            journal = runner.journal
            records = journal.records
            if runner.closed:
                records.append((runner.plan.unsent(emission), kept, perf_counter_ns(), self.cause))
                return
            records.append((emission.number, kept, perf_counter_ns(), self.cause))
            seq = journal.records_left + len(records)
            for delivery in emission.deliveries:
                runner.queue.append((delivery, data, seq, 0, False))
            if runner.wants_help:
                runner.call_help()
            if len(records) > journal.trim_at:
                journal.trim_records()
            # jscpd:ignore-end: what follows differs

    def _emit_on_worker(self, emission: Emission, kept: dict[str, Any], data: dict[str, Any]) -> None:
        lock = self.runner.lock
        if not lock.acquire(False):
            take(lock)
        try:
            self._send(emission, kept, data)
        finally:
            lock.release()

    def _send(self, emission: Emission, kept: dict[str, Any], data: dict[str, Any]) -> None:
        runner = self.runner
        journal = runner.journal
        records = journal.records
        if runner.closed:
            records.append((runner.plan.unsent(emission), kept, perf_counter_ns(), self.cause))
            return
        records.append((emission.number, kept, perf_counter_ns(), self.cause))
        seq = journal.records_left + len(records)
        for delivery in emission.deliveries:
            runner.queue.append((delivery, data, seq, 0, False))
        if runner.wants_help:
            runner.call_help()
        if len(records) > journal.trim_at:
            journal.trim_records()

    def deliver(self, event: Event, data: dict[str, Any]) -> None:
        emission = self._find(event.routine, event)
        if emission is None:
            event.emit_directly(data)
            return
        runner = self.runner
        with runner.lock:
            if not runner.closed:
                for delivery in emission.deliveries:
                    runner.queue.append((delivery, data, self.cause, 0, False))
                if runner.wants_help:
                    runner.call_help()

    def _find(self, routine: Any, event: Event) -> Emission | None:
        """Where the event goes in this flow, or `None` when its routine is not in the flow."""
        plan = self.runner.plan
        target = self.target
        if target is None or target.routine is not routine:
            routine_id = plan.routine_id(routine)
            return None if routine_id is None else plan.emission(routine_id, event)
        version = plan.version
        emission = target.sources[event.name] = plan.emission(target.routine_id, event)
        if plan.version != version:  # the structure changed meanwhile: do not remember
            target.sources.pop(event.name, None)
        return emission


def checkpoint(runner: Runner, frame: RunFrame) -> None:
    """Let a pause take effect in the midst of a handler, or end the handler of a job that is ending."""
    with runner.lock:
        if runner.gate == "pause" and frame.item is not None:
            frame.parked = True
            runner.parked += 1
        over = frame.parked and runner.phase == ACTIVE and not runner.busy()
        if over:
            runner.claim()
    raised = _wait(runner, frame, over) if frame.parked else None
    if runner.closed:
        raise JobCancelled(f"Job {runner.job_state.job_id} is ending") from raised
    if raised is not None:
        raise raised


def unpark(runner: Runner, frame: RunFrame) -> None:
    """Let a handler that waits go on. Called with the lock held."""
    if frame.parked:
        frame.parked = False
        runner.parked -= 1


def _must_wait(runner: Runner, frame: RunFrame) -> bool:
    return frame.parked and not runner.closed and (runner.gate in PAUSING or runner.phase != ACTIVE)


def _wait(runner: Runner, frame: RunFrame, settles: bool) -> Exception | None:
    """Wait with a parked handler; return what a signal of the user has raised here.

    That waits as well, for in a paused job no handler fails.
    """
    raised: Exception | None = None
    try:
        while frame.parked:
            try:
                if settles:
                    settles = False
                    runner.settle()
                with runner.lock:
                    while _must_wait(runner, frame):
                        runner._changed.wait()
                    unpark(runner, frame)
            except Exception as error:
                raised = error
    except BaseException:
        with runner.lock:
            unpark(runner, frame)
        raise
    return raised
