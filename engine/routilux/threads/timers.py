"""Delayed calls for retries and time limits. One thread serves the process and exists only while a call is pending."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger("routilux")

LONGEST_WAIT = 3600.0
"""Seconds of one wait at most: longer timeouts overflow on some platforms."""


class Timer:
    """A pending call. `cancel()` may be called any number of times, from any thread."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due: float = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Prevent the call, unless it is in progress."""
        self.call = None

    def fire(self) -> None:
        """Make the call unless it was cancelled."""
        call = self.call
        if call is None:
            return
        try:
            call()
        except Exception:
            _log.exception("A timed call of the engine raised")


class Timers:
    """A heap of timers, and the thread that waits for the first. `_lock` guards both.

    Acquire `_lock` itself, not the condition, whose `__enter__` is not safe from an interrupt.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # reentrant: the garbage collector may call `call_later` inside these methods
        self._changed = threading.Condition(self._lock)
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = itertools.count()
        self._thread: threading.Thread | None = None
        self._clean_at = 1024

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make `call()`, which must be short, after `seconds` in the timers' thread."""
        timer = Timer(time.monotonic() + max(seconds, 0.0), call)
        with self._lock:
            first = self._heap[0][0] if self._heap else None
            heapq.heappush(self._heap, (timer.due, next(self._number), timer))
            if len(self._heap) > self._clean_at:
                self._drop_cancelled()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="routilux-timers", daemon=True)
                self._thread.start()
            elif first is None or timer.due < first:
                self._changed.notify()
        return timer

    def _drop_cancelled(self) -> None:
        self._heap = [row for row in self._heap if row[2].call is not None]
        heapq.heapify(self._heap)
        self._clean_at = max(1024, 2 * len(self._heap))

    def _run(self) -> None:
        while (timer := self._next()) is not None:
            timer.fire()
            del timer  # keep no job in memory while this thread waits

    def _next(self) -> Timer | None:
        """Wait for the next due timer; return `None`, and let the thread end, if none is left."""
        with self._lock:
            while self._heap:
                wait = self._heap[0][0] - time.monotonic()
                if wait <= 0:  # cancelled timers stay until due, so that the thread need not be restarted
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(min(wait, LONGEST_WAIT))
            self._thread = None
            return None


TIMERS = Timers()
"""One for the process: a thread for each flow or job would mean many sleeping threads."""


class TimeLimit:
    """A job's time limit in seconds, without the time it is paused."""

    __slots__ = ("_left", "_on_expired", "_since", "_timer", "seconds")

    def __init__(self, seconds: float, on_expired: Callable[[], None]) -> None:
        self.seconds: float = seconds
        self._on_expired = on_expired
        self._left = seconds
        self._since = 0.0
        self._timer: Timer | None = None

    @property
    def left(self) -> float:
        """The remaining seconds. May be set while the clock is stopped."""
        return self._left if self._timer is None else self._left - (time.monotonic() - self._since)

    @left.setter
    def left(self, seconds: float) -> None:
        self._left = seconds

    def start(self) -> None:
        """Start or continue the clock."""
        if self._timer is None:
            self._since = time.monotonic()
            self._timer = TIMERS.call_later(self._left, self._on_expired)

    def stop(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._left = self.left
            self._timer.cancel()
            self._timer = None
