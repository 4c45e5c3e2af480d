"""Everything that an HTML recording holds, collected segment by segment, and brought to the size that it may have."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from ..fold.playback import Playback
from ..payloads.mask import NO_MASK, Mask
from ..protocol import Keyframe
from ..segments.segment import Segment
from ..times import iso, milliseconds
from .film_parts import FilmParts
from .masked import masked, masked_keyframe
from .parts import Part, PartList, pack
from .row_parts import NumberedRows, RecordRows
from .write_lines import MADE_BY

FORMAT = 1
"""Of the parts; the page in the file knows this one."""
FILM_SHARE = 0.3
"""Of the room, for moments at most: rows say more."""


class LeftOut(msgspec.Struct):
    """What the file would have been too large with: rows `first` to `last`, `count` that the job had of them."""

    what: str
    first: int
    last: int
    count: int


class About(msgspec.Struct):
    """What the recording says of itself. `limit`: bytes; `missing`: sentences."""

    format: int
    made_by: str
    made_at: str
    job_id: str
    flow_id: str
    origin: str
    masked: list[str]
    limit: int
    left_out: list[LeftOut]
    missing: list[str]


class RecordingBuilder:
    """Takes the segments of a job in their order. Holds what goes into the file, never much more than `room` bytes.

    What does not fit is left out in this order: moments between keyframes, half of these, again and
    again; then payloads, outputs, the shared log and records, from the oldest on. The figures of the job
    are never left out.
    """

    def __init__(self, room: int, mask: Mask = NO_MASK) -> None:
        self._room = room
        self._mask = mask
        self._playback = Playback()
        self._records = RecordRows()
        self._log = NumberedRows("log")
        self._outputs = NumberedRows("outputs")
        self._film = FilmParts()
        self._rowless = 0

    def add(self, segment: Segment) -> None:
        """Take the next segment. Raises `SegmentRefused` for one that does not follow."""
        segment = masked(segment, self._mask)
        playback = self._playback
        if not playback.add(segment):
            return
        self._rowless += segment.lost
        self._records.name(segment.sources)
        self._records.add(segment)
        self._log.add(segment.log)
        self._outputs.add(segment.outputs)
        self._add_moment(segment.at_ns)
        self._fit(self._room)

    def _add_moment(self, now_ns: int) -> None:
        if self._film.due(now_ns):
            self._film.begin(self._playback.keyframe(), now_ns)
        elif (frame := self._playback.frame()) is not None:
            self._film.add(frame)

    def parts(
        self,
        limit: int,
        missing: Iterable[str] = (),
        keyframe: Keyframe | None = None,
        last_sign_ns: int | None = None,
    ) -> list[Part]:
        """All parts, the first of them `about`.

        Args:
            limit: as it is told to the reader.
            missing: sentences on what these segments do not have.
            keyframe: the job at its end, where somebody knows it better than its segments do.
            last_sign_ns: when its program was last heard of, of a job that is lost.

        Raises:
            ValueError: there was no segment.
        """
        playback = self._playback
        if not playback.n:
            raise ValueError("there is nothing to record: the job has no segment")
        self._records.close(playback.seq + 1)
        for rows in (self._log, self._outputs):
            rows.close()
        self._film.close()
        shown = playback.keyframe() if keyframe is None else masked_keyframe(keyframe, self._mask)
        if last_sign_ns is not None:
            playback.mark_lost(last_sign_ns)
            shown = replace(playback.keyframe(), at=milliseconds(time.time_ns()))  # lost for so long
        fixed = self._fixed(shown)
        self._fit(self._room - sum(part.size for part in fixed))
        about = self._about(limit, [*missing, *(self._counted_only() if keyframe is None else ())])
        lists = (*self._lists(), self._film.parts)
        return [Part("about", pack(about)), *fixed, *(part for rows in lists for part in rows)]

    def _fixed(self, keyframe: Keyframe) -> list[Part]:
        playback = self._playback
        values: dict[str, Any] = {
            "keyframe": keyframe,
            "sources": self._records.sources,
            "metrics": playback.metrics(),
            "states": playback.states(),
            "data": playback.data(),
            "actions": playback.actions(),
        }
        return [Part(name, pack(value)) for name, value in values.items()]

    def _about(self, limit: int, missing: Iterable[str]) -> About:
        job = self._playback.summary
        gone = [(rows.name, rows.gone) for rows in self._lists() if rows.gone is not None]
        left_out = [LeftOut(name, part.first, part.last, part.rows) for name, part in gone]
        if self._film.left_out:
            left_out.append(LeftOut("frames", 1, self._film.last, self._film.left_out))
        return About(
            FORMAT, MADE_BY, iso(time.time_ns()), job.job_id, job.flow_id, job.origin,
            sorted(self._mask.names), limit, left_out, list(missing),
        )  # fmt: skip

    def _counted_only(self) -> Iterator[str]:
        if self._rowless:
            yield (
                f"{self._rowless:,} records are counted only: they were made before anybody watched the job, or there "
                "was no room for them while its server was away."
            )

    def _lists(self) -> tuple[PartList, ...]:
        """In the order in which their parts make room."""
        return self._records.payloads, self._outputs.rows, self._log.rows, self._records.rows

    def _fit(self, room: int) -> None:
        """Leave out what there is no room for."""
        film, lists = self._film.parts, self._lists()
        while film.size > max(0, room) * FILM_SHARE and self._film.thin():
            pass
        drops: list[Callable[[], bool]] = [rows.drop_oldest for rows in lists]
        for drop in drops:
            while film.size + sum(rows.size for rows in lists) > room and drop():
                pass
