"""A step of a paused job: one activation that waits runs, what it emits waits, and the job is paused again."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from .checkpoints import unpark
from .deferred import emit_deferred
from .failures import Item

if TYPE_CHECKING:
    from .runner import Runner


def step(runner: Runner, reason: str, by: str) -> None:
    """Let one activation run; raise `ValueError` where that cannot be."""
    runner.controls.step(reason, by)
    waiting: list[Item] = []
    problems: list[str] = []
    try:
        if runner.job_state.deferred_events:
            waiting, problems = emit_deferred(runner)
    finally:
        runner.let_go(waiting, steps=True)
    for problem in problems:
        warnings.warn(problem, stacklevel=3)


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
