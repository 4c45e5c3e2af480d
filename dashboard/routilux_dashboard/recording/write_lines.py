"""Writes segments as the lines of a recording. Keeps nothing but the names of sources and targets."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version

import msgspec

from ..payloads.json_text import NOTHING, bounded, on_one_line, problem_of
from ..payloads.mask import NO_MASK, Mask
from ..protocol import OUTCOMES
from ..segments.segment import JobStart, RunningNow, Segment, SourceName, Sums, TargetName
from ..times import iso
from . import lines
from .masked import masked

MADE_BY = f"routilux-dashboard {version('routilux-dashboard')}"
_encoder = msgspec.json.Encoder()


def write(segments: Iterable[Segment], mask: Mask = NO_MASK) -> Iterator[bytes]:
    """A recording, in pieces of at most one segment; each line ends with a line feed.

    Args:
        segments: those of one job, from the first one on.
        mask: its values are left out of the file.

    Raises:
        ValueError: there is no segment.

    Takes the memory of one segment, however long the job was.
    """
    writer = _Writer(mask)
    for segment in segments:
        yield writer.segment(masked(segment, mask))
    yield writer.end()


class _Writer:
    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._sources: dict[int, SourceName] = {}
        self._targets: dict[int, TargetName] = {}
        self._lines = 0
        self._segments = 0

    def segment(self, segment: Segment) -> bytes:
        found = list(self._lines_of(segment))
        self._lines += len(found)
        self._segments += 1
        return _encoder.encode_lines(found)

    def end(self) -> bytes:
        if not self._segments:
            raise ValueError("there is nothing to record: the job has no segment")
        return _encoder.encode_lines([lines.EndLine(self._lines, self._segments)])

    def _lines_of(self, segment: Segment) -> Iterator[lines.Line]:
        if not self._segments:
            names = sorted(self._mask.names)
            yield lines.RecordingLine(lines.FORMAT, MADE_BY, iso(time.time_ns()), segment.job_id, names)
        yield from self._names(segment)
        yield from self._records(segment)
        yield from self._runs(segment)
        yield from _rows(segment)
        if segment.sums is not None:
            yield from _sums(segment.sums)
        yield self._end_of(segment)

    def _names(self, segment: Segment) -> Iterator[lines.Line]:
        if segment.beginning is not None:
            yield _beginning(segment.beginning)
        if segment.flow is not None:
            yield lines.FlowLine(segment.flow)
        for source in segment.sources:
            self._sources[source.number] = source
            yield lines.SourceLine(
                source.number,
                source.routine_id,
                source.event_name,
                source.kind,
                source.connection_ids,
                source.target_ids,
            )
        for target in segment.targets:
            self._targets[target.number] = target
            yield lines.TargetLine(target.number, target.routine_id, target.slot_name)

    def _records(self, segment: Segment) -> Iterator[lines.Line]:
        rows, cut = segment.records, set(segment.records.cut)
        columns = zip(rows.source, rows.time_ns, rows.cause, rows.data, strict=True)
        for i, (number, time_ns, cause, data) in enumerate(columns):
            source, sound = self._sources[number], problem_of(data) is None
            yield lines.RecordLine(
                segment.after_seq + 1 + i, time_ns, source.routine_id, source.event_name, source.kind, number,
                msgspec.Raw(on_one_line(data) if sound else NOTHING), cause or None, i in cut or not sound,
            )  # fmt: skip

    def _runs(self, segment: Segment) -> Iterator[lines.Line]:
        rows = segment.runs
        columns = zip(rows.target, rows.start_ns, rows.duration_ns, rows.outcome, rows.cause, strict=True)
        for number, start_ns, duration_ns, outcome, cause in columns:
            target = self._targets[number]
            yield lines.RunLine(
                number, target.routine_id, target.slot_name, start_ns, duration_ns, OUTCOMES[outcome], cause or None
            )

    def _end_of(self, segment: Segment) -> lines.Line:
        return lines.SegmentLine(
            segment.n, segment.at_ns, segment.after_seq, segment.seq, segment.after_run, segment.facts,
            [self._running(handler) for handler in segment.running], segment.lost, segment.final,
            segment.ahead_ns,
        )  # fmt: skip

    def _running(self, handler: RunningNow) -> lines.Running:
        if handler.target == -1:
            return lines.Running(handler.routine_id, handler.slot, handler.start_ns)
        target = self._targets[handler.target]
        return lines.Running(target.routine_id, target.slot_name, handler.start_ns, handler.target)


def _beginning(beginning: JobStart) -> lines.Line:
    return lines.BeginningLine(
        beginning.flow_id, beginning.origin, beginning.created_at, beginning.entry, bounded(beginning.params)
    )


def _rows(segment: Segment) -> Iterator[lines.Line]:
    for entry in segment.entries:
        yield lines.EntryLine(entry.number, entry.time_ns, entry.kind, entry.routine_id, bounded(entry.data))
    for row in segment.log:
        yield lines.LogLine(row.n, row.timestamp, bounded(row.entry), row.cut)
    for sent in segment.outputs:
        yield lines.OutputLine(sent.n, sent.timestamp, sent.routine_id, sent.output_type, bounded(sent.data), sent.cut)
    for routine_id, state in segment.states.items():
        yield lines.StateLine(routine_id, bounded(state.state), state.cut)
    for key, shared in segment.data.items():
        yield lines.DataLine(key, bounded(shared.value), shared.cut)


def _sums(sums: Sums) -> Iterator[lines.Line]:
    for number, count in sums.emissions.items():
        yield lines.EmittedLine(number, count)
    for run in sums.runs:
        yield lines.SumLine(run.target, OUTCOMES[run.outcome], run.count, run.total_ns, run.min_ns, run.max_ns)
