"""Entries of a journal that was not kept, as far as what is shown of the job still tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ..fold.outlook import ENDED
from ..protocol import ErrorReport, Keyframe, LogRow, OutputRow
from ..segments.segment import Entry
from ..times import MILLISECOND, epoch_ns


class Told(NamedTuple):
    """An entry without its number."""

    time_ns: int
    kind: str
    routine_id: str | None
    data: dict[str, Any]


def numbered(told: list[Told], first: int) -> list[Entry]:
    """Entries in the order of their times, numbered from `first`."""
    in_time = sorted(told, key=lambda entry: entry.time_ns)
    return [Entry(number, *entry) for number, entry in enumerate(in_time, first)]


def of_row(row: LogRow | OutputRow, otherwise_ns: int) -> Told:
    """That a row was added."""
    kind = "shared_log" if isinstance(row, LogRow) else "output"
    return Told(moment_ns(row.timestamp, otherwise_ns), kind, getattr(row, "routine_id", None), {"n": row.n})


def of_controls(actions: list[dict[str, Any]]) -> Iterator[Told]:
    """What was asked of the job (`WatchedJob.actions`)."""
    for action in actions:
        said = {name: value for name, value in action.items() if name != "timestamp"}
        yield Told(moment_ns(action["timestamp"], 0), "control", None, said)


def of_begin(keyframe: Keyframe) -> Iterator[Told]:
    """That the job began."""
    if keyframe.job.status != "pending":
        said = {"status": "running", "previous": "pending", "error": None}
        yield Told(moment_ns(keyframe.job.created_at, 0), "status", None, said)


def of_end(keyframe: Keyframe, waiting: Mapping[str, int]) -> Iterator[Told]:
    """How the job stands, the last errors of its routines, and what was dropped.

    `waiting`: activations by routine that came and did not end, of which those are dropped that are
    neither shown as queued nor as running.
    """
    job, at_ns = keyframe.job, round(keyframe.at * MILLISECOND)
    if job.status not in ("pending", "running"):
        said = {"status": job.status, "previous": "running", "error": job.error.error if job.error else None}
        ended_ns = moment_ns(job.ended_at or job.updated_at, at_ns)
        yield Told(ended_ns, "status", None, said)
    for routine_id, figures in keyframe.routines.items():
        if figures.last_error is not None:
            yield _error(figures.last_error, failed=job.status == "failed" and figures.last_error == job.error)
        waiting_now = figures.queued + figures.running
        if job.status in ENDED and waiting.get(routine_id, 0) > waiting_now:
            dropped = Counter({routine_id: waiting[routine_id] - waiting_now})
            yield Told(at_ns, "dropped", None, {"routines": dict(dropped)})


def moment_ns(text: str, otherwise: int) -> int:
    """Nanoseconds since the epoch of ISO text; `otherwise` when it is no time."""
    try:
        return epoch_ns(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        return otherwise


def _error(report: ErrorReport, *, failed: bool) -> Told:
    said = {name: getattr(report, name) for name in ("slot", "error", "error_type", "traceback")}
    said["outcome"] = "failed" if failed else "error_continued"
    return Told(moment_ns(report.timestamp, 0), "error", report.routine_id, said)
