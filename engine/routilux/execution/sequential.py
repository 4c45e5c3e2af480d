"""A job whose activations run one after the other, in one thread."""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import Any

from ..context import JobCancelled
from ..journal.journal import RUNS_FOLDED_AT
from ..threads.current_frame import enter, leave
from ..threads.synchronization import UNDER_WAY
from .failures import Item
from .frame import RunFrame
from .runner import Runner
from .settling import ACTIVE

BURST = 1024
"""Activations between two looks at what is not urgent."""


class SequentialRunner(Runner):
    """The thread that calls `drive` takes every activation; `driving` says that there is one."""

    strategy = "sequential"
    guardian: int | None
    wants_help: bool

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.driving: bool = False
        self._in_burst = False
        """Whether activations are taken without the lock: what is in the frame may have ended."""
        self._interrupt: BaseException | None = None

    def execute(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the job in this thread until it settles."""
        try:
            item = self.begin(entry_routine_id, params)
            with self.lock:
                self.driving = True
                entries = self.take_in([item])
            for entry in entries:
                self.job_state._announce(entry)
            self.drive()
        except BaseException as error:  # an interrupt between two steps
            self.give_up(error)
            raise
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt

    def start(self, entry_routine_id: str, params: dict[str, Any]) -> None:
        """Run the job in a thread of its own."""
        try:
            UNDER_WAY.begins(self)
            self.let_go([self.begin(entry_routine_id, params)])
        except BaseException as error:
            self.give_up(error)
            raise

    def busy(self) -> bool:
        return (self.driving and not self.waits_at_checkpoint(1)) or self.held > 0

    def call_help(self) -> None:
        self._changed.notify_all()

    def go_on(self) -> None:
        with self.lock:
            if self.driving or self.phase != ACTIVE:
                self._changed.notify_all()
                return
            self.driving = True
        self._drive_in_thread()

    def begin_step(self, item: Item) -> RunFrame:
        self.driving = True
        frame = RunFrame(self)
        frame.item = item
        self.frames.append(frame)
        return frame

    def run_step(self, frame: RunFrame) -> None:
        self._drive_in_thread(frame)

    def begun(self) -> list[Item] | None:
        if not self._in_burst:
            return self.in_frames()
        run = self.journal.last_run()
        last = None if run is None else run[1]
        begun = [frame.item for frame in self.frames if frame.item is not None and frame.started != last]
        return begun or None  # none: the thread is between two handlers

    def _drive_in_thread(self, frame: RunFrame | None = None) -> None:
        name = f"routilux-{self.flow.flow_id}-{self.job_state.job_id[:8]}"
        threading.Thread(target=self.drive, args=(frame,), name=name, daemon=True).start()

    def drive(self, frame: RunFrame | None = None) -> None:
        """Run the activation of `frame`, if it is given, and work off the queue until the job is at rest."""
        if frame is None:
            frame = RunFrame(self)
            self.frames.append(frame)
        self.guardian = threading.get_ident()
        enter(frame)
        try:
            if frame.item is not None:
                self.journal.runs.append(self.run_one(frame, frame.item))
                frame.target = None
            while self._burst(frame) or self._more(frame):
                if len(self.journal.runs) >= RUNS_FOLDED_AT:
                    self.journal.fold_runs()
        except BaseException as error:  # an interrupt between two handlers
            self.give_up(error)
            raise
        finally:
            frame.target = frame.item = None
            self._in_burst = False
            leave(frame)
            self.frames.remove(frame)

    def _burst(self, frame: RunFrame) -> bool:
        """Run up to BURST activations; whether there may be more at once."""
        self._in_burst = True
        take = self.queue.popleft
        add_run = self.journal.runs.append
        clock = perf_counter_ns
        for _ in range(BURST):
            if self.gate is not None:
                return False
            try:
                frame.item = item = take()
            except IndexError:
                return False
            delivery, data, cause, attempt, prepared = item
            frame.target = target = delivery.target
            frame.cause = cause
            frame.started = start = clock()
            try:
                if delivery.plain is not None and not prepared:
                    delivery.plain(**data)
                else:
                    if not prepared:
                        data = self.prepare(delivery, data)
                        prepared = True
                        frame.item = (delivery, data, cause, attempt, True)
                    target.call(data)
                    if delivery is self.entry:
                        self.entry_done(start, attempt)
            except BaseException as error:
                add_run(self.failures.deal_with((delivery, data, cause, attempt, prepared), error, start))
                if not isinstance(error, (Exception, JobCancelled)):
                    self._interrupt = error
            else:
                add_run((target.number, start, clock() - start, "completed", cause))
        return True

    def _more(self, frame: RunFrame) -> bool:
        """The queue is empty or the gate closed: wait for retries and for who holds the job, or come to rest."""
        frame.target = frame.item = None
        self._in_burst = False
        with self.lock:
            while self.gate is not None or not self.queue:
                if not self.held and (self.gate is not None or not self.failures.delayed):
                    break
                self.wants_help = True
                self._changed.wait()
                self.wants_help = False
            else:
                return True
            self.claim()
            self.driving = False
        self.settle()
        return False

    def leave_work(self) -> None:
        self.driving = False
        super().leave_work()
