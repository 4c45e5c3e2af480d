"""Pause, resume and cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from ..control import ACTIONS
from ..protocol import ControlRequest
from .replies import body, reply

if TYPE_CHECKING:
    from .services import Services


def add(routes: Blueprint, services: Services) -> None:
    """Add the routes."""

    @routes.post(f"/jobs/<job_id>/<any({', '.join(ACTIONS)}):action>")
    def control(job_id: str, action: str) -> Response:
        wanted = body(ControlRequest)
        job = services.job(job_id)
        by = f"dashboard ({request.remote_addr})"
        services.hub.run_native(lambda: services.controls.ask(job, action, wanted.reason, by))
        return reply(services.job(job_id).view().control, 202)
