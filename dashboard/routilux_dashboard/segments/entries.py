"""Journal entries as segments hold them: bounded, and safe to show."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from routilux import JobStatus, JournalEntry

from ..payloads.preview import safe_text
from ..protocol import ErrorReport
from ..times import iso

ERROR_TEXT = 2_000
TRACEBACK_TEXT = 20_000


_Count = Annotated[int, Meta(ge=0, le=2**53)]
_Moment = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class StatusData(Struct):
    status: JobStatus
    previous: str | None = None
    error: str | None = None


class ControlData(Struct):
    action: str | None = None
    state: str | None = None
    by: str | None = None
    reason: str | None = None
    kept: _Count | None = None
    dropped: _Count | None = None


class NumberData(Struct):
    n: _Count


class KeyData(Struct):
    key: str | None = None


class DroppedData(Struct):
    routines: dict[str, _Count]


class ErrorData(Struct):
    slot: str | None = None
    error: str | None = None
    error_type: str | None = None
    traceback: str | None = None
    outcome: str | None = None


class RetryData(ErrorData, kw_only=True):
    due_ns: _Moment
    attempt: _Count
    max_retries: _Count


SHAPES: dict[str, type[Struct]] = {
    "status": StatusData,
    "control": ControlData,
    "output": NumberData,
    "shared_log": NumberData,
    "shared_data": KeyData,
    "routine_state": KeyData,
    "dropped": DroppedData,
    "error": ErrorData,
    "retry": RetryData,
}
"""Kind of an entry → the least that its data must have, if the fold reads it."""


def entry_data(entry: JournalEntry) -> dict[str, Any]:
    """The data of an entry as JSON, with its texts shortened for display."""
    return {safe_text(key): _shown(key, value) for key, value in entry.data.items()}


def _shown(key: str, value: Any) -> Any:
    if key == "traceback" and type(value) is str:
        return safe_text(value[-TRACEBACK_TEXT:], TRACEBACK_TEXT)
    if key == "routines" and type(value) is dict:
        return {safe_text(name): count for name, count in value.items()}
    if value is None or type(value) in (bool, int, float):
        return value
    return safe_text(value, ERROR_TEXT)


class ControlRecord(NamedTuple):
    """A step of a control: who requested which action, and its state at that time."""

    timestamp: str
    action: str
    state: str
    by: str
    reason: str
    kept: int
    dropped: int

    @classmethod
    def of(cls, entry: JournalEntry) -> ControlRecord:
        data = entry.data
        action, state, by, reason = (_text(data, key, ERROR_TEXT) for key in ("action", "state", "by", "reason"))
        kept, dropped = data.get("kept") or 0, data.get("dropped") or 0
        return cls(iso(entry.time_ns), action, state, by, reason, kept, dropped)


def error_report(entry: JournalEntry) -> ErrorReport:
    """The failure that an `error` or `retry` entry reports; of a long traceback, the end."""
    data = entry.data
    return ErrorReport(
        routine_id=entry.routine_id or "",
        slot=data.get("slot") or "",
        error_type=_text(data, "error_type", ERROR_TEXT),
        error=_text(data, "error", ERROR_TEXT),
        traceback=safe_text((data.get("traceback") or "")[-TRACEBACK_TEXT:], TRACEBACK_TEXT),
        timestamp=iso(entry.time_ns),
    )


def _text(data: dict[str, Any], key: str, limit: int) -> str:
    return safe_text(data.get(key) or "", limit)
