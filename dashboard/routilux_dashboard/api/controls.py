"""Pause, resume, cancel and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from ..protocol import ACTIONS, Control, ControlRequest
from .replies import body, reply
from .route import Answer, Table, View

if TYPE_CHECKING:
    from .services import Services

_ABOUT = {
    "pause": "Let no further handler of the job start.\n\nIt is paused once those that run have returned.",
    "resume": "Go on with a paused job.\n\nWhat waited runs once, in its order.",
    "cancel": "Drop what waits, and tell running handlers to stop.",
    "step": "Let a paused job run the one handler that is next, and pause again.",
}


def add(table: Table, services: Services) -> None:
    """Add the rows."""
    for action in ACTIONS:
        row = table.post(
            f"/jobs/<job_id>/{action}", "controls", Answer(Control, 202),
            problems=(404, 409, 422, 503), body=ControlRequest, name=action,
        )  # fmt: skip
        row(_asking(services, action))


def _asking(services: Services, action: str) -> View:
    def control(job_id: str) -> Response:
        wanted = body(ControlRequest)
        job = services.job(job_id)
        by = f"dashboard ({request.remote_addr})"
        services.hub.run_native(lambda: services.controls.ask(job, action, wanted.reason, by))
        return reply(services.job(job_id).view().control, 202)

    control.__doc__ = _ABOUT[action] + " 409 says why it makes no sense now; asking twice asks once."
    return control
