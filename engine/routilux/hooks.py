"""What a hook may be told of a job, and how hooks are called."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .job_state import JobState
    from .journal import JournalReader
    from .rows import JournalEntry

_log = logging.getLogger("routilux")


class JobHook:
    """An observer of jobs; override what is needed.

    Called in the engine's threads: return at once, take no lock that the engine waits for, do no
    I/O. A hook that raises is logged and told nothing more of that job; the job does not notice.
    """

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        """A job begins, or was already under way when the hook was attached. `reader` takes its journal's tail."""

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        """Something rare happened: status, control, output, shared log, shared data, routine state, retry, error."""

    def job_ended(self, job_state: JobState) -> None:
        """The job has completed, failed or been cancelled. (A paused job has not ended.)"""


class Hooks:
    """The hooks of one job. Telling them never raises; unattached it costs one look at an empty tuple."""

    __slots__ = ("_hooks",)

    def __init__(self) -> None:
        self._hooks: tuple[tuple[JobHook, JournalReader], ...] = ()

    def __contains__(self, hook: object) -> bool:
        return any(known is hook for known, _ in self._hooks)

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def attach(self, hook: JobHook, job_state: JobState, reader: JournalReader) -> None:
        self._hooks += ((hook, reader),)
        self._tell(hook, reader, "job_started", job_state, reader)

    def detach(self, hook: JobHook) -> None:
        for known, reader in self._hooks:
            if known is hook:
                reader.close()
        self._hooks = tuple(pair for pair in self._hooks if pair[0] is not hook)

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        for hook, reader in self._hooks:
            self._tell(hook, reader, "entry_added", job_state, entry)

    def job_ended(self, job_state: JobState) -> None:
        for hook, reader in self._hooks:
            self._tell(hook, reader, "job_ended", job_state)

    def _tell(self, hook: JobHook, reader: JournalReader, what: str, *args: object) -> None:
        try:
            getattr(hook, what)(*args)
        except Exception:
            _log.exception("The hook %s raised in %s and is told nothing more of this job", type(hook).__name__, what)
            self.detach(hook)
