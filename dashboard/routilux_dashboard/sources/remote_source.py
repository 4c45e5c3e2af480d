"""A job of a connected program: fold the segments it sends and show it like a job of this program."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from ..fold import frames
from ..fold.checkpoints import CheckpointSchedule, JobFigures, figures_of
from ..protocol import ENDED, Frame, HistoryPage, Job, JobSummary, Keyframe, LogPage, OutputPage, RoutineState
from ..segments.history_query import HistoryQuery
from .programs import Program

if TYPE_CHECKING:
    from ..fold.playback import Playback
    from ..segments.segment import Segment


_OVER = ENDED | {"lost"}


class Kept(Protocol):
    """The stored rows of jobs, read by range (any thread)."""

    def history(self, job_id: str, query: HistoryQuery) -> HistoryPage: ...
    def log(self, job_id: str, query: HistoryQuery) -> LogPage: ...
    def outputs(self, job_id: str, query: HistoryQuery) -> OutputPage: ...


class RemoteSource:
    """A job of a connected program, or of one that may reconnect.

    One native thread, the ingest thread, calls `add`, `lose` and `find`; the pump's thread calls `tick`
    and `activity`; any thread calls the rest. `_lock` guards the playback; the pump does not wait for
    it but tries again at its next tick. The displayed state is one keyframe, which is replaced and
    never modified. Without a store (`kept`) only the newest rows can be read.
    """

    def __init__(
        self, playback: Playback, program: Program, kept: Kept | None, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.program = program
        self.over = False
        """Whether the job was ended or lost as of the last frame."""
        self._playback = playback
        self._kept = kept
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._changed = True
        self._shown = playback.keyframe()
        self._made: JobSummary | None = None
        self.job_id = self._shown.job_id
        self._frame = self._shown.frame

    @property
    def flow_id(self) -> str:
        return self._shown.job.flow_id

    @property
    def n(self) -> int:
        """The number of the last segment added."""
        return self._playback.n

    # -- called by the ingest thread

    def add(self, segment: Segment) -> None:
        """Fold a segment; ignore one already added. Raises `SegmentRefused` and changes nothing if it is invalid."""
        with self._lock:
            self._playback.add(segment)
        self._changed = True

    def figures(self, schedule: CheckpointSchedule, *, needed: bool) -> JobFigures:
        """The figures for the store, as of the last segment; with a checkpoint if one is due or `needed`."""
        with self._lock:
            return figures_of(self._playback, schedule, needed=needed)

    def lose(self) -> None:
        """Mark the job lost: its program has been silent for too long."""
        with self._lock:
            self._playback.mark_lost(self.program.heard_ns)
        self._changed = True

    def find(self) -> None:
        """Mark the job live again: its program is back."""
        with self._lock:
            self._playback.found()
        self._changed = True

    # -- the pump

    @property
    def is_final(self) -> bool:
        """Whether no more changes are expected and all received ones are shown."""
        return self.over and not self._changed

    @property
    def may_change(self) -> bool:
        """Whether the displayed state may change, or figures may fade, without a notification."""
        job = self._shown.job
        fades = bool(job.rate or any(job.activity))
        return self._changed or job.status in ("pending", "running") or (fades and not self.over)

    def tick(self, now_ns: int) -> Frame | None:
        """The changes since the last tick, or `None`."""
        if not self.may_change or not self._lock.acquire(blocking=False):
            return None
        try:
            self._changed = False
            after = self._playback.keyframe(now_ns + self.program.ahead_ns)
        finally:
            self._lock.release()
        self.over = after.job.status in _OVER
        if after.job is self._made:  # no segment was added, and time changed nothing
            return None
        self._made, before = after.job, self._shown
        after = msgspec.structs.replace(after, frame=before.frame + 1, at=now_ns / 1e6)
        frame = frames.diff(before, after)
        if not frames.has_changes(frame, before):
            return None
        self._shown = after
        return frame

    def activity(self, now_ns: int) -> list[int]:
        """Events in each of the last 20 seconds."""
        return self._shown.job.activity

    # -- the displayed state, as of the last frame

    def keyframe(self) -> Keyframe:
        """The complete state."""
        return msgspec.structs.replace(self._shown, at=self._now_ns() / 1e6)

    @property
    def summary(self) -> JobSummary:
        """The job's row in the list."""
        return self._shown.job

    def view(self) -> Job:
        """The whole job except its history."""
        return frames.job_of(self._shown)

    def actions(self) -> list[dict[str, Any]]:
        """The newest 500 control steps, oldest first: who requested which control, when and why, and its progress."""
        with self._lock:
            return self._playback.actions()

    def metrics(self) -> dict[str, Any]:
        """The last received execution tracker figures, and the latencies as displayed."""
        with self._lock:
            return self._playback.metrics()

    def states(self) -> dict[str, RoutineState]:
        with self._lock:
            return dict(self._playback.states())

    def data(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return dict(self._playback.data())

    # -- reads by range

    def records_kept(self) -> int:
        """The number of the job's records in memory."""
        return len(self._shown.records)

    def history(self, query: HistoryQuery) -> HistoryPage:
        """The records that `query` selects: from the store or, without one, from the newest records."""
        if self._kept is not None:
            return self._kept.history(self.job_id, query)
        rows = [row for row in self._shown.records if query.first <= row.seq <= query.last]
        shown = rows[-query.limit :] if query.backwards else rows[: query.limit]
        first = self._shown.records[0].seq if self._shown.records else self._shown.seq + 1
        return HistoryPage(shown, first, self._shown.seq, self._shown.seq)

    def log(self, after: int = 0, limit: int = 100) -> LogPage:
        """Entries of the shared log."""
        if self._kept is not None:
            return self._kept.log(self.job_id, HistoryQuery(after=after, limit=limit))
        tail = self._shown.log
        rows = [row for row in tail.rows if row.n > after][:limit]
        return LogPage(rows, tail.rows[0].n if tail.rows else tail.total + 1, tail.total, tail.total)

    def outputs(self, after: int = 0, limit: int = 100) -> OutputPage:
        """Outputs of the job."""
        if self._kept is not None:
            return self._kept.outputs(self.job_id, HistoryQuery(after=after, limit=limit))
        tail = self._shown.outputs
        rows = [row for row in tail.rows if row.n > after][:limit]
        return OutputPage(rows, tail.rows[0].n if tail.rows else tail.total + 1, tail.total, tail.total)
