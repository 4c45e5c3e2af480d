"""Synchronization between threads: a spinning lock, a stop event, weak listeners, and the wait at exit."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from contextlib import suppress
from threading import Lock
from typing import Protocol, TypeAlias

YIELDS = 50
"""Attempts that only yield before sleeping longer; the holder usually needs one turn to release the lock."""


def acquire_spinning(lock: Lock) -> None:
    """Acquire `lock` for a short critical section in a hot loop.

    A blocking acquire would queue the threads, and each would then wait for a switch: a convoy.
    """
    tries = 0
    while not lock.acquire(False):
        time.sleep(0 if tries < YIELDS else 0.0001)
        tries += 1


class StopEvent(threading.Event):
    """A `threading.Event` whose truth value is `is_set()`; other events are always true.

    >>> event = StopEvent()
    >>> before = bool(event)
    >>> event.set()
    >>> before, bool(event)
    (False, True)
    """

    def __bool__(self) -> bool:
        return self.is_set()


class Listener(Protocol):
    """The routing table of a flow that an event or slot is part of."""

    def structure_changed(self) -> None:
        """Discard cached facts about the event or slot."""


Listeners: TypeAlias = list[weakref.ref[Listener]]


def add_listener(listeners: Listeners, listener: weakref.ref[Listener]) -> None:
    """Notify `listener` of changes; adding it again has no effect."""
    if listener in listeners:
        return
    for known in [known for known in listeners if known() is None]:
        with suppress(ValueError):  # another thread removed it
            listeners.remove(known)
    listeners.append(listener)


def notify(listeners: Listeners) -> None:
    """Tell the listeners that the structure has changed."""
    for known in list(listeners):
        listener = known()
        if listener is not None:
            listener.structure_changed()


class ExitBarrier:
    """The running jobs, which the interpreter waits for at exit. `_lock` guards the set.

    The engine's threads are daemons, so that a handler suspended at a checkpoint of a paused job does not
    keep the program alive. Instead, this barrier waits at exit for every job that is neither paused nor
    ended, including jobs without work for a thread at the moment (a pending retry, a carried function).
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._jobs: set[object] = set()
        self._registered = False

    def add(self, job: object) -> None:
        """Wait for `job` at exit."""
        with self._lock:
            self._jobs.add(job)
            if not self._registered:  # as late as possible: functions registered earlier run after the jobs
                self._registered = True
                atexit.register(self.wait)

    def discard(self, job: object) -> None:
        """`job` is paused or has ended. Does nothing for an unknown job."""
        with self._lock:
            self._jobs.discard(job)
            if not self._jobs:
                self._changed.notify_all()

    def wait(self) -> None:
        """Wait until no job is running."""
        with self._lock:
            while self._jobs:
                self._changed.wait()


EXIT_BARRIER = ExitBarrier()
"""One for the process, which exits once."""
