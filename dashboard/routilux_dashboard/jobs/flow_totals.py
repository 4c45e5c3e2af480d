"""What the jobs of each flow have done, added up, those that are not in memory any more included."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .job import JobSource

FLOWS = 500
"""Flows that are told apart; those after them are added up under `OTHERS`."""
OTHERS = "(others)"
RETURNING = 1_000
"""Jobs that went and are known still, should they be shown again."""


class FlowCounts(NamedTuple):
    """Events that were emitted, and handler runs by how they ended."""

    events: int = 0
    completed: int = 0
    errors: int = 0
    retries: int = 0

    def plus(self, other: FlowCounts) -> FlowCounts:
        return FlowCounts(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: FlowCounts) -> FlowCounts:
        return FlowCounts(*(a - b for a, b in zip(self, other, strict=True)))


class FlowTotals:
    """Sums by flow that only grow. `_lock` guards that a job is counted once: as one in memory, or as one that went.

    Bounded: 500 flows, and the newest thousand jobs that went.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone: dict[str, FlowCounts] = {}
        self._went: OrderedDict[str, tuple[str, FlowCounts]] = OrderedDict()

    def retire(self, jobs: Iterable[JobSource], forget: Callable[[], object]) -> None:
        """Count `jobs` as gone; `forget()` takes them from memory."""
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
        """The sums of what `jobs()` gives and of what is gone. A job that went and is shown again counts once."""
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
    """What a job has done so far."""
    view = job.view()
    routines = view.routines.values()
    return FlowCounts(
        view.counts.events,
        sum(figures.done for figures in routines),
        sum(figures.errors for figures in routines),
        sum(figures.retries for figures in routines),
    )
