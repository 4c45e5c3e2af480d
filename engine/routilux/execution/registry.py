"""The live jobs of a flow, and the hooks that every job of the flow gets."""

from __future__ import annotations

import threading
import weakref

from ..hooks import JobHook
from ..job_state import JobState
from ..status import PAUSED


class JobRegistry:
    """Jobs that have not ended. Running jobs are kept alive here; paused ones only by other references.

    `_lock` guards everything. A run calls `settle` and `reopen` under its own lock, together with the change of
    status, so that no thread sees one without the other; no user code is called with `_lock` held.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hooks: tuple[JobHook, ...] = ()
        self._live: dict[str, JobState] = {}
        self._paused: weakref.WeakValueDictionary[str, JobState] = weakref.WeakValueDictionary()

    def jobs(self) -> list[JobState]:
        """The jobs that have not ended."""
        with self._lock:
            return list((dict(self._paused.items()) | self._live).values())

    def add(self, job_state: JobState) -> None:
        """Register a job that begins and attach the hooks to it."""
        with self._lock:
            self._live[job_state.job_id] = job_state
            hooks = self._hooks
        for hook in hooks:
            job_state.add_hook(hook)

    def adopt(self, job_state: JobState) -> None:
        """Attach the hooks to a job that was loaded."""
        for hook in self._hooks:
            job_state.add_hook(hook)

    def settle(self, job_state: JobState) -> None:
        """The job is paused or has ended."""
        with self._lock:
            if job_state.status == PAUSED:
                self._paused[job_state.job_id] = job_state
            else:
                self._paused.pop(job_state.job_id, None)
            self._live.pop(job_state.job_id, None)

    def reopen(self, job_state: JobState) -> None:
        """The job continues."""
        with self._lock:
            self._live[job_state.job_id] = job_state
            self._paused.pop(job_state.job_id, None)

    def add_hook(self, hook: JobHook) -> None:
        """Attach `hook` to every job, those that run already included."""
        with self._lock:
            if any(known is hook for known in self._hooks):
                return
            self._hooks += (hook,)
        for job_state in self.jobs():
            job_state.add_hook(hook)

    def remove_hook(self, hook: JobHook) -> None:
        """Detach `hook` from every job."""
        with self._lock:
            self._hooks = tuple(known for known in self._hooks if known is not hook)
        for job_state in self.jobs():
            job_state.remove_hook(hook)
