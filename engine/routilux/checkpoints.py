"""Handlers that wait at a checkpoint, in their midst, for a paused job to be resumed or to let them take a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .context import JobCancelled
from .settling import ACTIVE, PAUSING

if TYPE_CHECKING:
    from .frame import RunFrame
    from .runner import Runner


def checkpoint(runner: Runner, frame: RunFrame) -> None:
    """Let a pause take effect in the midst of a handler, or end the handler of a job that is ending."""
    with runner.lock:
        if runner.gate == "pause" and frame.item is not None:
            frame.parked = True
            runner.parked += 1
        over = frame.parked and runner.phase == ACTIVE and not runner.busy()
        if over:
            runner.claim()
    raised = _wait(runner, frame, over) if frame.parked else None
    if runner.closed:
        raise JobCancelled(f"Job {runner.job_state.job_id} is ending") from raised
    if raised is not None:
        raise raised


def unpark(runner: Runner, frame: RunFrame) -> None:
    """Let a handler that waits go on. Called with the lock held."""
    if frame.parked:
        frame.parked = False
        runner.parked -= 1


def _must_wait(runner: Runner, frame: RunFrame) -> bool:
    return frame.parked and not runner.closed and (runner.gate in PAUSING or runner.phase != ACTIVE)


def _wait(runner: Runner, frame: RunFrame, settles: bool) -> Exception | None:
    """Wait with a parked handler; return what a signal of the user has raised here.

    That waits as well, for in a paused job no handler fails.
    """
    raised: Exception | None = None
    try:
        while frame.parked:
            try:
                if settles:
                    settles = False
                    runner.settle()
                with runner.lock:
                    while _must_wait(runner, frame):
                        runner._changed.wait()
                    unpark(runner, frame)
            except Exception as error:
                raised = error
    except BaseException:
        with runner.lock:
            unpark(runner, frame)
        raise
    return raised
