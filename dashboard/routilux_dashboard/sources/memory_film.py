"""The film of a job of this program without a store: segments made from memory, in chronological order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Generic, TypeVar

from routilux import ExecutionRecord

from ..payloads.encoder import PayloadEncoder
from ..protocol import OUTCOMES, DataValue, FlowDefinition, Keyframe, LogRow, OutputRow
from ..recording.film import Film
from ..segments.cut import NO_CONTROL, split
from ..segments.segment import (
    JobStart,
    Records,
    RunningNow,
    Runs,
    Segment,
    SegmentFacts,
    SourceName,
    TargetName,
    TrackerMetrics,
)
from ..times import MILLISECOND, iso
from .derived_entries import control_entries, end_entries, numbered, row_entry, start_entries, time_of
from .local_source import PAGE_LIMIT, LocalSource
from .run_log import HandlerRun

ROWS = 5_000
"""Maximum number of records, and of runs, in a segment."""
MISSING = (
    "This server has no store: of each routine's errors only the last one is in this file, and shared data and states "
    "are as they were at the end."
)
_OUTCOMES = {outcome: number for number, outcome in enumerate(OUTCOMES)}
T = TypeVar("T")
Row = TypeVar("Row", LogRow, OutputRow)


def film_from_memory(job: LocalSource) -> Film:
    """The film of a job in memory. May take a while, so call it in a worker thread; no handler waits for it."""
    keyframe = job.keyframe()
    first = job.job_state.read_history(0, 0).first
    gaps = []
    if first > 1:
        gaps.append(f"Records 1 to {first - 1:,} are no longer in memory, and this server has no store.")
    if job.runs is None or job.runs.left:
        gaps.append("Some handler runs are no longer in memory, and this server has no store.")
    return Film(_SegmentMaker(job, keyframe).segments(), keyframe, (MISSING, *gaps), " ".join(gaps))


class _SegmentMaker:
    """Makes the segments of one job, up to the state in `keyframe`."""

    def __init__(self, job: LocalSource, keyframe: Keyframe) -> None:
        self._job = job
        self._shown = keyframe
        self._names = _Names(keyframe.flow)
        self._payloads = PayloadEncoder(job.mask)
        self._at_ns = round(keyframe.at * MILLISECOND)

    def segments(self) -> Iterator[Segment]:
        """All segments, numbered."""
        numbers = count(1)
        for made in self._with_rows():
            for part in split(made, ROWS):
                part.n = next(numbers)
                yield part

    def _with_rows(self) -> Iterator[Segment]:
        """The segments with runs, log rows, outputs and entries inserted by time."""
        job, entry, runs = self._job, 1, 0
        run_rows = _InTime(job.runs or (), lambda run: run.start_ns + run.duration_ns)
        log = _InTime(_pages(lambda after: job.log(after, PAGE_LIMIT).entries), _time_of_row)
        outputs = _InTime(_pages(lambda after: job.outputs(after, PAGE_LIMIT).outputs), _time_of_row)
        controls = _InTime([*start_entries(self._shown), *control_entries(job.actions())], lambda one: one.time_ns)
        for segment in self._with_records():
            last = segment.seq == self._shown.seq
            until = None if last else segment.at_ns
            segment.after_run = runs
            segment.runs = self._names.runs(run_rows.take(until))
            segment.log, segment.outputs = log.take(until), outputs.take(until)
            entries = controls.take(until)
            entries += [row_entry(row, segment.at_ns) for row in segment.log]
            entries += [row_entry(row, segment.at_ns) for row in segment.outputs]
            if last:
                entries += end_entries(self._shown, self._names.waiting)
            segment.entries = numbered(entries, entry)
            segment.sources, segment.targets = self._names.take_new()
            entry, runs = entry + len(segment.entries), runs + len(segment.runs.target)
            yield segment

    def _with_records(self) -> Iterator[Segment]:
        """The segments with their records and facts; the last one ends at the keyframe."""
        seq = 0
        while True:
            rows = self._rows(seq)
            lost = (rows[0].seq - 1 - seq) if rows else self._shown.seq - seq
            after = seq + lost
            last = not rows or rows[-1].seq >= self._shown.seq
            segment = self._last(after) if last else self._segment(after, rows[-1].time_ns)
            segment.lost = lost
            segment.records = self._records(rows)
            if seq == 0:
                self._begin(segment)
            seq = segment.seq = after + len(rows)
            yield segment
            if last:
                return

    def _rows(self, seq: int) -> list[ExecutionRecord]:
        """The first records after `seq` in memory; the job may still be running and evicting records."""
        state, end = self._job.job_state, self._shown.seq
        while True:
            first = max(state.read_history(0, 0).first, seq + 1)
            rows = [record for record in state.read_history(first - 1, ROWS).records if seq < record.seq <= end]
            if rows or first > end:
                return rows

    def _segment(self, after: int, at_ns: int) -> Segment:
        facts = SegmentFacts("running", iso(at_ns), None, NO_CONTROL)
        return Segment(self._shown.job_id, 0, at_ns, after, after, 0, facts)

    def _last(self, after: int) -> Segment:
        shown, job = self._shown, self._shown.job
        metrics = TrackerMetrics(**self._job.metrics())
        facts = SegmentFacts(job.status, job.updated_at, job.ended_at, job.control, job.rerunnable, metrics)
        data = {key: DataValue(value["value"], value["cut"]) for key, value in self._job.data().items()}
        return Segment(
            shown.job_id, 0, self._at_ns, after, after, 0, facts, states=self._job.states(), data=data,
            running=self._running(), final=job.ended_at is not None,
        )  # fmt: skip

    def _begin(self, segment: Segment) -> None:
        job = self._shown.job
        segment.beginning = JobStart(job.flow_id, job.origin, job.created_at, job.entry, job.params)
        segment.flow = self._shown.flow

    def _running(self) -> list[RunningNow]:
        """One entry per running handler; its slot and start time are not known here."""
        figures = self._shown.routines.items()
        return [RunningNow(name, "", self._at_ns) for name, shown in figures for _ in range(shown.running)]

    def _records(self, rows: list[ExecutionRecord]) -> Records:
        data, cut = self._payloads.encode([record.data for record in rows])
        numbers = [self._names.source(record.routine_id, record.event_name, record.kind) for record in rows]
        return Records(numbers, [record.time_ns for record in rows], [record.cause or 0 for record in rows], data, cut)


class _Names:
    """Numbers sources and targets as they occur, and counts the `waiting` activations of each routine."""

    def __init__(self, flow: FlowDefinition) -> None:
        self.waiting: Counter[str] = Counter()
        self._flow = flow
        self._sources: dict[tuple[str, str, str], SourceName] = {}
        self._targets: dict[tuple[str, str], TargetName] = {}
        self._taken = [0, 0]

    def source(self, routine_id: str, event_name: str, kind: str) -> int:
        """The number of a record's source, whose record is counted."""
        names = (routine_id, event_name, kind)
        source = self._sources.get(names)
        if source is None:
            ways = self._connections(routine_id, event_name) if kind == "event" else ((), ())
            source = self._sources[names] = SourceName(len(self._sources), *names, *ways)
        self.waiting.update(source.target_ids or ((routine_id,) if kind == "start" else ()))
        return source.number

    def runs(self, found: list[HandlerRun]) -> Runs:
        """Runs as columns. Each run consumed an activation, unless it is retried."""
        for run in found:
            self.waiting[run.routine_id] -= run.outcome != "retry"
        return Runs(
            [self._target(run.routine_id, run.slot) for run in found],
            [run.start_ns for run in found],
            [run.duration_ns for run in found],
            [_OUTCOMES[run.outcome] for run in found],
            [run.cause for run in found],
        )

    def take_new(self) -> tuple[list[SourceName], list[TargetName]]:
        """The names first seen since the last call."""
        sources = list(self._sources.values())[self._taken[0] :]
        targets = list(self._targets.values())[self._taken[1] :]
        self._taken = [len(self._sources), len(self._targets)]
        return sources, targets

    def _target(self, *names: str) -> int:
        routine_id, slot = names
        target = self._targets.setdefault((routine_id, slot), TargetName(len(self._targets), routine_id, slot))
        return target.number

    def _connections(self, routine_id: str, event: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found = [c for c in self._flow.connections if (c.source.routine_id, c.source.event) == (routine_id, event)]
        return tuple(c.connection_id for c in found), tuple(c.target.routine_id for c in found)


class _InTime(Generic[T]):
    """Returns chronologically ordered rows up to a given time."""

    def __init__(self, rows: Iterable[T], time_of_one: Callable[[T], int]) -> None:
        self._rows = iter(rows)
        self._time_of = time_of_one
        self._next: list[T] = []

    def take(self, until_ns: int | None) -> list[T]:
        """The remaining rows up to `until_ns`, or all of them if it is `None`."""
        taken: list[T] = []
        while True:
            self._next = self._next or [row for row in [next(self._rows, None)] if row is not None]
            if not self._next or (until_ns is not None and self._time_of(self._next[0]) > until_ns):
                return taken
            taken += self._next
            self._next = []


def _time_of_row(row: LogRow | OutputRow) -> int:
    return time_of(row.timestamp, 0)


def _pages(read: Callable[[int], list[Row]]) -> Iterator[Row]:
    after = 0
    while rows := read(after):
        yield from rows
        after = rows[-1].n
