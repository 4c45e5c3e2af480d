"""Rare entries of a journal as the dashboard keeps them: bounded, and safe to show."""

from __future__ import annotations

from typing import Any, NamedTuple

from routilux import JournalEntry

from ..protocol import ErrorReport
from .preview import plain_text
from .tally import Retry
from .times import iso

ERROR_TEXT = 2_000
TRACEBACK_TEXT = 20_000


class ControlNote(NamedTuple):
    """One step of a control: who asked for what, and how far it was at that time."""

    timestamp: str
    action: str
    state: str
    by: str
    reason: str
    kept: int
    dropped: int

    @classmethod
    def of(cls, entry: JournalEntry) -> ControlNote:
        data = entry.data
        action, state, by, reason = (_text(data, key, ERROR_TEXT) for key in ("action", "state", "by", "reason"))
        kept, dropped = data.get("kept") or 0, data.get("dropped") or 0
        return cls(iso(entry.time_ns), action, state, by, reason, kept, dropped)


def error_report(entry: JournalEntry) -> ErrorReport:
    """What an `error` or `retry` entry says of the failure; of a long traceback, the end."""
    data = entry.data
    return ErrorReport(
        routine_id=entry.routine_id or "",
        slot=data.get("slot") or "",
        error_type=_text(data, "error_type", ERROR_TEXT),
        error=_text(data, "error", ERROR_TEXT),
        traceback=plain_text((data.get("traceback") or "")[-TRACEBACK_TEXT:], TRACEBACK_TEXT),
        timestamp=iso(entry.time_ns),
    )


def retry_of(entry: JournalEntry) -> Retry:
    """When a `retry` entry says that the activation is tried again."""
    return Retry(entry.data["due_ns"], entry.data["attempt"], entry.data["max_retries"])


def _text(data: dict[str, Any], key: str, limit: int) -> str:
    return plain_text(data.get(key) or "", limit)
