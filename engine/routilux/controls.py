"""Pause, resume, step and cancel of one job: what is asked, and whether it makes sense."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .control import ControlRequest, ControlState
from .resuming import can_step
from .rows import JournalEntry
from .settling import AT_REST, PAUSING
from .status import CANCELLED, COMPLETED, FAILED, PAUSED, RUNNING, refusals

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
