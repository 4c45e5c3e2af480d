"""A recording as one HTML file: the page of the job, with the run in it, for whoever has no server.

The page (scripts, styles, fonts) is built once (`vite.recording.config.ts`); the run is put into it as
compressed JSON in elements that no browser runs. A policy in the page lets no request leave it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..assets import built
from ..payloads.mask import NO_MASK, Mask
from ..protocol import Keyframe
from ..segments.segment import Segment
from .content import RecordingBuilder
from .parts import Part, pack

LIMIT = 25_000_000
"""Bytes of a file, unless another limit is given."""
LEAST = 2_000_000
"""The page itself and a job's figures take most of this."""
PAGE = "recording.html"
BREAK_SECONDS = 1.0
BREAKS = 4_096
_PLACE = b"<!--data-->"


class PageMissing(Exception):
    """The front end has not been built; the message says what to do."""


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
    """The file, piece by piece: the first at once, the next when all segments have been read.

    Args:
        segments: those of one job, from its first on.
        mask: hides what it names; the values are left out of the file.
        limit: bytes that the file may have. What is left out for it, the page says.
        missing: sentences on what the segments do not have, for the page to say too.
        keyframe: the job at its end, where somebody knows it better than its segments do.
        last_sign_ns: when its program was last heard of, of a job that is lost: the page shows it so.
        dist: the folder of the built front end.

    Raises:
        ValueError: there is no segment, or `limit` is less than 2 MB.
        PageMissing: the front end has not been built.

    The figures of the job are in every file, even if it becomes larger than `limit` by them. Memory: what
    goes into the file, and a segment.
    """
    if limit < LEAST:
        raise ValueError(f"limit={limit!r} bytes is too little for a page with a job in it; give at least {LEAST:,}")
    before, after = _page(dist or built())
    content = RecordingBuilder(limit - len(before) - len(after) - BREAKS, mask)
    rest = iter(segments)
    first = next(rest, None)
    if first is None:
        raise ValueError("there is nothing to record: the job has no segment")
    content.add(first)
    return _pieces(before, rest, content, lambda: content.parts(limit, missing, keyframe, last_sign_ns), after)


def _pieces(
    before: bytes, segments: Iterator[Segment], content: RecordingBuilder, parts: Callable[[], list[Part]], after: bytes
) -> Iterator[bytes]:
    yield before
    told, breaks = time.monotonic(), 0
    for segment in segments:
        content.add(segment)
        if time.monotonic() - told > BREAK_SECONDS and breaks < BREAKS:
            yield b"\n"  # means nothing in the file, but tells whoever waits that it is being made
            told, breaks = time.monotonic(), breaks + 1
    for part in parts():
        yield part.element
    yield after


def _page(dist: Path) -> tuple[bytes, bytes]:
    """What stands before the data and after them; the licences of what is in the page are before."""
    try:
        page = (dist / PAGE).read_bytes()
        licenses = (dist / "licenses.md").read_text(encoding="utf-8")
    except OSError:
        raise PageMissing(
            "The page of a recording is missing: the front end has not been built. In a checkout run "
            "`python -m tools.frontend`; an installed routilux-dashboard brings it along: install it anew"
        ) from None
    before, _, after = page.partition(_PLACE)
    return before + Part("licenses", pack(licenses)).element, after
