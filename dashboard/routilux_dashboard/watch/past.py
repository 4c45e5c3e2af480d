"""What was: lists, ranges and moments of jobs, wherever they are: in memory, in the store, or partly in both.

Everything here may wait for a disk: it is called in native threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from ..film.history_query import PAGE_LIMIT, HistoryQuery, text_in
from ..film.trail import Causes, Effects
from ..protocol import HistoryPage, JobSummary, LogPage, LogRow, OutputPage, OutputRow
from .held import Held
from .job_search import JobsWanted, counted, place
from .monitor import Monitor
from .shown import ShownJob
from .watched_job import WatchedJob

Row = TypeVar("Row", LogRow, OutputRow)
Found = TypeVar("Found", LogPage, OutputPage)


class NotKept(LookupError):
    """What is asked for is not there, or not any more; the message says why."""


class HasHistory(Protocol):
    """A job that the store answers for."""

    def history(self, query: HistoryQuery) -> HistoryPage: ...


class Past:
    """Answers that are the same wherever a job is. Holds nothing but where to ask."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    # -- the list

    def jobs(self, wanted: JobsWanted) -> tuple[list[JobSummary], bool, dict[str, int]]:
        """A page of jobs, whether there are more, and how many match by status."""
        found = [job for job in self._monitor.jobs_full().jobs if wanted.matches(job)]
        rows = sorted((job for job in found if wanted.shows(job)), key=place, reverse=True)
        return rows[: wanted.limit], len(rows) > wanted.limit, counted(found)

    # -- one job

    def history(self, job: ShownJob, query: HistoryQuery) -> HistoryPage:
        """The records that `query` asks for."""
        assert isinstance(job, WatchedJob)
        return _held(job).history(query)

    def causes(self, job: ShownJob, seq: int) -> Causes:
        """What led to a record. Raises `NotKept`."""
        assert isinstance(job, WatchedJob)
        return _kept(_held(job).causes(seq), seq)

    def effects(self, job: ShownJob, seq: int) -> Effects:
        """What a record led to at once. Raises `NotKept`."""
        assert isinstance(job, WatchedJob)
        return _kept(_held(job).effects(seq), seq)

    def log(self, job: ShownJob, query: HistoryQuery) -> LogPage:
        """Entries of the shared log: the range and the text of `query`."""
        page = job.log(0, 0)
        rows = _rows(lambda after, limit: job.log(after, limit).entries, page, query, lambda row: row.entry)
        return LogPage(rows, page.first, page.last, page.total)

    def outputs(self, job: ShownJob, query: HistoryQuery) -> OutputPage:
        """Outputs, as `log`."""
        page = job.outputs(0, 0)
        rows = _rows(lambda after, limit: job.outputs(after, limit).outputs, page, query, lambda row: row.data)
        return OutputPage(rows, page.first, page.last, page.total)


def _held(job: WatchedJob) -> Held:
    return Held(job.job_state, job.runs, job.mask)


T = TypeVar("T")


def _kept(found: T | None, seq: int) -> T:
    if found is None:
        raise NotKept(f"there is no record {seq} of this job, or none any more")
    return found


def _rows(
    read: Callable[[int, int], list[Row]], page: Found, query: HistoryQuery, shown: Callable[[Row], object]
) -> list[Row]:
    """The rows of a range that have the text: the first ones, or the last where `query` goes backwards."""
    low, high = max(query.first, page.first), min(query.last, page.last)
    has = text_in(query.q) if query.q else None
    limit = min(query.limit, PAGE_LIMIT)
    size = PAGE_LIMIT if has else limit
    found: list[Row] = []
    while low <= high and len(found) < limit:
        start = max(low, high - size + 1) if query.backwards else low
        stop = min(high, start + size - 1)
        rows = [row for row in read(start - 1, stop - start + 1) if start <= row.n <= stop]
        rows = [row for row in rows if has is None or has(msgspec.json.encode(shown(row)))]
        found = rows + found if query.backwards else found + rows
        low, high = (low, start - 1) if query.backwards else (stop + 1, high)
    return found[-limit:] if query.backwards else found[:limit]
