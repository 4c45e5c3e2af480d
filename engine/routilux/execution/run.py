"""One run: its queue, its state, and the one way in which the state changes.

States and transitions are in `job/state_machine.py`; this module carries them out.

             emit                                     take, call
    handler ─────▶ queue of activations ──────────────────────▶ handler …
       ▲                  ▲                                        │
       │                  │ release_lease, requeue                 ▼
    a loop          leases, retries                    journal: records, handler runs
    (sequential: one thread; concurrent: workers)

Threads. A sequential run has one loop, in the thread that called `execute` or in one of its own. A concurrent run is
served by the flow's workers. Any thread may emit, request a control, or release a lease. The thread that drains a run
settles it.

Leases. Every thread or function that may still queue activations holds a lease: the thread that starts or resumes the
job, and each carried function. A run with a lease is never drained, however empty its queue is.

Locks. `lock` is the lock of the job's journal. It guards `state`, `dispatching`, `accepting`, `queue`, `leases`,
`frames`, `suspended` and the retries. Order of locks, from the outside in:

    JobState's data lock  →  lock  →  JobRegistry, timers, exit barrier

Methods in `_locked` expect `lock` to be held, and no user code (handler, hook, error handler) is called with it held.

Invariants.
- `state` changes only in `_perform_locked`, which also sets the two attributes that hot loops read: `dispatching`
  (handlers may start) and `accepting` (emissions are queued). Reading `dispatching` without the lock is safe: a loop
  that sees an old value runs one activation more, which counts as in flight.
- Each queued activation runs once, is discarded (and counted in `dropped`), or is still there: in `queue`, in a lease,
  in a frame, or among the retries.
- Only `is_drained_locked` says whether a run is drained, and exactly one thread moves it to a settling state.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from time import perf_counter_ns
from typing import Any

from ..graph.flow_graph import FlowGraph, routing_of
from ..graph.routing import Delivery, RoutingTable
from ..job.lifecycle import Lifecycle
from ..job.observers import Observers
from ..job.state_machine import (
    ACCEPTING,
    NEW,
    NO_FACTS,
    PAUSING,
    RUNNING,
    SETTLED,
    SETTLING,
    STEPPING,
    Facts,
    Refusal,
    RunEvent,
    Transition,
    decide,
)
from ..job_state import JobState, core_of
from ..journal.entries import JournalEntry
from ..journal.journal import Journal
from ..persistence.plain_data import now_iso
from ..status import CANCELLATION_KEY, RunningHandler
from ..status import PAUSED as JOB_PAUSED
from ..threads.synchronization import EXIT_BARRIER
from ..threads.timers import TimeLimit, Timer
from .activation import Activation, HandlerFrame, Lease, RequestedControl
from .registry import JobRegistry


class Run:
    """The state of one run. `Runner` runs activations; `SequentialRunner` and `ConcurrentRunner` add the loop."""

    strategy: str

    def __init__(self, graph: FlowGraph, registry: JobRegistry, job_state: JobState, timeout: float) -> None:
        self.graph = graph
        self.registry = registry
        self.routing: RoutingTable = routing_of(graph)
        self.job_state = job_state
        core = core_of(job_state)
        self.journal: Journal = core.journal
        self.lifecycle: Lifecycle = core.lifecycle
        self.observers: Observers = core.observers
        self.lock: threading.Lock = self.journal.lock
        self.changed: threading.Condition = self.lifecycle.changed
        self.state: str = NEW
        self.dispatching: bool = False
        self.accepting: bool = True
        self.needs_wakeup: bool = False
        """Whether queueing an activation must be followed by `wake_workers`."""
        self.queue: deque[Activation] = deque()
        self.retries: dict[int, tuple[Activation, Timer]] = {}
        """The activations that wait for a retry, by an arbitrary key."""
        self.frames: list[HandlerFrame] = []
        self.suspended: int = 0
        """Handlers that wait at a checkpoint for a paused job to be resumed."""
        self.start_lease: Lease = Lease()
        self.leases: set[Lease] = {self.start_lease}
        self.owner_thread: int | None = threading.get_ident()
        """The thread that ends the job if interrupted: it starts it, runs its loop, or runs its entry's handler."""
        self.settling_thread: int | None = None
        self.request: RequestedControl | None = None
        """The last control that was requested."""
        self.effective_ns: int | None = None
        self.dropped: int = 0
        self.error: str | None = None
        self.entry: Delivery | None = None
        self.entry_retried: bool = False
        self.completed_before: list[str] = []
        """Routines with a handler run that completed before the job was saved and loaded."""
        self.completion_recorded = False
        self.slot_data: dict[tuple[str, str], dict[str, Any]] = {}
        self.merge_lock: threading.RLock = threading.RLock()
        """Guards `slot_data`. Reentrant: a merge function may emit."""
        self.started: int = perf_counter_ns()
        self.time_limit: TimeLimit = TimeLimit(timeout, self.on_timeout)

    # -- provided by the loops

    def wake_workers(self) -> None:
        """Something was queued and `needs_wakeup` is set. Expects the lock."""
        raise NotImplementedError

    def is_busy_locked(self) -> bool:
        """Whether a thread is at work that will check again whether the run is drained."""
        raise NotImplementedError

    def dispatch(self) -> None:
        """Have other threads run the queue."""
        raise NotImplementedError

    # -- provided by `Runner`

    def release_lease(self, lease: Lease, steps: bool = False) -> None:
        """Queue the lease's activations and have them run, or settle the run if it is drained."""
        raise NotImplementedError

    def settle(self) -> None:
        """Take the job to the status that its settling state leads to, and notify the hooks."""
        raise NotImplementedError

    def on_timeout(self) -> None:
        """The job has exceeded its time limit."""
        raise NotImplementedError

    # -- queued and in flight

    def queued_count(self) -> int:
        """The number of activations that are queued or wait for a retry."""
        return len(self.queue) + len(self.retries)

    def frames_in_flight(self) -> list[Activation]:
        """The activations that threads have taken. Expects the lock."""
        return [frame.activation for frame in self.frames if frame.activation is not None]

    def in_flight(self) -> list[Activation] | None:
        """The activations that have begun; `None` at a moment when that can't be determined. Expects the lock."""
        return self.frames_in_flight()

    def all_suspended(self, handlers: int) -> bool:
        """Whether this many handlers are suspended at a checkpoint of a pausing job. Expects the lock."""
        return self.suspended == handlers and self.state in (PAUSING, STEPPING)

    def resume_suspended(self, frame: HandlerFrame) -> None:
        """Let a handler that waits at a checkpoint continue. Expects the lock."""
        if frame.suspended:
            frame.suspended = False
            self.suspended -= 1

    def requeue(self, activation: Activation) -> None:
        """Queue an activation again. Expects the lock."""
        self.queue.append(activation)
        if self.needs_wakeup:
            self.wake_workers()

    def cancel_retries(self) -> list[Activation]:
        """Remove and return the activations that wait for a retry. Expects the lock."""
        waiting = list(self.retries.values())
        self.retries.clear()
        for _, timer in waiting:
            timer.cancel()
        return [activation for activation, _ in waiting]

    def is_drained_locked(self) -> bool:
        """No lease, no handler in flight but suspended ones, and nothing to dispatch."""
        if self.dispatching and (self.queue or self.retries):
            return False
        return self.state not in SETTLING and self.state not in SETTLED and not self.is_busy_locked()

    def running_handlers(self) -> tuple[RunningHandler, ...]:
        """The handlers that run now. Takes no lock: readers of the journal hold it."""
        now = perf_counter_ns()
        running = [frame.running(now) for frame in tuple(self.frames)]
        return tuple(handler for handler in running if handler is not None)

    def queue_figures(self) -> tuple[int, int]:
        """The numbers of queued activations and running handlers."""
        return self.queued_count(), len(self.running_handlers())

    def is_idle(self) -> bool:
        """Whether no thread works on the run."""
        return self.state in SETTLED

    def completed_routines(self) -> list[str]:
        """Ids of the routines with a handler run that completed, those before a load first."""
        numbers = sorted(self.journal.completed_targets())
        return list(dict.fromkeys([*self.completed_before, *(self.journal.target(n).routine_id for n in numbers)]))

    # -- leases

    def acquire_lease(self, frame: HandlerFrame) -> Lease:
        """Let another thread work for a handler, in `frame`."""
        lease = Lease()
        with self.lock:
            self.leases.add(lease)
            self.frames.append(frame)
        return lease

    def enqueue_from_lease(self, lease: Lease) -> list[JournalEntry]:
        """Release a lease and queue its activations, or discard them if the job is ending. Expects the lock."""
        self.leases.discard(lease)
        activations, lease.activations = lease.activations, []
        if self.accepting:
            self.queue.extend(activations)
            return []
        return [self._discard_locked(activations)] if activations else []

    def release_owner(self) -> None:
        """The owner thread does nothing more for the job. Expects the lock."""
        self.leases.discard(self.start_lease)

    # -- the state

    def apply(
        self,
        event: RunEvent,
        request: RequestedControl | None = None,
        *,
        error: str = "",
        error_source: int = 0,
        settle: bool = True,
    ) -> Lease | None:
        """Carry out a command: decide, change the state, publish what happened, and settle the run if it is drained.

        Waits while the run settles. Returns a lease if the run was reopened; the caller releases it.

        Args:
            request: the control, for pause, resume, step and cancel.
            error, error_source: the error that ends the job and the source of its record, for a timeout.
            settle: whether this thread settles the run if it is drained.

        Raises:
            ValueError: saying why the command can't be carried out now.
        """
        with self.lock:
            while self.state in SETTLING:
                self.changed.wait()
            decision = decide(self.state, event, self._facts_locked())
            if isinstance(decision, Refusal):
                raise ValueError(f"Job {self.job_state.job_id} {decision.reason}")
            entries = self._perform_locked(decision, request, error, error_source)
            lease = self._reopen_locked() if "reopen" in decision.effects else None
            drained = settle and bool(entries) and self.is_drained_locked()
            if drained:
                self.begin_settling()
            elif entries:
                self.changed.notify_all()
        self.publish(entries)
        if drained:
            self.settle()
        return lease

    def _facts_locked(self) -> Facts:
        deferred = bool(self.job_state.deferred_events)
        can_step = bool(self.queue or self.retries or self.suspended or deferred)
        return Facts(self.lifecycle.status, deferred=deferred, can_step=can_step)

    def can_step(self) -> bool:
        """Whether a step would do something. Expects the lock."""
        return self._facts_locked().can_step

    def change_locked(self, event: RunEvent, facts: Facts = NO_FACTS, *, error: str = "") -> list[JournalEntry]:
        """Change the state for an event that can't be refused; return the journal entries to publish."""
        transition = decide(self.state, event, facts)
        assert isinstance(transition, Transition)
        return self._perform_locked(transition, error=error)

    def _perform_locked(  # noqa: C901, PLR0912 - one case for each effect
        self,
        transition: Transition,
        request: RequestedControl | None = None,
        error: str = "",
        error_source: int = 0,
    ) -> list[JournalEntry]:
        """Enter a state and perform the effects in their order; return the journal entries to publish."""
        self.state = state = transition.state
        self.dispatching = state == RUNNING
        self.accepting = state in ACCEPTING
        entries: list[JournalEntry] = []
        for effect in transition.effects:
            match effect:
                case "set status":
                    entries.append(self.lifecycle.transition_locked(transition.status, self.error))
                    if transition.status == JOB_PAUSED:
                        self.observers.job_reopened()
                case "start clock":
                    self.time_limit.start()
                case "unregister":
                    self.registry.settle(self.job_state)
                case "record request":
                    assert request is not None
                    entries.append(self._record_request_locked(request))
                case "record effective":
                    entries.append(self._control_entry_locked("effective"))
                case "withdraw":
                    entries.append(self._control_entry_locked("withdrawn"))
                    self.request = None
                case "record error":
                    self.journal.append_record_locked(error_source, {"error": error, "error_type": "TimeoutError"}, 0)
                case "discard":
                    self.error = error or self.error
                    entries.append(self._discard_locked([*self.queue, *self.cancel_retries()]))
                    self.queue.clear()
                case "request stop":
                    self.lifecycle.request_stop_locked()
                case "add pause point":
                    self._add_pause_point_locked()
                case "reopen":  # by `apply`: the lease is its caller's
                    pass
        return entries

    def _reopen_locked(self) -> Lease:
        lease = Lease()
        self.leases.add(lease)
        EXIT_BARRIER.add(self)
        self.registry.reopen(self.job_state)
        return lease

    def _record_request_locked(self, request: RequestedControl) -> JournalEntry:
        self.request = request
        if request.action == "cancel":
            self.job_state.routine_states[CANCELLATION_KEY] = {"reason": request.reason}
        return self._control_entry_locked(
            "draining" if request.action != "resume" and self.is_busy_locked() else "requested"
        )

    def _control_entry_locked(self, phase: str) -> JournalEntry:
        """Record how far the last request is."""
        request = self.request or RequestedControl("resume", "", "", time.time_ns())
        if phase == "effective":
            self.effective_ns = time.time_ns()
        row = {"action": request.action, "state": phase, "by": request.by, "reason": request.reason}
        figures = {"kept": self.queued_count(), "dropped": self.dropped}
        return self.journal.append_entry_locked("control", None, row | figures)

    def _discard_locked(self, activations: list[Activation]) -> JournalEntry:
        self.dropped += len(activations)
        counts = Counter(activation[0].target.routine_id for activation in activations)
        return self.journal.append_entry_locked("dropped", None, {"routines": dict(counts)})

    def _add_pause_point_locked(self) -> None:
        request = self.request or RequestedControl("pause", "", "", time.time_ns())
        self.job_state.pause_points.append(
            {
                "timestamp": now_iso(),
                "reason": request.reason,
                "checkpoint": request.checkpoint or {},
                "current_routine_id": self.job_state.current_routine_id,
                "pending_tasks_count": self.queued_count(),
                "active_tasks_count": 0,
                "queue_size": len(self.queue),
            }
        )

    def publish(self, entries: Iterable[JournalEntry]) -> None:
        """Pass entries to the hooks. Called without the lock."""
        if self.observers.subscriptions:
            for entry in entries:
                self.observers.publish(self.job_state, entry)

    def wait_settled(self, state: str) -> None:
        """Wait until a pause (`PAUSING`) or cancel (`CANCELLING`) has taken effect."""
        with self.lock:
            while self.state == state or self.state in SETTLING:
                self.changed.wait()

    # -- settling

    def begin_settling(self) -> None:
        """The run is drained, and this thread will call `settle`. Expects the lock."""
        self.settling_thread = threading.get_ident()
        self.change_locked("drained")
