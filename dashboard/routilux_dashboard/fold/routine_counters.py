"""Counters of one routine in a job."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from ..protocol import OUTCOMES, ErrorReport
from .latency_digest import LatencyDigest

RETRIES_KEPT = 100
ERRORS = ("failed", "error_continued", "skipped")


class Retry(NamedTuple):
    """An activation to be retried at `due_ns` (since the epoch)."""

    due_ns: int
    attempt: int
    max_retries: int


class RoutineCounters:
    """Counters of one routine. Exact, except that only the newest 100 pending retries are known.

    `received` activations, `outcomes` of handler runs, `dropped` activations, `slots` whose
    handler is running now, `last_error`. Durations are in ns.
    """

    __slots__ = (
        "digest",
        "dropped",
        "ended",
        "last_error",
        "max_ns",
        "min_ns",
        "outcomes",
        "received",
        "retries_ahead",
        "slots",
        "total_ns",
    )

    def __init__(self) -> None:
        self.received = 0
        self.ended = 0
        self.dropped = 0
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self.slots: tuple[str, ...] = ()
        self.total_ns = 0
        self.min_ns = 0
        self.max_ns = 0
        self.digest = LatencyDigest()
        self.retries_ahead: deque[Retry] = deque(maxlen=RETRIES_KEPT)
        self.last_error: ErrorReport | None = None

    @property
    def done(self) -> int:
        return self.outcomes["completed"]

    @property
    def errors(self) -> int:
        """Failed runs, tolerated or not; a run that is retried does not count."""
        outcomes = self.outcomes
        return outcomes["failed"] + outcomes["error_continued"] + outcomes["skipped"]

    @property
    def failed(self) -> bool:
        """Whether a run failed the job, or a run has raised and none has ever succeeded."""
        return self.outcomes["failed"] > 0 or (not self.done and self.outcomes["error_continued"] > 0)

    @property
    def cut(self) -> bool:
        """Whether work of this routine failed, was dropped or was cancelled."""
        return bool(self.dropped or self.outcomes["failed"] or self.outcomes["cancelled"])

    @property
    def running(self) -> int:
        return len(self.slots)

    @property
    def queued(self) -> int:
        """Waiting activations, including those to be retried. Exact while nothing changes."""
        waiting = self.received + self.outcomes["retry"] - self.ended - len(self.slots) - self.dropped
        return max(0, waiting)

    def add_runs(self, durations: Sequence[int]) -> int:
        """Count ended runs (not empty) as completed and return their total. `correct` recounts the others."""
        times = self.digest.add(durations)
        self.add_times(len(durations), *times)
        self.outcomes["completed"] += len(durations)
        return times.total

    def add_times(self, count: int, total_ns: int, min_ns: int, max_ns: int) -> None:
        """Count ended runs of which only the times are known."""
        self.min_ns = min(self.min_ns, min_ns) if self.ended else min_ns
        self.max_ns = max(self.max_ns, max_ns)
        self.total_ns += total_ns
        self.ended += count

    def correct(self, outcome: str, count: int) -> None:
        """Recount `count` of the runs counted as completed under `outcome`."""
        self.outcomes["completed"] -= count
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count

    def retry_ahead(self, now_ns: int) -> Retry | None:
        """The next retry that is not yet due; retries that are due are discarded."""
        ahead = [retry for retry in self.retries_ahead if retry.due_ns > now_ns]
        if len(ahead) < len(self.retries_ahead):
            self.retries_ahead = deque(ahead, maxlen=RETRIES_KEPT)
        return min(ahead, default=None)
