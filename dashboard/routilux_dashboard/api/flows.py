"""Flows: what there is to run, and running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, url_for

from ..protocol import FlowDefinition, Job, StartJob
from .replies import body, reply
from .route import Answer, Table
from .shapes import FlowList

if TYPE_CHECKING:
    from .services import Services

TAG = "flows"


def add(table: Table, services: Services) -> None:
    """Add the rows."""

    @table.get("/flows", TAG, Answer(FlowList), problems=(503,))
    def flows() -> Response:
        """The flows that can be run and watched here."""
        monitor = services.monitor
        return services.native(lambda: FlowList([flow.definition() for flow in monitor.shown_flows().values()]))

    @table.get("/flows/<path:flow_id>", TAG, Answer(FlowDefinition), problems=(404, 503))
    def flow(flow_id: str) -> Response:
        """The structure of a flow, and what its entries take."""
        services.flow(flow_id)
        return services.native(lambda: services.monitor.definition(flow_id))

    @table.post(
        "/flows/<path:flow_id>/jobs", TAG, Answer(Job, 201, headers=("Location",)),
        problems=(404, 409, 422, 503), body=StartJob,
    )  # fmt: skip
    def start(flow_id: str) -> Response:
        """Start a job.

        `entry` may be left out where the flow has one only. `again` alone starts with what another job was
        started with.
        """
        wanted = body(StartJob)
        flow = services.flow(flow_id)
        like = services.job(wanted.again) if wanted.again is not None else None
        job_id = services.hub.run_native(lambda: services.controls.start(flow, wanted, like))
        view = services.job(job_id).view()
        return reply(view, 201, Location=url_for("api.job", job_id=job_id))

    table.wrong_method("/flows/<path:flow_id>/jobs", "POST")
