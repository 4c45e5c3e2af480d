"""Taking a handler's context to another thread."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from .context import Frame, current_frame, enter, leave
from .timers import TIMERS

P = ParamSpec("P")
R = TypeVar("R")


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, to be called once from another thread as if the running handler called it.

    It emits, sends output and finds its context as the handler does. The job waits for it: it
    neither ends nor is paused before the call has returned (or the carried function is thrown
    away). What it raises is raised where it is called. Outside a handler, `function` itself.

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
    return function if frame is None else _Carried(function, frame.guest())


class _Carried(Generic[P, R]):
    """A function with the frame that it is called in; the job is held as long as it may be called."""

    def __init__(self, function: Callable[P, R], guest: Frame) -> None:
        self._function = function
        self._guest = guest
        # A collector may call this in the midst of anything: let the timers' thread take the job's lock.
        self._release = weakref.finalize(self, TIMERS.call_later, 0.0, guest.release)
        self._release.atexit = False  # at its end the program waits for the job, and so for the call

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._release.detach() is None:
            raise RuntimeError(f"{self._function!r} was carried for one call and has been called; carry it again")
        enter(self._guest)
        try:
            return self._function(*args, **kwargs)
        finally:
            leave(self._guest)
            self._guest.release()
