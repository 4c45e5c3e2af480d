"""Fold a recorder's segments before they are stored, so that the store has figures as well as rows.

While the write queue is long, segments are stored without figures and the store folds them later
(`background_fold`): folding would slow a busy engine more than writing does.
"""

from __future__ import annotations

from ..fold.checkpoints import CheckpointSchedule, JobFigures, figures_of
from ..fold.playback import Playback
from ..segments.check import SegmentRefused
from ..segments.segment import Segment
from ..store import Store, StoreFailed

BUSY_ROWS = 2_000
"""Rows in the write queue and in one put, together, above which segments are stored without figures."""


class FoldingSink:
    """A store as a recorder's sink. For the recorder's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, tuple[Playback, CheckpointSchedule]] = {}

    @property
    def has_room(self) -> bool:
        return self._store.has_room

    def put(self, segments: list[Segment]) -> bool:
        """Fold segments of one job and queue them with their figures."""
        rows = sum(len(segment.records.source) + len(segment.runs.target) for segment in segments)
        figures = self._fold(segments) if rows + self._store.queued_rows <= BUSY_ROWS else None
        put = self._store.put(segments, [figures] if figures is not None else [])
        if figures is None or (put and segments[-1].final):
            self._jobs.pop(segments[-1].job_id, None)
        return put

    def _fold(self, segments: list[Segment]) -> JobFigures | None:
        job_id, last = segments[0].job_id, segments[-1]
        known = self._jobs.get(job_id) or self._begin(segments[0])
        if known is None:
            return None
        playback, schedule = self._jobs[job_id] = known
        try:
            for segment in segments:
                if playback.add(segment, trusted=True):
                    schedule.count(segment)
        except SegmentRefused:
            return None
        return figures_of(playback, schedule, needed=last.final or self._store.needs_checkpoint(job_id))

    def _begin(self, first: Segment) -> tuple[Playback, CheckpointSchedule] | None:
        """The job's playback before its next segment: empty, or as stored; `None` until the store has folded it."""
        playback = Playback()
        if first.n > 1:
            if self._store.is_unfolded(first.job_id):
                return None
            try:
                playback = self._store.playback(first.job_id)
            except (LookupError, StoreFailed):
                return None
        return (playback, CheckpointSchedule()) if playback.n == first.n - 1 else None
