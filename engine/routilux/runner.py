"""One job at work: its queue, its handlers' errors, pause, resume, cancel, and how it comes to rest.

`SequentialRunner` and `ConcurrentRunner` differ in who takes activations from the queue.
"""

from __future__ import annotations

import threading
import time
import traceback
import warnings
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, TypeAlias

from .context import runs_here
from .control import ControlRequest, ControlState
from .error_handler import STOP_HANDLER, Decision, ErrorHandler, ErrorStrategy, error_text
from .frame import RunFrame
from .journal import JournalEntry, Run, RunningHandler
from .merging import merge
from .plan import ENTRY_SLOT, Delivery, Plan
from .status import CANCELLED, COMPLETED, FAILED, PAUSED, RUNNING, refusals
from .timers import TIMERS, Timer

if TYPE_CHECKING:
    from .flow import Flow
    from .job_state import JobState

Item: TypeAlias = tuple[Delivery, dict[str, Any], int, int, bool]
"""An activation: (way, data, `seq` of its cause, retries so far, whether mapping and merging are done)."""

ACTIVE, SETTLING, AT_REST = "active", "settling", "at rest"


class Runner:
    """What both kinds share.

    `lock` (the journal's) guards `queue`, `delayed`, `gate`, `closed`, `phase` and the request;
    `_changed` is the job's condition on it. `gate` says why no further handler starts: `"pause"`,
    `"cancel"`, `"fail"`, or `None`. Code of the user is never called with the lock held.
    """

    wants_help = False
    """Whether whoever queues an activation must call `call_help`."""

    def __init__(self, flow: Flow, plan: Plan, job_state: JobState, timeout: float) -> None:
        self.flow = flow
        self.plan = plan
        self.job_state = job_state
        self.journal = job_state._journal
        self.lock = self.journal.lock
        self.queue: deque[Item] = deque()
        self.delayed: dict[int, tuple[Item, Timer]] = {}
        self.gate: str | None = None
        self.closed = False
        self.phase = ACTIVE
        self.frames: list[RunFrame] = []
        self.entry: Delivery | None = None
        self.retried_entry = False
        self.dropped = 0
        self.error: str | None = None
        self._changed = job_state._changed
        self._request: ControlRequest | None = None
        self._merge_lock = threading.RLock()
        self._slot_data: dict[tuple[str, str], dict[str, Any]] = {}
        self._started = perf_counter_ns()
        self._timeout = timeout
        self._time_left = timeout
        self._deadline: Timer | None = None
        self._settled_at: int | None = None
        self._armed_at = 0.0
        self._completed_recorded = False

    # -- what the two kinds decide

    def call_help(self) -> None:
        """Something was queued and `wants_help` is set. Called with the lock held."""
        raise NotImplementedError

    def busy(self) -> bool:
        """Whether somebody is at work who will bring the job to rest. Called with the lock held."""
        raise NotImplementedError

    def go_on(self) -> None:
        """Have what is queued worked off by other threads."""
        raise NotImplementedError

    # -- beginning

    def begin(self, entry_routine_id: str, params: dict[str, Any]) -> Item:
        """Make the job run; return the entry's activation."""
        job_state = self.job_state
        delivery = self.plan.entry(entry_routine_id) or self.plan.missing_slot(
            entry_routine_id, ENTRY_SLOT, self._no_entry(entry_routine_id)
        )
        delivery.plain = None
        self.entry = delivery
        job_state.entry_routine_id = job_state.current_routine_id = entry_routine_id
        job_state.entry_params = params
        with self.lock:
            entry = job_state._become(RUNNING)
        job_state._announce(entry)
        seq = job_state._record(entry_routine_id, "start", "start", params)
        self._arm()
        return (delivery, params, seq, 0, False)

    def _no_entry(self, routine_id: str) -> Callable[..., None]:
        def no_entry(**_: Any) -> None:
            slots = ", ".join(map(repr, self.flow.routines[routine_id].slots)) or "none"
            raise ValueError(f"Routine {routine_id!r} has no slot {ENTRY_SLOT!r} to start at; its slots: {slots}")

        return no_entry

    def _arm(self) -> None:
        self._armed_at = time.monotonic()
        self._deadline = TIMERS.call_later(self._time_left, self._time_is_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._time_left -= time.monotonic() - self._armed_at

    def _time_is_up(self) -> None:
        def fail() -> list[JournalEntry]:
            if self.job_state.status != RUNNING or self.closed or self.phase != ACTIVE:
                return []
            self.error = f"The job was not done after {self._timeout:g} s; give it a larger timeout"
            return self.close("fail")

        self._command(fail)

    # -- activations

    def prepare(self, delivery: Delivery, data: dict[str, Any]) -> dict[str, Any]:
        """Rename, and merge with what the slot got before in this job."""
        data = delivery.renamed(data)
        if not delivery.merges:
            return data
        key = (delivery.target.routine_id, delivery.target.slot_name)
        with self._merge_lock:
            passed, self._slot_data[key] = merge(
                delivery.target.slot.merge_strategy, self._slot_data.get(key, {}), data
            )
        return passed

    def entry_done(self, seconds: float, attempt: int) -> None:
        """The entry's handler has returned."""
        after: dict[str, Any] = {}
        if attempt:
            self.retried_entry = True
            after = {"status": "completed", "execution_time": seconds, "retry_count": attempt}
        assert self.entry is not None
        self.job_state._merge_routine_state(self.entry.target.routine_id, {"status": "completed"}, after)

    def failed(self, item: Item, error: BaseException, start: int) -> Run:
        """A handler has raised: decide, note it, and return the run."""
        end = perf_counter_ns()
        delivery, data, cause, attempt, prepared = item
        decision = self._decide(delivery, error, attempt)
        if decision.outcome == "retry" and not self._retry_later(item, error, decision):
            decision = Decision("cancelled")
        elif decision.outcome in ("failed", "error_continued", "skipped"):
            self._note_failure(item, error, decision.outcome)
        if decision.outcome == "failed":
            self._command(lambda: self.close("fail") if not self.closed else [], settle=False)
        return (delivery.target.number, start, end - start, decision.outcome, cause)

    def _decide(self, delivery: Delivery, error: BaseException, attempt: int) -> Decision:
        if self.gate == "cancel":
            return Decision("cancelled")
        if isinstance(error, KeyboardInterrupt):
            self.request_cancel(reason="KeyboardInterrupt", by="")
            return Decision("cancelled")
        if not isinstance(error, Exception):
            return Decision("failed")
        return self._error_handler(delivery).decide(error, attempt)

    def _error_handler(self, delivery: Delivery) -> ErrorHandler:
        routine = delivery.target.routine
        own = routine.get_error_handler() if routine is not None else None
        return own or self.flow.error_handler or STOP_HANDLER

    def _retry_later(self, item: Item, error: BaseException, decision: Decision) -> bool:
        """Put the activation aside for its delay; `False` when the job takes no more."""
        delivery, data, cause, attempt, prepared = item
        handler = self._error_handler(delivery)
        handler.retry_count = attempt + 1
        target = delivery.target
        text, kind = error_text(error), type(error).__name__
        again: Item = (delivery, data, cause, attempt + 1, prepared)
        with self.lock:
            if self.closed:
                return False
            key = id(again)
            timer = TIMERS.call_later(decision.delay, lambda: self._retry_due(key))
            self.delayed[key] = (again, timer)
        row = {"attempt": attempt + 1, "error": text, "delay": decision.delay}
        self.job_state._record(target.routine_id, "retry", "retry", row, cause)
        due_ns = time.time_ns() + round(decision.delay * 1e9)
        more = {"slot": target.slot_name, "error_type": kind, "max_retries": handler.max_retries, "due_ns": due_ns}
        self.job_state._announce(self.journal.add_entry("retry", target.routine_id, row | more))
        return True

    def _retry_due(self, key: int) -> None:
        with self.lock:
            waiting = self.delayed.pop(key, None)
            if waiting is not None:
                self.queue.append(waiting[0])
                if self.wants_help:
                    self.call_help()

    def _note_failure(self, item: Item, error: BaseException, outcome: str) -> None:
        delivery, _, cause, attempt, _ = item
        target = delivery.target
        text, kind = error_text(error), type(error).__name__
        if outcome == "failed":
            self.error = f"{target.routine_id}: {kind}: {text}"
        if self._error_handler(delivery).strategy is ErrorStrategy.RETRY:
            self._error_handler(delivery).retry_count = attempt
        trace = "".join(traceback.format_exception(error))
        row = {"slot": target.slot_name, "error": text, "error_type": kind}
        entry = self.journal.add_entry("error", target.routine_id, row | {"traceback": trace, "outcome": outcome})
        if outcome == "failed":
            self.job_state._record(target.routine_id, "error", "error", row | {"traceback": trace}, cause)
        elif outcome == "error_continued":
            self.job_state._record(target.routine_id, "error_continued", "error_continued", row, cause)
        after = {"status": outcome, "error": text}
        if outcome == "failed":
            after["error_time"] = datetime.now().isoformat()
        self.job_state._merge_routine_state(target.routine_id, {}, after)
        self.job_state._announce(entry)

    # -- controls

    def request_pause(self, reason: str, checkpoint: dict[str, Any] | None, by: str) -> None:
        """Let no further handler start; the job is paused once those that run have returned."""

        def pause() -> list[JournalEntry]:
            status = self.job_state.status
            self._refuse_final(status, "paused")
            if self.closed and status != COMPLETED:
                raise ValueError(f"Job {self.job_state.job_id} is ending and cannot be paused")
            if status == PAUSED or self.gate == "pause":
                return []
            self.gate = "pause"
            self.phase = ACTIVE
            return [self._ask("pause", reason, by, checkpoint)]

        self._command(pause)

    def request_resume(self, reason: str, by: str) -> None:
        """Go on where the job was paused, or take a pause back that is still draining."""
        resumed = False

        def resume() -> list[JournalEntry]:
            nonlocal resumed
            status = self.job_state.status
            self._refuse_final(status, "resumed")
            if status == RUNNING and self.gate == "pause":
                resumed = True
                self.gate = None
                withdrawn = self._control_entry("withdrawn")
                return [withdrawn, self._ask("resume", reason, by), self._control_entry("effective")]
            if status != PAUSED:
                return []
            resumed = True
            self.gate = "deferred" if self.job_state.deferred_events else None
            self.phase = ACTIVE
            self.closed = False
            asked = self._ask("resume", reason, by)
            return [asked, self.job_state._become(RUNNING), self._control_entry("effective")]

        self._command(resume, settle=False)
        if resumed:
            self.flow._job_resumed(self.job_state)
            if self.gate == "deferred":
                self._emit_deferred()
            self._restart()

    def _restart(self) -> None:
        with self.lock:
            idle = not self.busy()
            if idle and self._deadline is None:
                self._arm()
            nothing_left = idle and self._nothing_left() and self.phase == ACTIVE
            if nothing_left:
                self.phase = SETTLING
        if nothing_left:
            self.settle()
        else:
            self.go_on()

    def _emit_deferred(self) -> None:
        """Emit the deferred events, in order and ahead of what waits."""
        events, self.job_state.deferred_events = self.job_state.deferred_events, []
        with self.lock:
            waiting = list(self.queue)
            self.queue.clear()
        frame = RunFrame(self)
        for row in events:
            routine = self.flow.routines.get(row["routine_id"])
            event = routine.get_event(row["event_name"]) if routine is not None else None
            if event is None:
                warnings.warn(f"Deferred event {row['routine_id']}.{row['event_name']} is not in the flow", stacklevel=2)
            else:
                frame.emit(routine, event, row["data"])
        with self.lock:
            self.queue.extend(waiting)
            self.gate = None if self.gate == "deferred" else self.gate

    def request_cancel(self, reason: str, by: str) -> None:
        """Drop what waits and tell running handlers; the job is cancelled once they have returned."""

        def cancel() -> list[JournalEntry]:
            status = self.job_state.status
            if status == CANCELLED or self.gate == "cancel":
                return []
            self._refuse_final(status, "cancelled")
            self.job_state.routine_states["_cancellation"] = {"reason": reason}
            asked = self._ask("cancel", reason, by)
            self.phase = ACTIVE
            return [asked, *self.close("cancel")]

        self._command(cancel)

    def _refuse_final(self, status: str, verb: str) -> None:
        if status in (FAILED, CANCELLED):
            raise ValueError(f"Job {self.job_state.job_id} has ended: it is {status!r} and cannot be {verb}")

    def _command(self, change: Callable[[], list[JournalEntry]], settle: bool = True) -> None:
        """Make a change under the lock; settle the job here when nobody is at work; then tell the hooks."""
        with self._changed:
            while self.phase == SETTLING:
                self._changed.wait()
            entries = change()
            here = settle and bool(entries) and self.gate is not None and self.phase == ACTIVE and not self.busy()
            if here:
                self.phase = SETTLING
            elif entries:
                self._changed.notify_all()
        for entry in entries:
            self.job_state._announce(entry)
        if here:
            self.settle()

    def _ask(
        self, action: str, reason: str, by: str, checkpoint: dict[str, Any] | None = None
    ) -> JournalEntry:
        self._request = ControlRequest(action, by, reason, time.time_ns(), checkpoint)
        return self._control_entry("draining" if action != "resume" and self.busy() else "requested")

    def _control_entry(self, state: str) -> JournalEntry:
        request = self._request or ControlRequest("resume", "", "", time.time_ns())
        row = {"action": request.action, "state": state, "by": request.by, "reason": request.reason}
        figures = {"kept": len(self.queue) + len(self.delayed), "dropped": self.dropped}
        return self.journal.make_entry("control", None, row | figures)

    def close(self, gate: str) -> list[JournalEntry]:
        """Take no more activations and throw away what waits. Called with the lock held."""
        self.gate = gate
        self.closed = True
        waiting = [*self.queue, *(item for item, _ in self.delayed.values())]
        for _, timer in self.delayed.values():
            timer.cancel()
        self.queue.clear()
        self.delayed.clear()
        self.dropped += len(waiting)
        self.job_state._ask_handlers_to_stop()
        counts = Counter(item[0].target.routine_id for item in waiting)
        return [self.journal.make_entry("dropped", None, {"routines": dict(counts)})]

    # -- coming to rest

    def _nothing_left(self) -> bool:
        return not self.queue and not self.delayed

    def settle(self) -> None:
        """Nothing runs, and nothing more will: become what the gate says. The caller has set `phase` to SETTLING."""
        self._disarm()
        self._deadline = None
        if self.gate == "pause":
            self._pause_now()
        else:
            self._end_now(CANCELLED if self.gate == "cancel" else FAILED if self.gate == "fail" else None)

    def _pause_now(self) -> None:
        request = self._request or ControlRequest("pause", "", "", time.time_ns())
        job_state = self.job_state
        with self.lock:
            job_state.pause_points.append(
                {
                    "timestamp": datetime.now().isoformat(),
                    "reason": request.reason,
                    "checkpoint": request.checkpoint or {},
                    "current_routine_id": job_state.current_routine_id,
                    "pending_tasks_count": len(self.queue) + len(self.delayed),
                    "active_tasks_count": 0,
                    "queue_size": len(self.queue),
                }
            )
            entries = [job_state._become(PAUSED), self._at_rest()]
        self.flow._job_paused(job_state)
        for entry in entries:
            job_state._announce(entry)

    def _end_now(self, status: str | None) -> None:
        job_state = self.job_state
        self._complete_states()
        if status is None:
            status = FAILED if job_state._has_failed_routine() else COMPLETED
        if status == COMPLETED and not self._completed_recorded:
            self._completed_recorded = True
            self._record_completed()
        with self.lock:
            entries = [job_state._become(status, self.error)]
            at_rest = self._at_rest()
            if self._request is not None and self._request.action == "cancel":
                entries.append(at_rest)
            self.closed = True
        self.flow._job_ended(job_state)
        for entry in entries:
            job_state._announce(entry)
        job_state._hooks.job_ended(job_state)

    def _at_rest(self) -> JournalEntry:
        self.phase = AT_REST
        self.gate = None
        self._settled_at = time.time_ns()
        self._changed.notify_all()
        return self._control_entry("effective")

    def _complete_states(self) -> None:
        """Routines that ran and stored no state get one."""
        self.journal.fold_runs()
        states = self.job_state.routine_states
        for number, outcome in list(self.journal.totals.runs):
            routine_id = self.journal.target(number).routine_id
            if outcome == "completed" and routine_id not in states and routine_id in self.flow.routines:
                self.job_state._merge_routine_state(routine_id, {"status": "completed"}, {})

    def _record_completed(self) -> None:
        assert self.entry is not None
        row: dict[str, Any] = {"execution_time": (perf_counter_ns() - self._started) / 1e9}
        if self.retried_entry:
            row["retried"] = True
        self.job_state._record(self.entry.target.routine_id, "completed", "completed", row)

    # -- what others want to know

    def wait_settled(self, gate: str) -> None:
        """Wait until a pause or cancel has taken effect, unless a handler of this job asks for it."""
        if runs_here(self.job_state):
            return
        with self._changed:
            while self.gate == gate or self.phase == SETTLING:
                self._changed.wait()

    def running_handlers(self) -> tuple[RunningHandler, ...]:
        now = perf_counter_ns()
        running = [frame.running(now) for frame in tuple(self.frames)]
        return tuple(handler for handler in running if handler is not None)

    def queue_figures(self) -> tuple[int, int]:
        return len(self.queue) + len(self.delayed), len(self.running_handlers())

    def control(self) -> ControlState:
        with self.lock:
            request, gate, status = self._request, self.gate, self.job_state.status
            busy = self.busy()
            kept = len(self.queue) + len(self.delayed)
            settled_at = self._settled_at
        refused = refusals(status, gate)
        if gate == "fail":
            return ControlState(
                state="draining",
                reason=self.error or "",
                waiting_for=self.running_handlers(),
                dropped=self.dropped,
                refusals=refused,
            )
        if request is None:
            return ControlState(dropped=self.dropped, refusals=refused)
        drains = gate is not None and request.action != "resume"
        return ControlState(
            action=request.action,
            state=("draining" if busy else "requested") if drains else "effective",
            by=request.by,
            reason=request.reason,
            since_ns=request.since_ns if drains or settled_at is None else max(settled_at, request.since_ns),
            waiting_for=self.running_handlers() if drains else (),
            kept=kept if request.action == "pause" else 0,
            dropped=self.dropped,
            refusals=refused,
        )

    def pending_tasks(self) -> list[dict[str, Any]]:
        """What waits, as plain dicts, when the job is paused."""
        if self.job_state.status != PAUSED:
            return []
        with self.lock:
            items = [*self.queue, *(item for item, _ in self.delayed.values())]
        return [self._task(item) for item in items]

    def _task(self, item: Item) -> dict[str, Any]:
        delivery, data, _, attempt, _ = item
        ends = self.flow.connection_ends(delivery.connection) if delivery.connection is not None else (None,) * 4
        return {
            "slot_routine_id": delivery.target.routine_id,
            "slot_name": delivery.target.slot_name,
            "data": data,
            "connection_source_routine_id": ends[0],
            "connection_source_event_name": ends[1],
            "connection_target_routine_id": ends[2],
            "connection_target_slot_name": ends[3],
            "param_mapping": dict(delivery.mapping),
            "priority": 2,
            "retry_count": attempt,
            "max_retries": self._error_handler(delivery).max_retries,
            "created_at": None,
        }
