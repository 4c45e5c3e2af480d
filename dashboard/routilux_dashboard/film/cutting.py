"""The part of a segment up to a moment, and a segment in several.

At a moment t there have been the runs that ended and the entries that were made by then; a handler runs
whose run began by then and had not ended. The moment of a `seq` is the time of that record. What lies
in a segment came after all that is in the one before, and after the rows before it in its list, whatever its
time says: threads of the engine are sometimes held up for some microseconds before they write down.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

from ..protocol import Control, JobStatus, LogRow, OutputRow
from .outlook import ENDED
from .segment import Entry, Facts, Records, RunningNow, Runs, Segment
from .times import iso

PAST = "this is a moment of the past"
"""Why a control makes no sense."""
NOTHING_ASKED = Control(None, None, "", "", None, [], 0, 0, dict.fromkeys(("pause", "resume", "step", "cancel"), PAST))
_EVERY = 2**63
_FIRST = -1
"""The place of what had been stored before the job was read."""


def until_seq(segment: Segment, seq: int) -> Segment:
    """The part of a segment up to record `seq`: the state of the job at the moment of that record.

    The segment itself when `seq` lies beyond it. With the `seq` before its first record nothing is
    left of its rows. Raises `LookupError` for a record before that, or one that has no row (`lost`).
    """
    if seq > segment.seq:
        return segment
    place = seq - segment.after_seq
    if place < 0:
        lost = "has no row" if place >= -segment.lost else "lies before it"
        raise LookupError(f"Record {seq} {lost}: segment {segment.n} begins with record {segment.after_seq + 1}")
    if place == 0:
        return _part(segment, _NOWHERE, _NOWHERE, _before(segment))
    at = segment.records.time_ns[place - 1]
    return _part(segment, _NOWHERE, _reached(segment, at, place), at)


def until_time(segment: Segment, t_ns: int) -> Segment:
    """The part of a segment up to `t_ns` (since the epoch); the segment itself when all of it was by then."""
    if t_ns >= segment.at_ns:
        return segment
    return _part(segment, _NOWHERE, _reached(segment, t_ns), t_ns)


def split(segment: Segment, rows: int) -> list[Segment]:
    """A segment as several with at most `rows` records and `rows` runs each, which follow one another in time.

    They are numbered from its `n`, so those after it need other numbers. Only rows of the same
    nanosecond may make one larger.
    """
    parts = []
    start, end = _NOWHERE, _all(segment)
    while True:
        at = _time_of(segment, start, rows)
        stop = end if at is None else _reached(segment, at)
        if at is None or stop == end:
            break
        parts.append(_part(segment, start, stop, at))
        start = stop
    if not parts:
        return [segment]
    parts.append(_part(segment, start, end, None))
    return [msgspec.structs.replace(part, n=segment.n + place) for place, part in enumerate(parts)]


@dataclass(frozen=True, slots=True)
class _Place:
    """How many records, runs and entries of a segment lie before it."""

    records: int
    runs: int
    entries: int


_NOWHERE = _Place(0, 0, 0)


def _all(segment: Segment) -> _Place:
    return _Place(len(segment.records.source), len(segment.runs.target), len(segment.entries))


def _ends(segment: Segment) -> list[int]:
    """When each run had ended and been written down: a thread may have been held up in between."""
    return list(accumulate(map(int.__add__, segment.runs.start_ns, segment.runs.duration_ns), max))


def _reached(segment: Segment, t_ns: int, records: int | None = None) -> _Place:
    """What lies up to `t_ns`, and up to record number `records` of the segment."""
    made = bisect_right(segment.records.time_ns, t_ns) if records is None else records
    told = [min(at, segment.at_ns) for at in accumulate((e.time_ns - segment.ahead_ns for e in segment.entries), max)]
    return _Place(made, bisect_right(_ends(segment), t_ns), bisect_right(told, t_ns))


def _time_of(segment: Segment, start: _Place, rows: int) -> int | None:
    """Until when there are `rows` records or runs more; `None` when there are not so many."""
    times = []
    if start.records + rows < len(segment.records.source):
        times.append(segment.records.time_ns[start.records + rows - 1])
    if start.runs + rows < len(segment.runs.target):
        times.append(_ends(segment)[start.runs + rows - 1])
    return min(times, default=None)


def _before(segment: Segment) -> int:
    """A moment before everything that has a row."""
    runs = segment.runs
    times = [*segment.records.time_ns[:1], *(entry.time_ns - segment.ahead_ns for entry in segment.entries[:1])]
    times += [runs.start_ns[0] + runs.duration_ns[0]] if runs.target else []
    return min(times, default=segment.at_ns) - 1


def _part(segment: Segment, start: _Place, stop: _Place, t_ns: int | None) -> Segment:
    """From `start` to `stop`, which is at `t_ns`; `None`: to the segment's end."""
    first, last = start == _NOWHERE, t_ns is None
    return Segment(
        job_id=segment.job_id,
        n=segment.n,
        at_ns=segment.at_ns if t_ns is None else t_ns,
        after_seq=segment.after_seq + start.records,
        seq=segment.after_seq + stop.records,
        after_run=segment.after_run + start.runs,
        facts=segment.facts if t_ns is None else _facts(segment, stop.entries, t_ns),
        beginning=segment.beginning if first else None,
        flow=segment.flow if first else None,
        sources=segment.sources if first else [],
        targets=segment.targets if first else [],
        records=_records(segment.records, start.records, stop.records),
        runs=_runs(segment.runs, start.runs, stop.runs),
        entries=segment.entries[start.entries : stop.entries],
        log=_newer(segment.log, segment, "shared_log", start, stop, last=last),
        outputs=_newer(segment.outputs, segment, "output", start, stop, last=last),
        states=_stored(segment.states, segment, start, stop, last=last, name_of=_state_name),
        data=_stored(segment.data, segment, start, stop, last=last, name_of=_data_name),
        running=segment.running if t_ns is None else _running(segment, stop.runs, t_ns),
        sums=segment.sums if first else None,
        lost=segment.lost if first else 0,
        final=segment.final and last,
        ahead_ns=segment.ahead_ns,
    )


def _records(records: Records, start: int, stop: int) -> Records:
    return Records(
        source=records.source[start:stop],
        time_ns=records.time_ns[start:stop],
        cause=records.cause[start:stop],
        data=records.data[start:stop],
        cut=[place - start for place in records.cut if start <= place < stop],
    )


def _runs(runs: Runs, start: int, stop: int) -> Runs:
    columns = (runs.target, runs.start_ns, runs.duration_ns, runs.outcome, runs.cause)
    return Runs(*(column[start:stop] for column in columns))


def _running(segment: Segment, ended: int, t_ns: int) -> list[RunningNow]:
    """What ran at `t_ns`: runs of the segment that ended later, and what still ran at its end."""
    rows = zip(segment.runs.target[ended:], segment.runs.start_ns[ended:], strict=True)
    later = [RunningNow("", "", start, target) for target, start in rows if start <= t_ns]
    return later + [handler for handler in segment.running if handler.start_ns <= t_ns]


Row = TypeVar("Row", LogRow, OutputRow)


def _newer(rows: list[Row], segment: Segment, kind: str, start: _Place, stop: _Place, *, last: bool) -> list[Row]:
    """The rows that the entries from `start` to `stop` tell of."""
    if not rows:
        return rows
    numbers = [entry.data.get("n", 0) if entry.kind == kind else 0 for entry in segment.entries]
    low = 0 if start == _NOWHERE else _known(numbers, start.entries)
    high = rows[-1].n if last else _known(numbers, stop.entries)
    return [row for row in rows if low < row.n <= high]


def _known(numbers: list[int], count: int) -> int:
    """The last row that is known after so many entries; what no entry tells of was there before."""
    told = max(numbers[:count], default=0)
    later = [number for number in numbers[count:] if number]
    return told or (min(later) - 1 if later else _EVERY)


Value = TypeVar("Value")


def _stored(
    values: dict[str, Value],
    segment: Segment,
    start: _Place,
    stop: _Place,
    *,
    last: bool,
    name_of: Callable[[Entry], str | None],
) -> dict[str, Value]:
    """Those values that were stored last between `start` and `stop`: what was there before them has not been kept."""
    if not values or (last and start == _NOWHERE):
        return values
    stored_at = {name_of(entry): place for place, entry in enumerate(segment.entries)}
    untold = _FIRST if segment.beginning is not None else len(segment.entries)
    begins = _FIRST if start == _NOWHERE else start.entries
    ends = len(segment.entries) + 1 if last else stop.entries
    return {name: value for name, value in values.items() if begins <= stored_at.get(name, untold) < ends}


def _state_name(entry: Entry) -> str | None:
    return entry.routine_id if entry.kind == "routine_state" else None


def _data_name(entry: Entry) -> str | None:
    return entry.data.get("key") if entry.kind == "shared_data" else None


def _facts(segment: Segment, entries: int, t_ns: int) -> Facts:
    """What can be said of the job at `t_ns`, after so many entries."""
    status, ended_ns = _status(segment, entries)
    ended = segment.facts.ended_at if ended_ns is None else iso(ended_ns)
    return Facts(
        status=status,
        updated_at=iso(t_ns),
        ended_at=ended if status in ENDED else None,
        control=_control(segment.entries[:entries]),
        rerunnable=segment.facts.rerunnable,
        past=True,
    )


def _status(segment: Segment, entries: int) -> tuple[JobStatus, int | None]:
    """The status after so many entries, and when it came about if the segment tells."""
    for entry in reversed(segment.entries[:entries]):
        if entry.kind == "status":
            return entry.data["status"], entry.time_ns
    for entry in segment.entries[entries:]:
        if entry.kind == "status":
            return entry.data.get("previous") or segment.facts.status, None
    return segment.facts.status, None


def _control(entries: list[Entry]) -> Control:
    told = next((entry for entry in reversed(entries) if entry.kind == "control"), None)
    if told is None or told.data.get("state") == "withdrawn":
        return NOTHING_ASKED
    said: dict[str, Any] = told.data
    return msgspec.structs.replace(
        NOTHING_ASKED,
        action=said.get("action"),
        state=said.get("state"),
        by=said.get("by") or "",
        reason=said.get("reason") or "",
        since=iso(told.time_ns),
        kept=(said.get("kept") or 0) if said.get("action") == "pause" else 0,
        dropped=said.get("dropped") or 0,
    )
