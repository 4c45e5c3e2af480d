"""Records of a job's history, as users see them."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, NamedTuple

from ..persistence.plain_data import PlainReader, iso_utc
from ..persistence.snapshot import snapshot
from .entries import Source

RECORD_KINDS = frozenset(("event", "start", "completed", "error", "error_continued", "retry", "custom"))


class ExecutionRecord:
    """One record of a job's history: an emission, or a step of the engine.

    Attributes:
        routine_id, event_name: the routine and its event.
        data: the parameters as they were when recorded.
        kind: `"event"` for an emission; `"start"`, `"completed"`, `"error"`, `"error_continued"` or `"retry"` for a
            step of the engine; `"custom"` for `record_execution`. So a user's event named "error" is no error.
        seq: the record's number in its job, from 1; 0 outside a job.
        cause: the `seq` of the record that led to this one, or `None`.
        time_ns: nanoseconds since the epoch; timestamp: the same as a local, naive `datetime`.
    """

    __slots__ = ("cause", "data", "event_name", "kind", "routine_id", "seq", "time_ns")

    def __init__(
        self,
        routine_id: str = "",
        event_name: str = "",
        data: dict[str, Any] | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        self.routine_id: str = routine_id
        self.event_name: str = event_name
        self.data: dict[str, Any] = {} if data is None else data
        self.time_ns: int = time.time_ns() if timestamp is None else round(timestamp.timestamp() * 1e6) * 1000
        self.kind: str = "custom"
        self.seq: int = 0
        self.cause: int | None = None

    @property
    def timestamp(self) -> datetime:
        """The time as a local, naive `datetime`."""
        return datetime.fromtimestamp(self.time_ns / 1e9)

    def __repr__(self) -> str:
        return f"ExecutionRecord[{self.routine_id}.{self.event_name}@{self.timestamp}]"

    def serialize(self) -> dict[str, Any]:
        """Return plain data; the time is in UTC, with offset."""
        return {
            "_type": "ExecutionRecord",
            "routine_id": self.routine_id,
            "event_name": self.event_name,
            "data": snapshot(self.data),
            "timestamp": iso_utc(self.time_ns),
            "kind": self.kind,
            "cause": self.cause,
        }

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load `data`, the result of `serialize`. Raises `ValueError` if it is invalid."""
        self.load_from(PlainReader(data, "record"))

    def load_from(self, part: PlainReader) -> None:
        """As `deserialize`, for a part of a larger document."""
        part.child("_type", "ExecutionRecord").expect("ExecutionRecord")
        kind, cause = part.string("kind", _usual_kind(part.child("event_name").value)), part.child("cause")
        if kind not in RECORD_KINDS:
            raise part.child("kind").invalid(f"one of {', '.join(sorted(RECORD_KINDS))}")
        routine_id, event_name, time_ns = (
            part.string("routine_id"),
            part.string("event_name"),
            part.time_ns("timestamp"),
        )
        number = None if cause.value is None else part.integer("cause")
        self.data = part.object("data")
        self.routine_id, self.event_name, self.kind = routine_id, event_name, kind
        self.time_ns, self.cause = time_ns, number


def _usual_kind(event_name: Any) -> str:
    """The kind of a record written by release 0.10.0, which stored none."""
    return event_name if event_name in ("start", "completed", "error", "error_continued") else "event"


def record_from_row(source: Source, data: dict[str, Any], time_ns: int, cause: int, seq: int) -> ExecutionRecord:
    """Make a record from a journal's row."""
    record = ExecutionRecord.__new__(ExecutionRecord)
    record.routine_id = source.routine_id
    record.event_name = source.event_name
    record.kind = source.kind
    record.data = data.copy() if type(data) is dict else data  # an activation may share the dict
    record.time_ns = time_ns
    record.cause = cause or None
    record.seq = seq
    return record


class HistoryRange(NamedTuple):
    """The `records` of a range; `first` and `last` are the numbers kept, `total` counts all records ever made."""

    records: list[ExecutionRecord]
    first: int
    last: int
    total: int
