"""A job that is only in the store: it has ended, its program is gone, or it runs in another program."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from ..fold import frames
from ..fold.counters import ACTIVITY_SECONDS
from ..fold.playback import Playback
from ..protocol import ENDED, Frame, HistoryPage, Job, JobSummary, Keyframe, LogPage, OutputPage, RoutineState
from ..segments.history_query import HistoryQuery
from ..store import Store

T = TypeVar("T")
_OVER = ENDED | {"lost"}
_SILENCE = [0] * ACTIVITY_SECONDS


class StoredSource:
    """A job as stored at one moment; its displayed state never changes. Any thread may call it.

    `_lock` guards the playback, which only one thread at a time may use.
    """

    is_final = True
    may_change = False

    def __init__(self, playback: Playback, store: Store) -> None:
        self._playback = playback
        self._store = store
        self._lock = threading.Lock()
        shown = playback.keyframe()
        self._shown = msgspec.structs.replace(shown, job=as_stored(shown.job))
        self.job_id = shown.job_id

    @property
    def flow_id(self) -> str:
        return self._shown.job.flow_id

    # -- the pump: nothing changes

    def tick(self, now_ns: int) -> Frame | None:
        return None

    def activity(self, now_ns: int) -> list[int]:
        return _SILENCE

    def records_kept(self) -> int:
        """Always 0: none are in memory."""
        return 0

    # -- the displayed state

    def keyframe(self) -> Keyframe:
        """The complete state."""
        return msgspec.structs.replace(self._shown, at=time.time_ns() / 1e6)

    @property
    def summary(self) -> JobSummary:
        """The job's row in the list."""
        return self._shown.job

    def view(self) -> Job:
        """The whole job except its history."""
        return frames.job_of(self._shown)

    def actions(self) -> list[dict[str, Any]]:
        """The newest 500 control steps, oldest first: who requested which control, when and why, and its progress."""
        return self._asked(Playback.actions)

    def metrics(self) -> dict[str, Any]:
        """The execution tracker's figures, and the latencies."""
        return self._asked(Playback.metrics)

    def states(self) -> dict[str, RoutineState]:
        return self._asked(Playback.states)

    def data(self) -> dict[str, dict[str, Any]]:
        return self._asked(Playback.data)

    def _asked(self, question: Callable[[Playback], T]) -> T:
        with self._lock:
            return question(self._playback)

    # -- reads by range

    def history(self, query: HistoryQuery) -> HistoryPage:
        """The records that `query` selects."""
        return self._store.history(self.job_id, query)

    def log(self, after: int = 0, limit: int = 100) -> LogPage:
        """Entries of the shared log."""
        return self._store.log(self.job_id, HistoryQuery(after=after, limit=limit))

    def outputs(self, after: int = 0, limit: int = 100) -> OutputPage:
        """Outputs of the job."""
        return self._store.outputs(self.job_id, HistoryQuery(after=after, limit=limit))


def as_stored(job: JobSummary) -> JobSummary:
    """The list row of a job that can't be controlled from this server."""
    if job.status in _OVER:
        return msgspec.structs.replace(job, rerunnable=False)
    refusal = f"the job runs in another program ({job.origin}), which is not connected here: ask there"
    control = msgspec.structs.replace(job.control, refusals=dict.fromkeys(job.control.refusals, refusal))
    return msgspec.structs.replace(job, rerunnable=False, control=control)
