"""Cuts a segment at a moment, so that a job can be shown as it was then; and splits a large one into several.

At moment t, those runs have ended and those entries exist whose times are not later; a handler is running if its run
started by then and had not ended. The moment of a `seq` is the time of that record. Whatever the times say, everything
in a segment came after the previous segment, and each row after the rows before it: engine threads may be delayed for
some microseconds between reading the clock and writing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

from ..protocol import ACTIONS, ENDED, Control, JobStatus, LogRow, OutputRow
from ..times import iso
from .segment import Entry, Records, RunningNow, Runs, Segment, SegmentFacts

PAST = "this is a moment in the past"
"""Why a job can't be controlled there."""
NO_CONTROL = Control(None, None, "", "", None, [], 0, 0, dict.fromkeys(ACTIONS, PAST))
_STORING = ("routine_state", "shared_data")
_EVERY = 2**63
_FIRST = -1
"""Where values count as stored that were there before the job was read."""
_Row = TypeVar("_Row", LogRow, OutputRow)
_Value = TypeVar("_Value")


def cut_at_seq(segment: Segment, seq: int) -> Segment:
    """The part of a segment up to the moment of record `seq`.

    The segment itself if `seq` lies beyond it; a segment without rows if `seq` is just before its first record. Raises
    `LookupError` for an earlier record, or for one that has no row (`lost`).
    """
    if seq > segment.seq:
        return segment
    place = seq - segment.after_seq
    if place < 0:
        reason = "has no row" if place >= -segment.lost else "is in an earlier segment"
        raise LookupError(f"Record {seq} {reason}: segment {segment.n} begins with record {segment.after_seq + 1}")
    cutter = SegmentCutter(segment)
    if place == 0:
        return cutter.part(_START, _START, cutter.before())
    at = segment.records.time_ns[place - 1]
    return cutter.part(_START, cutter.reached(at, place), at)


def cut_at_time(segment: Segment, t_ns: int) -> Segment:
    """The part of a segment up to `t_ns` (since the epoch); the segment itself if that is all of it."""
    if t_ns >= segment.at_ns:
        return segment
    cutter = SegmentCutter(segment)
    return cutter.part(_START, cutter.reached(t_ns), t_ns)


def split(segment: Segment, rows: int) -> list[Segment]:
    """A segment as several consecutive ones with at most `rows` records and `rows` runs each.

    They are numbered from `n` on, so the segments after them need new numbers. Only rows of the same nanosecond may
    exceed the limit.
    """
    if max(len(segment.records.source), len(segment.runs.target)) <= rows:
        return [segment]
    cutter = SegmentCutter(segment)
    parts, start = [], _START
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
class CutPoint:
    """A point in a segment: how many records, runs and entries precede it."""

    records: int
    runs: int
    entries: int

    def lies_after(self, other: CutPoint) -> bool:
        return self.records >= other.records and self.runs >= other.runs and self != other


_START = CutPoint(0, 0, 0)


class SegmentCutter:
    """Makes parts of one segment; its times are put in order once."""

    def __init__(self, segment: Segment) -> None:
        runs, entries = segment.runs, segment.entries
        self._segment = segment
        self._ends = _rising(list(map(int.__add__, runs.start_ns, runs.duration_ns)))
        self._entry_times = _rising([min(entry.time_ns - segment.ahead_ns, segment.at_ns) for entry in entries])
        self._earliest_starts = _earliest(runs.start_ns)
        self._log = _numbers(entries, "shared_log")
        self._outputs = _numbers(entries, "output")
        self._stored = {
            (entry.kind, entry.routine_id, entry.data.get("key")): place
            for place, entry in enumerate(entries)
            if entry.kind in _STORING
        }
        self.end = CutPoint(len(segment.records.source), len(runs.target), len(entries))

    # -- points

    def reached(self, t_ns: int, records: int | None = None) -> CutPoint:
        """The point at `t_ns`; `records`, if given, is its number of records."""
        made = bisect_right(self._segment.records.time_ns, t_ns) if records is None else records
        return CutPoint(made, bisect_right(self._ends, t_ns), bisect_right(self._entry_times, t_ns))

    def before(self) -> int:
        """A moment before all rows."""
        times = self._segment.records.time_ns[:1] + self._ends[:1] + self._entry_times[:1]
        return min(times, default=self._segment.at_ns) - 1

    def time_of(self, start: CutPoint, rows: int) -> int | None:
        """When `rows` more records or runs have come after `start`; `None` if there are not so many."""
        times = []
        if start.records + rows < self.end.records:
            times.append(self._segment.records.time_ns[start.records + rows - 1])
        if start.runs + rows < self.end.runs:
            times.append(self._ends[start.runs + rows - 1])
        return min(times, default=None)

    # -- parts

    def part(self, start: CutPoint, stop: CutPoint, t_ns: int | None) -> Segment:
        """The part from `start` to `stop`, which is at `t_ns`; `None` for the segment's end."""
        whole = self._segment
        first, last = start == _START, t_ns is None
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
        """The handlers that were running at `t_ns`: runs that ended later, and those running at the segment's end."""
        runs, found = self._segment.runs, []
        while place < self.end.runs and self._earliest_starts[place] <= t_ns:
            if runs.start_ns[place] <= t_ns:
                found.append(RunningNow("", "", runs.start_ns[place], runs.target[place]))
            place += 1
        return found + [handler for handler in self._segment.running if handler.start_ns <= t_ns]

    def _last_of(
        self,
        values: dict[str, _Value],
        entry_of: Callable[[str], object],
        start: CutPoint,
        stop: CutPoint,
        *,
        last: bool,
    ) -> dict[str, _Value]:
        """The values whose last change is between `start` and `stop`; earlier values are not known."""
        default = _FIRST if self._segment.beginning is not None else self.end.entries
        begins = _FIRST if start == _START else start.entries
        ends = self.end.entries + 1 if last else stop.entries
        stored: dict[Any, int] = self._stored
        return {name: value for name, value in values.items() if begins <= stored.get(entry_of(name), default) < ends}


def _rising(times: list[int]) -> list[int]:
    """The latest time up to each one. Usually they are in order, which sorting detects quickly."""
    return times if times == sorted(times) else list(accumulate(times, max))


def _earliest(times: list[int]) -> list[int]:
    """The earliest time from each one on."""
    return times if times == sorted(times) else list(accumulate(reversed(times), min))[::-1]


def _numbers(entries: list[Entry], kind: str) -> list[int]:
    """The number of the row that each entry announces, or 0."""
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


def _newer(rows: list[_Row], numbers: list[int], start: CutPoint, stop: CutPoint, *, last: bool) -> list[_Row]:
    """The rows that the entries from `start` to `stop` announce."""
    if not rows:
        return rows
    low = 0 if start == _START else _known(numbers, start.entries)
    high = rows[-1].n if last else _known(numbers, stop.entries)
    first, end = (bisect_right(rows, number, key=lambda row: row.n) for number in (low, high))
    return rows[first:end]


def _known(numbers: list[int], count: int) -> int:
    """The last row announced by the first `count` entries; rows that no entry announces came before all of them."""
    announced = max(numbers[:count], default=0)
    return announced or min(filter(None, numbers[count:]), default=_EVERY + 1) - 1


def _facts(segment: Segment, entries: int, t_ns: int) -> SegmentFacts:
    """The job's facts at `t_ns`, as far as its first `entries` entries tell."""
    status, ended_ns = _status(segment, entries)
    ended = segment.facts.ended_at if ended_ns is None else iso(ended_ns)
    return SegmentFacts(
        status=status,
        updated_at=iso(t_ns),
        ended_at=ended if status in ENDED else None,
        control=_control(segment.entries[:entries]),
        rerunnable=segment.facts.rerunnable,
        past=True,
    )


def _status(segment: Segment, entries: int) -> tuple[JobStatus, int | None]:
    """The status after so many entries, and since when if the segment tells."""
    for entry in reversed(segment.entries[:entries]):
        if entry.kind == "status":
            return entry.data["status"], entry.time_ns
    for entry in segment.entries[entries:]:
        if entry.kind == "status":
            return entry.data.get("previous") or segment.facts.status, None
    return segment.facts.status, None


def _control(entries: list[Entry]) -> Control:
    last = next((entry for entry in reversed(entries) if entry.kind == "control"), None)
    if last is None or last.data.get("state") == "withdrawn":
        return NO_CONTROL
    data: dict[str, Any] = last.data
    return msgspec.structs.replace(
        NO_CONTROL,
        action=data.get("action"),
        state=data.get("state"),
        by=data.get("by") or "",
        reason=data.get("reason") or "",
        since=iso(last.time_ns),
        kept=(data.get("kept") or 0) if data.get("action") == "pause" else 0,
        dropped=data.get("dropped") or 0,
    )
