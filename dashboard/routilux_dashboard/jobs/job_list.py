"""The job list: its full state, its changes and the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from ..fold.counters import ACTIVITY_SECONDS
from ..protocol import NO_STORE, Jobs, StoreHealth
from ..times import MILLISECOND, SECOND, milliseconds
from .job import JobSource

INTERVAL_NS = 250 * MILLISECOND
"""Minimum time between messages: at most four a second."""
_SILENCE = [0] * ACTIVITY_SECONDS


class JobList:
    """Collects the changes since the last message. Used by the pump's thread only, except `full`.

    `jobs` returns all jobs in memory, newest first; `store` returns the health of the store.
    Bounded by the jobs in memory and those removed within the last quarter of a second.
    """

    def __init__(
        self,
        jobs: Callable[[], list[JobSource]],
        flow_ids: Callable[[], list[str]],
        store: Callable[[], StoreHealth],
    ) -> None:
        self._jobs = jobs
        self._flow_ids = flow_ids
        self._store = store
        self._health = NO_STORE
        self._changed: dict[str, JobSource] = {}
        self._removed: list[str] = []
        self._active: dict[str, tuple[JobSource, int]] = {}
        self._sums: tuple[float, list[int]] = (0.0, _SILENCE)
        self._flows: list[str] = []
        self._due = 0

    @property
    def may_change(self) -> bool:
        """Whether a message is held back, or the totals have yet to fade."""
        return bool(self._changed or self._removed or any(self._sums[1]) or self._sums[0])

    def changed(self, job: JobSource, now_ns: int) -> None:
        """Note a new frame of this job."""
        self._changed[job.job_id] = job
        self._active[job.job_id] = (job, now_ns)

    def removed(self, job_ids: Iterable[str]) -> None:
        """Note that these jobs are no longer in memory."""
        for job_id in job_ids:
            self._removed.append(job_id)
            self._changed.pop(job_id, None)
            self._active.pop(job_id, None)

    def message(self, now_ns: int) -> Jobs | None:
        """The changes, or `None` if there are none or the last message was too recent."""
        if now_ns < self._due:
            return None
        sums, flows, health = self._add_up(now_ns), self._flow_ids(), self._store()
        same = (sums, flows, health) == (self._sums, self._flows, self._health)
        if same and not self._changed and not self._removed:
            return None
        self._due = now_ns + INTERVAL_NS
        self._sums, self._flows, self._health = sums, flows, health
        changed, self._changed = self._changed, {}
        removed, self._removed = self._removed, []
        return self._make(now_ns, list(changed.values()), removed, full=False)

    def full(self, now_ns: int) -> Jobs:
        """The whole list (any thread)."""
        jobs = sorted(self._jobs(), key=lambda job: job.summary.created_at, reverse=True)
        return self._make(now_ns, jobs, [], full=True)

    def _make(self, now_ns: int, jobs: list[JobSource], removed: list[str], *, full: bool) -> Jobs:
        rate, activity = self._sums
        return Jobs(
            at=milliseconds(now_ns),
            full=full,
            jobs=[job.summary for job in jobs],
            removed=removed,
            counts=dict(Counter(job.summary.status for job in self._jobs())),
            rate=rate,
            activity=activity,
            flows=self._flow_ids(),
            store=self._store(),
        )

    def _add_up(self, now_ns: int) -> tuple[float, list[int]]:
        """The summed rate and activity of all jobs that were active within the last 20 seconds."""
        oldest = now_ns - (ACTIVITY_SECONDS + 1) * SECOND
        self._active = {key: pair for key, pair in self._active.items() if pair[1] >= oldest}
        if not self._active:
            return 0.0, _SILENCE
        rows = [job.activity(now_ns) for job, _ in self._active.values()]
        rate = sum(job.summary.rate for job, _ in self._active.values())
        return round(rate, 1), [sum(column) for column in zip(*rows, strict=True)]
