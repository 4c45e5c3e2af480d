"""What a hook may be told of a job, and how hooks are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .job_state import JobState
    from .journal.entries import JournalEntry
    from .journal.journal import JournalReader


class JobHook:
    """An observer of jobs; override what is needed.

    Called in the engine's threads: return at once, take no lock that the engine waits for, do no
    I/O. A hook that raises is logged and told nothing more of that job; the job does not notice.
    """

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        """`job_state` begins, or was under way when the hook was attached. `reader` takes its journal's tail."""

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        """Something rare happened in `job_state`, and `entry` tells what.

        A status, control, output, entry of the shared log, shared value, routine state, retry or error.
        """

    def job_ended(self, job_state: JobState) -> None:
        """`job_state` has completed, failed or been cancelled. (A paused job has not ended.)"""
