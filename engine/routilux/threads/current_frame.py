"""The frame that the current thread runs in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..event import Event
    from ..flow import Flow
    from ..job_state import JobState
    from ..journal.entries import RunningHandler


class Frame(Protocol):
    """A thread's work for one job: which handler it runs, and where that handler's emissions go."""

    parent: Frame | None

    @property
    def flow(self) -> Flow: ...
    @property
    def job_state(self) -> JobState: ...
    @property
    def routine_id(self) -> str: ...
    def emit(self, routine: Any, event: Event, data: dict[str, Any]) -> None:
        """Record the emission and queue one activation for each receiver."""

    def deliver(self, event: Event, data: dict[str, Any]) -> None:
        """Queue the activations without a record."""

    def running(self, now_ns: int) -> RunningHandler | None: ...
    def guest(self) -> Frame:
        """A frame for another thread that does this handler's work; the job is held until its `release`."""

    def release(self) -> None:
        """A guest is done."""

    def checkpoint(self) -> None:
        """Wait here while the job is paused; raise `JobCancelled` when it is ending."""


class _Thread(threading.local):
    frame: Frame | None = None


THREAD = _Thread()
"""What this thread is running: one per thread by nature."""


def current_frame() -> Frame | None:
    """What this thread is running, or `None` outside any handler."""
    return THREAD.frame


def enter(frame: Frame) -> None:
    """Make `frame` the current one; what was current becomes its parent."""
    frame.parent = THREAD.frame
    THREAD.frame = frame


def leave(frame: Frame) -> None:
    """Go back to what was current before `frame`."""
    THREAD.frame = frame.parent


def runs_here(job_state: JobState) -> bool:
    """Whether a handler of that job is running in this thread, perhaps below others."""
    frame = THREAD.frame
    while frame is not None:
        if frame.job_state is job_state:
            return True
        frame = frame.parent
    return False
