"""A thread's work for one run: the handler that it runs, where the handler's emissions go, and checkpoints in it."""

from __future__ import annotations

from gc import is_tracked
from time import perf_counter_ns
from typing import Any

from ..context import JobCancelled
from ..event import Event
from ..graph.flow_graph import FlowGraph
from ..graph.routing import Receiver, Route
from ..job.state_machine import PAUSING, RESUMING, RUNNING
from ..job_state import JobState
from ..persistence.snapshot import snapshot
from ..threads.current_frame import ThreadFrame
from ..threads.synchronization import acquire_spinning
from .activation import HandlerFrame, Lease
from .run import Run


class RunFrame(HandlerFrame):
    """The frame of one thread, which alone writes it."""

    __slots__ = ("lease", "on_worker", "parent", "run")
    target: Receiver | None
    cause: int
    started: int
    activation: Any
    origin: Any
    suspended: bool

    def __init__(self, run: Run, *, on_worker: bool = False) -> None:
        self.run: Run = run
        self.on_worker: bool = on_worker
        self.parent: ThreadFrame | None = None
        self.lease: Lease | None = None
        self.target = self.activation = self.origin = None
        self.cause = self.started = 0
        self.suspended = False

    @property
    def flow(self) -> FlowGraph:
        return self.run.graph

    @property
    def job_state(self) -> JobState:
        return self.run.job_state

    @property
    def routine_id(self) -> str:
        return self.target.routine_id if self.target is not None else ""

    # -- emissions

    def emit(self, routine: Any, event: Event, data: dict[str, Any]) -> None:
        target = self.target
        route = None
        if target is not None and target.routine is routine:
            route = target.routes.get(event.name)
        if route is None:
            route = self._find_route(routine, event)
            if route is None:
                event.call_slots(data)
                return
        # A dict that the collector does not track holds nothing that could change later.
        kept = snapshot(data) if is_tracked(data) else data
        run = self.run
        if self.on_worker:
            self._emit_on_worker(route, kept, data)
            return
        with run.lock:  # the only way to take it that is safe from an interrupt of the main thread
            # jscpd:ignore-start - as in `_send`: a call in between costs a twelfth of an event (W1)
            journal = run.journal
            records = journal.records
            if not run.accepting:
                records.append((run.routing.undelivered(route), kept, perf_counter_ns(), self.cause))
                return
            records.append((route.number, kept, perf_counter_ns(), self.cause))
            seq = journal.records_trimmed + len(records)
            for delivery in route.deliveries:
                run.queue.append((delivery, data, seq, 0, False))
            if run.needs_wakeup:
                run.wake_workers()
            if len(records) > journal.trim_at:
                journal.trim_records()
            # jscpd:ignore-end: what follows differs

    def _emit_on_worker(self, route: Route, kept: dict[str, Any], data: dict[str, Any]) -> None:
        lock = self.run.lock
        if not lock.acquire(False):
            acquire_spinning(lock)
        try:
            self._send(route, kept, data)
        finally:
            lock.release()

    def _send(self, route: Route, kept: dict[str, Any], data: dict[str, Any]) -> None:
        run = self.run
        journal = run.journal
        records = journal.records
        if not run.accepting:
            records.append((run.routing.undelivered(route), kept, perf_counter_ns(), self.cause))
            return
        records.append((route.number, kept, perf_counter_ns(), self.cause))
        seq = journal.records_trimmed + len(records)
        for delivery in route.deliveries:
            run.queue.append((delivery, data, seq, 0, False))
        if run.needs_wakeup:
            run.wake_workers()
        if len(records) > journal.trim_at:
            journal.trim_records()

    def enqueue(self, event: Event, data: dict[str, Any]) -> None:
        route = self._find_route(event.routine, event)
        if route is None:
            event.call_slots(data)
            return
        run = self.run
        with run.lock:
            if run.accepting:
                for delivery in route.deliveries:
                    run.queue.append((delivery, data, self.cause, 0, False))
                if run.needs_wakeup:
                    run.wake_workers()

    def _find_route(self, routine: Any, event: Event) -> Route | None:
        """Where the event goes in this flow, or `None` if its routine is not in the flow."""
        routing = self.run.routing
        target = self.target
        if target is None or target.routine is not routine:
            routine_id = routing.routine_id(routine)
            return None if routine_id is None else routing.route(routine_id, event)
        version = routing.version
        route = target.routes[event.name] = routing.route(target.routine_id, event)
        if routing.version != version:  # the structure changed meanwhile: do not remember
            target.routes.pop(event.name, None)
        return route

    # -- carried functions

    def carried_frame(self) -> RunFrame:
        """A frame for another thread that works for this handler; the run has a lease until its `release`."""
        carried = RunFrame(self.run)
        carried.target, carried.cause, carried.started = self.target, self.cause, perf_counter_ns()
        carried.origin = self.origin if self.activation is None else self.activation
        carried.lease = self.run.acquire_lease(carried)
        return carried

    def release(self) -> None:
        """A carried function has returned, or will never be called."""
        assert self.lease is not None
        with self.run.lock:
            self.run.frames.remove(self)
        self.run.release_lease(self.lease)

    # -- checkpoints

    def checkpoint(self) -> None:
        """Let a pause take effect inside a handler, or end the handler of a job that is ending."""
        run = self.run
        with run.lock:
            if run.state == PAUSING and self.activation is not None:
                self.suspended = True
                run.suspended += 1
            drained = self.suspended and run.is_drained_locked()
            if drained:
                run.begin_settling()
        raised = self._wait_suspended(drained) if self.suspended else None
        if not run.accepting:
            raise JobCancelled(f"Job {run.job_state.job_id} is ending") from raised
        if raised is not None:
            raise raised

    def _wait_suspended(self, settles: bool) -> Exception | None:
        """Wait until the job is resumed or ends; return what a signal handler of the user raised here.

        That is raised only after the wait, for in a paused job no handler fails.
        """
        run = self.run
        raised: Exception | None = None
        try:
            while self.suspended:
                try:
                    if settles:
                        settles = False
                        run.settle()
                    with run.lock:
                        while self._must_wait():
                            run.changed.wait()
                        run.resume_suspended(self)
                except Exception as error:
                    raised = error
        except BaseException:
            with run.lock:
                run.resume_suspended(self)
            raise
        return raised

    def _must_wait(self) -> bool:
        """Whether the handler waits on. Expects the lock."""
        return self.suspended and self.run.accepting and self.run.state not in (RUNNING, RESUMING)
