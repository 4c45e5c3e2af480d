"""A run whose activations run on the flow's workers, several at a time."""

from __future__ import annotations

from typing import Any

from ..context import JobCancelled
from ..graph.routing import Delivery
from ..journal.journal import RUNS_FOLDED_AT
from ..threads.current_frame import THREAD, enter, leave
from ..threads.synchronization import EXIT_BARRIER, acquire_spinning
from ..threads.worker_pool import WorkerPool
from .activation import Activation
from .frame import RunFrame
from .runner import Runner

FAIRNESS_BATCH = 64
"""Activations that a worker runs for one job while other work waits."""


class ConcurrentRunner(Runner):
    """Workers are assigned while something is queued. The lock guards the three counts.

    Attributes:
        assigned_workers: workers that serve this run, or will.
        running: handlers in flight, suspended ones included.
        entry_in_caller: 1 while the entry's handler runs in the thread that called `execute`.
    """

    strategy = "concurrent"
    needs_wakeup: bool
    owner_thread: int | None

    def __init__(self, *args: Any, workers: WorkerPool) -> None:
        super().__init__(*args)
        self._workers = workers
        self._limit = workers.limit
        self.assigned_workers: int = 0
        self.running: int = 0
        self.entry_in_caller: int = 0
        self._interrupt: BaseException | None = None
        self.needs_wakeup = True

    def execute(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the entry's handler in this thread; the rest runs on the workers."""
        outer, frame = THREAD.frame, RunFrame(self)
        try:
            EXIT_BARRIER.add(self)
            self._execute(frame, entry_routine_id, params)
        except BaseException as error:  # an interrupt between two steps
            if frame in self.frames:
                self.frames.remove(frame)
            self.abort(error)
            raise
        finally:
            THREAD.frame = outer  # no call: an interrupt could come before the first line of `leave`
        self.owner_thread = None
        if self._interrupt is not None:
            raise self._interrupt

    def _execute(self, frame: RunFrame, entry_routine_id: str, params: dict[str, Any]) -> None:
        activation = self.start_job(entry_routine_id, params)
        with self.lock:
            here = self.dispatching
            if here:
                self.running = self.entry_in_caller = 1
                self.leases.discard(self.start_lease)
                self.start_lease.activations = []
                frame.activation = activation
                self.frames.append(frame)
        if not here:
            self.release_lease(self.start_lease)
            return
        enter(frame)
        try:
            row = self.run_one(frame, activation)
        finally:
            leave(frame)
        with self.lock:
            self.journal.runs.append(row)
            frame.target = None
            self.running -= 1
            self.entry_in_caller = 0
        self._finish_worker(frame)

    def release_owner(self) -> None:
        self.running -= self.entry_in_caller
        self.entry_in_caller = 0
        super().release_owner()

    def start(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the whole job on the workers."""
        try:
            EXIT_BARRIER.add(self)
            self.start_job(entry_routine_id, params)
            self.release_lease(self.start_lease)
        except BaseException as error:
            self.abort(error)
            raise
        self.owner_thread = None

    def is_busy_locked(self) -> bool:
        return (self.running > 0 and not self.all_suspended(self.running)) or bool(self.leases)

    def wake_workers(self) -> None:
        if self.dispatching:
            wanted = min(self._limit, len(self.queue) + self.running - self.entry_in_caller)
            while self.assigned_workers < wanted:
                self.assigned_workers += 1
                self._workers.submit(self._worker_loop)
            self.needs_wakeup = self.assigned_workers < self._limit

    def dispatch(self) -> None:
        with self.lock:
            self.wake_workers()

    def reserve_step(self, activation: Activation) -> RunFrame:
        self.assigned_workers += 1
        self.running += 1
        frame = RunFrame(self, on_worker=True)
        frame.activation = activation
        self.frames.append(frame)
        return frame

    def run_step(self, frame: RunFrame) -> None:
        self._workers.submit(lambda: self._worker_loop(frame))

    def on_handler_error(self, delivery: Delivery, error: BaseException) -> None:
        if self.entry_in_caller and delivery is self.entry and not isinstance(error, (Exception, JobCancelled)):
            self._interrupt = error

    def _worker_loop(self, frame: RunFrame | None = None) -> None:
        """A worker's turn: run queued activations until none is left, or until other jobs have waited long enough.

        A `frame` that is given has an activation, which counts as running already.
        """
        if frame is None:
            frame = RunFrame(self, on_worker=True)
            with self.lock:
                self.frames.append(frame)
        enter(frame)
        try:
            while (more := self._drain_share(frame)) and not self._workers.waiting:
                if len(self.journal.runs) >= RUNS_FOLDED_AT:
                    self.journal.fold_runs()
        finally:
            leave(frame)
        if not more or not self._yield_worker(frame):
            self._finish_worker(frame)

    def _yield_worker(self, frame: RunFrame) -> bool:
        """Queue up behind other jobs; `False` if there is nothing to come back for."""
        with self.lock:
            if not self.dispatching or not self.queue:
                self.assigned_workers -= 1
                self.needs_wakeup = True
                return False
            self.frames.remove(frame)
        self._workers.submit(self._worker_loop)
        return True

    def _drain_share(self, frame: RunFrame) -> bool:
        """Run up to FAIRNESS_BATCH activations; whether there may be more. `False`: this worker is unassigned."""
        lock, queue, runs = self.lock, self.queue, self.journal.runs
        row = None if frame.activation is None else self.run_one(frame, frame.activation)
        for _ in range(FAIRNESS_BATCH):
            if not lock.acquire(False):
                acquire_spinning(lock)
            if row is not None:
                runs.append(row)
                frame.target = None
                self.running -= 1
            if not self.dispatching or not queue:
                self.assigned_workers -= 1
                self.needs_wakeup = True
                lock.release()
                return False
            frame.activation = activation = queue.popleft()
            self.running += 1
            lock.release()
            row = self.run_one(frame, activation)
        with lock:
            if row is not None:
                runs.append(row)
                frame.target = None
            self.running -= 1
        return True

    def _finish_worker(self, frame: RunFrame) -> None:
        """This thread runs no more of the job; the last one settles it."""
        with self.lock:
            self.frames.remove(frame)
            drained = self.is_drained_locked()
            if drained:
                self.begin_settling()
            else:
                self.wake_workers()
        if drained:
            self.settle()
