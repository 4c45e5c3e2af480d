"""The gate in front of every request: the checks in `guard`, the body limit and the response headers."""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from ..protocol import Problem
from .encoding import to_json
from .guard import MAX_BODY, MAX_RECORDING, SECURITY_HEADERS, Denial, Names, content_security_policy, refuse_origin
from .tokens import Tokens

log = logging.getLogger("routilux_dashboard")

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

CLOSE = "routilux.close"
"""The key in the WSGI environment of the call that ends the connection after this response."""
MORE_TIME = "routilux.more_time"
"""The key of the call that restarts this request's time limit, for streamed bodies."""
STRANGER = "routilux.stranger"
"""The key that marks a client without the required token, which only learns whether the server is alive."""
FAULT = Denial(500, "Fault in the dashboard", "This is a fault of the dashboard; the program's log has the traceback.")
LIVENESS_PATH = "/api/v1/healthz"
UPLOAD_PATH = "/api/v1/recordings"
"""The only path that accepts a large body."""
UPLOAD_TYPES = ("application/x-ndjson", "application/jsonl", "application/octet-stream")
_FILE = "routilux.upload"
_READING = ("GET", "HEAD", "OPTIONS")
_READ_SIZE = 64 * 1024
_DISCARDED = 16 * MAX_BODY
"""Bytes to read and discard of an oversized body, so that its sender receives the response."""


class Gate:
    """WSGI middleware that passes on requests that `guard` accepts and that carry a token.

    Without `tokens`, no token is required.
    """

    def __init__(self, application: Application, names: Names, tokens: Tokens | None = None) -> None:
        self._application = application
        self._names = names
        self._tokens = tokens

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        refusal = self._names.refuse_host(host, environ.get("SERVER_NAME", "")) or _refuse_page(environ, host)
        if refusal is None and self._tokens is not None:
            admitted = self._tokens.admit(environ)
            if admitted is not None:
                return _go_to(*admitted, start_response)
            refusal = self._tokens.refuse(environ)
            if refusal is not None and _asks_for_life(environ):
                environ[STRANGER], refusal = True, None
        if refusal is None and environ["REQUEST_METHOD"] not in _READING:
            refusal = _take_body(environ)
        if refusal is not None:
            return _answer(refusal, environ, start_response)

        def start_guarded(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            guarded = [*headers, *SECURITY_HEADERS, ("Content-Security-Policy", content_security_policy(host))]
            return start_response(status, guarded, exc_info)

        try:
            return self._application(environ, start_guarded)
        except Exception:
            log.exception("A fault while answering %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return _answer(FAULT, environ, start_response)
        finally:
            if _FILE in environ:
                environ[_FILE].close()


def _asks_for_life(environ: Environ) -> bool:
    """Return whether this is a liveness probe; load balancers and containers have no token."""
    return environ["PATH_INFO"] == LIVENESS_PATH and environ["REQUEST_METHOD"] in ("GET", "HEAD")


def _go_to(place: str, cookie: str, start_response: Callable[..., Any]) -> list[bytes]:
    headers = [("Location", place), ("Set-Cookie", cookie), ("Content-Length", "0"), ("Cache-Control", "no-store")]
    start_response("303 See Other", [*headers, *SECURITY_HEADERS])
    return [b""]


def _refuse_page(environ: Environ, host: str) -> Denial | None:
    """Any page may read (the browser hides the response from it); websockets and changes need the same origin."""
    if environ["REQUEST_METHOD"] in _READING and "HTTP_UPGRADE" not in environ:
        return None
    return refuse_origin(environ.get("HTTP_ORIGIN"), host, environ.get("HTTP_SEC_FETCH_SITE"))


def _take_body(environ: Environ) -> Denial | None:
    """Read the whole body, so that nothing later waits for the peer. It must be small JSON, or a recording."""
    if environ["PATH_INFO"] == UPLOAD_PATH:
        return _take_file(environ)
    declared = int(environ.get("CONTENT_LENGTH") or 0)
    try:
        body = b"" if declared > MAX_BODY else environ["wsgi.input"].read(MAX_BODY + 1)
    except ValueError:
        return Denial(400, "Body not readable", "The body's chunks are not well formed; send it whole.")
    if max(declared, len(body)) > MAX_BODY:
        _discard(environ)
        return Denial(413, "Body too large", f"At most {MAX_BODY:,} bytes are read; send less.")
    if body and environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        given = environ.get("CONTENT_TYPE", "")[:200]
        return Denial(415, "Not JSON", f"The body is said to be {given!r}; send Content-Type: application/json.")
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return None


def _take_file(environ: Environ) -> Denial | None:
    """Read a recording into a file, for as long as data keeps arriving."""
    given = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if given not in UPLOAD_TYPES:
        wanted = f"send Content-Type: {UPLOAD_TYPES[0]}"
        return Denial(415, "Not JSON lines", f"The body is said to be {given[:200]!r}; {wanted}.")
    file = environ[_FILE] = tempfile.SpooledTemporaryFile(MAX_BODY)  # noqa: SIM115 - closed after the answer
    try:
        while piece := environ["wsgi.input"].read(_READ_SIZE):
            file.write(piece)
            environ.get(MORE_TIME, lambda: None)()
            if file.tell() > MAX_RECORDING:
                file.close()
                return Denial(413, "Recording too large", f"At most {MAX_RECORDING:,} bytes are read.")
    except ValueError:
        file.close()
        return Denial(400, "Body not readable", "The body's chunks are not well formed.")
    environ["CONTENT_LENGTH"] = str(file.tell())
    file.seek(0)
    environ["wsgi.input"] = file
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return None


def _discard(environ: Environ) -> None:
    left = _DISCARDED
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, _READ_SIZE))):
        left -= len(piece)


def _answer(refusal: Denial, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
    environ.get(CLOSE, lambda: None)()
    body = to_json(Problem("about:blank", refusal.title, refusal.status, refusal.detail))
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body))), *SECURITY_HEADERS]
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", 'Bearer realm="routilux"'))
    start_response(f"{refusal.status} {HTTPStatus(refusal.status).phrase}", headers)
    return [body]
