"""REST under `/api/v1`: everything that the pages can do, for programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from ..protocol import calls
from ..protocol.call import Call
from ..server.encoding import to_json
from ..version import __version__
from . import about, flows, jobs, recordings, rows
from .openapi import document
from .parsing import parse
from .services import Services, encoded

PREFIX = "/api/v1"

Handler = Callable[[Services, Any], Response]


def openapi(_services: Services, _call: calls.GetOpenApi) -> Response:
    """Serve the OpenAPI document, which doesn't change."""
    return encoded(_document())


HANDLERS: dict[type[Call[Any]], Handler] = {
    calls.GetFlows: flows.flows,
    calls.GetFlow: flows.flow,
    calls.PostJob: flows.start,
    calls.GetJobs: jobs.jobs,
    calls.GetJob: jobs.job,
    calls.GetHistory: rows.history,
    calls.GetLog: rows.log,
    calls.GetOutputs: rows.outputs,
    calls.GetData: rows.data,
    calls.GetStates: rows.states,
    calls.GetMetrics: rows.metrics,
    calls.GetActions: rows.actions,
    calls.GetCauses: rows.causes,
    calls.GetEffects: rows.effects,
    calls.GetJobAt: rows.at,
    calls.Pause: jobs.pause,
    calls.Resume: jobs.resume,
    calls.Step: jobs.step,
    calls.Cancel: jobs.cancel,
    calls.GetRecording: recordings.recording_jsonl,
    calls.GetRecordingPage: recordings.recording_html,
    calls.PostRecording: recordings.take_recording,
    calls.GetHealth: about.healthz,
    calls.GetOpenApi: openapi,
    calls.GetDocs: about.docs,
}
"""Every call and the function that serves it. The function's name is the call's `operationId`."""

CONVERTERS = {"flow_id": "path:", "seq": "int:"}
"""How Flask matches names in paths; by default anything without a slash."""


def blueprint(services: Services) -> Blueprint:
    """The routes, served from `services`."""
    routes = Blueprint("api", __name__, url_prefix=PREFIX)
    for call, handler in HANDLERS.items():
        routes.add_url_rule(
            rule(call), handler.__name__, _view(services, call, handler), methods=[call.endpoint.method]
        )
    jobs_of_flow = rule(calls.PostJob)
    routes.add_url_rule(jobs_of_flow, f"not {jobs_of_flow}", _post_only, methods=["GET"])
    return routes


@cache
def _document() -> bytes:
    names = {call: handler.__name__ for call, handler in HANDLERS.items()}
    return to_json(document(names, __version__, PREFIX))


def rule(call: type[Call[Any]]) -> str:
    """The path of a call as Flask writes it."""
    path = call.endpoint.path
    for name in call.endpoint.places:
        path = path.replace(f"{{{name}}}", f"<{CONVERTERS.get(name, '')}{name}>")
    return path


def _view(services: Services, call: type[Call[Any]], handler: Handler) -> Callable[..., Response]:
    return lambda **places: handler(services, parse(call, places, request))


def _post_only(**_places: str) -> Response:
    """`GET /flows/{flow_id}` would match this path as well: a flow's id may have slashes."""
    raise MethodNotAllowed(["POST"])
