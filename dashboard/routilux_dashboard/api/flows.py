"""Flows: what there is to run, and running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, url_for
from werkzeug.exceptions import MethodNotAllowed

from ..protocol import StartJob
from . import query
from .replies import body, reply

if TYPE_CHECKING:
    from .services import Services


def add(routes: Blueprint, services: Services) -> None:
    """Add the routes."""

    @routes.get("/flows")
    def flows() -> Response:
        query.only()
        monitor = services.monitor
        return services.native(lambda: {"flows": [monitor.definition(flow.flow_id) for flow in monitor.flows]})

    @routes.get("/flows/<path:flow_id>")
    def flow(flow_id: str) -> Response:
        query.only()
        services.flow(flow_id)
        return services.native(lambda: services.monitor.definition(flow_id))

    @routes.get("/flows/<path:flow_id>/jobs")
    def not_a_list(flow_id: str) -> Response:  # noqa: ARG001 - the route has it
        raise MethodNotAllowed(["POST"])

    @routes.post("/flows/<path:flow_id>/jobs")
    def start(flow_id: str) -> Response:
        wanted = body(StartJob)
        flow = services.flow(flow_id)
        like = services.job(wanted.again) if wanted.again is not None else None
        job_id = services.hub.run_native(lambda: services.controls.start(flow, wanted, like))
        view = services.job(job_id).view()
        return reply(view, 201, Location=url_for("api.job", job_id=job_id))
