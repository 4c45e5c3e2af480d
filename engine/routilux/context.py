"""The running handler's flow, job and routine, as the handler's thread knows them."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from .job_state import JobState
from .threads.current_frame import THREAD, ThreadFrame, current_frame, enter, leave
from .threads.synchronization import StopEvent
from .threads.timers import TIMERS

P = ParamSpec("P")
R = TypeVar("R")


class JobCancelled(BaseException):
    """Raised by `ctx.checkpoint()` in a handler whose job is being cancelled or has failed: it ends the handler.

    Not an `Exception`, so that a handler that catches those lets it pass.
    """


class _Context(NamedTuple):
    flow: Any
    job_state: JobState
    routine_id: str


class ExecutionContext(_Context):
    """Where a handler runs: `(flow, job_state, routine_id)`, as attributes or unpacked.

    `flow` is the job's `Flow`. Its type is `Any`, because a flow is built on the modules that know this class.
    """

    __slots__ = ()

    @property
    def cancelled(self) -> StopEvent:
        """A `threading.Event`: set, and true in an `if`, when the job is being cancelled, has failed or has timed
        out. A long handler should return then."""
        return self.job_state.cancelled

    def sleep(self, seconds: float) -> bool:
        """Sleep `seconds`, or until the job is cancelled; return whether the full time has passed."""
        return not self.cancelled.wait(min(seconds, threading.TIMEOUT_MAX))

    def checkpoint(self) -> None:
        """Let pause and cancel take effect at this place inside a long handler.

        While the job is paused the handler waits here; the job counts as paused. A job that is saved
        then runs this handler again from its start when it is resumed. Outside a running handler this does nothing.

        Raises:
            JobCancelled: when the job is being cancelled, has failed or has timed out; let it pass.
        """
        frame = THREAD.frame
        if frame is not None:
            frame.checkpoint()


def current_context() -> ExecutionContext | None:
    """The context of the handler that runs in this thread, or `None`."""
    frame = THREAD.frame
    return None if frame is None else ExecutionContext(frame.flow, frame.job_state, frame.routine_id)


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, to be called once from another thread as if the running handler called it.

    It emits, sends output and finds its context as the handler does. The job waits for it: it
    neither ends nor is paused before the call has returned (or the carried function is garbage-collected).
    What it raises is raised where it is called. Outside a handler, `function` itself.

    >>> import threading
    >>> from routilux import Flow, Routine
    >>> class Fetcher(Routine):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.define_slot("trigger", handler=self.fetch)
    ...         self.define_event("page")
    ...
    ...     def fetch(self, **_):
    ...         threading.Thread(target=carry(lambda: self.emit("page", text="hello"))).start()
    >>> flow = Flow()
    >>> _ = flow.add_routine(Fetcher(), "fetcher")
    >>> [record.event_name for record in flow.execute("fetcher").execution_history]
    ['start', 'page', 'completed']

    Raises:
        RuntimeError: when it is called a second time.
    """
    frame = current_frame()
    return function if frame is None else _Carried(function, frame.carried_frame())


class _Carried(Generic[P, R]):
    """A function with the frame that it is called in; the job waits as long as it may be called."""

    def __init__(self, function: Callable[P, R], frame: ThreadFrame) -> None:
        self._function = function
        self._frame = frame
        # The garbage collector may run this at any point: let the timers' thread take the job's lock.
        self._release = weakref.finalize(self, TIMERS.call_later, 0.0, frame.release)
        self._release.atexit = False  # at exit the program waits for the job, and so for the call

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._release.detach() is None:
            raise RuntimeError(f"{self._function!r} was carried for one call and has been called; carry it again")
        enter(self._frame)
        try:
            return self._function(*args, **kwargs)
        finally:
            leave(self._frame)
            self._frame.release()
