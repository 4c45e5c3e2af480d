"""The part of a segment up to a moment, and a segment in several.

At a moment t there have been the runs that ended and the entries that were made by then; a handler runs
whose run began by then and had not ended. The moment of a `seq` is the time of that record. What lies
in a segment came after all that is in the one before, and after the rows before it in its list, whatever its
time says: threads of the engine are sometimes held up for some microseconds before they write down.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

from ..protocol import Control, JobStatus, LogRow, OutputRow
from ..times import iso
from .segment import ENDED, Entry, Facts, Records, RunningNow, Runs, Segment

PAST = "this is a moment of the past"
"""Why a control makes no sense."""
NOTHING_ASKED = Control(None, None, "", "", None, [], 0, 0, dict.fromkeys(("pause", "resume", "step", "cancel"), PAST))
_STORING = ("routine_state", "shared_data")
_EVERY = 2**63
_FIRST = -1
"""The place of what had been stored before the job was read."""
_Row = TypeVar("_Row", LogRow, OutputRow)
_Value = TypeVar("_Value")


def cut_at_seq(segment: Segment, seq: int) -> Segment:
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
    cutter = SegmentCutter(segment)
    if place == 0:
        return cutter.part(_NOWHERE, _NOWHERE, cutter.before())
    at = segment.records.time_ns[place - 1]
    return cutter.part(_NOWHERE, cutter.reached(at, place), at)


def cut_at_time(segment: Segment, t_ns: int) -> Segment:
    """The part of a segment up to `t_ns` (since the epoch); the segment itself when all of it was by then."""
    if t_ns >= segment.at_ns:
        return segment
    cutter = SegmentCutter(segment)
    return cutter.part(_NOWHERE, cutter.reached(t_ns), t_ns)


def split(segment: Segment, rows: int) -> list[Segment]:
    """A segment as several with at most `rows` records and `rows` runs each, which follow one another in time.

    They are numbered from its `n`, so those after it need other numbers. Only rows of the same
    nanosecond may make one larger.
    """
    if max(len(segment.records.source), len(segment.runs.target)) <= rows:
        return [segment]
    cutter = SegmentCutter(segment)
    parts, start = [], _NOWHERE
    while True:
        at = cutter.time_of(start, rows)
        stop = cutter.end if at is None else cutter.reached(at)
        if at is None or stop == cutter.end or not stop.lies_after(start):
            break
        parts.append(cutter.part(start, stop, at))
        start = stop
    parts.append(cutter.part(start, cutter.end, None))
    return [msgspec.structs.replace(part, n=segment.n + place) for place, part in enumerate(parts)]


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many records, runs and entries of a segment lie before it."""

    records: int
    runs: int
    entries: int

    def lies_after(self, other: RowCounts) -> bool:
        return self.records >= other.records and self.runs >= other.runs and self != other


_NOWHERE = RowCounts(0, 0, 0)


class SegmentCutter:
    """Makes parts of one segment; what lies where in it is found out once."""

    def __init__(self, segment: Segment) -> None:
        runs, entries = segment.runs, segment.entries
        self._segment = segment
        self._ends = _rising(list(map(int.__add__, runs.start_ns, runs.duration_ns)))
        self._told = _rising([min(entry.time_ns - segment.ahead_ns, segment.at_ns) for entry in entries])
        self._earliest = _earliest(runs.start_ns)
        self._log = _numbers(entries, "shared_log")
        self._outputs = _numbers(entries, "output")
        self._stored = {
            (entry.kind, entry.routine_id, entry.data.get("key")): place
            for place, entry in enumerate(entries)
            if entry.kind in _STORING
        }
        self.end = RowCounts(len(segment.records.source), len(runs.target), len(entries))

    # -- places

    def reached(self, t_ns: int, records: int | None = None) -> RowCounts:
        """What lies up to `t_ns`, and up to record number `records` of the segment."""
        made = bisect_right(self._segment.records.time_ns, t_ns) if records is None else records
        return RowCounts(made, bisect_right(self._ends, t_ns), bisect_right(self._told, t_ns))

    def before(self) -> int:
        """A moment before everything that has a row."""
        times = self._segment.records.time_ns[:1] + self._ends[:1] + self._told[:1]
        return min(times, default=self._segment.at_ns) - 1

    def time_of(self, start: RowCounts, rows: int) -> int | None:
        """Until when there are `rows` records or runs more; `None` when there are not so many."""
        times = []
        if start.records + rows < self.end.records:
            times.append(self._segment.records.time_ns[start.records + rows - 1])
        if start.runs + rows < self.end.runs:
            times.append(self._ends[start.runs + rows - 1])
        return min(times, default=None)

    # -- parts

    def part(self, start: RowCounts, stop: RowCounts, t_ns: int | None) -> Segment:
        """From `start` to `stop`, which is at `t_ns`; `None`: to the segment's end."""
        whole = self._segment
        first, last = start == _NOWHERE, t_ns is None
        return Segment(
            job_id=whole.job_id,
            n=whole.n,
            at_ns=whole.at_ns if t_ns is None else t_ns,
            after_seq=whole.after_seq + start.records,
            seq=whole.after_seq + stop.records,
            after_run=whole.after_run + start.runs,
            facts=whole.facts if t_ns is None else _facts(whole, stop.entries, t_ns),
            beginning=whole.beginning if first else None,
            flow=whole.flow if first else None,
            sources=whole.sources if first else [],
            targets=whole.targets if first else [],
            records=slice_records(whole.records, start.records, stop.records),
            runs=slice_runs(whole.runs, start.runs, stop.runs),
            entries=whole.entries[start.entries : stop.entries],
            log=_newer(whole.log, self._log, start, stop, last=last),
            outputs=_newer(whole.outputs, self._outputs, start, stop, last=last),
            states=self._last_of(whole.states, lambda name: ("routine_state", name, None), start, stop, last=last),
            data=self._last_of(whole.data, lambda name: ("shared_data", None, name), start, stop, last=last),
            running=whole.running if t_ns is None else self._running(stop.runs, t_ns),
            sums=whole.sums if first else None,
            lost=whole.lost if first else 0,
            final=whole.final and last,
            ahead_ns=whole.ahead_ns,
        )

    def _running(self, place: int, t_ns: int) -> list[RunningNow]:
        """What ran at `t_ns`: runs of the segment that ended later, and what still ran at its end."""
        runs, found = self._segment.runs, []
        while place < self.end.runs and self._earliest[place] <= t_ns:
            if runs.start_ns[place] <= t_ns:
                found.append(RunningNow("", "", runs.start_ns[place], runs.target[place]))
            place += 1
        return found + [handler for handler in self._segment.running if handler.start_ns <= t_ns]

    def _last_of(
        self,
        values: dict[str, _Value],
        entry_of: Callable[[str], object],
        start: RowCounts,
        stop: RowCounts,
        *,
        last: bool,
    ) -> dict[str, _Value]:
        """Those values that were stored last between `start` and `stop`: what was there before them is not known."""
        untold = _FIRST if self._segment.beginning is not None else self.end.entries
        begins = _FIRST if start == _NOWHERE else start.entries
        ends = self.end.entries + 1 if last else stop.entries
        stored: dict[Any, int] = self._stored
        return {name: value for name, value in values.items() if begins <= stored.get(entry_of(name), untold) < ends}


def _rising(times: list[int]) -> list[int]:
    """The latest of the times up to each; as a rule they are in order, and sorting finds that out quickly."""
    return times if times == sorted(times) else list(accumulate(times, max))


def _earliest(times: list[int]) -> list[int]:
    """The earliest of the times from each on."""
    return times if times == sorted(times) else list(accumulate(reversed(times), min))[::-1]


def _numbers(entries: list[Entry], kind: str) -> list[int]:
    """The number of the row that each entry tells of, or 0."""
    return [entry.data["n"] if entry.kind == kind else 0 for entry in entries]


def slice_records(records: Records, start: int, stop: int) -> Records:
    """The records at `start` to `stop` - 1."""
    first, last = bisect_left(records.cut, start), bisect_left(records.cut, stop)
    return Records(
        source=records.source[start:stop],
        time_ns=records.time_ns[start:stop],
        cause=records.cause[start:stop],
        data=records.data[start:stop],
        cut=[place - start for place in records.cut[first:last]],
    )


def slice_runs(runs: Runs, start: int, stop: int) -> Runs:
    """The runs at `start` to `stop` - 1."""
    columns = (runs.target, runs.start_ns, runs.duration_ns, runs.outcome, runs.cause)
    return Runs(*(column[start:stop] for column in columns))


def _newer(rows: list[_Row], numbers: list[int], start: RowCounts, stop: RowCounts, *, last: bool) -> list[_Row]:
    """The rows that the entries from `start` to `stop` tell of."""
    if not rows:
        return rows
    low = 0 if start == _NOWHERE else _known(numbers, start.entries)
    high = rows[-1].n if last else _known(numbers, stop.entries)
    first, end = (bisect_right(rows, number, key=lambda row: row.n) for number in (low, high))
    return rows[first:end]


def _known(numbers: list[int], count: int) -> int:
    """The last row that is known after so many entries; what no entry tells of was there before."""
    told = max(numbers[:count], default=0)
    return told or min(filter(None, numbers[count:]), default=_EVERY + 1) - 1


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
