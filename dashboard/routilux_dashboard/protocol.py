"""Every shape on the wire, defined once; the browser's types are generated from here.

`python -m routilux_dashboard.protocol` prints the JSON Schema that
`npm run types` turns into `static/src/live/protocol.ts`.

Conventions: `timestamp`, `*_at` and `since` are ISO 8601 in UTC with offset; `at` is
milliseconds since the epoch by the server's clock; `*_ms` are milliseconds. `seq` is the
number of a history record, from 1 without gaps. Payloads are previews: plain JSON, bounded
in size, with `cut` true where something was left out.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

JobStatus = Literal["pending", "running", "paused", "completed", "failed", "cancelled", "lost"]
"""As the engine says; `lost`: its program has died, hangs or cannot be reached, and nobody knows how it stands."""
RoutineStatus = Literal["pending", "idle", "running", "paused", "retry", "failed", "completed", "cancelled", "lost"]
RecordKind = Literal["event", "start", "completed", "error", "error_continued", "retry", "custom"]
Action = Literal["pause", "resume", "step", "cancel"]


class SourceLocation(msgspec.Struct, frozen=True):
    """Where a routine's class is written."""

    file: str
    line: int


class ErrorHandling(msgspec.Struct, frozen=True):
    """What happens when a handler of a routine raises, and who decided it."""

    strategy: Literal["stop", "continue", "retry", "skip"]
    level: Literal["routine", "flow", "default"]
    max_retries: int
    retry_delay: float
    retry_backoff: float
    is_critical: bool


class RoutineDefinition(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """One node of a flow."""

    routine_id: str
    class_: str
    doc: str
    slots: list[str]
    events: list[str]
    error_strategy: ErrorHandling
    source: SourceLocation | None


class EventRef(msgspec.Struct, frozen=True):
    routine_id: str
    event: str


class SlotRef(msgspec.Struct, frozen=True):
    routine_id: str
    slot: str


class ConnectionDefinition(msgspec.Struct, frozen=True):
    """One edge of a flow: `source.event` to `target.slot`."""

    connection_id: str
    source: EventRef
    target: SlotRef
    param_mapping: dict[str, str]


class EntryPoint(msgspec.Struct, frozen=True):
    """A routine with a `trigger` slot, and its parameters as JSON Schema."""

    routine_id: str
    doc: str
    parameters: dict[str, Any]


class FlowDefinition(msgspec.Struct, frozen=True):
    """The structure of a flow; `version` changes when the structure does."""

    flow_id: str
    version: str
    execution_strategy: Literal["sequential", "concurrent"]
    max_workers: int
    routines: list[RoutineDefinition]
    connections: list[ConnectionDefinition]
    entries: list[EntryPoint]


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
    with what it was started with. `last_sign`: when its program was last heard of, while the status
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


class Record(msgspec.Struct):
    """One record of the history. `cause` is the `seq` that led to it, or null."""

    seq: int
    timestamp: str
    routine_id: str
    event_name: str
    kind: RecordKind
    data: Any
    cause: int | None
    cut: bool


class LogRow(msgspec.Struct):
    """One entry of the shared log, numbered from 1."""

    n: int
    timestamp: str
    entry: Any
    cut: bool


class OutputRow(msgspec.Struct):
    """One output of a routine, numbered from 1."""

    n: int
    timestamp: str
    routine_id: str
    output_type: str
    data: Any
    cut: bool


class LogTail(msgspec.Struct):
    """The newest rows (at most 50, ending at number `total`)."""

    total: int
    rows: list[LogRow]


class OutputTail(msgspec.Struct):
    """The newest rows (at most 50, ending at number `total`)."""

    total: int
    rows: list[OutputRow]


class RoutineState(msgspec.Struct):
    """A preview of what `update_routine_state` stored."""

    state: Any
    cut: bool


class Sample(msgspec.Struct):
    """One closed interval of the charts; routines as {id: [runs ended, queued at its end, busy ms]}."""

    index: int
    events: int
    errors: int
    queued: int
    running: int
    routines: dict[str, tuple[int, int, float]]


class Series(msgspec.Struct):
    """The charts' points so far, oldest first; point i covers `interval_ms` from `start + i * interval_ms`.

    At 480 points neighbours are merged and the interval doubles. Flows of more than 50
    routines have no figures of single routines here.
    """

    start: float
    interval_ms: int
    points: list[Sample]


class Keyframe(msgspec.Struct):
    """The complete state of a job, sent on (re)connection and after a client fell behind."""

    job_id: str
    frame: int
    seq: int
    at: float
    flow: FlowDefinition
    job: JobSummary
    routines: dict[str, RoutineFigures]
    connections: dict[str, ConnectionFigures]
    states: dict[str, RoutineState]
    records: list[Record]
    log: LogTail
    outputs: OutputTail
    series: Series


class Frame(msgspec.Struct, omit_defaults=True):
    """What changed since frame `frame - 1`; at most 20 a second. Absent fields did not change.

    `records` are the newest (at most 50) and end at `seq`; what lies between is read by range.
    `flow` is there when the structure changed, `series` instead of `samples` when the
    interval doubled.
    """

    job_id: str
    frame: int
    seq: int
    at: float
    job: JobSummary
    routines: dict[str, RoutineFigures] = {}
    connections: dict[str, ConnectionFigures] = {}
    states: dict[str, RoutineState] = {}
    records: list[Record] = []
    log: LogTail | None = None
    outputs: OutputTail | None = None
    samples: list[Sample] = []
    series: Series | None = None
    flow: FlowDefinition | None = None


class StoreHealth(msgspec.Struct, frozen=True):
    """How the server's store is doing.

    `state`: "none" (nothing is kept beyond memory), "ok", "behind" (it is written later than it comes in) or
    "failing" (nothing can be written, for `reason`). `since`: when that began. `waiting`: rows that are held in
    memory until they can be written; `lost`: rows that are not kept, ever; `thinned`: records that programs elsewhere
    have left out, counted only, for too much waited in them to be sent. `place`: where the store is, without passwords.
    """

    state: Literal["none", "ok", "behind", "failing"] = "none"
    reason: str = ""
    since: str | None = None
    waiting: int = 0
    lost: int = 0
    thinned: int = 0
    place: str = ""


NO_STORE = StoreHealth()


class Jobs(msgspec.Struct):
    """The list of jobs: everything when `full`, else what changed. Newest jobs first in `full`."""

    at: float
    full: bool
    jobs: list[JobSummary]
    removed: list[str]
    counts: dict[str, int]
    rate: float
    activity: list[int]
    flows: list[str]
    store: StoreHealth


class Subscribe(msgspec.Struct, forbid_unknown_fields=True):
    """Client: watch one job (with the last `seq` it has) or the list of jobs."""

    job_id: str | None = None
    since: int = 0
    jobs: bool = False


class Unsubscribe(msgspec.Struct, forbid_unknown_fields=True):
    """Client: stop watching."""

    job_id: str | None = None
    jobs: bool = False


class Ack(msgspec.Struct, forbid_unknown_fields=True):
    """Client: frame `frame` of `job_id` (or of "jobs") has been shown. Without a job: a ping."""

    job_id: str | None = None
    frame: int = 0


class AckReply(msgspec.Struct):
    """Server's answer to an `ack`: its clock, when its pump last ran (both epoch ms), and how its store is doing."""

    at: float
    pumped_at: float
    store: StoreHealth


class LiveError(msgspec.Struct):
    """Server's answer to a `subscribe` that cannot be served."""

    status: int
    title: str
    detail: str


class Dropped(msgspec.Struct):
    """Server: nothing more comes of a job that the client watches; the rest says why, as a `LiveError` does.

    404: it is not on the server any more.
    """

    job_id: str
    status: int
    title: str
    detail: str


class HistoryPage(msgspec.Struct):
    """`GET /jobs/{job_id}/history`: records of a range; `first` and `last` are the seqs kept, `total` all ever made.

    `searched_to`: the search for a filter was broken off there, for it took long; go on `after` that seq (or
    `before` it, backwards). Null when everything in the range has been looked at, or the page is full.
    """

    records: list[Record]
    first: int
    last: int
    total: int
    searched_to: int | None = None


class LogPage(msgspec.Struct):
    entries: list[LogRow]
    first: int
    last: int
    total: int


class OutputPage(msgspec.Struct):
    outputs: list[OutputRow]
    first: int
    last: int
    total: int


class StartJob(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /flows/{flow_id}/jobs`. `again` names a job whose entry and parameters are used as they were."""

    entry: str | None = None
    params: dict[str, Any] | None = None
    again: str | None = None


class ControlRequest(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /jobs/{job_id}/pause|resume|cancel`."""

    reason: str = ""


class Problem(msgspec.Struct):
    """RFC 9457, `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str


WIRE_TYPES: tuple[type, ...] = (
    Keyframe, Frame, Jobs, Subscribe, Unsubscribe, Ack, AckReply, LiveError, Dropped,
    Job, HistoryPage, LogPage, OutputPage, StartJob, ControlRequest, Problem,
)  # fmt: skip
"""The shapes that the browser's types are generated from."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of every shape on the wire, under `$defs`."""
    _, components = msgspec.json.schema_components(WIRE_TYPES, ref_template="#/$defs/{name}")
    for shape in ("Counts", "StoreHealth"):
        components[shape]["required"] = list(components[shape]["properties"])  # their defaults are sent too
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": components}


if __name__ == "__main__":
    import json

    print(json.dumps(json_schema(), indent=2))
