"""Jobs: the list, newest first and page by page, and one whole, as it is or as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from ..jobs.job_search import JobsWanted, cursor_after, read_cursor
from ..protocol import JOB_STATUSES, Job, JobSummary, StoreHealth
from .parameter import Number, Text, Words
from .replies import reply
from .route import Answer, Table
from .shapes import JobsPage

if TYPE_CHECKING:
    from .services import Services

TAG = "jobs"
STATUS = Words("status", "Only jobs of these statuses.", JOB_STATUSES)
FLOW = Text("flow", "Only jobs of the flow with this id.")
Q = Text("q", "Only jobs with this text in their id, flow, or error; case does not matter.")
LIMIT = Number("limit", "How many jobs at most.", least=1, most=500, default=50)
CURSOR = Text("cursor", "What `next` of the page before said.", pattern="~")


def add(table: Table, services: Services) -> None:
    """Add the rows."""

    @table.get("/jobs", TAG, Answer(JobsPage), query=(STATUS, FLOW, Q, LIMIT, CURSOR), problems=(503,))
    def jobs() -> Response:
        """Jobs, newest first and page by page.

        A cursor says where it stands by itself: it holds though jobs come and go.
        """
        after = read_cursor(CURSOR.given)
        wanted = JobsWanted(frozenset(STATUS.read_all()), FLOW.read(), Q.read(), LIMIT.read() or 50, after)
        services.live.settle()
        store = services.monitor.store_health()
        return services.native(lambda: _page(*services.past.jobs(wanted), store))

    @table.get("/jobs/<job_id>", TAG, Answer(Job), problems=(404, 503))
    def job(job_id: str) -> Response:
        """The whole of a job but its history."""
        return reply(services.job(job_id).view())


def _page(jobs: list[JobSummary], more: bool, counts: dict[str, int], store: StoreHealth) -> JobsPage:
    following = cursor_after(jobs[-1]) if more and jobs else None
    return JobsPage(jobs, following, {status: counts.get(status, 0) for status in JOB_STATUSES}, store)
