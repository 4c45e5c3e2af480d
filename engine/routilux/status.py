"""The vocabulary of jobs: statuses and what may follow what, controls, kinds of records and entries.

Facts that the engine, the dashboard and users share are stated here once. `routilux` exports them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

JobStatus = Literal["pending", "running", "paused", "completed", "failed", "cancelled"]
"""What a job is. Compare `TRANSITIONS`."""
ControlAction = Literal["pause", "resume", "step", "cancel"]
"""What an operator may ask of a job."""
ControlPhase = Literal["requested", "draining", "effective", "withdrawn"]
"""How far a control is: written down; no handler starts and running ones finish; done; overtaken by another one."""
RunOutcome = Literal["completed", "failed", "error_continued", "skipped", "retry", "cancelled"]
"""How a handler run ended."""
RecordKind = Literal["event", "start", "completed", "error", "error_continued", "retry", "custom"]
"""What a record of the history is about: an emission, one of the engine's own records, or one of the user's."""
EntryKind = Literal[
    "status", "control", "output", "shared_log", "shared_data", "routine_state", "retry", "error", "dropped"
]
"""What a rare entry of the journal is about."""

JOB_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
CONTROL_ACTIONS: tuple[ControlAction, ...] = get_args(ControlAction)
CONTROL_PHASES: tuple[ControlPhase, ...] = get_args(ControlPhase)
RUN_OUTCOMES: tuple[RunOutcome, ...] = get_args(RunOutcome)
RECORD_KINDS: tuple[RecordKind, ...] = get_args(RecordKind)
ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)

PENDING = "pending"
RUNNING = "running"
PAUSED = "paused"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"

TRANSITIONS: dict[str, frozenset[str]] = {
    PENDING: frozenset({RUNNING}),
    RUNNING: frozenset({PAUSED, COMPLETED, FAILED, CANCELLED}),
    PAUSED: frozenset({RUNNING, FAILED, CANCELLED}),
    COMPLETED: frozenset({PAUSED, CANCELLED}),
    FAILED: frozenset(),
    CANCELLED: frozenset(),
}
"""The statuses that may follow each status. A completed job may be paused (nothing is pending;
resuming completes it again) and cancelled; `failed` and `cancelled` are final."""

ENDED_STATUSES: frozenset[str] = frozenset({COMPLETED, FAILED, CANCELLED})
"""The job has ended."""
SETTLED_STATUSES: frozenset[str] = ENDED_STATUSES | {PAUSED}
"""Nothing happens in the job by itself: it is paused or has ended."""
ERROR_OUTCOMES: frozenset[str] = frozenset({"failed", "error_continued", "skipped"})
"""Outcomes of handler runs that count as errors."""
CANCELLATION_KEY = "_cancellation"
"""The key in `JobState.routine_states` that holds the reason of a cancel."""
ENTRY_SLOT = "trigger"
"""The slot that a job starts at."""


def check_status(status: str) -> str:
    """Return `status`; raise `ValueError` if it is not a job status."""
    if status not in TRANSITIONS:
        raise ValueError(f"Unknown job status {status!r}; one of {', '.join(sorted(TRANSITIONS))} is needed")
    return status


def check_transition(old: str, new: str) -> str:
    """Return `new`; raise `ValueError` if a job can't go from `old` to `new`."""
    check_status(new)
    if new != old and new not in TRANSITIONS[old]:
        raise ValueError(f"A job that is {old!r} cannot become {new!r}")
    return new


def refuse_all(reason: str) -> dict[ControlAction, str | None]:
    """Return `reason` as the refusal of every control action.

    >>> refuse_all("the job has not started")["pause"]
    'the job has not started'
    """
    return dict.fromkeys(CONTROL_ACTIONS, reason)


class RunningHandler(NamedTuple):
    """A handler that is running now: routine (`routine_id`), slot (`slot_name`), and for how long (`running_ns`).

    `started` is when it began, on the journal's clock, as its run will say once it has ended.
    """

    routine_id: str
    slot_name: str
    running_ns: int
    started: int = 0


@dataclass(frozen=True, slots=True)
class ControlState:
    """The last control of a job.

    Attributes:
        action: `"pause"`, `"resume"`, `"step"`, `"cancel"` or `None`.
        state: `"requested"`, `"draining"` (no handler starts, those in `waiting_for` still run) or `"effective"`.
        by: who requested it; reason: why, in their words.
        since_ns: when it was requested or, once effective, when it took effect (ns since the epoch).
        waiting_for: the handlers that still run while draining.
        kept: activations that wait for a resume; dropped: activations discarded so far.
        refusals: for each action, why it makes no sense now, or `None`.
    """

    action: str | None = None
    state: str | None = None
    by: str = ""
    reason: str = ""
    since_ns: int | None = None
    waiting_for: tuple[RunningHandler, ...] = ()
    kept: int = 0
    dropped: int = 0
    refusals: dict[str, str | None] = field(default_factory=dict)
