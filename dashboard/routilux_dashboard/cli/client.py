"""A REST client for the dashboard, with timeouts and errors that say what to do."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import click
import msgspec
import urllib3

from ..protocol import Problem
from ..version import __version__
from .plain import plain
from .usage import UsageProblem

S = TypeVar("S", bound=msgspec.Struct)
Query = Mapping[str, str | int | None]

API = "/api/v1"
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""Read timeout: the longest wait for the next byte of a response."""
STREAM_SECONDS = 180.0
"""Read timeout for streamed responses: the server may have to read a lot before the first byte."""
MOST_BYTES = 256 * 1024 * 1024
"""Limit on a response that is read whole; recordings are streamed."""
CHUNK = 64 * 1024
_AGAIN = urllib3.Retry(
    connect=2,
    read=1,
    redirect=False,
    other=0,
    status=2,
    status_forcelist=(502, 503, 504),
    allowed_methods=("GET",),
    backoff_factor=0.2,
    raise_on_status=False,
    respect_retry_after_header=False,
)


class ServerError(click.ClickException):
    """The server refused the request, or its response is invalid: one line on stderr, exit code 1."""

    exit_code = 1

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(plain(message))
        self.status = status


class Unreachable(click.ClickException):
    """The server does not respond, or its response breaks off: one line on stderr, exit code 4."""

    exit_code = 4


class Sent(Protocol):
    """A file to send. `size` is in bytes, or `None` if unknown."""

    size: int | None

    def read(self, size: int) -> bytes: ...


class ServerClient:
    """A client for the REST API of the dashboard at `server`, a URL. GET is retried after network errors and statuses
    502 to 504; requests that change something never are.

    Every call may raise `ServerError`, with the server's message, or `Unreachable`.
    """

    def __init__(self, server: str, token: str | None = None) -> None:
        self.server = server
        headers = {"User-Agent": f"routilux/{__version__}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._pool = urllib3.PoolManager(headers=headers)

    def get(self, path: str, query: Query | None = None) -> Any:
        """GET `path` and decode the JSON response. Members of `query` that are `None` are left out."""
        with self._asked("GET", path, query) as response:
            return self._json(response)

    def get_as(self, shape: type[S], path: str, query: Query | None = None) -> S:
        """GET `path` and convert the response to a wire shape."""
        return self.as_shape(shape, self.get(path, query))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST `body` and decode the JSON response."""
        with self._asked("POST", path, body=body) as response:
            return self._json(response)

    def send(self, path: str, file: Sent, media: str, seconds: float) -> tuple[int, Any]:
        """POST a file and return the response, within `seconds`: its status and the decoded JSON."""
        headers = {"Content-Type": media}
        if file.size is not None:
            headers["Content-Length"] = str(file.size)
        with self._asked("POST", path, body=file, headers=headers, seconds=seconds) as response:
            return response.status, self._json(response)

    @contextmanager
    def stream(self, path: str, query: Query | None = None) -> Iterator[tuple[int | None, Iterator[bytes]]]:
        """Stream a response: its length in bytes, or `None` if the server does not say, and its parts."""
        with self._asked("GET", path, query) as response:
            length = response.headers.get("Content-Length", "")
            yield int(length) if length.isascii() and length.isdigit() else None, self._parts(response)

    def as_shape(self, shape: type[S], found: Any) -> S:
        """Convert a decoded response to a wire shape."""
        try:
            return msgspec.convert(found, shape)
        except msgspec.ValidationError as error:
            raise ServerError(
                f"{self.server} answers something else than is known here ({error}); this is routilux {__version__}: "
                "is it a dashboard of the same version? --json prints what it says as it is."
            ) from None

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: dict[str, Any] | Sent | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self.server}{API}{path}" + (f"?{urlencode(given)}" if given else "")
        retries = _AGAIN if method == "GET" else False
        with self._told():
            sending = CONNECT_SECONDS if seconds is None else READ_SECONDS  # urllib3 also applies it to sending
            timeout = urllib3.Timeout(connect=sending, read=seconds or READ_SECONDS)
            sent: dict[str, Any] = {"json": body} if isinstance(body, dict) else {"body": body}
            if headers is not None:
                sent["headers"] = {**self._pool.headers, **headers}
            response = self._pool.request(
                method, url, **sent, timeout=timeout, retries=retries, redirect=False, preload_content=False
            )
        try:
            if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
                raise self._refusal(response, path)
            yield response
        finally:
            response.close()

    def _json(self, response: urllib3.BaseHTTPResponse) -> Any:
        content = self._whole(response)
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise ServerError(f"What answers at {self.server} is no dashboard: it sends no JSON.") from None

    def _whole(self, response: urllib3.BaseHTTPResponse) -> bytes:
        with self._told():
            content = response.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ServerError(f"{self.server} answers with more than {MOST_BYTES:,} bytes; ask for less.")
        return content

    def _parts(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        with self._told():
            yield from response.stream(CHUNK)

    def _refusal(self, response: urllib3.BaseHTTPResponse, path: str) -> ServerError:
        status = response.status
        if status < HTTPStatus.BAD_REQUEST:
            place = response.headers.get("Location", "elsewhere")
            return ServerError(f"{self.server} sends on to {place}; name that server (--server).", status)
        try:
            problem = msgspec.json.decode(self._whole(response), type=Problem)
        except msgspec.DecodeError:
            return ServerError(f"{self.server} answers {status} {response.reason or ''} to {API}{path}.", status)
        hint = " The token is taken from ROUTILUX_TOKEN." if status == HTTPStatus.UNAUTHORIZED else ""
        return ServerError(f"{problem.title} ({status}): {problem.detail}{hint}", status)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn network errors into messages that say what to do."""
        try:
            yield
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(
                f"{self.server} does not answer: {plain(why(error))}. "
                "Is a dashboard there? Another one is named with --server or ROUTILUX_SERVER."
            ) from error


def why(error: BaseException) -> str:
    """Describe the root cause of a network error in a few words."""
    causes = [error]
    while (below := causes[-1].__cause__ or getattr(causes[-1], "reason", None)) and isinstance(below, BaseException):
        causes.append(below)
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection ({cause.reason or cause})"
        if isinstance(cause, (TimeoutError, urllib3.exceptions.TimeoutError)):
            return "it takes too long"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    if any(isinstance(cause, urllib3.exceptions.ProtocolError) for cause in causes):
        return "the connection broke before the end"
    return str(causes[-1]) or type(causes[-1]).__name__


def server_url(text: str) -> str:
    """Turn the server that the user named into a base URL. Raises `UsageProblem`.

    >>> server_url("localhost:5000"), server_url("https://jobs.example/flows/")
    ('http://localhost:5000', 'https://jobs.example/flows')
    """
    wrong = UsageProblem(f"--server {text!r}: write a URL, such as http://127.0.0.1:5000")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise wrong from None
    if not fine or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise UsageProblem("--server: a user or password in the URL is not used; the token goes in ROUTILUX_TOKEN")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def token_of(text: str | None) -> str | None:
    """Check that a token fits in a header. Raises `UsageProblem`, which does not repeat the token."""
    token = (text or "").strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageProblem("ROUTILUX_TOKEN is no token: it has spaces or characters that no token has")
    return token or None


def in_path(text: str) -> str:
    """Quote an id for use as one path segment.

    >>> in_path("a/b c")
    'a%2Fb%20c'
    """
    return quote(text, safe="")
