"""Recordings: a run taken away in one file, streamed, and one from elsewhere taken in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import IO

from flask import Response, request, url_for

from ..payloads.mask import Mask
from ..protocol import calls
from ..recording import html, jsonl
from ..recording.film import Film
from ..recording.importing import import_recording
from ..server.gate import MORE_TIME
from .problems import RequestError
from .services import Services, reply

PIECE = 256 * 1024
PIECE_SECONDS = 120.0
"""How long one piece of a recording may take to be made."""
IMPORT_SECONDS = 1800.0
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")


def recording_jsonl(services: Services, call: calls.GetRecording) -> Response:
    return _file(services, call, "jsonl", calls.JSON_LINES, _lines)


def recording_html(services: Services, call: calls.GetRecordingPage) -> Response:
    return _file(
        services, call, "html", f"{calls.HTML}; charset=utf-8", lambda film, mask: _page(film, mask, call.limit)
    )


def take_recording(services: Services, _call: calls.PostRecording) -> Response:
    """Import the body as it arrives: it may be larger than memory."""
    store = services.past.store()
    file: IO[bytes] = request.environ["wsgi.input"]
    pieces = iter(lambda: file.read(PIECE), b"")
    imported = services.hub.run_native(lambda: import_recording(pieces, store), IMPORT_SECONDS)
    job_id = imported.summary.job_id
    job = services.job(job_id)
    if imported.fresh:
        services.job_table.announce(job)
    return reply(job.summary, 201 if imported.fresh else 200, Location=url_for("api.job", job_id=job_id))


def _lines(film: Film, mask: Mask) -> Iterator[bytes]:
    if film.gaps:
        raise RequestError(409, "Not complete", f"{film.gaps} The HTML file has what is there, and says so.")
    return jsonl.write(film.segments, mask)


def _page(film: Film, mask: Mask, limit: int) -> Iterator[bytes]:
    segments, keyframe, missing, _, last_sign_ns = film
    return html.html_file(segments, mask, limit=limit, missing=missing, keyframe=keyframe, last_sign_ns=last_sign_ns)


def _file(
    services: Services,
    call: calls.GetRecording | calls.GetRecordingPage,
    suffix: str,
    content_type: str,
    make: Callable[[Film, Mask], Iterator[bytes]],
) -> Response:
    """Stream what `make` yields; each piece is made on a worker thread once the one before has been sent."""
    job, hub, more_time = services.job(call.job_id), services.hub, request.environ.get(MORE_TIME, lambda: None)
    names = [name for text in call.mask for word in text.split(",") if (name := word.strip())]
    mask = Mask([*services.job_table.mask.names, *names])

    def begin() -> tuple[Iterator[bytes], bytes]:
        pieces = make(services.past.recordable(job), mask)
        return pieces, next(pieces, b"")

    pieces, first = hub.run_native(begin, PIECE_SECONDS)  # an error in the first piece still becomes a problem reply

    def send() -> Iterator[bytes]:
        piece = first
        while piece:
            more_time()
            yield piece
            piece = hub.run_native(lambda: next(pieces, b""), PIECE_SECONDS)

    response = Response(send(), content_type=content_type)
    name = _UNUSUAL.sub("-", f"{job.flow_id}-{call.job_id[:8]}").strip("-.") or "job"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    response.headers["Cache-Control"] = "no-store"
    return response
