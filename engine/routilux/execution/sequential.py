"""A run whose activations run one after the other, in one thread."""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import Any

from ..context import JobCancelled
from ..job.state_machine import SETTLED, SETTLING
from ..journal.journal import RUNS_FOLDED_AT
from ..threads.current_frame import THREAD, enter, leave
from ..threads.synchronization import EXIT_BARRIER
from .activation import Activation
from .frame import RunFrame
from .runner import Runner

BATCH_SIZE = 1024
"""Activations between two checks of less urgent matters."""


class SequentialRunner(Runner):
    """The thread in `run_loop` takes every activation; `loop_active` says that there is one."""

    strategy = "sequential"
    needs_wakeup: bool
    owner_thread: int | None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.loop_active: bool = False
        self._draining_unlocked = False
        """Whether activations are taken without the lock: the one in the frame may have ended."""
        self._interrupt: BaseException | None = None

    def execute(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the job in this thread until it settles."""
        outer = THREAD.frame
        try:
            self.start_job(entry_routine_id, params)
            with self.lock:
                self.loop_active = True
                entries = self.enqueue_from_lease(self.start_lease)
            self.publish(entries)
            self.run_loop()
        except BaseException as error:  # an interrupt between two steps
            self.abort(error)
            raise
        finally:
            THREAD.frame = outer  # no call: an interrupt could come before the first line of `leave`
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt

    def start(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the job in a thread of its own."""
        try:
            EXIT_BARRIER.add(self)
            self.start_job(entry_routine_id, params)
            self.release_lease(self.start_lease)
        except BaseException as error:
            self.abort(error)
            raise

    def is_busy_locked(self) -> bool:
        return (self.loop_active and not self.all_suspended(1)) or bool(self.leases)

    def wake_workers(self) -> None:
        self.changed.notify_all()

    def dispatch(self) -> None:
        with self.lock:
            if self.loop_active or self.state in SETTLED or self.state in SETTLING:
                self.changed.notify_all()
                return
            self.loop_active = True
        self._start_loop()

    def reserve_step(self, activation: Activation) -> RunFrame:
        self.loop_active = True
        frame = RunFrame(self)
        frame.activation = activation
        self.frames.append(frame)
        return frame

    def run_step(self, frame: RunFrame) -> None:
        self._start_loop(frame)

    def in_flight(self) -> list[Activation] | None:
        if not self._draining_unlocked:
            return self.frames_in_flight()
        run = self.journal.last_run()
        last = None if run is None else run[1]
        begun = [f.activation for f in self.frames if f.activation is not None and f.started != last]
        return begun or None  # none: the thread is between two handlers

    def release_owner(self) -> None:
        self.loop_active = False
        super().release_owner()

    def _start_loop(self, frame: RunFrame | None = None) -> None:
        name = f"routilux-{self.graph.flow_id}-{self.job_state.job_id[:8]}"
        threading.Thread(target=self.run_loop, args=(frame,), name=name, daemon=True).start()

    def run_loop(self, frame: RunFrame | None = None) -> None:
        """Run the activation of `frame`, if given, and then the queue until the run settles."""
        if frame is None:
            frame = RunFrame(self)
            self.frames.append(frame)
        self.owner_thread = threading.get_ident()
        enter(frame)
        try:
            if frame.activation is not None:
                self.journal.runs.append(self.run_one(frame, frame.activation))
                frame.target = None
            while self._drain_batch(frame) or self._wait_for_work(frame):
                if len(self.journal.runs) >= RUNS_FOLDED_AT:
                    self.journal.fold_runs()
        except BaseException as error:  # an interrupt between two handlers
            self.abort(error)
            raise
        finally:
            frame.target = frame.activation = None
            self._draining_unlocked = False
            leave(frame)
            self.frames.remove(frame)

    def _drain_batch(self, frame: RunFrame) -> bool:
        """Run up to BATCH_SIZE activations; whether there may be more at once."""
        self._draining_unlocked = True
        take = self.queue.popleft
        add_run = self.journal.runs.append
        clock = perf_counter_ns
        for _ in range(BATCH_SIZE):
            if not self.dispatching:
                return False
            try:
                frame.activation = activation = take()
            except IndexError:
                return False
            delivery, data, cause, attempt, merged = activation
            frame.target = target = delivery.target
            frame.cause = cause
            frame.started = start = clock()
            try:
                if delivery.direct_call is not None and not merged:
                    delivery.direct_call(**data)
                else:
                    if not merged:
                        data = self.map_and_merge(delivery, data)
                        merged = True
                        frame.activation = (delivery, data, cause, attempt, True)
                    target.call(data)
                    if delivery is self.entry:
                        self.entry_completed(start, attempt)
            except BaseException as error:
                add_run(self.failures.handle_error((delivery, data, cause, attempt, merged), error, start))
                if not isinstance(error, (Exception, JobCancelled)):
                    self._interrupt = error
            else:
                add_run((target.number, start, clock() - start, "completed", cause))
        return True

    def _wait_for_work(self, frame: RunFrame) -> bool:
        """Nothing can be taken: wait for retries and leases, or settle the run and return `False`."""
        frame.target = frame.activation = None
        self._draining_unlocked = False
        with self.lock:
            while not (self.dispatching and self.queue):
                self.loop_active = False
                if self.is_drained_locked():
                    self.begin_settling()
                    break
                self.loop_active = True
                self.needs_wakeup = True
                self.changed.wait()
                self.needs_wakeup = False
            else:
                return True
        self.settle()
        return False
