"""The contents of an HTML recording, collected segment by segment and kept within a size."""

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
"""Of the parts; the page in the file reads this one."""
FILM_SHARE = 0.3
"""The most that moments may take of the room: rows are more useful."""


class LeftOut(msgspec.Struct):
    """Rows that the file had no room for: from `first` to `last`, `count` of them."""

    what: str
    first: int
    last: int
    count: int


class About(msgspec.Struct):
    """The recording's own description. `limit` is in bytes, `missing` has sentences."""

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
    """Collects what goes into the file, in memory, never much more than `room` bytes.

    If there is no room, moments between keyframes are dropped first, then half of the keyframes, again and again; then
    payloads, outputs, the shared log and records, the oldest first. The job's figures are never dropped.
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
        """Add the next segment. Raises `SegmentRefused` if it does not follow."""
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
            limit: the size limit that the page mentions.
            missing: sentences about what the segments lack.
            keyframe: the job's final state, where it is known better than the segments tell.
            last_sign_ns: when a lost job's program was last in contact.

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
            now = milliseconds(time.time_ns())  # so that the page shows how long the job has been lost
            shown = replace(playback.keyframe(), at=now)
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
        dropped = [(rows.name, rows.dropped) for rows in self._lists() if rows.dropped is not None]
        left_out = [LeftOut(name, part.first, part.last, part.rows) for name, part in dropped]
        if self._film.left_out:
            left_out.append(LeftOut("frames", 1, self._film.last, self._film.left_out))
        return About(
            FORMAT, MADE_BY, iso(time.time_ns()), job.job_id, job.flow_id, job.origin,
            sorted(self._mask.names), limit, left_out, list(missing),
        )  # fmt: skip

    def _counted_only(self) -> Iterator[str]:
        if self._rowless:
            yield (
                f"{self._rowless:,} records are only counted: they were made before the job was watched, or while its "
                "program had lost contact with the server and had no room for them."
            )

    def _lists(self) -> tuple[PartList, ...]:
        """In the order in which parts are dropped."""
        return self._records.payloads, self._outputs.rows, self._log.rows, self._records.rows

    def _fit(self, room: int) -> None:
        """Drop parts until everything fits."""
        film, lists = self._film.parts, self._lists()
        while film.size > max(0, room) * FILM_SHARE and self._film.thin():
            pass
        drops: list[Callable[[], bool]] = [rows.drop_oldest for rows in lists]
        for drop in drops:
            while film.size + sum(rows.size for rows in lists) > room and drop():
                pass
