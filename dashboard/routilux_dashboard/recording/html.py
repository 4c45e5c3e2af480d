"""A recording as one HTML file: the job's page with the run inside, which needs no server.

The page (scripts, styles, fonts) is built once (`vite.recording.config.ts`). The run is inserted as compressed JSON, in
elements that browsers don't run. A content security policy in the page blocks all requests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..assets import built
from ..payloads.mask import NO_MASK, Mask
from ..protocol import Keyframe
from ..protocol.calls import HTML_LEAST, HTML_LIMIT
from ..segments.segment import Segment
from .content import RecordingBuilder
from .parts import Part, pack

LIMIT = HTML_LIMIT
"""Bytes that a file may have unless another limit is given."""
LEAST = HTML_LEAST
"""The lowest limit: the page itself and a job's figures take most of it."""
PAGE = "recording.html"
BREAK_SECONDS = 1.0
BREAKS = 4_096
_PLACE = b"<!--data-->"


class PageMissing(Exception):
    """The front end is not built; the message says what to do."""


def html_file(
    segments: Iterable[Segment],
    mask: Mask = NO_MASK,
    *,
    limit: int = LIMIT,
    missing: Iterable[str] = (),
    keyframe: Keyframe | None = None,
    last_sign_ns: int | None = None,
    dist: Path | None = None,
) -> Iterator[bytes]:
    """The file in pieces: the first one at once, the next ones when all segments have been read.

    Args:
        segments: those of one job, from the first one on.
        mask: its values are left out of the file.
        limit: bytes that the file may have. The page lists the rows that had no room.
        missing: sentences for the page about what the segments lack.
        keyframe: the job's final state, where it is known better than the segments tell.
        last_sign_ns: when a lost job's program was last in contact; the page then shows the job as lost.
        dist: the folder of the built front end.

    Raises:
        ValueError: there is no segment, or `limit` is less than 2 MB.
        PageMissing: the front end is not built.

    The job's figures are in every file, even if that exceeds `limit`. Takes the memory of the file's contents and of
    one segment.
    """
    if limit < LEAST:
        raise ValueError(f"limit={limit!r} bytes is too small for a page with a job in it; use at least {LEAST:,}")
    before, after = _page(dist or built())
    builder = RecordingBuilder(limit - len(before) - len(after) - BREAKS, mask)
    rest = iter(segments)
    first = next(rest, None)
    if first is None:
        raise ValueError("there is nothing to record: the job has no segment")
    builder.add(first)
    return _pieces(before, rest, builder, lambda: builder.parts(limit, missing, keyframe, last_sign_ns), after)


def _pieces(
    before: bytes, segments: Iterator[Segment], builder: RecordingBuilder, parts: Callable[[], list[Part]], after: bytes
) -> Iterator[bytes]:
    yield before
    last, breaks = time.monotonic(), 0
    for segment in segments:
        builder.add(segment)
        if time.monotonic() - last > BREAK_SECONDS and breaks < BREAKS:
            yield b"\n"  # has no meaning in the file, but keeps the connection from timing out
            last, breaks = time.monotonic(), breaks + 1
    for part in parts():
        yield part.element
    yield after


def _page(dist: Path) -> tuple[bytes, bytes]:
    """The page before and after the data. The licences of the page's libraries come before."""
    try:
        page = (dist / PAGE).read_bytes()
        licenses = (dist / "licenses.md").read_text(encoding="utf-8")
    except OSError:
        raise PageMissing(
            "The page for recordings is missing because the front end is not built. In a checkout, run "
            "`python -m tools.frontend`; an installed routilux-dashboard contains it, so reinstall it"
        ) from None
    before, _, after = page.partition(_PLACE)
    return before + Part("licenses", pack(licenses)).element, after
