"""Every REST call, with the shapes that only REST has."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .call import Call, Moment, get, post
from .flows import FlowDefinition
from .jobs import Control, Job, JobSummary
from .rows import PAGE_LIMIT, Causes, DataValue, Effects, HistoryPage, LogPage, OutputPage, RoutineState
from .topics import StoreHealth
from .vocabulary import JobStatus, Outcome, RecordKind

JSON_LINES = "application/x-ndjson"
HTML = "text/html"
HTML_LIMIT = 25_000_000
"""Bytes of an HTML recording unless the client says otherwise."""
HTML_LEAST = 2_000_000
"""The page itself needs most of them."""
_MOST = 2**53
_TEXT = 200

JobId = Annotated[str, Meta(min_length=1, description="A job's id.")]
FlowId = Annotated[str, Meta(min_length=1, description="A flow's id; a slash in it may be sent as it is or as %2F.")]
Seq = Annotated[int, Meta(description="The number of a record of the history.", extra_json_schema={"minimum": 1})]
Name = Annotated[str, Meta(max_length=1_000, pattern=r"[^\s,\u001c-\u001f\u0085\ufeff]")]
"""At least one character that is neither a comma nor blank, by anyone's definition of blank."""
Masks = Annotated[
    tuple[Name, ...],
    Meta(
        max_length=100,
        description="Hide values whose keys contain one of these names, in addition to those that the server hides.",
    ),
]
After = Annotated[int | None, Meta(ge=0, le=_MOST, description="Rows after this number.")]
Before = Annotated[
    int | None,
    Meta(ge=1, le=_MOST, description="Rows before this number; without `after`, the last ones before it."),
]
Limit = Annotated[int, Meta(ge=1, le=PAGE_LIMIT, description="How many rows at most.")]
Containing = Annotated[
    str | None,
    Meta(
        max_length=_TEXT,
        description="Only rows with this text in their data as JSON (for records, also in their names), ignoring case.",
    ),
]


# -- flows -----------------------------------------------------------------------------------------------------------


class FlowList(msgspec.Struct):
    """`GET /flows`."""

    flows: list[FlowDefinition]


class StartJob(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /flows/{flow_id}/jobs`. `again` names a job whose entry and parameters are used as they were."""

    entry: str | None = None
    params: dict[str, Any] | None = None
    again: str | None = None


@get("/flows", tag="flows", problems=(503,))
class GetFlows(Call[FlowList]):
    """The flows that can be started here."""


@get("/flows/{flow_id}", tag="flows", problems=(404, 503))
class GetFlow(Call[FlowDefinition]):
    """The structure of a flow, and the parameters of its entries."""

    flow_id: FlowId


@post("/flows/{flow_id}/jobs", tag="flows", statuses=(201,), problems=(404, 409, 422, 503))
class PostJob(Call[Job]):
    """Start a job.

    `entry` may be left out if the flow has only one. `again`, alone, repeats the entry and parameters of another
    job.
    """

    flow_id: FlowId
    body: StartJob


# -- jobs ------------------------------------------------------------------------------------------------------------


class JobsPage(msgspec.Struct):
    """`GET /jobs`: a page, newest first; `next` is the cursor of the one after it. `counts` are of all that match
    `flow` and `q`, by status. While the `store` fails, these are the jobs in memory only."""

    jobs: list[JobSummary]
    next: str | None
    counts: dict[JobStatus, int]
    store: StoreHealth


@get("/jobs", tag="jobs", problems=(503,))
class GetJobs(Call[JobsPage]):
    """Jobs, newest first and page by page.

    A cursor stays valid while jobs are added and removed.
    """

    status: Annotated[tuple[JobStatus, ...], Meta(description="Only jobs of these statuses.")] = ()
    flow: Annotated[str | None, Meta(max_length=_TEXT, description="Only jobs of the flow with this id.")] = None
    q: Annotated[
        str | None,
        Meta(
            max_length=_TEXT,
            description="Only jobs with this text in their id, flow, or error, ignoring case.",
        ),
    ] = None
    limit: Annotated[int, Meta(ge=1, le=500, description="How many jobs at most.")] = 50
    cursor: Annotated[
        str | None,
        Meta(
            description="The value of `next` in the previous page.",
            extra_json_schema={"maxLength": _TEXT, "pattern": "~"},
        ),
    ] = None


@get("/jobs/{job_id}", tag="jobs", problems=(404, 503))
class GetJob(Call[Job]):
    """A job without its history."""

    job_id: JobId


# -- rows of a job, and the rest of it -------------------------------------------------------------------------------


class ControlStep(msgspec.Struct):
    """One step of a control: who requested it, and its state at that time."""

    timestamp: str
    action: str
    state: str
    by: str
    reason: str
    kept: int
    dropped: int


class Metrics(msgspec.Struct):
    """The tracker's figures, times in seconds; each routine's with `p50_ms`, `p95_ms` and `histogram` as shown."""

    flow: dict[str, Any]
    routines: dict[str, dict[str, Any]]


@get("/jobs/{job_id}/history", tag="jobs", problems=(404, 503))
class GetHistory(Call[HistoryPage]):
    """Records of the history, by range and filter.

    `first` and `last` are the oldest and newest stored `seq`, `total` is the number of records ever made.
    """

    job_id: JobId
    after: After = None
    before: Before = None
    limit: Limit = 100
    routine: Annotated[str | None, Meta(max_length=_TEXT, description="Only records of the routine with this id.")] = (
        None
    )
    event: Annotated[str | None, Meta(max_length=_TEXT, description="Only records of this event.")] = None
    kind: Annotated[RecordKind | None, Meta(description="Only records of this kind.")] = None
    outcome: Annotated[
        Outcome | None, Meta(description="Only records that led to a handler run with this outcome.")
    ] = None
    since: Annotated[
        Moment | None,
        Meta(description="Only records made at or after this moment: ISO 8601, or milliseconds since the epoch."),
    ] = None
    until: Annotated[Moment | None, Meta(description="Only records made at or before this moment.")] = None
    q: Containing = None


@get("/jobs/{job_id}/log", tag="jobs", problems=(404, 503))
class GetLog(Call[LogPage]):
    """Entries of the shared log."""

    job_id: JobId
    after: After = None
    before: Before = None
    limit: Limit = 100
    q: Containing = None


@get("/jobs/{job_id}/outputs", tag="jobs", problems=(404, 503))
class GetOutputs(Call[OutputPage]):
    """Outputs of the routines."""

    job_id: JobId
    after: After = None
    before: Before = None
    limit: Limit = 100
    q: Containing = None


@get("/jobs/{job_id}/data", tag="jobs", problems=(404, 503))
class GetData(Call[dict[str, DataValue]]):
    """The shared data."""

    job_id: JobId


@get("/jobs/{job_id}/states", tag="jobs", problems=(404, 503))
class GetStates(Call[dict[str, RoutineState]]):
    """The states that routines stored."""

    job_id: JobId


@get("/jobs/{job_id}/metrics", tag="jobs", problems=(404, 503))
class GetMetrics(Call[Metrics]):
    """The execution tracker's figures."""

    job_id: JobId


@get("/jobs/{job_id}/actions", tag="jobs", problems=(404, 503))
class GetActions(Call[list[ControlStep]]):
    """The newest 500 steps of controls, oldest first: who requested what, when and why."""

    job_id: JobId


@get("/jobs/{job_id}/history/{seq}/causes", tag="jobs", problems=(404, 409, 503))
class GetCauses(Call[Causes]):
    """The chain of causes that led to a record, from the first to the record itself."""

    job_id: JobId
    seq: Seq


@get("/jobs/{job_id}/history/{seq}/effects", tag="jobs", problems=(404, 409, 503))
class GetEffects(Call[Effects]):
    """The direct effects of a record: handler runs, and the records that they made."""

    job_id: JobId
    seq: Seq


@get("/jobs/{job_id}/at", tag="jobs", problems=(404, 409, 503))
class GetJobAt(Call[Job]):
    """A job at an earlier moment: at a record (`seq`) or a time (`t`). Exactly one of them is required.

    404 if the moment is not stored; 409 on a server without a store.
    """

    job_id: JobId
    seq: Annotated[
        int | None,
        Meta(ge=0, le=_MOST, description="The moment of this record; 0 is before the first."),
    ] = None
    t: Annotated[
        Moment | None,
        Meta(description="A time: ISO 8601, or milliseconds since the epoch."),
    ] = None


# -- controls --------------------------------------------------------------------------------------------------------


class ControlRequest(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /jobs/{job_id}/pause|resume|cancel`."""

    reason: str = ""


class ControlCall(Call[Control]):
    """A call that controls a job."""

    job_id: JobId
    body: ControlRequest


@post("/jobs/{job_id}/pause", tag="controls", statuses=(202,), problems=(404, 409, 422, 503))
class Pause(ControlCall):
    """Pause a job.

    No further handler starts; the job is paused once the running ones have returned. 409 says why it can't be paused
    now. A repeated request does nothing.
    """


@post("/jobs/{job_id}/resume", tag="controls", statuses=(202,), problems=(404, 409, 422, 503))
class Resume(ControlCall):
    """Resume a paused job.

    Queued activations run once, in their order. 409 says why it can't be resumed now. A repeated request does nothing.
    """


@post("/jobs/{job_id}/step", tag="controls", statuses=(202,), problems=(404, 409, 422, 503))
class Step(ControlCall):
    """Let a paused job run the next handler, and pause again.

    409 says why it can't step now.
    """


@post("/jobs/{job_id}/cancel", tag="controls", statuses=(202,), problems=(404, 409, 422, 503))
class Cancel(ControlCall):
    """Cancel a job.

    Queued activations are dropped and running handlers are asked to stop. 409 says why it can't be cancelled now. A
    repeated request does nothing.
    """


# -- recordings ------------------------------------------------------------------------------------------------------


@get("/jobs/{job_id}/recording.jsonl", tag="recordings", problems=(404, 409, 503), media=JSON_LINES)
class GetRecording(Call[str]):
    """A job as JSON lines, streamed, which another server imports (`POST /recordings`)."""

    job_id: JobId
    mask: Masks = ()


@get("/jobs/{job_id}/recording.html", tag="recordings", problems=(404, 409, 503), media=HTML)
class GetRecordingPage(Call[str]):
    """A job as one HTML file with graph, inspector and history, which works without a server or network."""

    job_id: JobId
    mask: Masks = ()
    limit: Annotated[
        int,
        Meta(
            ge=HTML_LEAST,
            le=1_000_000_000,
            description="The largest size in bytes; the file lists omissions.",
        ),
    ] = HTML_LIMIT


@post("/recordings", tag="recordings", statuses=(201, 200), problems=(409, 422, 503), accepts=JSON_LINES)
class PostRecording(Call[JobSummary]):
    """Import a recording (JSON lines).

    201 and the job; 200 if the server already has the same job. The recording is checked as a whole before any of it
    is stored.
    """

    body: str = ""


# -- the server ------------------------------------------------------------------------------------------------------


class Health(msgspec.Struct):
    """`GET /healthz`: whether the server's loop runs and how far it is behind; the number of jobs in memory and the
    state of the store, both null without a required token."""

    status: Literal["ok", "stuck"]
    behind_seconds: float
    jobs: int | None
    store: StoreHealth | None


class Problem(msgspec.Struct):
    """RFC 9457, `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str


@get("/healthz", tag="server", statuses=(200, 503))
class GetHealth(Call[Health]):
    """Whether the dashboard is alive. No token is needed; jobs and store are shown only with one."""


@get("/openapi.json", tag="server")
class GetOpenApi(Call[dict[str, Any]]):
    """This document."""


@get("/docs", tag="server", statuses=(200, 503), media=HTML)
class GetDocs(Call[str]):
    """A page to try the calls on."""
