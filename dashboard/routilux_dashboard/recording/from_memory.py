"""A job of this program that no store keeps, as segments: what is in memory of it, in the order of its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Generic, TypeVar

from routilux import ExecutionRecord

from ..fold.routine_counters import OUTCOMES
from ..payloads.encoder import Payloads
from ..protocol import FlowDefinition, Keyframe, LogRow, OutputRow
from ..segments.cut import NOTHING_ASKED, split
from ..segments.segment import (
    DataValue,
    Facts,
    JobStart,
    Metrics,
    Records,
    RunningNow,
    Runs,
    Segment,
    SourceName,
    TargetName,
)
from ..sources.local_source import PAGE_LIMIT, WatchedJob
from ..sources.run_log import KeptRun
from ..times import MILLISECOND, iso
from . import told
from .film import Film

ROWS = 5_000
"""Records, and runs, of a segment."""
MISSING = (
    "This server keeps no store: of each routine's errors only the last is here, and shared data and states are as "
    "they were at the end."
)
_OUTCOMES = {outcome: number for number, outcome in enumerate(OUTCOMES)}
T = TypeVar("T")
Row = TypeVar("Row", LogRow, OutputRow)


def from_memory(job: WatchedJob) -> Film:
    """What is in memory of a job. Waits for no handler, but may take a while: call it in a native thread."""
    keyframe = job.keyframe()
    first = job.job_state.read_history(0, 0).first
    gaps = []
    if first > 1:
        gaps.append(f"Records 1 to {first - 1:,} are not in memory any more, and this server keeps no store.")
    if job.runs is None or job.runs.left:
        gaps.append("Not every handler run is in memory, and this server keeps no store.")
    return Film(_Memory(job, keyframe).segments(), keyframe, (MISSING, *gaps), " ".join(gaps))


class _Memory:
    """Makes the segments of one job, up to what `keyframe` shows."""

    def __init__(self, job: WatchedJob, keyframe: Keyframe) -> None:
        self._job = job
        self._shown = keyframe
        self._names = _Names(keyframe.flow)
        self._payloads = Payloads(job.mask)
        self._at_ns = round(keyframe.at * MILLISECOND)
        self._seq = 0

    def segments(self) -> Iterator[Segment]:
        """All of them, numbered."""
        numbers = count(1)
        for made in self._made():
            for part in split(made, ROWS):
                part.n = next(numbers)
                yield part

    def _made(self) -> Iterator[Segment]:
        job, entry, runs = self._job, 1, 0
        kept = _Until(job.runs or (), lambda run: run.start_ns + run.duration_ns)
        log = _Until(_pages(lambda after: job.log(after, PAGE_LIMIT).entries), self._time_of)
        outputs = _Until(_pages(lambda after: job.outputs(after, PAGE_LIMIT).outputs), self._time_of)
        said = _Until([*told.of_begin(self._shown), *told.of_controls(job.actions())], lambda one: one.time_ns)
        for segment in self._pieces():
            last = segment.seq == self._shown.seq
            until = None if last else segment.at_ns
            segment.after_run = runs
            segment.runs = self._names.runs(kept.take(until))
            segment.log, segment.outputs = log.take(until), outputs.take(until)
            happened = said.take(until)
            happened += [told.of_row(row, segment.at_ns) for row in segment.log]
            happened += [told.of_row(row, segment.at_ns) for row in segment.outputs]
            if last:
                happened += told.of_end(self._shown, self._names.waiting)
            segment.entries = told.numbered(happened, entry)
            segment.sources, segment.targets = self._names.fresh()
            entry, runs = entry + len(segment.entries), runs + len(segment.runs.target)
            yield segment

    def _pieces(self) -> Iterator[Segment]:
        """Segments with their records and facts; the last ends where the keyframe does."""
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
        """The first records after `seq` that are in memory; the job may go on, and let go of some meanwhile."""
        state, end = self._job.job_state, self._shown.seq
        while True:
            first = max(state.read_history(0, 0).first, seq + 1)
            rows = [record for record in state.read_history(first - 1, ROWS).records if seq < record.seq <= end]
            if rows or first > end:
                return rows

    def _segment(self, after: int, at_ns: int) -> Segment:
        facts = Facts("running", iso(at_ns), None, NOTHING_ASKED)
        return Segment(self._shown.job_id, 0, at_ns, after, after, 0, facts)

    def _last(self, after: int) -> Segment:
        shown, job = self._shown, self._shown.job
        metrics = Metrics(**self._job.metrics())
        facts = Facts(job.status, job.updated_at, job.ended_at, job.control, job.rerunnable, metrics)
        data = {key: DataValue(held["value"], held["cut"]) for key, held in self._job.data().items()}
        return Segment(
            shown.job_id, 0, self._at_ns, after, after, 0, facts, states=self._job.states(), data=data,
            running=self._running(), final=job.ended_at is not None,
        )  # fmt: skip

    def _begin(self, segment: Segment) -> None:
        job = self._shown.job
        segment.beginning = JobStart(job.flow_id, job.origin, job.created_at, job.entry, job.params)
        segment.flow = self._shown.flow

    def _running(self) -> list[RunningNow]:
        """One for each handler that runs; which slot it serves, and since when, is not known here."""
        figures = self._shown.routines.items()
        return [RunningNow(name, "", self._at_ns) for name, shown in figures for _ in range(shown.running)]

    def _records(self, rows: list[ExecutionRecord]) -> Records:
        data, cut = self._payloads.encode([record.data for record in rows])
        numbers = [self._names.source(record.routine_id, record.event_name, record.kind) for record in rows]
        return Records(numbers, [record.time_ns for record in rows], [record.cause or 0 for record in rows], data, cut)

    def _time_of(self, row: LogRow | OutputRow) -> int:
        return told.moment_ns(row.timestamp, 0)


class _Names:
    """Numbers for the sources and targets that turn up, and the activations that wait. Connections are the flow's."""

    def __init__(self, flow: FlowDefinition) -> None:
        self.waiting: Counter[str] = Counter()
        self._flow = flow
        self._sources: dict[tuple[str, str, str], SourceName] = {}
        self._targets: dict[tuple[str, str], TargetName] = {}
        self._told = [0, 0]

    def source(self, routine_id: str, event_name: str, kind: str) -> int:
        """The number of a source, of which there is a record more."""
        names = (routine_id, event_name, kind)
        source = self._sources.get(names)
        if source is None:
            ways = self._ways(routine_id, event_name) if kind == "event" else ((), ())
            source = self._sources[names] = SourceName(len(self._sources), *names, *ways)
        self.waiting.update(source.target_ids or ((routine_id,) if kind == "start" else ()))
        return source.number

    def runs(self, found: list[KeptRun]) -> Runs:
        """Runs as columns; each has taken an activation, but one that is tried again."""
        for run in found:
            self.waiting[run.routine_id] -= run.outcome != "retry"
        return Runs(
            [self._target(run.routine_id, run.slot) for run in found],
            [run.start_ns for run in found],
            [run.duration_ns for run in found],
            [_OUTCOMES[run.outcome] for run in found],
            [run.cause for run in found],
        )

    def fresh(self) -> tuple[list[SourceName], list[TargetName]]:
        """The names that turned up since the last call."""
        sources, targets = list(self._sources.values())[self._told[0] :], list(self._targets.values())[self._told[1] :]
        self._told = [len(self._sources), len(self._targets)]
        return sources, targets

    def _target(self, *names: str) -> int:
        routine_id, slot = names
        target = self._targets.setdefault((routine_id, slot), TargetName(len(self._targets), routine_id, slot))
        return target.number

    def _ways(self, routine_id: str, event: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found = [c for c in self._flow.connections if (c.source.routine_id, c.source.event) == (routine_id, event)]
        return tuple(c.connection_id for c in found), tuple(c.target.routine_id for c in found)


class _Until(Generic[T]):
    """Hands out what comes in the order of time, up to a moment."""

    def __init__(self, found: Iterable[T], time_of: Callable[[T], int]) -> None:
        self._found = iter(found)
        self._time_of = time_of
        self._next: list[T] = []

    def take(self, until_ns: int | None) -> list[T]:
        """What is left up to `until_ns`; with `None` everything."""
        taken: list[T] = []
        while True:
            self._next = self._next or [one for one in [next(self._found, None)] if one is not None]
            if not self._next or (until_ns is not None and self._time_of(self._next[0]) > until_ns):
                return taken
            taken += self._next
            self._next = []


def _pages(read: Callable[[int], list[Row]]) -> Iterator[Row]:
    after = 0
    while rows := read(after):
        yield from rows
        after = rows[-1].n
