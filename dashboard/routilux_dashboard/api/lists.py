"""What a job has kept: history, log and outputs by range; data, states, metrics and actions whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from . import query

if TYPE_CHECKING:
    from .services import Services

SHOWN, MOST = 100, 1000


def add(routes: Blueprint, services: Services) -> None:
    """Add the routes."""

    def ranged(job_id: str, what: str) -> Response:
        after, limit = wanted_range()
        read = getattr(services.job(job_id), what)
        return services.native(lambda: read(after, limit))

    @routes.get("/jobs/<job_id>/history")
    def history(job_id: str) -> Response:
        query.later("routine", "event", "q")
        return ranged(job_id, "history")

    @routes.get("/jobs/<job_id>/log")
    def log(job_id: str) -> Response:
        return ranged(job_id, "log")

    @routes.get("/jobs/<job_id>/outputs")
    def outputs(job_id: str) -> Response:
        return ranged(job_id, "outputs")

    @routes.get("/jobs/<job_id>/<any(data, states, metrics, actions):what>")
    def whole(job_id: str, what: str) -> Response:
        query.only()
        return services.native(getattr(services.job(job_id), what))


def wanted_range() -> tuple[int, int]:
    """`after` and `limit` of the query: rows `after + 1` to `after + limit`.

    `before` alone asks for the last rows before it; with `after`, for none from it on.
    """
    query.only("after", "before", "limit")
    limit = query.limit(SHOWN, MOST)
    before, after = query.number("before", least=1), query.number("after")
    if before is None:
        return after or 0, limit
    if after is None:
        after = max(before - 1 - limit, 0)
    return after, max(min(limit, before - 1 - after), 0)
