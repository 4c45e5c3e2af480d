"""Recordings: a run taken away in one file, streamed, and one from elsewhere taken in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from flask import Response, request, url_for

from ..payloads.mask import Mask
from ..protocol import JobSummary
from ..recording import html, jsonl
from ..recording.film import Film
from ..recording.importing import import_recording
from ..server.gate import MORE_TIME
from .parameter import Names, Number
from .problems import Refused
from .replies import reply
from .route import Answer, Table

if TYPE_CHECKING:
    from .services import Services

TAG = "recordings"
JSON_LINES = "application/x-ndjson"
HTML = "text/html"
PIECE = 256 * 1024
PIECE_SECONDS = 120.0
"""How long one piece of a recording may take to be made."""
IMPORT_SECONDS = 1800.0
PROBLEMS = (404, 409, 503)
MOST = 1_000_000_000
MASK = Names("mask", "Hide the values of keys with one of these in their names, besides what the server hides.")
LIMIT = Number("limit", "Bytes that the file may have; it says what was left out.", html.LEAST, MOST, html.LIMIT)
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")


def add(table: Table, services: Services) -> None:
    """Add the rows."""

    @table.get("/jobs/<job_id>/recording.jsonl", TAG, Answer(media=JSON_LINES), query=(MASK,), problems=PROBLEMS)
    def recording_jsonl(job_id: str) -> Response:
        """A job as JSON lines, which another server takes in (`POST /recordings`); streamed."""
        return _file(services, job_id, "jsonl", JSON_LINES, _lines)

    @table.get("/jobs/<job_id>/recording.html", TAG, Answer(media=HTML), query=(MASK, LIMIT), problems=PROBLEMS)
    def recording_html(job_id: str) -> Response:
        """A job as one HTML file with graph, inspector and history, which needs no server and no network."""
        limit = LIMIT.read() or html.LIMIT
        return _file(services, job_id, "html", HTML, lambda found, mask: _page(found, mask, limit))

    @table.post(
        "/recordings", TAG, Answer(JobSummary, 201, headers=("Location",)), Answer(JobSummary, 200),
        problems=(409, 422, 503), body=str, body_media=JSON_LINES,
    )  # fmt: skip
    def take_recording() -> Response:
        """Take in a recording (JSON lines).

        201 and the job; 200 when the very same job is here already. It is read whole and found sound before anything
        of it is kept.
        """
        store = services.past.store()
        file: IO[bytes] = request.environ["wsgi.input"]
        pieces = iter(lambda: file.read(PIECE), b"")
        imported = services.hub.run_native(lambda: import_recording(pieces, store), IMPORT_SECONDS)
        job_id = imported.summary.job_id
        job = services.job(job_id)
        if imported.fresh:
            services.monitor.tell_of(job)
        status, place = 201 if imported.fresh else 200, url_for("api.job", job_id=job_id)
        return reply(job.summary, status, Location=place)


def _lines(recordable: Film, mask: Mask) -> Iterator[bytes]:
    if recordable.gaps:
        raise Refused(409, "Not complete", f"{recordable.gaps} The HTML file has what is there, and says so.")
    return jsonl.write(recordable.segments, mask)


def _page(recordable: Film, mask: Mask, limit: int) -> Iterator[bytes]:
    segments, keyframe, missing, _, last_sign_ns = recordable
    return html.html_file(segments, mask, limit=limit, missing=missing, keyframe=keyframe, last_sign_ns=last_sign_ns)


def _file(
    services: Services, job_id: str, suffix: str, media: str, make: Callable[[Film, Mask], Iterator[bytes]]
) -> Response:
    """The pieces that `make` gives, each made in a native thread when the one before has been sent."""
    job, hub, more_time = services.job(job_id), services.hub, request.environ.get(MORE_TIME, lambda: None)

    mask = Mask([*services.monitor.mask.names, *MASK.read_all()])

    def begin() -> tuple[Iterator[bytes], bytes]:
        pieces = make(services.past.recordable(job), mask)
        return pieces, next(pieces, b"")

    pieces, first = hub.run_native(begin, PIECE_SECONDS)  # what is wrong at the beginning can still be told

    def send() -> Iterator[bytes]:
        piece = first
        while piece:
            more_time()
            yield piece
            piece = hub.run_native(lambda: next(pieces, b""), PIECE_SECONDS)

    response = Response(send(), content_type=f"{media}; charset=utf-8" if media == HTML else media)
    name = _UNUSUAL.sub("-", f"{job.flow_id}-{job_id[:8]}").strip("-.") or "job"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    response.headers["Cache-Control"] = "no-store"
    return response
