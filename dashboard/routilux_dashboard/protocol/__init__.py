"""Every shape and fact on the wire, defined once; the browser's types are generated from here.

`python -m routilux_dashboard.protocol` prints the JSON Schema that `npm run types` turns into
`static/src/live/protocol.ts`.

Conventions: `timestamp`, `*_at` and `since` are ISO 8601 in UTC with offset; `at` is milliseconds since the epoch by
the server's clock; `*_ms` are milliseconds. `seq` is the number of a history record, from 1 without gaps. Payloads are
previews: plain JSON, bounded in size, with `cut` true where something was left out.
"""

from .calls import ControlRequest, Problem, StartJob
from .flows import (
    ConnectionDefinition,
    EntryPoint,
    ErrorHandling,
    EventRef,
    FlowDefinition,
    RoutineDefinition,
    SlotRef,
    SourceLocation,
)
from .frames import Frame, Keyframe, Sample, Series
from .jobs import (
    ConnectionFigures,
    Control,
    Counts,
    ErrorReport,
    Job,
    JobSummary,
    RetryFigures,
    RoutineFigures,
    RunningHandler,
)
from .rows import HistoryPage, LogPage, LogRow, LogTail, OutputPage, OutputRow, OutputTail, Record, RoutineState
from .schema import json_schema
from .topics import NO_STORE, Ack, AckReply, Dropped, Jobs, LiveError, StoreHealth, Subscribe, Unsubscribe
from .vocabulary import (
    ACTIONS,
    ENDED,
    ENTRY_SLOT,
    JOB_STATUSES,
    OUTCOMES,
    RECORD_KINDS,
    SETTLED,
    Action,
    JobStatus,
    Outcome,
    RecordKind,
    RoutineStatus,
)

__all__ = [
    "ACTIONS",
    "ENDED",
    "ENTRY_SLOT",
    "JOB_STATUSES",
    "NO_STORE",
    "OUTCOMES",
    "RECORD_KINDS",
    "SETTLED",
    "Ack",
    "AckReply",
    "Action",
    "ConnectionDefinition",
    "ConnectionFigures",
    "Control",
    "ControlRequest",
    "Counts",
    "Dropped",
    "EntryPoint",
    "ErrorHandling",
    "ErrorReport",
    "EventRef",
    "FlowDefinition",
    "Frame",
    "HistoryPage",
    "Job",
    "JobStatus",
    "JobSummary",
    "Jobs",
    "Keyframe",
    "LiveError",
    "LogPage",
    "LogRow",
    "LogTail",
    "Outcome",
    "OutputPage",
    "OutputRow",
    "OutputTail",
    "Problem",
    "Record",
    "RecordKind",
    "RetryFigures",
    "RoutineDefinition",
    "RoutineFigures",
    "RoutineState",
    "RoutineStatus",
    "RunningHandler",
    "Sample",
    "Series",
    "SlotRef",
    "SourceLocation",
    "StartJob",
    "StoreHealth",
    "Subscribe",
    "Unsubscribe",
    "json_schema",
]
