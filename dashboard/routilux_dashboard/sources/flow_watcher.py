"""What a flow tells those who watch it, for as long as they are there."""

from __future__ import annotations

import weakref
from typing import Protocol

from routilux import JobHook, JobState, JournalEntry, JournalReader

from ..flows.local_flow import LocalFlow


class JobObserver(Protocol):
    """Who is told; in engine threads, so it must return at once."""

    def job_started(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None: ...

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None: ...

    def job_ended(self, job_state: JobState) -> None: ...


class FlowWatcher(JobHook):
    """Hooks a watcher to `flow`, and does not keep it: when nobody else has it, the hook leaves the flow.

    It does so the next time that it is told something, and not from the collector, which comes in
    threads that hold locks.
    """

    def __init__(self, watcher: JobObserver, flow: LocalFlow) -> None:
        self.flow = flow
        self._watcher = weakref.ref(watcher)

    def attach(self) -> None:
        """Be told of the flow's jobs, those under way too."""
        self.flow.flow.add_hook(self)

    def detach(self) -> None:
        """Be told nothing more."""
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
        job_state.remove_hook(self)  # one that has ended is not among the flow's live jobs
