"""Forward a flow's events to an observer for as long as the observer exists."""

from __future__ import annotations

import weakref
from typing import Protocol

from routilux import JobHook, JobState, JournalEntry, JournalReader

from ..flows.local_flow import LocalFlow


class JobObserver(Protocol):
    """Receives a flow's events, in engine threads, so its methods must return at once."""

    def job_started(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None: ...

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None: ...

    def job_ended(self, job_state: JobState) -> None: ...


class FlowWatcher(JobHook):
    """Hooks a watcher to `flow` through a weak reference; once the watcher is gone, the hook removes itself.

    It does so at the next event rather than from the garbage collector, which may run in threads
    that hold locks.
    """

    def __init__(self, watcher: JobObserver, flow: LocalFlow) -> None:
        self.flow = flow
        self._watcher = weakref.ref(watcher)

    def attach(self) -> None:
        """Start receiving events of the flow's jobs, including those already running."""
        self.flow.flow.add_hook(self)

    def detach(self) -> None:
        """Stop receiving events."""
        self.flow.flow.remove_hook(self)

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        watcher = self._watcher()
        if watcher is None:
            self._leave(job_state)
        else:
            watcher.job_started(self, job_state, reader)

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        watcher = self._watcher()
        if watcher is None:
            self._leave(job_state)
        else:
            watcher.entry_added(job_state, entry)

    def job_ended(self, job_state: JobState) -> None:
        watcher = self._watcher()
        if watcher is None:
            self._leave(job_state)
        else:
            watcher.job_ended(job_state)

    def _leave(self, job_state: JobState) -> None:
        self.detach()
        job_state.remove_hook(self)  # an ended job is not among the flow's live jobs
