"""Search the job list: filters, matching and cursors for paging. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ..protocol import JobSummary

Place = tuple[str, str]
"""A job's position in the list: its creation time (ISO) and its id."""


class BadCursor(ValueError):
    """A cursor that no page returned."""


class JobsWanted(NamedTuple):
    """Selects at most `limit` jobs, newest first, with one of `statuses` (empty: any), of `flow`, whose text has `q`.

    `after` is the end of the previous page.
    """

    statuses: frozenset[str]
    flow: str | None
    q: str | None
    limit: int
    after: Place | None

    def matches(self, job: JobSummary) -> bool:
        """Whether a job belongs to the flow and contains the text."""
        return self.flow in (None, job.flow_id) and (not self.q or self.q.casefold() in searched_text(job))

    def shows(self, job: JobSummary) -> bool:
        """Whether a matching job has one of the statuses and comes after the previous page."""
        in_place = self.after is None or place(job) < self.after
        return in_place and (not self.statuses or job.status in self.statuses)


def read_cursor(cursor: str | None) -> Place | None:
    """The position a cursor points to. Cursors are self-contained and stay valid as jobs come and go."""
    if cursor is None:
        return None
    created_at, separator, job_id = cursor.rpartition("~")
    if not separator:
        raise BadCursor(f"cursor={cursor[:80]!r}: send what 'next' said, or leave it out.")
    return created_at.replace(" ", "+"), job_id  # the client did not escape the "+"


def cursor_after(job: JobSummary) -> str:
    """The cursor of the page that starts after `job`."""
    return "~".join(place(job))


def place(job: JobSummary) -> Place:
    return job.created_at, job.job_id


def searched_text(job: JobSummary) -> str:
    """The searched text of a job, casefolded: its id, flow and error."""
    error = f"{job.error.error_type} {job.error.error}" if job.error else ""
    return f"{job.job_id} {job.flow_id} {error}".casefold()


def counted(jobs: Iterable[JobSummary]) -> Counter[str]:
    """The number of jobs by status."""
    return Counter(job.status for job in jobs)
