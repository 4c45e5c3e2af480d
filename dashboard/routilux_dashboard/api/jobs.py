"""Jobs: the list, newest first and page by page, and one whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

from flask import Blueprint, Response, request

from ..protocol import JobStatus, JobSummary
from . import query
from .problems import Refused
from .replies import reply

if TYPE_CHECKING:
    from .services import Services

SHOWN, MOST = 50, 500
STATUSES: tuple[str, ...] = get_args(JobStatus)


def add(routes: Blueprint, services: Services) -> None:
    """Add the routes."""

    @routes.get("/jobs")
    def jobs() -> Response:
        query.only("status", "flow", "q", "limit", "cursor")
        statuses = query.words("status", STATUSES)
        services.live.settle()
        found = matching(services.monitor.jobs_full().jobs, request.args.get("flow"), request.args.get("q", ""))
        counts = Counter[str](job.status for job in found)
        rows = [job for job in found if not statuses or job.status in statuses]
        shown, following = page(rows, query.limit(SHOWN, MOST), request.args.get("cursor"))
        return reply({"jobs": shown, "next": following, "counts": {status: counts[status] for status in STATUSES}})

    @routes.get("/jobs/<job_id>")
    def job(job_id: str) -> Response:
        query.only()
        return reply(services.job(job_id).view())


def matching(jobs: list[JobSummary], flow: str | None, text: str) -> list[JobSummary]:
    """Jobs of a flow whose id, flow or error has `text` in it; newest first."""
    wanted = text.casefold()
    found = [job for job in jobs if flow in (None, job.flow_id) and (not wanted or wanted in _words(job))]
    return sorted(found, key=_place, reverse=True)


def page(jobs: list[JobSummary], limit: int, cursor: str | None) -> tuple[list[JobSummary], str | None]:
    """At most `limit` jobs after the one that `cursor` names, and the next cursor.

    A cursor says where it stands by itself: it holds though jobs come and go.
    """
    if cursor is not None:
        created_at, separator, job_id = cursor.rpartition("~")
        if not separator:
            raise Refused(400, "Bad cursor", f"cursor={cursor[:80]!r}: send what 'next' said, or leave it out.")
        jobs = [job for job in jobs if _place(job) < (created_at, job_id)]
    shown = jobs[:limit]
    return shown, f"{shown[-1].created_at}~{shown[-1].job_id}" if len(jobs) > limit else None


def _place(job: JobSummary) -> tuple[str, str]:
    return job.created_at, job.job_id


def _words(job: JobSummary) -> str:
    error = f"{job.error.error_type} {job.error.error}" if job.error else ""
    return f"{job.job_id} {job.flow_id} {error}".casefold()
