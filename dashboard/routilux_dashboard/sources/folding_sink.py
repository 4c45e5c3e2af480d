"""Folds what a recorder takes before the store gets it, so that the store has figures beside the rows."""

from __future__ import annotations

from ..fold.checkpoints import CheckpointSchedule, JobFigures, figures_of
from ..fold.playback import Playback
from ..segments.check import SegmentRefused
from ..segments.segment import Segment
from ..store import Store, StoreFailed


class FoldingSink:
    """A store as the sink of a recorder. For the recorder's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: dict[str, tuple[Playback, CheckpointSchedule]] = {}

    @property
    def has_room(self) -> bool:
        return self._store.has_room

    def put(self, segments: list[Segment]) -> bool:
        """Fold segments of one job, and queue them with their figures."""
        figures = self._fold(segments)
        put = self._store.put(segments, [figures] if figures is not None else [])
        if put and segments[-1].final:
            self._jobs.pop(segments[-1].job_id, None)
        return put

    def _fold(self, segments: list[Segment]) -> JobFigures | None:
        job_id, last = segments[0].job_id, segments[-1]
        if job_id not in self._jobs:
            self._jobs[job_id] = (self._playback(segments[0]), CheckpointSchedule())
        playback, schedule = self._jobs[job_id]
        try:
            for segment in segments:
                if playback.add(segment, trusted=True):
                    schedule.count(segment)
        except SegmentRefused:
            return None
        return figures_of(playback, schedule, needed=last.final or self._store.needs_checkpoint(job_id))

    def _playback(self, first: Segment) -> Playback:
        """The job before its next segment: empty, or as stored if it had ended and continues."""
        try:
            return self._store.playback(first.job_id) if first.n > 1 else Playback()
        except (LookupError, StoreFailed):
            return Playback()
