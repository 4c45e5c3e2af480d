"""What is safe between threads: a lock without convoy, a stop event, weak listeners, the wait at exit."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from contextlib import suppress
from threading import Lock
from typing import Protocol, TypeAlias

YIELDS = 50
"""Times to let others run before waiting longer; the holder needs one turn to come out."""


def acquire_spinning(lock: Lock) -> None:
    """Acquire `lock`, for a short critical section in a hot loop."""
    tries = 0
    while not lock.acquire(False):
        time.sleep(0 if tries < YIELDS else 0.0001)
        tries += 1


class StopEvent(threading.Event):
    """A `threading.Event`, of which `if` asks what `is_set` tells: any other one is always true.

    >>> sign = StopEvent()
    >>> before = bool(sign)
    >>> sign.set()
    >>> before, bool(sign)
    (False, True)
    """

    def __bool__(self) -> bool:
        return self.is_set()


class Listener(Protocol):
    """The plan of a flow that an event or slot is part of."""

    def structure_changed(self) -> None:
        """What it knows of the event or slot is not so any more."""


Listeners: TypeAlias = list[weakref.ref[Listener]]


def add_listener(listeners: Listeners, listener: weakref.ref[Listener]) -> None:
    """Tell `listener` from now on; once, however often it is added."""
    if listener in listeners:
        return
    for known in [known for known in listeners if known() is None]:
        with suppress(ValueError):  # another thread has removed it
            listeners.remove(known)
    listeners.append(listener)


def notify(listeners: Listeners) -> None:
    """Something has changed."""
    for known in list(listeners):
        listener = known()
        if listener is not None:
            listener.structure_changed()


class ExitBarrier:
    """A set of jobs and the wait for its being empty. `_lock` guards the set.

    The engine's threads are daemons, so that a handler that waits at a checkpoint of a paused job
    does not keep the program; at the interpreter's exit this waits instead for every job that is
    neither paused nor over, also one that has nothing for a thread just now (a retry is due, a
    function is carried).
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._jobs: set[object] = set()
        self._registered = False

    def add(self, job: object) -> None:
        """A job goes on by itself from now on."""
        with self._lock:
            self._jobs.add(job)
            if not self._registered:  # as late as can be: what the program registered before runs after the jobs
                self._registered = True
                atexit.register(self.wait)

    def discard(self, job: object) -> None:
        """It is paused or has ended; nothing happens when it never began here."""
        with self._lock:
            self._jobs.discard(job)
            if not self._jobs:
                self._changed.notify_all()

    def wait(self) -> None:
        """Wait until no job is under way."""
        with self._lock:
            while self._jobs:
                self._changed.wait()


EXIT_BARRIER = ExitBarrier()
"""The process's own: the interpreter ends once."""
