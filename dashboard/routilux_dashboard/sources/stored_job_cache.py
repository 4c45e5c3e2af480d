"""Jobs that are only in the store, found by their ids; the newest that were asked for stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ..protocol import JobSummary
from ..store import Store
from .stored_source import StoredSource

KEPT = 32
"""Jobs that stay in memory: what is shown of each, and its figures."""


class StoredJobCache:
    """Finds jobs in a store. `_lock` guards the table of those in memory, and is held for a look only."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[object, StoredSource]] = OrderedDict()

    def find(self, job_id: str) -> StoredSource:
        """The job as it is now in the store. `LookupError` when it is not there; waits for the store (native threads).

        A job that has changed since it was found last is read anew.
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
        """The job, when it was found a while ago and is in memory still. Never waits."""
        with self._lock:
            known = self._known.get(job_id)
            return known[1] if known is not None else None

    def _forget(self, job_id: str) -> None:
        with self._lock:
            self._known.pop(job_id, None)


def _stamp(job: JobSummary) -> object:
    """What changes when anything of a job does."""
    return job.seq, job.status, job.updated_at, job.ended_at, job.last_sign, job.counts, job.control
