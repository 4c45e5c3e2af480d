"""Journal entries that were not kept, derived from the job's keyframe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ..protocol import ENDED, ErrorReport, Keyframe, LogRow, OutputRow
from ..segments.segment import Entry
from ..times import MILLISECOND, epoch_ns


class DerivedEntry(NamedTuple):
    """An entry without its number."""

    time_ns: int
    kind: str
    routine_id: str | None
    data: dict[str, Any]


def numbered(entries: list[DerivedEntry], first: int) -> list[Entry]:
    """Entries in chronological order, numbered from `first`."""
    in_time = sorted(entries, key=lambda entry: entry.time_ns)
    return [Entry(number, *entry) for number, entry in enumerate(in_time, first)]


def row_entry(row: LogRow | OutputRow, default_ns: int) -> DerivedEntry:
    """The entry that recorded the adding of a row."""
    kind = "shared_log" if isinstance(row, LogRow) else "output"
    return DerivedEntry(time_of(row.timestamp, default_ns), kind, getattr(row, "routine_id", None), {"n": row.n})


def control_entries(actions: list[dict[str, Any]]) -> Iterator[DerivedEntry]:
    """The entries of the job's controls (see `LocalSource.actions`)."""
    for action in actions:
        data = {name: value for name, value in action.items() if name != "timestamp"}
        yield DerivedEntry(time_of(action["timestamp"], 0), "control", None, data)


def start_entries(keyframe: Keyframe) -> Iterator[DerivedEntry]:
    """The entry of the job's start."""
    if keyframe.job.status != "pending":
        data = {"status": "running", "previous": "pending", "error": None}
        yield DerivedEntry(time_of(keyframe.job.created_at, 0), "status", None, data)


def end_entries(keyframe: Keyframe, waiting: Mapping[str, int]) -> Iterator[DerivedEntry]:
    """The entries of the job's final status, of each routine's last error and of dropped activations.

    Args:
        waiting: how many activations of each routine arrived and did not end. Those shown neither as queued nor as
            running were dropped.
    """
    job, at_ns = keyframe.job, round(keyframe.at * MILLISECOND)
    if job.status not in ("pending", "running"):
        data = {"status": job.status, "previous": "running", "error": job.error.error if job.error else None}
        ended_ns = time_of(job.ended_at or job.updated_at, at_ns)
        yield DerivedEntry(ended_ns, "status", None, data)
    for routine_id, figures in keyframe.routines.items():
        if figures.last_error is not None:
            failed = job.status == "failed" and figures.last_error == job.error
            yield _error_entry(figures.last_error, "failed" if failed else "error_continued")
        dropped = waiting.get(routine_id, 0) - figures.queued - figures.running
        if job.status in ENDED and dropped > 0:
            yield DerivedEntry(at_ns, "dropped", None, {"routines": {routine_id: dropped}})


def time_of(text: str, default: int) -> int:
    """An ISO 8601 text as nanoseconds since the epoch; `default` if it isn't one."""
    try:
        return epoch_ns(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        return default


def _error_entry(report: ErrorReport, outcome: str) -> DerivedEntry:
    data = {name: getattr(report, name) for name in ("slot", "error", "error_type", "traceback")}
    return DerivedEntry(time_of(report.timestamp, 0), "error", report.routine_id, {**data, "outcome": outcome})
