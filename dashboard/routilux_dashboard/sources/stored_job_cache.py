"""Look up jobs that are only in the store; the most recently requested stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ..protocol import JobSummary
from ..store import Store
from .stored_source import StoredSource

KEPT = 32
"""Jobs that stay in memory, each with its displayed state and its figures."""


class StoredJobCache:
    """Finds jobs in a store. `_lock` guards the table of jobs in memory and is held only for lookups."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[object, StoredSource]] = OrderedDict()

    def find(self, job_id: str) -> StoredSource:
        """The job as it is now in the store; waits for the store (native threads). Raises `LookupError` if unknown.

        A job that has changed since the last lookup is read again.
        """
        try:
            stamp = _stamp(self.store.summary(job_id))
        except LookupError:
            self._forget(job_id)
            raise
        with self._lock:
            known = self._known.get(job_id)
        if known is not None and known[0] == stamp:
            return known[1]
        found = StoredSource(self.store.playback(job_id), self.store)
        with self._lock:
            self._known[job_id] = (stamp, found)
            self._known.move_to_end(job_id)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

    def known(self, job_id: str) -> StoredSource | None:
        """The job if it was found earlier and is still in memory, else `None`. Never waits."""
        with self._lock:
            known = self._known.get(job_id)
            return known[1] if known is not None else None

    def _forget(self, job_id: str) -> None:
        with self._lock:
            self._known.pop(job_id, None)


def _stamp(job: JobSummary) -> object:
    """A value that changes whenever the job does."""
    return job.seq, job.status, job.updated_at, job.ended_at, job.last_sign, job.counts, job.control
