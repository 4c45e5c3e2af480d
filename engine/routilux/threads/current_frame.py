"""The current frame of each thread: which handler it runs, and where its emissions go."""

from __future__ import annotations

import threading
from typing import Any, Protocol


class ThreadFrame(Protocol):
    """A thread's work for one job. Names no class of the engine, so that events and routines can use it."""

    parent: ThreadFrame | None

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

    def carried_frame(self) -> ThreadFrame:
        """Return a frame for another thread that works for this handler; the job waits for its `release`."""

    def release(self) -> None:
        """End the work of a carried function."""

    def checkpoint(self) -> None:
        """Wait while the job is paused; raise `JobCancelled` if it is ending."""


class _Thread(threading.local):
    frame: ThreadFrame | None = None


THREAD = _Thread()
"""The current frame of each thread."""


def current_frame() -> ThreadFrame | None:
    """Return the frame of this thread, or `None` outside a handler."""
    return THREAD.frame


def enter(frame: ThreadFrame) -> None:
    """Make `frame` current; the present one becomes its parent."""
    frame.parent = THREAD.frame
    THREAD.frame = frame


def leave(frame: ThreadFrame) -> None:
    """Make the parent of `frame` current again."""
    THREAD.frame = frame.parent


def runs_here(job_state: object) -> bool:
    """Whether a handler of that job is on the stack of this thread."""
    frame = THREAD.frame
    while frame is not None:
        if frame.job_state is job_state:
            return True
        frame = frame.parent
    return False
