"""A run that can start and run activations; its subclasses decide on which threads."""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import Any

from ..binding import merge
from ..graph.routing import Delivery
from ..job.shared_state import has_failed_routine, merge_routine_state
from ..job.state_machine import COMPLETING, NO_FACTS, RESUMING, SETTLED, SETTLING, STEPPING, Facts, RunEvent
from ..job_state import RunCapture
from ..journal.entries import HandlerRun, JournalEntry
from ..persistence.snapshot import snapshot
from ..status import COMPLETED, ControlState
from ..status import PAUSED as JOB_PAUSED
from ..threads.synchronization import EXIT_BARRIER
from .activation import Activation, Lease
from .controls import Controls
from .failures import Failures
from .frame import RunFrame
from .run import Run
from .saving import capture, pending_tasks


class Runner(Run):
    """What both kinds of runs share; `strategy` names the kind."""

    entry: Delivery | None
    entry_retried: bool
    completion_recorded: bool
    settling_thread: int | None
    owner_thread: int | None
    error: str | None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.failures: Failures = Failures(self)
        self.controls: Controls = Controls(self)

    def reserve_step(self, activation: Activation) -> RunFrame:
        """Count this activation as in flight; the frame is for `run_step`. Expects the lock."""
        raise NotImplementedError

    def run_step(self, frame: RunFrame) -> None:
        """Have another thread run the frame's activation."""
        raise NotImplementedError

    # -- starting

    def start_job(self, entry_routine_id: str, params: dict[str, Any]) -> Activation:
        """Begin the job; return the entry's activation, which is in `start_lease`."""
        job_state = self.job_state
        self.registry.add(job_state)
        delivery = self.routing.entry(entry_routine_id) or self.routing.missing_entry(entry_routine_id)
        self.entry = delivery
        job_state.entry_routine_id = job_state.current_routine_id = entry_routine_id
        job_state.entry_params = snapshot(params)
        source = self.journal.local_source(entry_routine_id, "start", "start")
        with self.lock:
            entries = self.change_locked("begin")
            seq = self.journal.append_record_locked(source, job_state.entry_params, 0)
            activation: Activation = (delivery, params, seq, 0, False)
            self.start_lease.activations = [activation]
        self.publish(entries)
        return activation

    # -- activations

    def map_and_merge(self, delivery: Delivery, data: dict[str, Any]) -> dict[str, Any]:
        """Rename parameters, and merge with what the slot received before in this job."""
        data = delivery.renamed(data)
        if not delivery.merges:
            return data
        key = (delivery.target.routine_id, delivery.target.slot_name)
        strategy = delivery.target.slot.merge_strategy
        with self.merge_lock:
            merged, self.slot_data[key] = merge(strategy, self.slot_data.get(key, {}), data)
        return merged

    def entry_completed(self, start: int, attempt: int) -> None:
        """The entry's handler has returned."""
        after: dict[str, Any] = {}
        if attempt:
            self.entry_retried = True
            seconds = (perf_counter_ns() - start) / 1e9
            after = {"status": COMPLETED, "execution_time": seconds, "retry_count": attempt}
        assert self.entry is not None
        merge_routine_state(self.job_state, self.entry.target.routine_id, {"status": COMPLETED}, after)

    def run_one(self, frame: RunFrame, activation: Activation) -> HandlerRun:
        """Run one activation in this thread; the caller appends the returned row to the journal.

        Then it unsets `frame.target`: a reader sees a handler that runs, or its end.
        """
        # jscpd:ignore-start - the same lines are in sequential.py: a call in between costs a tenth of an event
        frame.activation = activation
        delivery, data, cause, attempt, merged = activation
        target = delivery.target
        frame.cause = cause
        frame.started = start = perf_counter_ns()
        frame.target = target
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
        # jscpd:ignore-end: what follows differs
        except BaseException as error:
            row = self.failures.handle_error((delivery, data, cause, attempt, merged), error, start)
            self.on_handler_error(delivery, error)
        else:
            row = (target.number, start, perf_counter_ns() - start, "completed", cause)
        frame.activation = None
        return row

    def on_handler_error(self, delivery: Delivery, error: BaseException) -> None:
        """A handler of `run_one` has raised, which has been handled."""

    # -- leases

    def release_lease(self, lease: Lease, steps: bool = False) -> None:
        """Queue the lease's activations and have them run, or settle the run if it is drained.

        With `steps`, one activation is run, unless another control came in between.
        """
        with self.lock:
            entries = self.enqueue_from_lease(lease)
            if self.state == RESUMING:
                self.change_locked("deferred emitted")
            activation = self._pop_step() if steps and self.state == STEPPING else None
            frame = None if activation is None else self.reserve_step(activation)
            drained = self.is_drained_locked()
            if drained:
                self.begin_settling()
            else:
                self.changed.notify_all()
        self.publish(entries)
        if frame is not None:
            self.run_step(frame)
        elif drained:
            self.settle()
        else:
            self.dispatch()

    def _pop_step(self) -> Activation | None:
        """The activation that a step runs, in the order of `JobState.pending_tasks`; a retry before its time.

        Expects the lock. A handler at a checkpoint continues in its own thread instead.
        """
        suspended = next((frame for frame in self.frames if frame.suspended), None)
        if suspended is not None:
            self.resume_suspended(suspended)
            return None
        return self.queue.popleft() if self.queue else self.failures.pop_next_retry()

    def on_timeout(self) -> None:
        text = f"The job was not done after {self.time_limit.seconds:g} s; give it a larger timeout"
        source = self.journal.local_source(self.job_state.current_routine_id or "", "error", "error")
        self.apply("timed out", error=text, error_source=source)

    # -- settling

    def settle(self) -> None:
        """Take the job to the status that its settling state leads to, and tell the hooks."""
        self.time_limit.stop()
        try:
            self._settle()
        except BaseException as error:
            self._force_settle(error)
            raise
        finally:
            with self.lock:
                if self.state in SETTLED:  # else it has been resumed already
                    EXIT_BARRIER.discard(self)

    def _settle(self) -> None:
        failed = self.state == COMPLETING and self._complete()
        entries = self._end_settling("settled", Facts(routine_failed=True) if failed else NO_FACTS)
        ended = self.lifecycle.status != JOB_PAUSED
        self.publish(entries)
        if ended:
            self.observers.job_ended(self.job_state)

    def _complete(self) -> bool:
        """Store states for routines that ran and stored none, and record the completion; whether a routine failed."""
        states = self.job_state.routine_states
        for routine_id in self.completed_routines():
            if routine_id not in states and routine_id in self.graph.routines:
                merge_routine_state(self.job_state, routine_id, {"status": COMPLETED}, {})
        failed = has_failed_routine(self.job_state)
        if not failed and not self.completion_recorded:
            self.completion_recorded = True
            if self.entry is not None:  # else the job was made by hand, and resumed
                row: dict[str, Any] = {"execution_time": (perf_counter_ns() - self.started) / 1e9}
                if self.entry_retried:
                    row["retried"] = True
                source = self.journal.local_source(self.entry.target.routine_id, "completed", "completed")
                self.journal.add_record(source, row, 0)
        return failed

    def _end_settling(self, event: RunEvent, facts: Facts) -> list[JournalEntry]:
        with self.lock:
            entries = self.change_locked(event, facts)
            self.settling_thread = None
            self.changed.notify_all()
        return entries

    def _force_settle(self, error: BaseException) -> None:
        """Settling failed: threads that wait for this job must not wait for ever."""
        if self.state in SETTLING:  # only this thread takes it out of that state
            self.error = self.error or type(error).__name__
            self._end_settling(
                "settle error", Facts(self.lifecycle.status, ordinary_error=isinstance(error, Exception))
            )

    def abort(self, error: BaseException) -> None:
        """An interrupt, or a bug of the engine, came between two steps of the owner thread: end the job."""
        entries: list[JournalEntry] = []
        with self.lock:
            while self.state in SETTLING and self.settling_thread != threading.get_ident():
                self.changed.wait()
            if self.owner_thread != threading.get_ident() or self.state in SETTLED:
                return
            self.owner_thread = None
            self.release_owner()
            settles = self.state in SETTLING
            if not settles:
                text = f"{type(error).__name__} while the job ran"
                entries = self.change_locked("interrupted", Facts(self.lifecycle.status), error=text)
                settles = self.is_drained_locked()
                if settles:
                    self.begin_settling()
        self.publish(entries)
        if settles:
            self.settle()

    # -- what the job state asks for

    def control(self) -> ControlState:
        return self.controls.current()

    def capture(self) -> RunCapture:
        return capture(self, self.failures)

    def pending_tasks(self) -> list[dict[str, Any]]:
        return pending_tasks(self, self.failures)
