"""A job's journal taken as segments."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from operator import itemgetter
from time import perf_counter_ns, time_ns
from typing import Any, Protocol, cast

from routilux import JobState, JournalBatch, JournalEntry, JournalReader

from ..protocol import Control, FlowDefinition, JobStatus, LogRow, OutputRow, RoutineState
from .cutting import split
from .entries import entry_data
from .flow_view import FlowView
from .masking import NO_MASK, Mask
from .outlook import ENDED
from .payloads import Payloads
from .picture import ASKED, DRAINING_NS
from .preview import HIDDEN, plain_text
from .rows import log_rows, output_rows, read_log, read_outputs
from .segment import (
    Beginning,
    DataValue,
    Entry,
    Facts,
    Records,
    RunningNow,
    Runs,
    RunSums,
    Segment,
    SourceName,
    Sums,
    TargetName,
)
from .summary import Identity, control_of
from .tally import OUTCOMES
from .times import MILLISECOND, iso_local

ROWS = 5_000
"""Records, and runs, that a segment has at most."""
BYTES = 4 * 1024 * 1024
"""Of payloads, if they are several."""
TEXT_ROWS = 1_000
"""Rows of the shared log, and outputs, that a segment has at most."""
FLOW_LOOK_NS = 250 * MILLISECOND
KEYS = 10_000
"""Shared values that are told of at the beginning and the end."""
_WORD = 2_000
_STARTS = 64
_EXACT_NS = 20_000
_OUTCOME = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_CHANGING = frozenset({"status", "control"})


class CapturedFlow(Protocol):
    """A flow and its description (`WatchedFlow`)."""

    def look(self) -> FlowView: ...
    def view(self) -> FlowView: ...


class Capture:
    """Takes what is new of one job as segments. For one thread at a time; the engine never waits for it.

    Args:
        origin: where the job runs.
        mask: hides values of payloads, states, parameters and shared data.
        next_n: the number of the first segment.
    """

    def __init__(
        self,
        job_state: JobState,
        reader: JournalReader,
        flow: CapturedFlow,
        origin: str,
        *,
        mask: Mask = NO_MASK,
        next_n: int = 1,
    ) -> None:
        self.job_state = job_state
        self.next_n = next_n
        self._reader = reader
        self._flow = flow
        self._origin = origin
        self._mask = mask
        self._payloads = Payloads(mask)
        self._ended = False
        self._seq = 0
        self._runs = 0
        self._at_ns = 0
        self._ahead_ns = 0
        self._flow_due = 0
        self._control_due = 0
        self._status = job_state.status
        self._definition: FlowDefinition | None = None
        self._beginning: Beginning | None = None
        self._control: Control | None = None
        self._sources: set[int] = set()
        self._targets: set[int] = set()
        self._running: list[RunningNow] = []
        self._starts: set[int] = set()
        self._log = 0
        self._outputs = 0
        self._log_behind = False
        self._outputs_behind = False

    def end(self) -> None:
        """The job has ended: what is taken next is the last of it. (Any thread.)"""
        self._ended = True

    @property
    def _behind(self) -> bool:
        """Whether there are rows of text that were too many for a segment."""
        return self._log_behind or self._outputs_behind

    @property
    def metrics(self) -> dict[str, Any]:
        """The tracker's figures, as they are in the final segment."""
        tracker = self.job_state.execution_tracker
        performances = tracker.get_routine_performances().items()
        return {"flow": tracker.get_flow_performance(), "routines": {_word(key): row for key, row in performances}}

    def take(self, now_ns: int) -> list[Segment]:
        """What is new, as segments of at most 5,000 records and runs; `[]` when nothing is."""
        ended, self._ended = self._ended, False
        clock_ns = self._look_at_clocks()
        batch = self._reader.take()
        running = self._running_now(batch, clock_ns)
        if not ended and not self._is_news(batch, running, now_ns):
            return []
        segments = _pieces(self._segment(batch, running, clock_ns, now_ns, final=ended))
        while ended and self._behind:
            segments.append(self._rest(segments[-1]))
        for place, segment in enumerate(segments):
            segment.n = self.next_n + place
        self.next_n += len(segments)
        return segments

    def _look_at_clocks(self) -> int:
        """The time by the clock of records; how far that of entries is ahead is noted, if it can be told exactly."""
        before, other, after = perf_counter_ns(), time_ns(), perf_counter_ns()
        if after - before < _EXACT_NS:
            self._ahead_ns = other - self._reader.wall_ns(before)
        return self._reader.wall_ns(before)

    def _is_news(self, batch: JournalBatch, running: list[RunningNow], now_ns: int) -> bool:
        happened = batch.records or batch.runs or batch.entries or batch.totals is not None
        if happened or self._beginning is None or self._behind or running != self._running:
            return True
        drains = self._control is not None and self._control.state in ASKED and now_ns >= self._control_due
        return drains or self._view(now_ns).definition is not self._definition

    def _segment(
        self, batch: JournalBatch, running: list[RunningNow], clock_ns: int, now_ns: int, *, final: bool
    ) -> Segment:
        first = self._beginning is None
        records, runs = self._records(batch), self._run_columns(batch)
        latest = accumulate(map(int.__add__, runs.start_ns, runs.duration_ns), max)
        ends = list(latest)
        self._at_ns = max([self._at_ns, clock_ns, *records.time_ns[-1:], *ends[-1:]])
        after_seq, lost = batch.seq - len(batch.records), batch.seq - len(batch.records) - self._seq
        sums = self._sums(batch)
        after_run = self._runs + (sum(row.count for row in sums.runs) if sums is not None else 0)
        changed = first or final or any(entry.kind in _CHANGING for entry in batch.entries)
        sources, targets = self._new_sources(batch), self._new_targets(batch)
        if sources or changed:
            self._flow_due = 0
        log, outputs = self._new_log(batch, first or final), self._new_outputs(batch, first or final)
        segment = Segment(
            job_id=self.job_state.job_id,
            n=self.next_n,
            at_ns=self._at_ns,
            after_seq=after_seq,
            seq=batch.seq,
            after_run=after_run,
            facts=self._facts(batch, now_ns, changed=changed, final=final),
            beginning=self._new_beginning() if changed else None,
            flow=self._new_definition(now_ns),
            sources=sources,
            targets=targets,
            records=records,
            runs=runs,
            entries=[_entry(entry) for entry in batch.entries],
            log=log,
            outputs=outputs,
            states=self._states(batch, every=first or final, changed=changed),
            data=self._data(batch, every=first or final),
            running=running,
            sums=sums,
            lost=lost,
            final=final and self._status in ENDED,
            ahead_ns=self._ahead_ns,
        )
        self._seq, self._runs = batch.seq, after_run + len(batch.runs)
        self._running = running
        return segment

    def _rest(self, before: Segment) -> Segment:
        """What a final segment still had to leave."""
        final, before.final = before.final, False
        return Segment(
            job_id=before.job_id,
            n=before.n + 1,
            at_ns=before.at_ns,
            after_seq=before.seq,
            seq=before.seq,
            after_run=self._runs,
            facts=before.facts,
            log=self._read_log(),
            outputs=self._read_outputs(),
            running=before.running,
            final=final,
        )

    # -- rows

    def _records(self, batch: JournalBatch) -> Records:
        rows = batch.records
        if not rows:
            return Records()
        offset = self._reader.wall_ns(0)
        data, cut = self._payloads.encode([row[1] for row in rows])
        times = [row[2] + offset for row in rows]
        return Records(list(map(itemgetter(0), rows)), times, list(map(itemgetter(3), rows)), data, cut)

    def _run_columns(self, batch: JournalBatch) -> Runs:
        rows = batch.runs
        if not rows:
            return Runs()
        offset = self._reader.wall_ns(0)
        return Runs(
            target=list(map(itemgetter(0), rows)),
            start_ns=[row[1] + offset for row in rows],
            duration_ns=list(map(itemgetter(2), rows)),
            outcome=[_OUTCOME[row[3]] for row in rows],
            cause=list(map(itemgetter(4), rows)),
        )

    def _running_now(self, batch: JournalBatch, clock_ns: int) -> list[RunningNow]:
        """The handlers that run, but those whose run has been written down already."""
        known, self._starts = self._starts, {row[1] for row in batch.runs[-_STARTS:]}
        if not batch.running:
            return []
        ended = known.union(map(itemgetter(1), batch.runs))
        offset = self._reader.wall_ns(0)
        found = []
        for handler in batch.running:
            if handler.started not in ended:
                start_ns = handler.started + offset if handler.started else clock_ns - handler.running_ns
                found.append(RunningNow(_word(handler.routine_id), _word(handler.slot_name), start_ns))
        return found

    def _sums(self, batch: JournalBatch) -> Sums | None:
        totals = batch.totals
        if totals is None:
            return None
        runs = [
            RunSums(target, _OUTCOME[outcome], row.count, row.total_ns, row.min_ns, row.max_ns)
            for (target, outcome), row in totals.runs.items()
        ]
        return Sums(dict(totals.emissions), runs)

    def _new_sources(self, batch: JournalBatch) -> list[SourceName]:
        used = set(map(itemgetter(0), batch.records)).union(batch.totals.emissions if batch.totals else ())
        fresh = sorted(used - self._sources)
        self._sources.update(fresh)
        return [self._source_name(number) for number in fresh]

    def _source_name(self, number: int) -> SourceName:
        source = self._reader.source(number)
        words = (_word(source.routine_id), _word(source.event_name), _word(source.kind))
        return SourceName(
            number, *words, tuple(map(_word, source.connection_ids)), tuple(map(_word, source.target_ids))
        )

    def _new_targets(self, batch: JournalBatch) -> list[TargetName]:
        sums = [number for number, _ in batch.totals.runs] if batch.totals else []
        fresh = sorted(set(map(itemgetter(0), batch.runs)).union(sums) - self._targets)
        self._targets.update(fresh)
        targets = [(number, self._reader.target(number)) for number in fresh]
        return [TargetName(number, _word(target.routine_id), _word(target.slot_name)) for number, target in targets]

    # -- what is said of the job

    def _view(self, now_ns: int) -> FlowView:
        """The flow; looked at now and then, for looking costs something for each routine."""
        if now_ns < self._flow_due:
            return self._flow.view()
        self._flow_due = now_ns + FLOW_LOOK_NS
        try:
            return self._flow.look()
        except Exception:  # it cannot be described any more: it stays as it was
            return self._flow.view()

    def _new_definition(self, now_ns: int) -> FlowDefinition | None:
        known, self._definition = self._definition, self._view(now_ns).definition
        return None if known is not None and known == self._definition else self._definition

    def _new_beginning(self) -> Beginning | None:
        known, said = self._beginning, Identity.of(self.job_state, self._origin, self._mask)
        self._beginning = Beginning(said.flow_id, said.origin, said.created_at, said.entry, said.params)
        return None if known == self._beginning else self._beginning

    def _facts(self, batch: JournalBatch, now_ns: int, *, changed: bool, final: bool) -> Facts:
        job_state = self.job_state
        said = [entry.data["status"] for entry in batch.entries if entry.kind == "status"]
        self._status = said[-1] if said else self._status
        if self._control is None or changed or self._control.state in ASKED:
            self._control = control_of(job_state.control)
            self._control_due = now_ns + DRAINING_NS
        ended = job_state.ended_at if self._status in ENDED else None
        at_rest = final or (bool(said) and self._status in (*ENDED, "paused"))
        return Facts(
            status=cast(JobStatus, self._status),
            updated_at=iso_local(job_state.updated_at),
            ended_at=iso_local(ended) if ended is not None else None,
            control=self._control,
            rerunnable=job_state.entry_routine_id in self._flow.view().routine_ids,
            metrics=self.metrics if at_rest else None,
        )

    def _states(self, batch: JournalBatch, *, every: bool, changed: bool) -> dict[str, RoutineState]:
        stored = self.job_state.routine_states
        names: Iterable[Any] = {entry.routine_id for entry in batch.entries if entry.kind == "routine_state"}
        if every:
            names = list(stored.copy())
        elif changed:
            names = {*names, "_cancellation"}
        return {_word(name): RoutineState(*self._mask.preview(stored.get(name))) for name in names if name in stored}

    def _data(self, batch: JournalBatch, *, every: bool) -> dict[str, DataValue]:
        told = [entry.data.get("key") for entry in batch.entries if entry.kind == "shared_data"]
        if not told and not every:
            return {}
        stored = list(self.job_state.shared_data.copy().items())
        names = {_word(key) for key in told}
        found = {}
        for key, value in stored[:KEYS] if every else stored:
            name = _word(key)
            if every or name in names:
                found[name] = self._data_value(name, value)
        return found

    def _data_value(self, name: str, value: Any) -> DataValue:
        hides = self._mask.hides
        return DataValue(HIDDEN, False) if hides is not None and hides(name) else DataValue(*self._mask.preview(value))

    # -- shared log and outputs

    def _new_log(self, batch: JournalBatch, look: bool) -> list[LogRow]:
        told = look or self._log_behind or any(entry.kind == "shared_log" for entry in batch.entries)
        return self._read_log() if told else []

    def _new_outputs(self, batch: JournalBatch, look: bool) -> list[OutputRow]:
        told = look or self._outputs_behind or any(entry.kind == "output" for entry in batch.entries)
        return self._read_outputs() if told else []

    def _read_log(self) -> list[LogRow]:
        found = read_log(self.job_state, self._log, TEXT_ROWS)
        rows = log_rows(found, self._log, self._mask)
        self._log = rows[-1].n if rows else self._log
        self._log_behind = bool(rows) and found.last > self._log
        return rows

    def _read_outputs(self) -> list[OutputRow]:
        found = read_outputs(self.job_state, self._outputs, TEXT_ROWS)
        rows = output_rows(found, self._outputs, self._mask)
        self._outputs = rows[-1].n if rows else self._outputs
        self._outputs_behind = bool(rows) and found.last > self._outputs
        return rows


def _pieces(segment: Segment) -> list[Segment]:
    """A segment in pieces that are not too large."""
    records, runs = len(segment.records.source), len(segment.runs.target)
    large = sum(map(len, segment.records.data)) > BYTES and records > 1
    if not large and records <= ROWS and runs <= ROWS:
        return [segment]
    if not large:
        return split(segment, ROWS)
    halves = split(segment, (max(records, runs) + 1) // 2)
    return [piece for half in halves for piece in _pieces(half)] if len(halves) > 1 else halves


def _entry(entry: JournalEntry) -> Entry:
    routine_id = None if entry.routine_id is None else _word(entry.routine_id)
    return Entry(entry.number, entry.time_ns, entry.kind, routine_id, entry_data(entry))


def _word(value: Any) -> str:
    """A name as JSON can hold it."""
    return value if type(value) is str and value.isascii() and len(value) <= _WORD else plain_text(value, _WORD)
