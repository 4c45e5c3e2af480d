"""A job's status and times, and waiting for them to change.

`Lifecycle` is shared by the `JobState` that users hold and the run that carries the job out. Its `lock` is the lock of
the job's journal; `changed` is a condition on it and is notified whenever the status or the run's state changes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from ..journal.entries import JournalEntry
from ..journal.journal import Journal
from ..status import ENDED_STATUSES, PENDING, SETTLED_STATUSES, check_transition
from ..threads.synchronization import StopEvent

ProgressCallback = Callable[[int, int, str], Any]
"""Called with (queue size, running handlers, status)."""

PROGRESS_SECONDS = 5.0

_log = logging.getLogger("routilux")


class Lifecycle:
    """Status and times of one job. Times are in nanoseconds since the epoch. Methods in `_locked` expect the lock."""

    __slots__ = (
        "_stop_event",
        "_stop_requested",
        "changed",
        "created_ns",
        "ended_ns",
        "journal",
        "status",
        "updated_ns",
    )

    def __init__(self, journal: Journal) -> None:
        self.journal: Journal = journal
        self.changed: threading.Condition = threading.Condition(journal.lock)
        self.status: str = PENDING
        self.created_ns: int = time.time_ns()
        self.updated_ns: int = self.created_ns
        self.ended_ns: int | None = None
        self._stop_event: StopEvent | None = None
        self._stop_requested = False

    def transition_locked(self, status: str, error: str | None = None) -> JournalEntry:
        """Change the status and return the entry to publish: the one place where a run's status changes."""
        previous, self.status = self.status, check_transition(self.status, status)
        self.updated_ns = time.time_ns()
        self.ended_ns = self.updated_ns if status in ENDED_STATUSES else None
        self.changed.notify_all()
        return self.journal.append_entry_locked(
            "status", None, {"status": status, "previous": previous, "error": error}
        )

    def set_status(self, status: str) -> None:
        """Set the status of a job that nothing runs."""
        with self.journal.lock:
            self.status = status
            self.changed.notify_all()

    def last_change_ns(self) -> int:
        """When the job last changed."""
        return max(self.updated_ns, self.journal.last_record_ns())

    @property
    def stop_event(self) -> StopEvent:
        """Set when running handlers should return. Made when it is first asked for: most jobs never need it."""
        with self.journal.lock:
            if self._stop_event is None:
                self._stop_event = StopEvent()
                if self._stop_requested:
                    self._stop_event.set()
            return self._stop_event

    def request_stop_locked(self) -> None:
        """Set the stop event."""
        self._stop_requested = True
        if self._stop_event is not None:
            self._stop_event.set()

    # -- waiting

    def wait_until_settled(
        self,
        timeout: float | None,
        progress: ProgressCallback | None = None,
        figures: Callable[[], tuple[int, int]] = lambda: (0, 0),
    ) -> bool:
        """Wait up to `timeout` seconds until the job is paused or has ended; return whether it is.

        `progress(queue size, running handlers, status)` is called every 5 seconds; `figures` gives the first two.
        """
        return self._wait(lambda: self.status in SETTLED_STATUSES, timeout, None, progress, figures)

    def wait_for_condition(
        self,
        condition: Callable[[], Any],
        timeout: float | None,
        interval: float,
        progress: ProgressCallback | None = None,
        figures: Callable[[], tuple[int, int]] = lambda: (0, 0),
    ) -> bool:
        """Evaluate `condition` every `interval` seconds and whenever the job changes, until it is true.

        Returns its last value when the job has ended or `timeout` seconds have passed.
        """
        met = False

        def is_over() -> bool:
            nonlocal met
            ended = self.status in ENDED_STATUSES
            met = _evaluate(condition)
            return met or ended

        self._wait(is_over, timeout, interval, progress, figures)
        return met

    def _wait(
        self,
        is_over: Callable[[], bool],
        timeout: float | None,
        interval: float | None,
        progress: ProgressCallback | None,
        figures: Callable[[], tuple[int, int]],
    ) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        reported = float("-inf")
        while True:
            status = self.status
            if is_over():
                return True
            now = time.monotonic()
            if deadline is not None and now >= deadline:
                return False
            if progress is not None and now - reported >= PROGRESS_SECONDS:
                reported = now
                progress(*figures(), status)
            limits = [interval, None if deadline is None else deadline - now, PROGRESS_SECONDS if progress else None]
            known = [limit for limit in limits if limit is not None and limit < threading.TIMEOUT_MAX]
            with self.journal.lock:
                if self.status == status:
                    self.changed.wait(min(known, default=None))


def _evaluate(condition: Callable[[], Any]) -> bool:
    try:
        return bool(condition())
    except Exception:
        _log.exception("A condition that is waited for raised; it counts as not met")
        return False
