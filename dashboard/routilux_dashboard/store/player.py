"""A job that is being written, played along: for its row in the list, and for checkpoints that reading begins from."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ..fold.playback import Playback
from ..segments.segment import Segment

EVERY_ROWS = 20_000
EVERY_NS = 5_000_000_000
_AMORTISED = 2
"""A checkpoint is made only when so many times its size has been written since the last one."""


class CheckpointRow(NamedTuple):
    """A row of the table of checkpoints, without the job."""

    n: int
    seq: int
    at_ns: int
    data: bytes


class Player:
    """A playback that says when it is time for a checkpoint. For the writer's thread."""

    def __init__(self, playback: Playback | None = None) -> None:
        self.playback = playback or Playback()
        self._rows = 0
        self._written = 0
        self._size = 0
        self._marked_ns = self.playback.at_ns

    @property
    def n(self) -> int:
        """The number of the last segment that was added."""
        return self.playback.n

    def add(self, segment: Segment) -> None:
        """Play a segment; raises `film.playback.SegmentRefused` for one that does not follow."""
        if self.playback.add(segment):
            self._marked_ns = self._marked_ns or segment.at_ns
            self._rows += len(segment.records.source) + len(segment.runs.target)

    def row(self) -> tuple[bytes, str]:
        """The job's summary as JSON, and what it is searched in."""
        job = self.playback.summary
        error = f"{job.error.error_type} {job.error.error}" if job.error is not None else ""
        return msgspec.json.encode(job), f"{job.job_id} {job.flow_id} {error}".casefold()

    def mark(self, written: int, *, needed: bool) -> CheckpointRow | None:
        """A checkpoint, when it is `needed` or time for one; `written` bytes have been written since this was asked."""
        self._written += written
        playback = self.playback
        due = self._rows >= EVERY_ROWS or playback.at_ns - self._marked_ns >= EVERY_NS
        if not needed and not (due and self._written >= _AMORTISED * self._size):
            return None
        data = playback.checkpoint()
        self._rows = self._written = 0
        self._size, self._marked_ns = len(data), playback.at_ns
        return CheckpointRow(playback.n, playback.seq, playback.at_ns, data)
