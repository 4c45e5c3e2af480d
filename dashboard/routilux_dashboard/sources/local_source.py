"""A job of this program: read its journal and answer queries about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from routilux import Flow, JobState, JournalBatch, JournalReader

from ..flows.local_flow import LocalFlow
from ..fold import frames
from ..fold.rows import history_row, log_rows, output_rows, read_log, read_outputs
from ..payloads.mask import NO_MASK, Mask
from ..payloads.preview import HIDDEN, safe_text
from ..protocol import Frame, HistoryPage, Job, JobSummary, Keyframe, LogPage, OutputPage, RoutineState
from ..times import milliseconds
from .picture import NEVER, LocalJobView, state_of
from .run_log import RunLog

PAGE_LIMIT = 1_000
"""Maximum number of rows that one range read returns."""


class LocalSource:
    """A watched job of this program.

    The pump's thread calls `tick` and `activity`; engine threads call `end` and `reopen`; any thread
    calls the rest. The displayed state is one keyframe, which a tick replaces and nothing modifies:
    readers need no lock and never wait for a fold. `_beginning` guards one thing: that only the
    first caller makes the first keyframe.

    Kept for each job, even after its end: counters and figures for each routine and connection, the
    newest 50 rows of each kind, 500 steps of controls, 480 chart points; with `keep_runs`, for a
    dashboard without a store, also `runs`.
    """

    def __init__(
        self,
        job_state: JobState,
        reader: JournalReader,
        flow: LocalFlow,
        origin: str,
        now_ns: Callable[[], int] = time.time_ns,
        *,
        keep_runs: bool = False,
        mask: Mask = NO_MASK,
    ) -> None:
        self.job_state = job_state
        self.job_id = job_state.job_id
        self.is_final = False
        self.runs = RunLog(reader) if keep_runs else None
        self._reader = reader
        self._flow = flow
        self._origin = origin
        self._now_ns = now_ns
        self._mask = self.mask = mask
        self._status = job_state.status
        self._ended = False
        self._beginning = threading.Lock()
        self._begun: tuple[LocalJobView, Keyframe] | None = None

    @property
    def flow(self) -> Flow:
        return self._flow.flow

    @property
    def flow_id(self) -> str:
        return self.job_state.flow_id

    # -- called by engine threads

    def end(self) -> None:
        """Mark the job ended: the next tick shows its end and closes the reader."""
        self._ended = True

    def reopen(self) -> None:
        """Continue reading a job that had ended (a completed one may be paused or cancelled)."""
        self._ended = self.is_final = False

    # -- the pump

    @property
    def may_change(self) -> bool:
        """Whether the displayed state may change, or figures may fade, without a call from the engine."""
        if self._begun is None:
            return True
        picture, shown = self._begun
        return shown.job.status in ("pending", "running") or picture.next_change_ns != NEVER

    def tick(self, now_ns: int) -> Frame | None:
        """Take new journal rows and return the changes, or `None` if there are none."""
        picture, before = self._begun or self._begin()
        ended = self._ended
        if ended:  # set before the take: an entry written after the take finds a final job and reopens it
            self.is_final = True
        batch = self._reader.take()
        if self.runs is not None:
            self.runs.add(batch)
        if ended:
            self._reader.close()
        elif not self._is_news(picture, batch, now_ns):
            return None
        after = picture.next(before, batch, now_ns, final=ended)
        frame = frames.diff(before, after)
        if not ended and not frames.has_changes(frame, before):
            return None
        self._begun = (picture, after)
        return frame

    def _is_news(self, picture: LocalJobView, batch: JournalBatch, now_ns: int) -> bool:
        """Whether the displayed state may have changed."""
        happened = batch.runs or batch.records or batch.entries or batch.totals is not None
        still = now_ns < picture.next_change_ns and picture.fold.same_running(batch.running)
        return bool(happened) or not still or picture.flow_index is not self._flow.view()

    def activity(self, now_ns: int) -> list[int]:
        """Events in each of the last 20 seconds, even after the job's end."""
        picture, _ = self._begun or self._begin()
        return picture.fold.activity.row(None, now_ns)

    def _begin(self) -> tuple[LocalJobView, Keyframe]:
        with self._beginning:
            if self._begun is None:
                now_ns = self._now_ns()
                picture = LocalJobView(
                    self.job_state, self._reader, self._flow, self._origin, self._status, now_ns, self._mask
                )
                self._begun = (picture, picture.begin(now_ns))
            return self._begun

    # -- the displayed state, as of the last frame

    def keyframe(self) -> Keyframe:
        """The complete state."""
        _, shown = self._begun or self._begin()
        return msgspec.structs.replace(shown, at=milliseconds(self._now_ns()))

    @property
    def summary(self) -> JobSummary:
        """The job's row in the list."""
        _, shown = self._begun or self._begin()
        return shown.job

    def view(self) -> Job:
        """The whole job except its history."""
        _, shown = self._begun or self._begin()
        return frames.job_of(shown)

    def actions(self) -> list[dict[str, Any]]:
        """The newest 500 control steps, oldest first: who requested which control, when and why, and its progress."""
        picture, _ = self._begun or self._begin()
        return [note._asdict() for note in picture.fold.control_log]

    def metrics(self) -> dict[str, Any]:
        """The execution tracker's figures (times in seconds), and the latencies as displayed (ms)."""
        tracker = self.job_state.execution_tracker
        _, shown = self._begun or self._begin()
        performances = tracker.get_routine_performances()
        routines = {}
        for routine_id, figures in shown.routines.items():
            if routine_id in performances:
                latency = {"p50_ms": figures.p50_ms, "p95_ms": figures.p95_ms, "histogram": figures.histogram}
                routines[routine_id] = {**performances[routine_id], **latency}
        return {"flow": tracker.get_flow_performance(), "routines": routines}

    # -- reads by range and on request

    def records_kept(self) -> int:
        """The number of the job's records in memory."""
        found = self.job_state.read_history(0, 0)
        return found.last - found.first + 1

    def history(self, after: int = 0, limit: int = 100) -> HistoryPage:
        """Records `after + 1` to `after + limit` (at most 1,000), as far as they are kept."""
        found = self.job_state.read_history(max(after, 0), _limited(limit))
        return HistoryPage(
            [history_row(record, self._mask) for record in found.records], found.first, found.last, found.total
        )

    def log(self, after: int = 0, limit: int = 100) -> LogPage:
        """Entries of the shared log, with the same arguments as `history`."""
        found = read_log(self.job_state, max(after, 0), _limited(limit))
        return LogPage(log_rows(found, max(after, 0), self._mask), found.first, found.last, found.last)

    def outputs(self, after: int = 0, limit: int = 100) -> OutputPage:
        """Outputs, with the same arguments as `history`."""
        found = read_outputs(self.job_state, max(after, 0), _limited(limit))
        return OutputPage(output_rows(found, max(after, 0), self._mask), found.first, found.last, found.last)

    def states(self) -> dict[str, RoutineState]:
        """Previews of routine states, by routine id (`_cancellation` has the reason for a cancellation)."""
        return {key: state_of(stored, self._mask) for key, stored in self.job_state.routine_states.copy().items()}

    def data(self) -> dict[str, dict[str, Any]]:
        """Previews of the shared data, as `{key: {"value": …, "cut": …}}`."""
        shown, hides = {}, self._mask.hides
        for key, stored in self.job_state.shared_data.copy().items():
            name = safe_text(key)
            value, cut = (HIDDEN, False) if hides is not None and hides(name) else self._mask.preview(stored)
            shown[name] = {"value": value, "cut": cut}
        return shown


def _limited(limit: int) -> int:
    return min(max(limit, 0), PAGE_LIMIT)
