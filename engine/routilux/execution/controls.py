"""Pause, resume, step and cancel of one run, and how far the last one is."""

from __future__ import annotations

import time
import warnings
from typing import Any

from ..job.state_machine import DRAINING, FAILING, RESUMING, SETTLING_FAILURE, STEPPING, refusals
from ..status import ControlState
from ..threads.current_frame import runs_here
from .activation import Activation, Lease, RequestedControl
from .frame import RunFrame
from .run import Run


class Controls:
    """The controls of one run. Each raises `ValueError` if the state refuses it."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def pause(self, reason: str, checkpoint: dict[str, Any] | None, by: str) -> None:
        """Start no further handler; the job is paused once the running ones have returned."""
        self._run.apply("pause", RequestedControl("pause", by, reason, time.time_ns(), checkpoint))

    def resume(self, reason: str, by: str) -> None:
        """Continue a paused job, or one that is pausing or takes a step; emit its deferred events first."""
        run = self._run
        lease = run.apply("resume", RequestedControl("resume", by, reason, time.time_ns()), settle=False)
        if lease is not None:
            _continue(run, lease, steps=False)

    def step(self, reason: str, by: str) -> None:
        """Run one activation of a paused job; what it emits waits, and the job is paused again."""
        run = self._run
        lease = run.apply("step", RequestedControl("step", by, reason, time.time_ns()), settle=False)
        assert lease is not None
        _continue(run, lease, steps=True)

    def cancel(self, reason: str, by: str) -> None:
        """Discard the queue and set the stop event; the job is cancelled once the running handlers have returned."""
        self._run.apply("cancel", RequestedControl("cancel", by, reason, time.time_ns()))

    def wait(self, state: str) -> None:
        """Wait until the run has left `state` and settled, unless a handler of this job asks for it."""
        if not runs_here(self._run.job_state):
            self._run.wait_settled(state)

    def current(self) -> ControlState:
        """The last control and how far it is."""
        run = self._run
        with run.lock:
            request, state, effective_ns = run.request, run.state, run.effective_ns
            busy, kept = run.is_busy_locked(), run.queued_count()
            refused = refusals(state, run.can_step())
        if state in (FAILING, SETTLING_FAILURE):
            running = run.running_handlers()
            return ControlState(None, "draining", "", run.error or "", None, running, 0, run.dropped, refused)
        if request is None:
            return ControlState(dropped=run.dropped, refusals=refused)
        drains = state in DRAINING and request.action != "resume"
        return ControlState(
            action=request.action,
            state=("draining" if busy else "requested") if drains else "effective",
            by=request.by,
            reason=request.reason,
            since_ns=request.since_ns if drains else max(effective_ns or 0, request.since_ns),
            waiting_for=run.running_handlers() if drains else (),
            kept=kept if request.action in ("pause", "step") else 0,
            dropped=run.dropped,
            refusals=refused,
        )


def _continue(run: Run, lease: Lease, steps: bool) -> None:
    problems: list[str] = []
    try:
        if run.state in (RESUMING, STEPPING) and run.job_state.deferred_events:
            problems = _emit_deferred(run, lease)
    finally:
        run.release_lease(lease, steps)
    for problem in problems:
        warnings.warn(problem, stacklevel=4)


def _emit_deferred(run: Run, lease: Lease) -> list[str]:
    """Emit the deferred events in order, ahead of the activations that wait; return what could not be emitted.

    Those activations are in the lease meanwhile.
    """
    rows: list[Any] = run.job_state.deferred_events
    run.job_state.deferred_events = []
    with run.lock:
        waiting: list[Activation] = list(run.queue)
        lease.activations = waiting
        run.queue.clear()
    frame = RunFrame(run)
    problems = []
    for row in rows:
        try:
            _emit(run, frame, row["routine_id"], row["event_name"], row["data"])
        except Exception as error:
            name = f"{row.get('routine_id')}.{row.get('event_name')}" if isinstance(row, dict) else type(row)
            problems.append(f"The deferred event {name!s:.200} was not emitted: {type(error).__name__}: {error}")
    return problems


def _emit(run: Run, frame: RunFrame, routine_id: str, event_name: str, data: Any) -> None:
    routine = run.graph.routines.get(routine_id)
    event = routine.get_event(event_name) if routine is not None else None
    if event is None:
        raise LookupError("the flow has no such event")
    if not isinstance(data, dict):
        raise TypeError(f"its data is {type(data).__name__}, not a dict")
    frame.emit(routine, event, data)
