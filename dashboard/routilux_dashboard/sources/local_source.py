"""One watched job: takes what is new of its journal, and answers what is asked of it."""

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
"""Rows that one read by range gives at most."""


class LocalSource:
    """A job as the dashboard knows it.

    The pump's thread calls `tick` and `activity`; engine threads call `end` and `reopen`; any thread
    calls the rest. What is shown is one keyframe, which a tick replaces and nobody changes: who
    reads it needs no lock and never waits for a fold. `_beginning` guards one thing, that the
    first keyframe is made once, by whoever comes first.

    Kept for each job, after its end too: a tally and figures for each routine and connection, the
    newest 50 rows of each kind, 500 steps of controls, 480 points of the charts; with `keep_runs`, for
    a dashboard without a store, `runs` too.
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

    # -- told by engine threads

    def end(self) -> None:
        """The job has ended: the next tick shows its end and closes the reader."""
        self._ended = True

    def reopen(self) -> None:
        """A job that had ended goes on (a completed one may be paused or cancelled); its reader reads on."""
        self._ended = self.is_final = False

    # -- the pump

    @property
    def may_change(self) -> bool:
        """Whether something may come, or fade, without the engine saying so."""
        if self._begun is None:
            return True
        picture, shown = self._begun
        return shown.job.status in ("pending", "running") or picture.next_change_ns != NEVER

    def tick(self, now_ns: int) -> Frame | None:
        """Take what is new and say what changed, or `None` when nothing did."""
        picture, before = self._begun or self._begin()
        ended = self._ended
        if ended:  # said before the take: what is written after it finds a final job, and reopens it
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
        """Whether there may be something to show."""
        happened = batch.runs or batch.records or batch.entries or batch.totals is not None
        still = now_ns < picture.next_change_ns and picture.fold.same_running(batch.running)
        return bool(happened) or not still or picture.flow_index is not self._flow.view()

    def activity(self, now_ns: int) -> list[int]:
        """Events in each of the last 20 seconds, whether the job has ended or not."""
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

    # -- what is shown, as of the last frame

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
        """The whole of the job but its history."""
        _, shown = self._begun or self._begin()
        return frames.job_of(shown)

    def actions(self) -> list[dict[str, Any]]:
        """Who asked for which control, when and why, and how far it came; oldest first, the newest 500."""
        picture, _ = self._begun or self._begin()
        return [note._asdict() for note in picture.fold.control_log]

    def metrics(self) -> dict[str, Any]:
        """The execution tracker's figures (times in seconds), and the latencies as they are shown (ms)."""
        tracker = self.job_state.execution_tracker
        _, shown = self._begun or self._begin()
        performances = tracker.get_routine_performances()
        routines = {}
        for routine_id, figures in shown.routines.items():
            if routine_id in performances:
                latency = {"p50_ms": figures.p50_ms, "p95_ms": figures.p95_ms, "histogram": figures.histogram}
                routines[routine_id] = {**performances[routine_id], **latency}
        return {"flow": tracker.get_flow_performance(), "routines": routines}

    # -- read by range, or when asked

    def records_kept(self) -> int:
        """How many records the job has in memory."""
        found = self.job_state.read_history(0, 0)
        return found.last - found.first + 1

    def history(self, after: int = 0, limit: int = 100) -> HistoryPage:
        """Records `after + 1` to `after + limit` (at most 1,000), as far as they are kept."""
        found = self.job_state.read_history(max(after, 0), _limited(limit))
        return HistoryPage(
            [history_row(record, self._mask) for record in found.records], found.first, found.last, found.total
        )

    def log(self, after: int = 0, limit: int = 100) -> LogPage:
        """Entries of the shared log, as `history`."""
        found = read_log(self.job_state, max(after, 0), _limited(limit))
        return LogPage(log_rows(found, max(after, 0), self._mask), found.first, found.last, found.last)

    def outputs(self, after: int = 0, limit: int = 100) -> OutputPage:
        """Outputs, as `history`."""
        found = read_outputs(self.job_state, max(after, 0), _limited(limit))
        return OutputPage(output_rows(found, max(after, 0), self._mask), found.first, found.last, found.last)

    def states(self) -> dict[str, RoutineState]:
        """Previews of what routines stored, by routine id (`_cancellation` has the reason of a cancel)."""
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
