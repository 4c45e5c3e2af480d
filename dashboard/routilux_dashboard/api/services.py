"""What the routes are served from, and finding what they were asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response

from ..jobs.controls import JobControls
from ..jobs.history import Past
from ..jobs.job import JobSource, StartableFlow
from ..jobs.job_table import JobTable
from ..live.live_server import Live
from ..server.encoding import to_json
from ..server.hub import Hub
from .problems import RequestError


@dataclass(frozen=True)
class Services:
    """The rooms of a running dashboard that requests need. All but `hub.run_native` are for the server's thread."""

    job_table: JobTable
    live: Live
    hub: Hub
    controls: JobControls
    past: Past

    def flow(self, flow_id: str) -> StartableFlow:
        """The flow of that id; `RequestError` (404) when there is none."""
        flows = self.job_table.flows_by_id()
        if flow_id in flows:
            return flows[flow_id]
        known = ", ".join(map(repr, flows)) or "none"
        raise RequestError(404, "Unknown flow", f"There is no flow {flow_id!r} here; there is {known}.")

    def job(self, job_id: str) -> JobSource:
        """The job of that id, up to date; `RequestError` (404) when there is none."""
        self.live.settle()
        if self.job_table.has(job_id):
            return self.job_table.job(job_id)
        try:
            return self.hub.run_native(lambda: self.past.find(job_id))
        except LookupError:
            raise RequestError(
                404,
                "Unknown job",
                f"There is no job {job_id!r}; it may have been dropped. The list of jobs (/jobs) has what there is.",
            ) from None

    def in_worker(self, read: Callable[[], Any]) -> Response:
        """The result of `read()` as JSON, read and encoded on a worker thread so that others are served meanwhile."""
        return encoded(self.hub.run_native(lambda: to_json(read())))


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """`value` as JSON."""
    return encoded(to_json(value), status, **headers)


def encoded(json: bytes, status: int = 200, **headers: str) -> Response:
    """A JSON response that isn't cached."""
    response = Response(json, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    for name, text in headers.items():
        response.headers[name] = text
    return response
