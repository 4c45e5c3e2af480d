"""The statuses of a job and the one table of what may follow what."""

from __future__ import annotations

from dataclasses import dataclass, field

from .journal.entries import RunningHandler

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
"""From each status, those that may follow. A completed job may be paused (nothing is pending;
resuming completes it again) and cancelled; `failed` and `cancelled` are final."""

STATUSES = frozenset(TRANSITIONS)

ENDED = frozenset({COMPLETED, FAILED, CANCELLED})

OVER = ENDED | {PAUSED}
"""What waiting for a job waits for: a paused job does nothing more by itself either."""


def check_status(status: str) -> str:
    """Return `status`; raise `ValueError` when it is no status of a job."""
    if status not in STATUSES:
        raise ValueError(f"Unknown job status {status!r}; one of {', '.join(sorted(STATUSES))} is needed")
    return status


def check_transition(old: str, new: str) -> str:
    """Return `new`; raise `ValueError` when a job that is `old` cannot become `new`."""
    check_status(new)
    if new != old and new not in TRANSITIONS[old]:
        raise ValueError(f"A job that is {old!r} cannot become {new!r}")
    return new


def refusals(status: str, asked: str | None, waits: bool, rests: bool) -> dict[str, str | None]:
    """Say for each control why it makes no sense now, or `None` where it does.

    `asked` is the control that is still draining (`"pause"`, `"step"`, `"cancel"`, `"fail"`) or `None`; `waits` says
    whether a step would do something, and `rests` that nobody works on the job. This is what a page offers;
    `Flow.pause` and its kin are more lenient.
    """
    if status in ENDED or status == PENDING:
        why = "the job has not started" if status == PENDING else f"the job has ended: {status}"
        return {"pause": why, "resume": why, "step": why, "cancel": why}
    if asked in ("cancel", "fail"):
        why = "the job is being cancelled" if asked == "cancel" else "the job has failed and is ending"
        return {"pause": why, "resume": why, "step": why, "cancel": why}
    if status == PAUSED:
        idle = None if waits else "nothing waits; resume the job to complete it"
        return {"pause": "the job is paused", "resume": None, "step": idle, "cancel": None}
    if asked == "pause":
        return {"pause": "the job is pausing", "resume": None, "step": "the job is pausing", "cancel": None}
    if asked == "step":
        return {"pause": None, "resume": None, "step": "a step is under way", "cancel": None}
    goes_on = None if rests else "the job is running"  # a job that was saved while it ran waits for that
    return {"pause": None, "resume": goes_on, "step": "the job is running; pause it first", "cancel": None}


@dataclass(frozen=True, slots=True)
class ControlState:
    """The last control of a job.

    Attributes:
        action: `"pause"`, `"resume"`, `"step"`, `"cancel"` or `None`.
        state: `"requested"`, `"draining"` (no handler starts, those in `waiting_for` still run) or `"effective"`.
        by: who asked; reason: why, in their words.
        since_ns: when it was asked or, once effective, when it took effect (ns since the epoch).
        waiting_for: the handlers that still run while draining.
        kept: activations that wait for a resume; dropped: activations thrown away so far.
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
