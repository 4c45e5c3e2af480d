"""What a recording of a job is made of, wherever the job is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..protocol import Keyframe
from ..segments.segment import Segment


class Film(NamedTuple):
    """A job that can be recorded.

    Attributes:
        segments: from the first on; iterate once.
        keyframe: the job at its end, where somebody knows it better than its segments do.
        missing: sentences on what the segments do not have.
        gaps: why its figures do not follow from its segments, so that it cannot be JSON lines; empty when they do.
        last_sign_ns: when its program was last heard of, of a job that is lost.
    """

    segments: Iterable[Segment]
    keyframe: Keyframe | None = None
    missing: tuple[str, ...] = ()
    gaps: str = ""
    last_sign_ns: int | None = None
