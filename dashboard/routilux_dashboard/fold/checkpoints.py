"""What the store keeps of a job besides its rows, and when the job's counters are worth a checkpoint.

A checkpoint is a copy of everything that folding a job has produced so far. To show the job as it was at some moment,
a reader restores the last checkpoint before that moment and folds only what follows. Checkpoints take room: one is
due after 20,000 rows or five seconds of the job, and only once twice its size has been written since the last one.
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
"""Bytes of a row in the store, about."""
WORTH = 2
"""How many times its own size must have been written before the next checkpoint pays."""


class JobFigures(NamedTuple):
    """A job as of its segment `n`, whose last record is `seq`; with a checkpoint if one is due."""

    summary: JobSummary
    n: int
    seq: int
    at_ns: int
    checkpoint: bytes | None


class CheckpointSchedule:
    """Decides when one job gets its next checkpoint."""

    def __init__(self) -> None:
        self._rows = 0
        self._size = 0
        self._last_ns = 0

    def count(self, segment: Segment) -> None:
        """Count the rows of a segment that was folded."""
        self._rows += len(segment.records.source) + len(segment.runs.target)
        self._last_ns = self._last_ns or segment.at_ns

    def is_due(self, at_ns: int) -> bool:
        """Whether the job, folded up to `at_ns`, should get a checkpoint now."""
        due = self._rows >= EVERY_ROWS or at_ns - self._last_ns >= EVERY_NS
        return due and self._rows * ROW_BYTES >= WORTH * self._size

    def saved(self, size: int, at_ns: int) -> None:
        """Count from here again: a checkpoint of `size` bytes was made at `at_ns`."""
        self._rows, self._size, self._last_ns = 0, size, at_ns


def figures_of(playback: Playback, schedule: CheckpointSchedule, *, needed: bool = False) -> JobFigures:
    """The figures of a job that is folded from its segments, with a checkpoint if one is due or `needed`."""
    checkpoint = None
    if needed or schedule.is_due(playback.at_ns):
        checkpoint = playback.checkpoint()
        schedule.saved(len(checkpoint), playback.at_ns)
    return JobFigures(playback.summary, playback.n, playback.seq, playback.at_ns, checkpoint)


def with_figures(segments: Iterable[Segment]) -> Iterator[tuple[Segment, JobFigures]]:
    """A job's segments from the first one on, each with the figures as of it. Raises `SegmentRefused`."""
    playback, schedule = Playback(), CheckpointSchedule()
    for segment in segments:
        playback.add(segment)
        schedule.count(segment)
        yield segment, figures_of(playback, schedule, needed=segment.final)
