"""One job of a program elsewhere: the segments that it sends, folded; shown as a job of this program is."""

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
    """What a store has of jobs, read by range (any thread)."""

    def history(self, job_id: str, query: HistoryQuery) -> HistoryPage: ...
    def log(self, job_id: str, query: HistoryQuery) -> LogPage: ...
    def outputs(self, job_id: str, query: HistoryQuery) -> OutputPage: ...


class RemoteSource:
    """A job of a program elsewhere, or of one that may come back.

    One native thread, the intake's, calls `add`, `lose` and `find`; the pump's thread calls `tick` and
    `activity`; any thread the rest. `_lock` guards the playback; the pump does not wait for it,
    but looks again with its next tick. What is shown is one keyframe, which is replaced and never
    changed. Without a store (`kept`) only the newest rows can be read.
    """

    def __init__(
        self, playback: Playback, program: Program, kept: Kept | None, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.program = program
        self.over = False
        """It had ended, or was lost, when it was shown last."""
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
        """The number of the last segment that was added."""
        return self._playback.n

    # -- told by the intake

    def add(self, segment: Segment) -> None:
        """Fold a segment; one that was added before is ignored. Raises `SegmentRefused`, and is as before then."""
        with self._lock:
            self._playback.add(segment)
        self._changed = True

    def figures(self, schedule: CheckpointSchedule, *, needed: bool) -> JobFigures:
        """The figures for the store, as of the last segment; with a checkpoint if one is due or `needed`."""
        with self._lock:
            return figures_of(self._playback, schedule, needed=needed)

    def lose(self) -> None:
        """Nothing has been heard of its program for too long."""
        with self._lock:
            self._playback.mark_lost(self.program.heard_ns)
        self._changed = True

    def find(self) -> None:
        """Its program is back."""
        with self._lock:
            self._playback.found()
        self._changed = True

    # -- the pump

    @property
    def is_final(self) -> bool:
        """Whether nothing is expected to come any more, and all that came is shown."""
        return self.over and not self._changed

    @property
    def may_change(self) -> bool:
        """Whether something may come, or fade, without anybody saying so."""
        job = self._shown.job
        fades = bool(job.rate or any(job.activity))
        return self._changed or job.status in ("pending", "running") or (fades and not self.over)

    def tick(self, now_ns: int) -> Frame | None:
        """What has changed since the last tick, or `None`."""
        if not self.may_change or not self._lock.acquire(blocking=False):
            return None
        try:
            self._changed = False
            after = self._playback.keyframe(now_ns + self.program.ahead_ns)
        finally:
            self._lock.release()
        self.over = after.job.status in _OVER
        if after.job is self._made:  # nothing was added, and time has changed nothing
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

    # -- what is shown, as of the last frame

    def keyframe(self) -> Keyframe:
        """The complete state."""
        return msgspec.structs.replace(self._shown, at=self._now_ns() / 1e6)

    @property
    def summary(self) -> JobSummary:
        """The job's row in the list."""
        return self._shown.job

    def view(self) -> Job:
        """The whole of the job but its history."""
        return frames.job_of(self._shown)

    def actions(self) -> list[dict[str, Any]]:
        """Who asked for which control, when and why, and how far it came; oldest first, the newest 500."""
        with self._lock:
            return self._playback.actions()

    def metrics(self) -> dict[str, Any]:
        """The execution tracker's figures as they came last, and the latencies as they are shown."""
        with self._lock:
            return self._playback.metrics()

    def states(self) -> dict[str, RoutineState]:
        with self._lock:
            return dict(self._playback.states())

    def data(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return dict(self._playback.data())

    # -- read by range

    def records_kept(self) -> int:
        """How many records the job has in memory."""
        return len(self._shown.records)

    def history(self, query: HistoryQuery) -> HistoryPage:
        """What is asked for of the records that the store has; without one, of the newest."""
        if self._kept is not None:
            return self._kept.history(self.job_id, query)
        rows = [row for row in self._shown.records if query.first <= row.seq <= query.last]
        shown = rows[-query.limit :] if query.backwards else rows[: query.limit]
        first = self._shown.records[0].seq if self._shown.records else self._shown.seq + 1
        return HistoryPage(shown, first, self._shown.seq, self._shown.seq)

    def log(self, after: int = 0, limit: int = 100) -> LogPage:
        """Entries of the shared log, as `history`."""
        if self._kept is not None:
            return self._kept.log(self.job_id, HistoryQuery(after=after, limit=limit))
        tail = self._shown.log
        rows = [row for row in tail.rows if row.n > after][:limit]
        return LogPage(rows, tail.rows[0].n if tail.rows else tail.total + 1, tail.total, tail.total)

    def outputs(self, after: int = 0, limit: int = 100) -> OutputPage:
        """Outputs, as `history`."""
        if self._kept is not None:
            return self._kept.outputs(self.job_id, HistoryQuery(after=after, limit=limit))
        tail = self._shown.outputs
        rows = [row for row in tail.rows if row.n > after][:limit]
        return OutputPage(rows, tail.rows[0].n if tail.rows else tail.total + 1, tail.total, tail.total)
