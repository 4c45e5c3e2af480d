"""Read lists of jobs page by page, and find the job that the user named."""

from __future__ import annotations

from typing import Any

import msgspec

from .client import ServerClient, ServerError, in_path

SHORT = 8
"""Characters of a job's id shown in tables."""
_WHOLE = 36
"""Length of an id that the engine generates."""
_PAGE = 500
_MOST = 10_000
"""Jobs searched for a prefix of an id."""


class RawJobsPage(msgspec.Struct):
    """The response to `GET /jobs`, with undecoded jobs."""

    jobs: list[dict[str, Any]]
    next: str | None
    counts: dict[str, int]


def list_jobs(client: ServerClient, query: dict[str, str | None], limit: int) -> RawJobsPage:
    """Return the newest `limit` jobs that match `query`; `next` is set if there are more."""
    found = client.get_as(RawJobsPage, "/jobs", {**query, "limit": min(limit, _PAGE)})
    page = found
    while page.next is not None and page.jobs and len(found.jobs) < limit:
        wanted = min(limit - len(found.jobs), _PAGE)
        page = client.get_as(RawJobsPage, "/jobs", {**query, "limit": wanted, "cursor": page.next})
        found = RawJobsPage(found.jobs + page.jobs, page.next, found.counts)
    return found


def find_job(client: ServerClient, text: str) -> str:
    """Return the id of the job that `text` names: a complete id, or a prefix of exactly one.

    Raises `ServerError` if no job matches, or several do.
    """
    if len(text) == _WHOLE:
        return text
    ids = [str(job.get("job_id")) for job in list_jobs(client, {"q": text}, _MOST).jobs] if text else []
    found = [job_id for job_id in ids if job_id.startswith(text)]
    if text in found:
        return text
    if not found:
        raise ServerError(f"There is no job whose id begins with {text!r}; `routilux jobs` lists them.")
    if len(found) > 1:
        shown = ", ".join(found[:4]) + (", …" if len(found) > 4 else "")
        raise ServerError(f"{text!r} begins the ids of {len(found)} jobs: {shown}. Write more of it.")
    return found[0]


def path_of(job_id: str) -> str:
    """The REST path of a job."""
    return f"/jobs/{in_path(job_id)}"
