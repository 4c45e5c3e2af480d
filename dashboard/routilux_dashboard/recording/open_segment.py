"""A segment that is being read: its lines come one by one, and each is checked."""

from __future__ import annotations

from typing import Any

from ..payloads.json_text import problem_of
from ..protocol import OUTCOMES, DataValue, FlowDefinition, LogRow, OutputRow, RoutineState
from ..segments.segment import (
    Entry,
    JobStart,
    Records,
    RunningNow,
    Runs,
    RunSums,
    Segment,
    SourceName,
    Sums,
    TargetName,
)
from ..times import iso_text
from . import lines
from .lines import InvalidRecording, require

MAX_LINES = 50_000
"""Lines of one segment."""
MAX_BYTES = 64 * 1024 * 1024
"""Bytes of payloads in the records of one segment."""
_OUTCOMES = {outcome: index for index, outcome in enumerate(OUTCOMES)}


class OpenSegment:
    """Collects the lines of one segment; `finish` makes the segment when its last line has come.

    Every method raises `InvalidRecording` for a line that can't be right.
    """

    def __init__(self) -> None:
        self.lines = 0
        self.sources: list[SourceName] = []
        self.targets: list[TargetName] = []
        self._beginning: JobStart | None = None
        self._flow: FlowDefinition | None = None
        self._records = Records([], [], [], [], [])
        self._first_seq = 0
        self._bytes = 0
        self._runs = Runs([], [], [], [], [])
        self._entries: list[Entry] = []
        self._log: list[LogRow] = []
        self._outputs: list[OutputRow] = []
        self._states: dict[str, RoutineState] = {}
        self._data: dict[str, DataValue] = {}
        self._sums: Sums | None = None

    def count(self) -> None:
        """Count a line of any type."""
        self.lines += 1
        require(self.lines <= MAX_LINES, f"a segment has more than {MAX_LINES:,} lines")

    def add_record(self, line: lines.RecordLine | lines.EmittedLine, source: SourceName | None) -> None:
        """Add a record, or the number of records of a source. `source` is the current name of the line's number."""
        if source is None:
            raise InvalidRecording(f"source {line.source} has not been named before")
        if isinstance(line, lines.EmittedLine):
            emissions = self._get_sums().emissions
            require(line.source not in emissions, f"source {line.source} was counted before")
            emissions[line.source] = line.count
            return
        names = (line.routine_id, line.event_name, line.kind)
        require(names == (source.routine_id, source.event_name, source.kind), f"source {line.source} is not {names!r}")
        self._append_record(line)

    def _append_record(self, line: lines.RecordLine) -> None:
        rows, data = self._records, bytes(line.data)
        require(not (problem := problem_of(data)), f"its data is invalid: {problem}")
        self._first_seq = self._first_seq or line.seq
        due = self._first_seq + len(rows.source)
        require(line.seq == due, f"record {line.seq:,} is out of order: the next one is {due:,}")
        require((line.cause or 0) < line.seq, f"record {line.seq:,} cannot be caused by {line.cause}")
        self._bytes += len(data)
        require(self._bytes <= MAX_BYTES, f"the data of a segment has more than {MAX_BYTES:,} bytes")
        if line.cut:
            rows.cut.append(len(rows.source))
        rows.source.append(line.source)
        rows.time_ns.append(line.time_ns)
        rows.cause.append(line.cause or 0)
        rows.data.append(data)

    def add_run(self, line: lines.RunLine | lines.SumLine, target: TargetName | None) -> None:
        """Add a run, or a sum of runs. `target` is the current name of the line's number."""
        if target is None:
            raise InvalidRecording(f"target {line.target} has not been named before")
        outcome = _OUTCOMES.get(line.outcome, -1)
        require(outcome >= 0, f"unknown outcome {line.outcome[:50]!r}; it is one of {', '.join(OUTCOMES)}")
        if isinstance(line, lines.SumLine):
            sums = RunSums(line.target, outcome, line.count, line.total_ns, line.min_ns, line.max_ns)
            self._get_sums().runs.append(sums)
            return
        names = (line.routine_id, line.slot)
        require(names == (target.routine_id, target.slot_name), f"target {line.target} is not {names!r}")
        rows = self._runs
        rows.target.append(line.target)
        rows.start_ns.append(line.start_ns)
        rows.duration_ns.append(line.duration_ns)
        rows.outcome.append(outcome)
        rows.cause.append(line.cause or 0)

    def add(self, line: lines.AnyLine) -> None:
        """Add a line of any other type."""
        match line:
            case lines.BeginningLine():
                require(iso_text(line.created_at) is not None, f"created_at is not a time: {line.created_at!r}")
                self._beginning = JobStart(line.flow_id, line.origin, line.created_at, line.entry, line.params)
            case lines.FlowLine():
                self._flow = line.flow
            case lines.EntryLine():
                self._entries.append(Entry(line.number, line.time_ns, line.kind, line.routine_id, line.data))
            case lines.LogLine():
                self._log.append(LogRow(line.n, line.timestamp, line.entry, line.cut))
            case lines.OutputLine():
                row = OutputRow(line.n, line.timestamp, line.routine_id, line.output_type, line.data, line.cut)
                self._outputs.append(row)
            case lines.StateLine():
                self._states[line.routine_id] = RoutineState(line.state, line.cut)
            case lines.DataLine():
                self._data[line.key] = DataValue(line.value, line.cut)
            case _:
                raise InvalidRecording(f"a {type(line).__name__} does not belong here")

    def finish(self, job_id: str, line: lines.SegmentLine) -> Segment:
        """The segment, whose last line is `line`."""
        made, first = len(self._records.source), self._first_seq
        require(not made or first == line.after_seq + 1, f"its first record is {first:,}, not {line.after_seq + 1:,}")
        require(line.seq == line.after_seq + made, f"it has {made:,} records, which do not end at {line.seq:,}")
        values: dict[str, Any] = {
            "running": [_running(handler) for handler in line.running],
            "sources": self.sources,
            "targets": self.targets,
            "records": self._records,
            "runs": self._runs,
            "entries": self._entries,
            "log": self._log,
            "outputs": self._outputs,
            "states": self._states,
            "data": self._data,
        }
        return Segment(
            job_id, line.n, line.at_ns, line.after_seq, line.seq, line.after_run, line.facts,
            self._beginning, self._flow, sums=self._sums, lost=line.lost, final=line.final,
            ahead_ns=line.ahead_ns, **values,
        )  # fmt: skip

    def _get_sums(self) -> Sums:
        if self._sums is None:
            self._sums = Sums({}, [])
        return self._sums


def _running(handler: lines.Running) -> RunningNow:
    """A handler with a target number needs no names."""
    if handler.target is None:
        return RunningNow(handler.routine_id, handler.slot, handler.start_ns)
    return RunningNow("", "", handler.start_ns, handler.target)
