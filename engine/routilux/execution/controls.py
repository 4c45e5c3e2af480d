"""Pause, resume, step and cancel of one job: what is asked, and whether it makes sense."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

from ..journal.entries import JournalEntry
from ..status import CANCELLED, COMPLETED, FAILED, PAUSED, RUNNING, ControlState, refusals
from .failures import Item
from .frame import RunFrame, unpark
from .settling import AT_REST, PAUSING, ControlRequest

if TYPE_CHECKING:
    from .runner import Runner


class Controls:
    """The controls of one job. Each change is made under the runner's lock; `request` is the last one asked for."""

    def __init__(self, runner: Runner) -> None:
        self.request: ControlRequest | None = None
        self.effective_ns: int | None = None
        self._runner = runner

    def pause(self, reason: str, checkpoint: dict[str, Any] | None, by: str) -> None:
        """Let no further handler start; the job is paused once those that run have returned."""
        runner = self._runner

        def change() -> list[JournalEntry]:
            status = runner.job_state.status
            self._refuse_final(status, "paused")
            if status == PAUSED or runner.gate == "pause":
                return []
            if runner.closed and status != COMPLETED:
                raise ValueError(f"Job {runner.job_state.job_id} is ending and cannot be paused")
            runner.close_gate("pause")
            return [self._ask("pause", reason, by, checkpoint)]

        runner.command(change)

    def resume(self, reason: str, by: str) -> bool:
        """Open the gate of a paused job, or of one that is pausing or takes a step; whether there was one to open."""
        runner = self._runner
        opened = False

        def change() -> list[JournalEntry]:
            nonlocal opened
            status = runner.job_state.status
            self._refuse_final(status, "resumed")
            if status == RUNNING and runner.gate in PAUSING:
                opened = True
                withdrawn = self.withdraw()
                runner.open_gate()
                return [withdrawn, self._ask("resume", reason, by), self.entry("effective")]
            loaded = status == RUNNING and runner.phase == AT_REST  # it was saved while it ran
            if status != PAUSED and not loaded:
                return []
            opened = True
            asked = self._ask("resume", reason, by)
            runner.open_gate()
            return [asked, runner.job_state._become(RUNNING), self.entry("effective")]

        runner.command(change, settle=False)
        return opened

    def step(self, reason: str, by: str) -> None:
        """Open the gate of a paused job for one activation."""
        runner = self._runner

        def change() -> list[JournalEntry]:
            refused = refusals(runner.job_state.status, runner.gate, can_step(runner), rests=False)["step"]
            if refused is not None:
                raise ValueError(f"Job {runner.job_state.job_id} cannot take a step: {refused}")
            asked = self._ask("step", reason, by)
            runner.open_gate(step=True)
            return [asked, runner.job_state._become(RUNNING)]

        runner.command(change, settle=False)

    def cancel(self, reason: str, by: str) -> None:
        """Drop what waits and tell running handlers; the job is cancelled once they have returned."""
        runner = self._runner

        def change() -> list[JournalEntry]:
            status = runner.job_state.status
            if status == CANCELLED or runner.gate == "cancel":
                return []
            self._refuse_final(status, "cancelled")
            if runner.gate == "fail":
                raise ValueError(f"Job {runner.job_state.job_id} has failed and is ending; it cannot be cancelled")
            runner.job_state.routine_states["_cancellation"] = {"reason": reason}
            asked = self._ask("cancel", reason, by)
            return [asked, *runner.close("cancel")]

        runner.command(change)

    def withdraw(self) -> JournalEntry:
        """Note that what was last asked for will not happen. The lock is held."""
        entry = self.entry("withdrawn")
        self.request = None
        return entry

    def state(self) -> ControlState:
        """What was last asked and how far it is."""
        runner = self._runner
        with runner.lock:
            request, gate, status = self.request, runner.gate, runner.job_state.status
            busy, kept, effective_ns = runner.busy(), runner.waiting(), self.effective_ns
            refused = refusals(status, gate, can_step(runner), runner.phase == AT_REST)
        if gate == "fail":
            reason = runner.error or ""
            running = runner.running_handlers()
            return ControlState(None, "draining", "", reason, None, running, 0, runner.dropped, refused)
        if request is None:
            return ControlState(dropped=runner.dropped, refusals=refused)
        drains = gate is not None and request.action != "resume"
        return ControlState(
            action=request.action,
            state=("draining" if busy else "requested") if drains else "effective",
            by=request.by,
            reason=request.reason,
            since_ns=request.since_ns if drains else max(effective_ns or 0, request.since_ns),
            waiting_for=runner.running_handlers() if drains else (),
            kept=kept if request.action in PAUSING else 0,
            dropped=runner.dropped,
            refusals=refused,
        )

    def entry(self, state: str) -> JournalEntry:
        """An entry that the last request is so far now. The lock is held."""
        request = self.request or ControlRequest("resume", "", "", time.time_ns())
        if state == "effective":
            self.effective_ns = time.time_ns()
        row = {"action": request.action, "state": state, "by": request.by, "reason": request.reason}
        figures = {"kept": self._runner.waiting(), "dropped": self._runner.dropped}
        return self._runner.journal.make_entry("control", None, row | figures)

    def _ask(self, action: str, reason: str, by: str, checkpoint: dict[str, Any] | None = None) -> JournalEntry:
        self.request = ControlRequest(action, by, reason, time.time_ns(), checkpoint)
        return self.entry("draining" if action != "resume" and self._runner.busy() else "requested")

    def _refuse_final(self, status: str, verb: str) -> None:
        if status in (FAILED, CANCELLED):
            raise ValueError(f"Job {self._runner.job_state.job_id} has ended: it is {status!r} and cannot be {verb}")


def resume(runner: Runner, reason: str, by: str) -> None:
    """Go on where the job was paused, or was when it was saved."""
    if not runner.controls.resume(reason, by):
        return
    _go_on(runner, steps=False)


def step(runner: Runner, reason: str, by: str) -> None:
    """Let one activation run, what it emits wait, and the job be paused again; `ValueError` where that cannot be."""
    runner.controls.step(reason, by)
    _go_on(runner, steps=True)


def _go_on(runner: Runner, steps: bool) -> None:
    waiting: list[Item] = []
    problems: list[str] = []
    try:
        if runner.gate in ("deferred", "step") and runner.job_state.deferred_events:
            waiting, problems = emit_deferred(runner)
    finally:
        runner.let_go(waiting, steps)
    for problem in problems:
        warnings.warn(problem, stacklevel=4)


def can_step(runner: Runner) -> bool:
    """Whether a step would do something. Called with the lock held."""
    return bool(runner.waiting() or runner.parked or runner.job_state.deferred_events)


def take_step(runner: Runner) -> Item | None:
    """The activation that a step runs, out of what waits: a handler at a checkpoint goes on in the thread that it has.

    Called with the lock held. The order is that of `JobState.pending_tasks`; a retry is made before its time.
    """
    parked = next((frame for frame in runner.frames if frame.parked), None)
    if parked is not None:
        unpark(runner, parked)
        return None
    return runner.queue.popleft() if runner.queue else runner.failures.take_delayed()


def emit_deferred(runner: Runner) -> tuple[list[Item], list[str]]:
    """Emit the deferred events in order; return what waited before them, and what could not be emitted."""
    rows: list[Any] = runner.job_state.deferred_events
    runner.job_state.deferred_events = []
    with runner.lock:
        waiting = runner.in_hand = list(runner.queue)
        runner.queue.clear()
    frame = RunFrame(runner)
    problems = []
    for row in rows:
        try:
            _emit(runner, frame, row["routine_id"], row["event_name"], row["data"])
        except Exception as error:
            name = f"{row.get('routine_id')}.{row.get('event_name')}" if isinstance(row, dict) else type(row)
            problems.append(f"The deferred event {name!s:.200} was not emitted: {type(error).__name__}: {error}")
    return waiting, problems


def _emit(runner: Runner, frame: RunFrame, routine_id: str, event_name: str, data: Any) -> None:
    routine = runner.flow.routines.get(routine_id)
    event = routine.get_event(event_name) if routine is not None else None
    if event is None:
        raise LookupError("the flow has no such event")
    if not isinstance(data, dict):
        raise TypeError(f"its data is {type(data).__name__}, not a dict")
    frame.emit(routine, event, data)
