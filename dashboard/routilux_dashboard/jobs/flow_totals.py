"""Per-flow totals over all jobs, including those no longer in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .job import JobSource

FLOWS = 500
"""Flows counted separately; any further ones are counted together under `OTHERS`."""
OTHERS = "(others)"
RETURNING = 1_000
"""Evicted jobs that are remembered in case they are shown again."""


class FlowCounts(NamedTuple):
    """Emitted events, and handler runs by outcome."""

    events: int = 0
    completed: int = 0
    errors: int = 0
    retries: int = 0

    def plus(self, other: FlowCounts) -> FlowCounts:
        return FlowCounts(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: FlowCounts) -> FlowCounts:
        return FlowCounts(*(a - b for a, b in zip(self, other, strict=True)))


class FlowTotals:
    """Totals by flow, which only grow. `_lock` ensures that a job is counted once: as in memory or as evicted.

    Bounded: 500 flows, and the newest thousand evicted jobs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone: dict[str, FlowCounts] = {}
        self._went: OrderedDict[str, tuple[str, FlowCounts]] = OrderedDict()

    def retire(self, jobs: Iterable[JobSource], forget: Callable[[], object]) -> None:
        """Count `jobs` as evicted; `forget()` removes them from memory."""
        figures = [(job.job_id, job.flow_id, done_by(job)) for job in jobs]
        with self._lock:
            forget()
            for job_id, flow_id, done in figures:
                key = self._key(flow_id)
                self._gone[key] = self._gone.get(key, FlowCounts()).plus(done)
                self._went[job_id] = (key, done)
            while len(self._went) > RETURNING:
                self._went.popitem(last=False)

    def by_flow(self, jobs: Callable[[], list[JobSource]]) -> dict[str, FlowCounts]:
        """The totals over `jobs()` and the evicted jobs. An evicted job that is shown again counts once."""
        with self._lock:
            present, sums, went = jobs(), dict(self._gone), dict(self._went)
        for job in present:
            if job.job_id in went:
                key, done = went[job.job_id]
                sums[key] = sums[key].minus(done)
            key = job.flow_id if job.flow_id in sums or len(sums) < FLOWS else OTHERS
            sums[key] = sums.get(key, FlowCounts()).plus(done_by(job))
        return sums

    def _key(self, flow_id: str) -> str:
        return flow_id if flow_id in self._gone or len(self._gone) < FLOWS else OTHERS


def done_by(job: JobSource) -> FlowCounts:
    """The counts of a job so far."""
    view = job.view()
    routines = view.routines.values()
    return FlowCounts(
        view.counts.events,
        sum(figures.done for figures in routines),
        sum(figures.errors for figures in routines),
        sum(figures.retries for figures in routines),
    )
