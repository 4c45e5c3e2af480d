"""The figures that the store keeps of a job besides its rows, and the schedule of its checkpoints.

A checkpoint is a copy of the complete fold of a job so far. To show the job as it was at some moment, a reader restores
the last checkpoint before that moment and folds only the segments that follow. Checkpoints take space: one is due after
20,000 rows or five seconds of the job, and only once twice its size has been written since the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..protocol import JobSummary
from ..segments.segment import Segment
from ..times import SECOND
from .playback import Playback

EVERY_ROWS = 20_000
EVERY_NS = 5 * SECOND
ROW_BYTES = 50
"""Approximate size of a stored row, in bytes."""
WORTH = 2
"""How many times a checkpoint's size must be written before the next one is worthwhile."""


class JobFigures(NamedTuple):
    """A job's figures as of segment `n`, whose last record is `seq`, with a checkpoint if one is due."""

    summary: JobSummary
    n: int
    seq: int
    at_ns: int
    checkpoint: bytes | None


class CheckpointSchedule:
    """Decides when a job gets its next checkpoint."""

    def __init__(self) -> None:
        self._rows = 0
        self._size = 0
        self._last_ns = 0

    def count(self, segment: Segment) -> None:
        """Count the rows of a folded segment."""
        self._rows += len(segment.records.source) + len(segment.runs.target)
        self._last_ns = self._last_ns or segment.at_ns

    def is_due(self, at_ns: int) -> bool:
        """Whether a checkpoint of the job, folded up to `at_ns`, is due."""
        due = self._rows >= EVERY_ROWS or at_ns - self._last_ns >= EVERY_NS
        return due and self._rows * ROW_BYTES >= WORTH * self._size

    def saved(self, size: int, at_ns: int) -> None:
        """Restart the count after a checkpoint of `size` bytes made at `at_ns`."""
        self._rows, self._size, self._last_ns = 0, size, at_ns


def figures_of(playback: Playback, schedule: CheckpointSchedule, *, needed: bool = False) -> JobFigures:
    """The figures of a job folded from its segments, with a checkpoint if one is due or `needed`."""
    checkpoint = None
    if needed or schedule.is_due(playback.at_ns):
        checkpoint = playback.checkpoint()
        schedule.saved(len(checkpoint), playback.at_ns)
    return JobFigures(playback.summary, playback.n, playback.seq, playback.at_ns, checkpoint)


def with_figures(segments: Iterable[Segment]) -> Iterator[tuple[Segment, JobFigures]]:
    """A job's segments from the first on, each with its figures. Raises `SegmentRefused`."""
    playback, schedule = Playback(), CheckpointSchedule()
    for segment in segments:
        playback.add(segment)
        schedule.count(segment)
        yield segment, figures_of(playback, schedule, needed=segment.final)
