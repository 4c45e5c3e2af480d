"""Routilux: event-driven workflows. Flows of routines, wired by connections; each run is a job."""

from .builtin_routines import (
    ConditionalRouter,
    DataFlattener,
    DataTransformer,
    DataValidator,
    ResultExtractor,
    TextClipper,
    TextRenderer,
    TimeProvider,
)
from .connection import Connection
from .context import ExecutionContext, JobCancelled, carry
from .error_handler import ErrorHandler, ErrorStrategy
from .event import Event
from .execution_tracker import ExecutionTracker
from .flow import Flow
from .hooks import JobHook
from .job_state import JobState
from .journal.entries import JournalBatch, JournalEntry, RunTotals, Source, Target, Totals
from .journal.journal import JournalReader
from .journal.records import ExecutionRecord, HistoryRange
from .output_handler import CallbackOutputHandler, NullOutputHandler, OutputHandler, QueueOutputHandler
from .routine import Routine
from .slot import Slot
from .status import (
    CANCELLATION_KEY,
    ENDED_STATUSES,
    ENTRY_SLOT,
    ERROR_OUTCOMES,
    SETTLED_STATUSES,
    ControlAction,
    ControlPhase,
    ControlState,
    EntryKind,
    JobStatus,
    RecordKind,
    RunningHandler,
    RunOutcome,
    refuse_all,
)

__version__ = "0.10.0"

__all__ = [
    "CANCELLATION_KEY",
    "ENDED_STATUSES",
    "ENTRY_SLOT",
    "ERROR_OUTCOMES",
    "SETTLED_STATUSES",
    "CallbackOutputHandler",
    "ConditionalRouter",
    "Connection",
    "ControlAction",
    "ControlPhase",
    "ControlState",
    "DataFlattener",
    "DataTransformer",
    "DataValidator",
    "EntryKind",
    "ErrorHandler",
    "ErrorStrategy",
    "Event",
    "ExecutionContext",
    "ExecutionRecord",
    "ExecutionTracker",
    "Flow",
    "HistoryRange",
    "JobCancelled",
    "JobHook",
    "JobState",
    "JobStatus",
    "JournalBatch",
    "JournalEntry",
    "JournalReader",
    "NullOutputHandler",
    "OutputHandler",
    "QueueOutputHandler",
    "RecordKind",
    "ResultExtractor",
    "Routine",
    "RunOutcome",
    "RunTotals",
    "RunningHandler",
    "Slot",
    "Source",
    "Target",
    "TextClipper",
    "TextRenderer",
    "TimeProvider",
    "Totals",
    "__version__",
    "carry",
    "refuse_all",
]
