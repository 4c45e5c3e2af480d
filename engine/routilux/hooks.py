"""Observing jobs: the interface that a hook implements."""

from __future__ import annotations

from .job_state import JobState
from .journal.entries import JournalEntry
from .journal.journal import JournalReader


class JobHook:
    """An observer of jobs; override the methods that you need.

    Called in the engine's threads: return at once, take no lock that the engine waits for, do no
    I/O. A hook that raises is logged and not called again for that job; the job is not affected.
    """

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        """`job_state` begins, or was running when the hook was attached. `reader` takes the tail of its journal."""

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        """Something rare happened in `job_state`, described by `entry`.

        A status, control, output, entry of the shared log, shared value, routine state, retry or error.
        """

    def job_ended(self, job_state: JobState) -> None:
        """`job_state` has completed, failed or been cancelled. (A paused job has not ended.)"""
