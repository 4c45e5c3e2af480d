"""Statuses, actions, outcomes and names that the engine, the dashboard, the command and the page share.

The facts are the engine's. The dashboard adds one status: `lost`, for a job whose program has died, hangs or can't be
reached. Such a job may have ended or not.
"""

from __future__ import annotations

from typing import Literal, get_args

from routilux import (
    ENDED_STATUSES,
    ENTRY_SLOT,
    SETTLED_STATUSES,
    ControlAction,
    RecordKind,
    RunOutcome,
)

__all__ = [
    "ACTIONS",
    "ENDED",
    "ENTRY_SLOT",
    "JOB_STATUSES",
    "OUTCOMES",
    "RECORD_KINDS",
    "SETTLED",
    "Action",
    "JobStatus",
    "Outcome",
    "RecordKind",
    "RoutineStatus",
]

Action = ControlAction
Outcome = RunOutcome
JobStatus = Literal["pending", "running", "paused", "completed", "failed", "cancelled", "lost"]
"""The engine's statuses, and `lost`."""
RoutineStatus = Literal["pending", "idle", "running", "paused", "retry", "failed", "completed", "cancelled", "lost"]

JOB_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
ACTIONS: tuple[Action, ...] = get_args(Action)
RECORD_KINDS: tuple[RecordKind, ...] = get_args(RecordKind)
OUTCOMES: tuple[str, ...] = get_args(Outcome)
"""How a handler run can end. Stored runs hold the index into this, so the order never changes."""
ENDED = ENDED_STATUSES
"""The statuses of a job that has ended. A lost job may have ended or not."""
SETTLED = SETTLED_STATUSES
"""The statuses of a job in which nothing happens by itself: it has ended or is paused."""
