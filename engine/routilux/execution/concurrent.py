"""A job whose activations run on the flow's workers, several at a time."""

from __future__ import annotations

from typing import Any

from ..context import JobCancelled
from ..graph.routing import Delivery
from ..journal.journal import RUNS_FOLDED_AT
from ..threads.current_frame import enter, leave
from ..threads.synchronization import UNDER_WAY, take
from ..threads.worker_pool import Workers
from .failures import Item
from .frame import RunFrame
from .runner import Runner
from .settling import ACTIVE

FAIR_SHARE = 64
"""Activations that a worker runs for one job while other work waits."""


class ConcurrentRunner(Runner):
    """Workers are `engaged` while something is queued; `active` counts handlers that run.

    `outside` is 1 while the entry's handler runs in the thread that called `execute`. The lock guards all three.
    """

    strategy = "concurrent"
    guardian: int | None

    def __init__(self, *args: Any, workers: Workers) -> None:
        super().__init__(*args)
        self._workers = workers
        self._limit = workers.limit
        self.engaged: int = 0
        self.active: int = 0
        self.outside: int = 0
        self.interrupt: BaseException | None = None
        self.wants_help: bool = True

    def execute(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the entry's handler in this thread; the rest goes on on the workers."""
        frame = RunFrame(self)
        try:
            UNDER_WAY.begins(self)
            self._execute(frame, entry_routine_id, params)
        except BaseException as error:  # an interrupt between two steps
            if frame in self.frames:
                self.frames.remove(frame)
            self.give_up(error)
            raise
        self.guardian = None
        if self.interrupt is not None:
            raise self.interrupt

    def _execute(self, frame: RunFrame, entry_routine_id: str, params: dict[str, Any]) -> None:
        item = self.begin(entry_routine_id, params)
        with self.lock:
            here = self.gate is None
            if here:
                self.active = self.outside = 1
                self.take_in(())
                self.in_hand.clear()
                frame.item = item
                self.frames.append(frame)
        if not here:
            self.let_go([item])
            return
        enter(frame)
        try:
            run = self.run_one(frame, item)
        finally:
            leave(frame)
        with self.lock:
            self.journal.runs.append(run)
            frame.target = None
            self.active -= 1
            self.outside = 0
        self._leave(frame)

    def leave_work(self) -> None:
        self.active -= self.outside
        self.outside = 0
        super().leave_work()

    def start(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the whole job on the workers."""
        try:
            UNDER_WAY.begins(self)
            self.let_go([self.begin(entry_routine_id, params)])
        except BaseException as error:
            self.give_up(error)
            raise
        self.guardian = None

    def busy(self) -> bool:
        return (self.active > 0 and not self.waits_at_checkpoint(self.active)) or self.held > 0

    def call_help(self) -> None:
        if self.gate is None and self.phase == ACTIVE:
            wanted = min(self._limit, len(self.queue) + self.active - self.outside)
            while self.engaged < wanted:
                self.engaged += 1
                self._workers.put(self._serve)
            self.wants_help = self.engaged < self._limit

    def go_on(self) -> None:
        with self.lock:
            self.call_help()

    def begin_step(self, item: Item) -> RunFrame:
        self.engaged += 1
        self.active += 1
        frame = RunFrame(self, on_worker=True)
        frame.item = item
        self.frames.append(frame)
        return frame

    def run_step(self, frame: RunFrame) -> None:
        self._workers.put(lambda: self._serve(frame))

    def note_raised(self, delivery: Delivery, error: BaseException) -> None:
        if self.outside and delivery is self.entry and not isinstance(error, (Exception, JobCancelled)):
            self.interrupt = error

    def _serve(self, frame: RunFrame | None = None) -> None:
        """A worker's turn: run what is queued until nothing is, or until others have waited long enough.

        A `frame` that is given has an activation, which counts as `active` already.
        """
        if frame is None:
            frame = RunFrame(self, on_worker=True)
            with self.lock:
                self.frames.append(frame)
        enter(frame)
        try:
            while (more := self._serve_share(frame)) and not self._workers.waiting:
                if len(self.journal.runs) >= RUNS_FOLDED_AT:
                    self.journal.fold_runs()
        finally:
            leave(frame)
        if not more or not self._let_others(frame):
            self._leave(frame)

    def _let_others(self, frame: RunFrame) -> bool:
        """Queue up behind other jobs; `False` when there is nothing to come back for."""
        with self.lock:
            if self.gate is not None or not self.queue:
                self.engaged -= 1
                self.wants_help = True
                return False
            self.frames.remove(frame)
        self._workers.put(self._serve)
        return True

    def _serve_share(self, frame: RunFrame) -> bool:
        """Run up to FAIR_SHARE activations; whether there may be more. `False`: this worker is not engaged any more."""
        lock, queue, runs = self.lock, self.queue, self.journal.runs
        run = None if frame.item is None else self.run_one(frame, frame.item)
        for _ in range(FAIR_SHARE):
            if not lock.acquire(False):
                take(lock)
            if run is not None:
                runs.append(run)
                frame.target = None
                self.active -= 1
            if self.gate is not None or not queue or self.phase != ACTIVE:
                self.engaged -= 1
                self.wants_help = True
                lock.release()
                return False
            frame.item = item = queue.popleft()
            self.active += 1
            lock.release()
            run = self.run_one(frame, item)
        with lock:
            if run is not None:
                runs.append(run)
                frame.target = None
            self.active -= 1
        return True

    def _leave(self, frame: RunFrame) -> None:
        """This thread runs no more of the job; the last one brings it to rest."""
        with self.lock:
            self.frames.remove(frame)
            over = self.gate is not None or not self.waiting()
            last = over and self.phase == ACTIVE and not self.busy()
            if last:
                self.claim()
            else:
                self.call_help()
        if last:
            self.settle()
