"""A paused job goes on: for good, or by one step. What it had deferred is emitted first."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from .checkpoints import unpark
from .deferred import emit_deferred
from .failures import Item

if TYPE_CHECKING:
    from .runner import Runner


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
