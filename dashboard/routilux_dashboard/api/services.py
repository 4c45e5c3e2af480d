"""What the routes are served from, and finding what they were asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response

from ..jobs.controls import Controls
from ..jobs.history import Past
from ..jobs.job import ShownFlow, ShownJob
from ..jobs.job_table import Monitor
from ..live.live_server import Live
from ..server.encoding import to_json
from ..server.hub import Hub
from .problems import Refused
from .replies import encoded


@dataclass(frozen=True)
class Services:
    """The rooms of a running dashboard that requests need. All but `hub.run_native` are for the server's thread."""

    monitor: Monitor
    live: Live
    hub: Hub
    controls: Controls
    past: Past

    def flow(self, flow_id: str) -> ShownFlow:
        """The flow of that id; `Refused` (404) when there is none."""
        flows = self.monitor.shown_flows()
        if flow_id in flows:
            return flows[flow_id]
        known = ", ".join(map(repr, flows)) or "none"
        raise Refused(404, "Unknown flow", f"There is no flow {flow_id!r} here; there is {known}.")

    def job(self, job_id: str) -> ShownJob:
        """The job of that id, up to date; `Refused` (404) when there is none."""
        self.live.settle()
        if self.monitor.has(job_id):
            return self.monitor.job(job_id)
        try:
            return self.hub.run_native(lambda: self.past.find(job_id))
        except LookupError:
            raise Refused(
                404,
                "Unknown job",
                f"There is no job {job_id!r}; it may have been dropped. The list of jobs (/jobs) has what there is.",
            ) from None

    def native(self, read: Callable[[], Any]) -> Response:
        """What `read()` returns, as JSON; read and encoded in a native thread, while others are served."""
        return encoded(self.hub.run_native(lambda: to_json(read())))
