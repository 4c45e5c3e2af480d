"""A job and its figures."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .vocabulary import Action, JobStatus, RoutineStatus


class Counts(msgspec.Struct):
    """Exact figures of a job: emissions, failed handler runs, waiting and running activations."""

    events: int = 0
    errors: int = 0
    queued: int = 0
    running: int = 0


class RunningHandler(msgspec.Struct):
    """A handler that is running now."""

    routine_id: str
    slot: str
    running_ms: float


class Control(msgspec.Struct):
    """The last thing asked of a job and how far it is.

    `state` is `requested` (written down), `draining` (no new handler starts; those in
    `waiting_for` still run) or `effective`. `refusals` says for each action why it cannot
    act now, or null when it can.
    """

    action: Action | None
    state: Literal["requested", "draining", "effective"] | None
    by: str
    reason: str
    since: str | None
    waiting_for: list[RunningHandler]
    kept: int
    dropped: int
    refusals: dict[str, str | None]


class ErrorReport(msgspec.Struct):
    """One failure of a handler."""

    routine_id: str
    slot: str
    error_type: str
    error: str
    traceback: str
    timestamp: str


class RetryFigures(msgspec.Struct, frozen=True):
    """A handler that raised and waits for retry `attempt` of `max_retries`, due at `due_at` (epoch ms)."""

    attempt: int
    max_retries: int
    due_at: float


class RoutineFigures(msgspec.Struct):
    """What one routine has done in a job. `done` and `errors` count handler runs exactly.

    `activity`: handler runs that ended in each of the last 20 seconds, oldest first.
    `histogram`: pairs [bucket, count]; bucket b holds durations from 10**(b/10) to
    10**((b+1)/10) microseconds. `detail`: why it is not running, or what it waits for.
    `retry`: the attempt that is due next, while the status is "retry".
    """

    status: RoutineStatus
    done: int
    errors: int
    retries: int
    queued: int
    running: int
    avg_ms: float | None
    min_ms: float | None
    max_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    activity: list[int]
    histogram: list[tuple[int, int]]
    detail: str
    last_error: ErrorReport | None
    retry: RetryFigures | None = None


class ConnectionFigures(msgspec.Struct):
    """`count`: messages sent along the connection. `rate`: a second, over the last second."""

    count: int
    rate: float


class JobSummary(msgspec.Struct):
    """A job without its graph: a row of the list, the header of the page.

    `rate` is events a second over the last second; `activity` events in each of the last
    20 seconds. `params` is a preview; `rerunnable` says that the job can be started again
    with what it was started with. `last_sign`: the time of its program's last message, while the status
    is "lost".
    """

    job_id: str
    flow_id: str
    status: JobStatus
    created_at: str
    updated_at: str
    ended_at: str | None
    seq: int
    counts: Counts
    rate: float
    activity: list[int]
    control: Control
    entry: str | None
    params: Any
    rerunnable: bool
    origin: str
    error: ErrorReport | None
    last_sign: str | None


class Job(JobSummary):
    """`GET /jobs/{job_id}`: the whole of a job but its history."""

    routines: dict[str, RoutineFigures]
    connections: dict[str, ConnectionFigures]
