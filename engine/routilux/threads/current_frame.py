"""The frame that the current thread runs in: which handler, and where its emissions go."""

from __future__ import annotations

import threading
from typing import Any, Protocol


class Frame(Protocol):
    """A thread's work for one job. Knows no class of the engine: those that emit know only this protocol."""

    parent: Frame | None

    @property
    def flow(self) -> Any: ...
    @property
    def job_state(self) -> Any: ...
    @property
    def routine_id(self) -> str: ...
    def emit(self, routine: Any, event: Any, data: dict[str, Any]) -> None:
        """Record the emission and queue one activation for each receiver."""

    def enqueue(self, event: Any, data: dict[str, Any]) -> None:
        """Queue the activations without a record."""

    def carried_frame(self) -> Frame:
        """A frame for another thread that works for this handler; the job waits until its `release`."""

    def release(self) -> None:
        """The carried function is done."""

    def checkpoint(self) -> None:
        """Wait here while the job is paused; raise `JobCancelled` when it is ending."""


class _Thread(threading.local):
    frame: Frame | None = None


THREAD = _Thread()
"""The current frame of each thread."""


def current_frame() -> Frame | None:
    """The frame of this thread, or `None` outside a handler."""
    return THREAD.frame


def enter(frame: Frame) -> None:
    """Make `frame` the current one; the one before becomes its parent."""
    frame.parent = THREAD.frame
    THREAD.frame = frame


def leave(frame: Frame) -> None:
    """Return to the frame that was current before `frame`."""
    THREAD.frame = frame.parent


def runs_here(job_state: object) -> bool:
    """Whether a handler of that job runs in this thread, perhaps below others."""
    frame = THREAD.frame
    while frame is not None:
        if frame.job_state is job_state:
            return True
        frame = frame.parent
    return False
