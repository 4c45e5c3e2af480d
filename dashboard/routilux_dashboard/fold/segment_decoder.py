"""The facts about a job from its segments, other than its figures; takes the engine's place for a job without one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from routilux import JournalBatch, JournalEntry, RunningHandler, RunTotals, Source, Target, Totals

from ..payloads.preview import preview
from ..protocol import ACTIONS, ENDED, OUTCOMES, Control, DataValue, LogRow, OutputRow, Record, RoutineState
from ..segments.cut import PAST
from ..segments.segment import JobStart, Segment, SegmentFacts, SourceName, TargetName
from ..times import iso
from .flow_index import FlowIndex, view_of
from .rows import TAIL, kind_of
from .summary import JobFacts, JobIdentity

_decode = msgspec.json.Decoder().decode


class SegmentDecoder:
    """The latest facts about a job from its segments, and the names of its sources and targets.

    Bounded by the graph, the routines' states, and the newest `TAIL` rows of each kind.
    """

    def __init__(self, job_id: str, beginning: JobStart, view: FlowIndex, facts: SegmentFacts) -> None:
        self.job_id = job_id
        self.beginning = beginning
        self.facts = facts
        self.asked: Control = facts.control
        self.last_sign_ns: int | None = None
        self.states: dict[str, RoutineState] = {}
        self.data: dict[str, DataValue] = {}
        self.sources: dict[int, Source] = {}
        self.targets: dict[int, Target] = {}
        self._view = view
        self._records: list[tuple[int, int, int, int, bytes, bool]] = []
        self._log: list[LogRow] = []
        self._outputs: list[OutputRow] = []

    @classmethod
    def first_of(cls, segment: Segment) -> SegmentDecoder:
        """The decoder of a job from its first segment, before `apply` has read the segment's rows."""
        assert segment.beginning is not None
        assert segment.flow is not None
        return cls(segment.job_id, segment.beginning, view_of(segment.flow), segment.facts)

    def restore_rest(
        self,
        asked: Control,
        last_sign_ns: int | None,
        states: dict[str, RoutineState],
        data: dict[str, DataValue],
        sources: list[SourceName],
        targets: list[TargetName],
    ) -> None:
        """Restore the state of an earlier decoder, except its newest rows: the keyframe has them."""
        self.asked, self.last_sign_ns = asked, last_sign_ns
        self.states, self.data = states, data
        self._name(sources, targets)

    def _name(self, sources: list[SourceName], targets: list[TargetName]) -> None:
        self.sources.update((name.number, _source(name)) for name in sources)
        self.targets.update((name.number, _target(name)) for name in targets)

    def apply(self, segment: Segment) -> None:
        """Update the facts from a segment."""
        if segment.beginning is not None:
            self.beginning = segment.beginning
        if segment.flow is not None and segment.flow != self._view.definition:
            self._view = view_of(segment.flow)
        self._name(segment.sources, segment.targets)
        self.facts = segment.facts
        if not segment.facts.past or any(entry.kind == "control" for entry in segment.entries):
            self.asked = segment.facts.control
        self.states.update(segment.states)
        self.data.update(segment.data)
        self._keep_rows(segment)

    def _keep_rows(self, segment: Segment) -> None:
        records = segment.records
        cut, count = set(records.cut), len(records.source)
        for place in range(max(count - TAIL, 0), count):
            row = (records.source[place], records.time_ns[place], records.cause[place], records.data[place])
            self._records.append((segment.after_seq + place + 1, *row, place in cut))
        del self._records[:-TAIL]
        self._log = (self._log + segment.log)[-TAIL:]
        self._outputs = (self._outputs + segment.outputs)[-TAIL:]

    def batch(self, segment: Segment) -> JournalBatch:
        """A segment as a batch of a journal with wall-clock times; payloads are JSON."""
        records, runs = segment.records, segment.runs
        outcomes = map(OUTCOMES.__getitem__, runs.outcome)
        rows: Any = list(zip(records.source, records.data, records.time_ns, records.cause, strict=True))
        return JournalBatch(
            seq=segment.seq,
            records=rows,
            runs=list(zip(runs.target, runs.start_ns, runs.duration_ns, outcomes, runs.cause, strict=True)),
            entries=[JournalEntry(e.number, e.time_ns, e.kind, e.routine_id, e.data) for e in segment.entries],
            running=self._running(segment),
            totals=_totals(segment),
            lost=segment.lost,
        )

    def _running(self, segment: Segment) -> tuple[RunningHandler, ...]:
        found = []
        for handler in segment.running:
            target = self.targets.get(handler.target)
            names = (handler.routine_id, handler.slot) if target is None else (target.routine_id, target.slot_name)
            found.append(RunningHandler(*names, max(segment.at_ns - handler.start_ns, 0), handler.start_ns))
        return tuple(found)

    # -- `JournalNames`

    def source(self, number: int) -> Source:
        return self.sources[number]

    def target(self, number: int) -> Target:
        return self.targets[number]

    def wall_ns(self, monotonic_ns: int) -> int:
        return monotonic_ns

    # -- `Subject`

    def view(self) -> FlowIndex:
        return self._view

    def identity(self) -> JobIdentity:
        said = self.beginning
        return JobIdentity(self.job_id, said.flow_id, said.created_at, said.origin, said.entry, said.params)

    def standing(self) -> JobFacts:
        facts, last_sign = self.facts, self.last_sign_ns
        sign = None if last_sign is None else iso(last_sign)
        within_reach = sign is None  # only its program has the original parameters
        return JobFacts(facts.updated_at, facts.ended_at, facts.rerunnable and within_reach, sign)

    def control(self, known: Control | None, *, changed: bool) -> Control:
        """The last control. A past state or a lost program refuses all controls."""
        if self.facts.past:
            return _refused(self.asked, PAST)
        if self.last_sign_ns is not None and self.facts.status not in ENDED:
            return out_of_reach(self.asked, iso(self.last_sign_ns))
        return self.asked

    def state(self, routine_id: str) -> RoutineState:
        return self.states.get(routine_id) or RoutineState(None, False)

    def newest(self, batch: JournalBatch) -> list[Record]:
        """The newest records of the batch, at most `TAIL`."""
        return self.newest_after(batch.seq - len(batch.records))

    def newest_after(self, seq: int) -> list[Record]:
        """The newest records after number `seq`, at most `TAIL`."""
        return [self._record(*row) for row in self._records if row[0] > seq]

    def _record(self, seq: int, number: int, time_ns: int, cause: int, data: bytes, cut: bool) -> Record:
        source = self.sources[number]
        shown, more = preview(_decode(data))
        names = (source.routine_id, source.event_name, kind_of(source.kind))
        return Record(seq, iso(time_ns), *names, shown, cause or None, cut or more)

    def log(self, after: int) -> list[LogRow]:
        return [row for row in self._log if row.n > after]

    def outputs(self, after: int) -> list[OutputRow]:
        return [row for row in self._outputs if row.n > after]

    def newest_rows(self) -> tuple[int, int]:
        """The numbers of the newest rows of the shared log and of the outputs."""
        return (self._log[-1].n if self._log else 0), (self._outputs[-1].n if self._outputs else 0)

    # -- names, for checkpoints

    def source_names(self) -> list[SourceName]:
        return [
            SourceName(number, s.routine_id, s.event_name, s.kind, s.connection_ids, s.target_ids)
            for number, s in self.sources.items()
        ]

    def target_names(self) -> list[TargetName]:
        return [TargetName(number, t.routine_id, t.slot_name) for number, t in self.targets.items()]


def _source(name: SourceName) -> Source:
    ways = (name.connection_ids, name.target_ids)
    return Source(name.number, name.routine_id, name.event_name, name.kind, *ways)


def _target(name: TargetName) -> Target:
    return Target(name.number, name.routine_id, name.slot_name)


def _totals(segment: Segment) -> Totals | None:
    sums = segment.sums
    if sums is None:
        return None
    runs = {(s.target, OUTCOMES[s.outcome]): RunTotals(s.count, s.total_ns, s.min_ns, s.max_ns) for s in sums.runs}
    return Totals(Counter(sums.emissions), runs)


def out_of_reach(control: Control, last_sign: str) -> Control:
    """The last control of a lost job, with every further control refused."""
    return _refused(control, f"its program has not been heard of since {last_sign}")


def _refused(control: Control, why: str) -> Control:
    return msgspec.structs.replace(control, refusals=dict.fromkeys(ACTIONS, why))
