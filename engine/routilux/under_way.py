"""The jobs that the engine's own threads work on: a program does not end before they are at rest."""

from __future__ import annotations

import atexit
import threading


class UnderWay:
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

    def begins(self, job: object) -> None:
        """A job goes on by itself from now on."""
        with self._lock:
            self._jobs.add(job)
            if not self._registered:  # as late as can be: what the program registered before runs after the jobs
                self._registered = True
                atexit.register(self.wait)

    def rests(self, job: object) -> None:
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


UNDER_WAY = UnderWay()
"""The process's own: the interpreter ends once."""
