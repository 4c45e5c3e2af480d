"""A job in one row: its identity, its status and its last control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from routilux import ControlState, JobState

from ..payloads.mask import NO_MASK, Mask
from ..payloads.preview import safe_text
from ..protocol import ENDED, Action, Control, Counts, ErrorReport, JobStatus, JobSummary, RunningHandler
from ..times import MILLISECOND, epoch_ns, iso, iso_local
from .counters import JobCounters

REASON_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """The unchanging facts about a job: its origin, entry and parameters."""

    job_id: str
    flow_id: str
    created_at: str
    origin: str
    entry: str | None
    params: Any

    @classmethod
    def of(cls, job_state: JobState, origin: str, mask: Mask = NO_MASK) -> JobIdentity:
        params, _ = mask.preview(job_state.entry_params)
        created = iso_local(job_state.created_at)
        return cls(job_state.job_id, job_state.flow_id, created, origin, job_state.entry_routine_id, params)


@dataclass(frozen=True, slots=True)
class JobFacts:
    """The changing facts about a job that are not in its journal.

    `last_sign` is the time of the last sign of life from the program of a lost job.
    """

    updated_at: str
    ended_at: str | None
    rerunnable: bool
    last_sign: str | None = None


def status_of(fold: JobCounters, standing: JobFacts) -> str:
    """The displayed status: that of the journal, or `lost`. An ended job can no longer be lost."""
    return "lost" if standing.last_sign is not None and fold.status not in ENDED else fold.status


def control_of(state: ControlState) -> Control:
    """A control in its protocol form."""
    return Control(
        action=cast("Action | None", state.action),
        state=cast(Any, state.state),
        by=safe_text(state.by, REASON_TEXT),
        reason=safe_text(state.reason, REASON_TEXT),
        since=None if state.since_ns is None else iso(state.since_ns),
        waiting_for=[
            RunningHandler(handler.routine_id, handler.slot_name, round(handler.running_ns / MILLISECOND, 1))
            for handler in state.waiting_for
        ],
        kept=state.kept,
        dropped=state.dropped,
        refusals=dict(state.refusals),
    )


def hold_reason(status: str, control: Control) -> str:
    """The reason no further handler of a job starts; empty if one may."""
    if status == "paused":
        return "the job is paused"
    if control.state not in ("requested", "draining"):
        return ""
    return {"pause": "the job is pausing", "cancel": "the job is being cancelled"}.get(control.action or "", "")


def asked_ns(control: Control) -> int | None:
    """When the last control reached its current state."""
    return None if control.since is None else epoch_ns(datetime.fromisoformat(control.since))


def summarise(
    identity: JobIdentity,
    standing: JobFacts,
    fold: JobCounters,
    control: Control,
    rates: Mapping[str | None, float],
    now_ns: int,
) -> JobSummary:
    """A job's row as of `now_ns`; `rates` has the job's event rate under `None`."""
    level = fold.level()
    status = status_of(fold, standing)
    return JobSummary(
        job_id=identity.job_id,
        flow_id=identity.flow_id,
        status=cast(JobStatus, status),
        created_at=identity.created_at,
        updated_at=standing.updated_at,
        ended_at=standing.ended_at if fold.status in ENDED else None,
        seq=fold.seq,
        counts=Counts(
            events=fold.events,
            errors=sum(tally.errors for tally in fold.routines.values()),
            queued=level.queued,
            running=level.running,
        ),
        rate=round(rates.get(None, 0.0), 1),
        activity=fold.activity.row(None, now_ns),
        control=control,
        entry=identity.entry,
        params=identity.params,
        rerunnable=standing.rerunnable,
        origin=identity.origin,
        error=_error(fold),
        last_sign=standing.last_sign if status == "lost" else None,
    )


def _error(fold: JobCounters) -> ErrorReport | None:
    """The error that failed the job: a handler's, or the engine's own (a job over its time limit)."""
    if fold.status != "failed":
        return None
    if fold.last_failure is not None:
        return fold.last_failure
    said = fold.error or "A routine stored 'failed' or 'error' as its status"
    return ErrorReport("", "", "", safe_text(said, REASON_TEXT), "", iso(fold.status_ns))
