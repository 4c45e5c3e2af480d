"""The hooks of one job, and how they are called."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from ..hooks import JobHook

if TYPE_CHECKING:
    from ..job_state import JobState
    from ..journal.entries import JournalEntry
    from ..journal.journal import JournalReader


_log = logging.getLogger("routilux")


class _Seat:
    """A hook with its reader. `told`: it knows that the job has started, and may be told more."""

    __slots__ = ("hook", "reader", "told")

    def __init__(self, hook: JobHook, reader: JournalReader) -> None:
        self.hook = hook
        self.reader = reader
        self.told = False


class Hooks:
    """The hooks of one job. Telling them never raises; unattached it costs one look at an empty tuple.

    Each is told first that the job has started, and of each end once, whenever it is attached.
    `_lock` guards what is attached and whether the job has ended; nobody is told anything under it.
    """

    __slots__ = ("_ended", "_lock", "_seats")

    def __init__(self) -> None:
        self._seats: tuple[_Seat, ...] = ()
        self._ended = False
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self._seats)

    def attach(self, hook: JobHook, job_state: JobState, reader: JournalReader) -> None:
        """Tell `hook` of the job from now on. A hook that is attached already keeps the reader it has."""
        seat = _Seat(hook, reader)
        with self._lock:
            known = any(other.hook is hook for other in self._seats)
            if not known:
                self._seats += (seat,)
        if known:
            reader.close()
            return
        self._tell(seat, "job_started", job_state, reader)
        with self._lock:
            seat.told = True
            ended = self._ended
        if ended:
            self._tell(seat, "job_ended", job_state)

    def detach(self, hook: JobHook) -> None:
        """Tell `hook` nothing more and close its reader."""
        with self._lock:
            leaving = [seat for seat in self._seats if seat.hook is hook]
            self._seats = tuple(seat for seat in self._seats if seat.hook is not hook)
        for seat in leaving:
            seat.told = False
            seat.reader.close()

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        for seat in self._seats:
            if seat.told:
                self._tell(seat, "entry_added", job_state, entry)

    def job_ended(self, job_state: JobState) -> None:
        with self._lock:
            self._ended = True
            seats = [seat for seat in self._seats if seat.told]
        for seat in seats:
            self._tell(seat, "job_ended", job_state)

    def job_goes_on(self) -> None:
        """A job that had ended is paused."""
        with self._lock:
            self._ended = False

    def _tell(self, seat: _Seat, what: str, *args: object) -> None:
        try:
            getattr(seat.hook, what)(*args)
        except Exception:
            name = type(seat.hook).__name__
            _log.exception("The hook %s raised in %s and is told nothing more of this job", name, what)
            self.detach(seat.hook)
