"""Encode a job's journal as segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from time import perf_counter_ns, time_ns
from typing import Any, Protocol, cast

from routilux import JobState, JournalBatch, JournalReader

from ..fold.flow_index import FlowIndex
from ..fold.job_view import ASKED, DRAINING_NS
from ..fold.rows import log_rows, output_rows, read_log, read_outputs
from ..fold.summary import JobIdentity, control_of
from ..payloads.encoder import PayloadEncoder
from ..payloads.mask import NO_MASK, Mask
from ..payloads.preview import HIDDEN
from ..protocol import ENDED, Control, DataValue, FlowDefinition, JobStatus, LogRow, OutputRow, RoutineState
from ..segments.cut import split
from ..segments.encode import encode_rows, entries_of, running_of, safe_name
from ..segments.segment import JobStart, RunningNow, Segment, SegmentFacts, TrackerMetrics
from ..times import MILLISECOND, iso_local

ROWS = 5_000
"""Maximum number of records, and of runs, in a segment."""
BYTES = 4 * 1024 * 1024
"""Maximum size of a segment's payloads, unless there is only one."""
TEXT_ROWS = 1_000
"""Maximum number of shared log rows, and of outputs, in a segment."""
FLOW_LOOK_NS = 250 * MILLISECOND
KEYS = 10_000
"""Maximum number of shared values in the first and final segments."""
_STARTS = 64
_NOTHING = JournalBatch(0, [], [], [], (), None, 0)
_EXACT_NS = 20_000
_CHANGING = frozenset({"status", "control"})
_AT_REST = ENDED | {"paused"}


class FlowDescriber(Protocol):
    """A flow and its description (`LocalFlow`)."""

    def look(self) -> FlowIndex: ...
    def view(self) -> FlowIndex: ...


@dataclass(frozen=True, slots=True)
class SentState:
    """The state sent for a job so far. Replaced once a segment is complete, so a failed one loses nothing."""

    seq: int = 0
    runs: int = 0
    at_ns: int = 0
    status: str = ""
    definition: FlowDefinition | None = None
    beginning: JobStart | None = None
    control: Control | None = None
    control_due: int = 0
    sources: frozenset[int] = frozenset()
    targets: frozenset[int] = frozenset()
    running: tuple[RunningNow, ...] = ()
    starts: frozenset[int] = frozenset()
    log: int = 0
    outputs: int = 0
    behind: bool = False
    """More log rows or outputs are waiting than fit in a segment."""


class BatchEncoder:
    """Encodes one job's new journal rows as segments. For one thread at a time; the engine never waits for it.

    If `take` raises, nothing is lost: the next call returns the same rows.

    Args:
        origin: where the job runs.
        mask: the values to hide in payloads, states, parameters and shared data.
        next_n: the number of the first segment.
    """

    def __init__(
        self,
        job_state: JobState,
        reader: JournalReader,
        flow: FlowDescriber,
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
        self._payloads = PayloadEncoder(mask)
        self._ended = False
        self._ahead_ns = 0
        self._flow_due = 0
        self._told = SentState(status=job_state.status)
        self._taken: JournalBatch | None = None

    def end(self) -> None:
        """Mark the job ended: the next `take` returns its last rows. (Any thread.)"""
        self._ended = True

    @property
    def metrics(self) -> TrackerMetrics:
        """The tracker's figures, as in the final segment."""
        tracker = self.job_state.execution_tracker
        performances = tracker.get_routine_performances().items()
        return TrackerMetrics(tracker.get_flow_performance(), {safe_name(key): row for key, row in performances})

    def take(self, now_ns: int) -> list[Segment]:
        """The new rows, as segments of at most 5,000 records and runs; `[]` if nothing is new."""
        ended, self._ended = self._ended, False
        try:
            segments, self._told = self._take(now_ns, final=ended)
        except BaseException:
            self._ended = ended or self._ended
            raise
        self._taken = None
        for place, segment in enumerate(segments):
            segment.n = self.next_n + place
        self.next_n += len(segments)
        return segments

    def _take(self, now_ns: int, *, final: bool) -> tuple[list[Segment], SentState]:
        clock_ns = self._look_at_clocks()
        batch = self._taken = self._taken or self._reader.take()
        running = running_of(batch, self._reader.wall_ns(0), self._told.starts)
        if not final and not self._is_news(batch, running, now_ns):
            return [], self._told
        whole, told = self._segment(batch, running, clock_ns, now_ns, final=final)
        segments = _pieces(whole)
        while final and told.behind:
            rest, told = self._rest(segments[-1], told)
            segments.append(rest)
        return segments, told

    def _look_at_clocks(self) -> int:
        """Return the time by the records' clock; note how far the entries' clock is ahead, if measured exactly."""
        before, other, after = perf_counter_ns(), time_ns(), perf_counter_ns()
        if after - before < _EXACT_NS:
            self._ahead_ns = other - self._reader.wall_ns(before)
        return self._reader.wall_ns(before)

    def _is_news(self, batch: JournalBatch, running: list[RunningNow], now_ns: int) -> bool:
        told = self._told
        happened = batch.records or batch.runs or batch.entries or batch.totals is not None
        if happened or told.beginning is None or told.behind or tuple(running) != told.running:
            return True
        drains = told.control is not None and told.control.state in ASKED and now_ns >= told.control_due
        return drains or self._view(now_ns).definition is not told.definition

    def _segment(
        self, batch: JournalBatch, running: list[RunningNow], clock_ns: int, now_ns: int, *, final: bool
    ) -> tuple[Segment, SentState]:
        known = self._told
        every = known.beginning is None or final
        rows = encode_rows(batch, self._reader, self._payloads, known.sources, known.targets)
        said = self._said(batch, now_ns, every=every, look=bool(rows.sources))
        after_seq, after_run = batch.seq - len(batch.records), known.runs + rows.runs_before
        told = replace(
            said,
            seq=batch.seq,
            runs=after_run + len(batch.runs),
            at_ns=max(known.at_ns, clock_ns, rows.last_ns),
            sources=known.sources.union(source.number for source in rows.sources),
            targets=known.targets.union(target.number for target in rows.targets),
            running=tuple(running),
            starts=frozenset(row[1] for row in batch.runs[-_STARTS:]),
        )
        segment = Segment(
            job_id=self.job_state.job_id,
            n=self.next_n,
            at_ns=told.at_ns,
            after_seq=after_seq,
            seq=batch.seq,
            after_run=after_run,
            facts=self._facts(told, rests=final or (told.status != known.status and told.status in _AT_REST)),
            beginning=None if told.beginning == known.beginning else told.beginning,
            flow=None if told.definition == known.definition else told.definition,
            sources=rows.sources,
            targets=rows.targets,
            records=rows.records,
            runs=rows.runs,
            entries=entries_of(batch),
            states=self._states(batch, every=every),
            data=self._data(batch, every=every),
            running=running,
            sums=rows.sums,
            lost=after_seq - known.seq,
            final=final and told.status in ENDED,
            ahead_ns=self._ahead_ns,
        )
        return segment, self._with_text(segment, told, batch, every=every)

    def _said(self, batch: JournalBatch, now_ns: int, *, every: bool, look: bool) -> SentState:
        """The state sent before, updated with the engine's facts that are not in the journal."""
        known = self._told
        changed = every or _changes(batch)
        if changed or look:
            self._flow_due = 0
        said = replace(
            known,
            status=next((e.data["status"] for e in reversed(batch.entries) if e.kind == "status"), known.status),
            definition=self._view(now_ns).definition,
            beginning=self._beginning() if changed else known.beginning,
        )
        if known.control is not None and not changed and known.control.state not in ASKED:
            return said
        return replace(said, control=control_of(self.job_state.control), control_due=now_ns + DRAINING_NS)

    def _with_text(self, segment: Segment, told: SentState, batch: JournalBatch, *, every: bool) -> SentState:
        """Add the new rows of the shared log and the outputs to a segment."""
        kinds = {entry.kind for entry in batch.entries}
        log_behind = outputs_behind = False
        if every or told.behind or "shared_log" in kinds:
            segment.log, log_behind = self._log(told.log)
        if every or told.behind or "output" in kinds:
            segment.outputs, outputs_behind = self._outputs(told.outputs)
        return replace(
            told,
            log=segment.log[-1].n if segment.log else told.log,
            outputs=segment.outputs[-1].n if segment.outputs else told.outputs,
            behind=log_behind or outputs_behind,
        )

    def _rest(self, before: Segment, told: SentState) -> tuple[Segment, SentState]:
        """The rows that did not fit in a final segment."""
        final, before.final = before.final, False
        rest = Segment(
            job_id=before.job_id,
            n=before.n + 1,
            at_ns=before.at_ns,
            after_seq=before.seq,
            seq=before.seq,
            after_run=told.runs,
            facts=before.facts,
            running=before.running,
            final=final,
            ahead_ns=before.ahead_ns,
        )
        return rest, self._with_text(rest, told, _NOTHING, every=True)

    # -- facts about the job

    def _view(self, now_ns: int) -> FlowIndex:
        """The flow, checked for changes only now and then: a check has a cost per routine."""
        if now_ns < self._flow_due:
            return self._flow.view()
        self._flow_due = now_ns + FLOW_LOOK_NS
        try:
            return self._flow.look()
        except Exception:  # it can no longer be described: keep the last description
            return self._flow.view()

    def _beginning(self) -> JobStart:
        said = JobIdentity.of(self.job_state, self._origin, self._mask)
        return JobStart(said.flow_id, said.origin, said.created_at, said.entry, said.params)

    def _facts(self, told: SentState, *, rests: bool) -> SegmentFacts:
        job_state = self.job_state
        ended = job_state.ended_at if told.status in ENDED else None
        assert told.control is not None
        return SegmentFacts(
            status=cast(JobStatus, told.status),
            updated_at=iso_local(job_state.updated_at),
            ended_at=iso_local(ended) if ended is not None else None,
            control=told.control,
            rerunnable=job_state.entry_routine_id in self._flow.view().routine_ids,
            metrics=self.metrics if rests else None,
        )

    def _states(self, batch: JournalBatch, *, every: bool) -> dict[str, RoutineState]:
        stored = self.job_state.routine_states
        names: Iterable[Any] = {entry.routine_id for entry in batch.entries if entry.kind == "routine_state"}
        if every:
            names = list(stored.copy())
        elif _changes(batch):
            names = {*names, "_cancellation"}
        return {
            safe_name(name): RoutineState(*self._mask.preview(stored.get(name))) for name in names if name in stored
        }

    def _data(self, batch: JournalBatch, *, every: bool) -> dict[str, DataValue]:
        told = [entry.data.get("key") for entry in batch.entries if entry.kind == "shared_data"]
        if not told and not every:
            return {}
        stored = list(self.job_state.shared_data.copy().items())
        names = {safe_name(key) for key in told}
        found = {}
        for key, value in stored[:KEYS] if every else stored:
            name = safe_name(key)
            if every or name in names:
                found[name] = self._data_value(name, value)
        return found

    def _data_value(self, name: str, value: Any) -> DataValue:
        hides = self._mask.hides
        return DataValue(HIDDEN, False) if hides is not None and hides(name) else DataValue(*self._mask.preview(value))

    # -- shared log and outputs

    def _log(self, after: int) -> tuple[list[LogRow], bool]:
        """Entries of the shared log after number `after`, and whether there are more."""
        found = read_log(self.job_state, after, TEXT_ROWS)
        rows = log_rows(found, after, self._mask)
        return rows, bool(rows) and found.last > rows[-1].n

    def _outputs(self, after: int) -> tuple[list[OutputRow], bool]:
        """Outputs after number `after`, and whether there are more."""
        found = read_outputs(self.job_state, after, TEXT_ROWS)
        rows = output_rows(found, after, self._mask)
        return rows, bool(rows) and found.last > rows[-1].n


def _changes(batch: JournalBatch) -> bool:
    """Whether a batch changes facts that only the engine has."""
    return any(entry.kind in _CHANGING for entry in batch.entries)


def _pieces(segment: Segment) -> list[Segment]:
    """Split a segment into pieces within the size limits."""
    records, runs = len(segment.records.source), len(segment.runs.target)
    large = sum(map(len, segment.records.data)) > BYTES and records > 1
    if not large and records <= ROWS and runs <= ROWS:
        return [segment]
    if not large:
        return split(segment, ROWS)
    halves = split(segment, (max(records, runs) + 1) // 2)
    return [piece for half in halves for piece in _pieces(half)] if len(halves) > 1 else halves
