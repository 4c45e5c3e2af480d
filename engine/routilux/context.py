"""The running handler's flow, job and routine, as the handler's thread knows them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from .event import Event
    from .flow import Flow
    from .job_state import JobState
    from .rows import RunningHandler
    from .stop_sign import StopSign


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


class JobCancelled(BaseException):
    """Raised by `ctx.checkpoint()` in a handler whose job is being cancelled or has failed: it ends the handler.

    Not an `Exception`, so that a handler that catches those lets it pass.
    """


class _Context(NamedTuple):
    flow: Flow
    job_state: JobState
    routine_id: str


class ExecutionContext(_Context):
    """Where a handler runs: `(flow, job_state, routine_id)`, as attributes or unpacked."""

    __slots__ = ()

    @property
    def cancelled(self) -> StopSign:
        """A `threading.Event`: set, and true in an `if`, when the job is being cancelled, has failed or is over its
        time. A long handler should return then."""
        return self.job_state.cancelled

    def sleep(self, seconds: float) -> bool:
        """Wait `seconds`, or until the job is cancelled; return whether the time was slept to its end."""
        return not self.cancelled.wait(min(seconds, threading.TIMEOUT_MAX))

    def checkpoint(self) -> None:
        """A place inside a long handler where pause and cancel may take effect.

        While the job is paused the handler waits here; the job counts as paused. A job that is saved
        then starts this handler anew where it is resumed. Outside a running handler nothing happens.

        Raises:
            JobCancelled: when the job is being cancelled, has failed or is over its time; let it pass.
        """
        frame = THREAD.frame
        if frame is not None:
            frame.checkpoint()


def current_context() -> ExecutionContext | None:
    """The context of the handler that runs in this thread, or `None`."""
    frame = THREAD.frame
    return None if frame is None else ExecutionContext(frame.flow, frame.job_state, frame.routine_id)
