"""Errors as RFC 9457 `application/problem+json`: what was wrong, and what to do."""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..flows.arguments import InvalidParameter
from ..jobs.history import NotRetained, StoreRequired
from ..jobs.job_search import BadCursor
from ..protocol import Problem
from ..recording.html import PageMissing
from ..recording.importing import JobDiffers
from ..recording.lines import InvalidRecording
from ..server.encoding import to_json
from ..server.hub import NotAnswered
from ..sources.local_commands import CannotStart, ControlRefused
from ..store import StoreFailed


class RequestError(Exception):
    """A request that is not served: the status, a title, and a sentence that says what to do."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem("about:blank", title, status, detail)


_OWN: dict[type[Exception], tuple[int, str, str]] = {
    ControlRefused: (409, "Not possible now", "Nothing was changed."),
    InvalidParameter: (422, "Cannot start", "Nothing was started."),
    CannotStart: (422, "Cannot start", "Nothing was started."),
    NotRetained: (404, "Not kept", "GET the job's history to see what is."),
    BadCursor: (400, "Bad cursor", "Nothing was read."),
    InvalidRecording: (422, "Not a recording", "Nothing of it was kept."),
    JobDiffers: (409, "Here already", "Nothing was changed."),
    PageMissing: (503, "The front end is not built", "The recording as JSON lines needs no page."),
    StoreRequired: (409, "Not kept", "Start the server with one: Dashboard(store=…), or --store."),
    StoreFailed: (503, "The store cannot be read", "Jobs in memory can be asked for all the same."),
    NotAnswered: (503, "The engine is busy", "What you asked for is still under way: look before asking again."),
}
"""What rooms below raise: the status, a title, and what follows what the error says."""
_AT_A_JOB = re.compile(r"/api/v\d+/jobs/[^/]+/(?P<part>.+)")
_OF_A_JOB = re.compile(r"/api/v\d+/jobs/<job_id>/(?P<part>[\w.]+)")


def problem_of(error: Exception, path: str) -> Problem:
    """What to tell the peer of an error that ended its request for `path`."""
    if isinstance(error, RequestError):
        return error.problem
    for kind, (status, title, outcome) in _OWN.items():
        if isinstance(error, kind):
            return Problem("about:blank", title, status, f"{_sentence(error)} {outcome}")
    title, status, detail = _of_http(error, path) if isinstance(error, HTTPException) else _fault(error)
    return Problem("about:blank", title, status, detail)


def _of_http(error: HTTPException, path: str) -> tuple[str, int, str]:
    match error:
        case MethodNotAllowed(valid_methods=methods):
            return "Wrong method", 405, f"{path} takes {', '.join(sorted(methods or ())) or 'another method'}."
        case HTTPException(code=404):
            return "Not found", 404, _nothing_at(path)
    status = error.code or 500
    return HTTPStatus(status).phrase, status, error.description or HTTPStatus(status).phrase


def _nothing_at(path: str) -> str:
    asked = _AT_A_JOB.fullmatch(path)
    if asked is None:
        return f"There is nothing at {path!r}. Jobs are at /jobs."
    what, method = ("control", "POST") if request.method == "POST" else ("part", "GET")
    rules = [rule for rule in current_app.url_map.iter_rules() if method in (rule.methods or ())]
    known = ", ".join(found["part"] for rule in rules if (found := _OF_A_JOB.fullmatch(rule.rule)))
    return f"There is no {what} {asked['part'][:200]!r} of a job; there are: {known or 'none'}."


def _fault(error: Exception) -> tuple[str, int, str]:
    detail = f"This is a fault of the dashboard ({type(error).__name__}); the program's log has the traceback."
    return "Fault in the dashboard", 500, detail


def problem_response(problem: Problem, error: Exception) -> Response:
    """The problem as JSON."""
    response = Response(to_json(problem), problem.status, content_type="application/problem+json")
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def _sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
