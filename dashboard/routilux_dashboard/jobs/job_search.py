"""Searching the list of jobs: what is wanted, which jobs are meant, and page after page of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ..protocol import JobSummary

Place = tuple[str, str]
"""Where a job stands in the list: when it was made (ISO), and its id."""


class BadCursor(ValueError):
    """A cursor that no page has given."""


class JobsWanted(NamedTuple):
    """At most `limit` jobs, newest first, of these statuses (none: all), of `flow`, with `q` in what names them.

    `after` is where the page before ended.
    """

    statuses: frozenset[str]
    flow: str | None
    q: str | None
    limit: int
    after: Place | None

    def matches(self, job: JobSummary) -> bool:
        """Whether a job is of the flow, and has the text."""
        return self.flow in (None, job.flow_id) and (not self.q or self.q.casefold() in searched_text(job))

    def shows(self, job: JobSummary) -> bool:
        """Whether a job that matches has one of the statuses, and comes after the page before."""
        in_place = self.after is None or place(job) < self.after
        return in_place and (not self.statuses or job.status in self.statuses)


def read_cursor(cursor: str | None) -> Place | None:
    """Where a cursor points; it says so by itself, and holds though jobs come and go."""
    if cursor is None:
        return None
    created_at, separator, job_id = cursor.rpartition("~")
    if not separator:
        raise BadCursor(f"cursor={cursor[:80]!r}: send what 'next' said, or leave it out.")
    return created_at.replace(" ", "+"), job_id  # a "+" that nobody escaped


def cursor_after(job: JobSummary) -> str:
    """The cursor of the page that follows on `job`."""
    return "~".join(place(job))


def place(job: JobSummary) -> Place:
    return job.created_at, job.job_id


def searched_text(job: JobSummary) -> str:
    """What is searched of a job, casefolded: its id, flow and error."""
    error = f"{job.error.error_type} {job.error.error}" if job.error else ""
    return f"{job.job_id} {job.flow_id} {error}".casefold()


def counted(jobs: Iterable[JobSummary]) -> Counter[str]:
    """How many jobs there are of each status."""
    return Counter(job.status for job in jobs)
