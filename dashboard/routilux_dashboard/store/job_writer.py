"""One job's part of a batch: its row, its names, and the tails of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from ..fold.checkpoints import JobFigures
from ..protocol import ENDED
from ..segments.check import SegmentRefused
from ..segments.segment import Records, Runs, Segment, SourceName, TargetName
from .chunks import Chunk, StoredSegment, encode
from .job_rows import JobRow, encoded_summary, searched_text
from .tables import Kind
from .tail import ListTail, RecordTail, RunTail, Tail

ALIASES = 10
"""Added to a kind in the table of names: such a row maps a number used in segments to the store's number."""
_NAMES: dict[Kind, type] = {Kind.RECORDS: SourceName, Kind.RUNS: TargetName}
Name = TypeVar("Name", SourceName, TargetName)


class NameTable:
    """The store's numbers for names. They are the segments' own, unless a segment gives a known number a new meaning.

    `known` maps the store's numbers to names, `aliases` those numbers of segments that differ to the store's.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.known: dict[int, Any] = {}
        self.aliases: dict[int, int] = {}
        self._new: dict[int, Any] = {}
        self._new_aliases: dict[int, int] = {}

    def add(self, names: Sequence[Name]) -> list[Name]:
        """Add the names that a segment introduces; returns them with the store's numbers."""
        return [self._add(name) for name in names]

    def numbers(self, column: list[int]) -> list[int]:
        """A column with the store's numbers."""
        return [self.aliases.get(number, number) for number in column] if self.aliases else column

    def load(self, number: int, data: bytes, *, alias: bool) -> None:
        """Load a row of the table of names."""
        if alias:
            self.aliases[number] = msgspec.msgpack.decode(data, type=int)
        else:
            self.known[number] = msgspec.msgpack.decode(data, type=_NAMES[self.kind])

    def take_new_rows(self) -> list[tuple[int, int, bytes]]:
        """Rows that the table of names lacks: kind, number, name. They count as written."""
        rows = [(int(self.kind), number, encode(name)) for number, name in self._new.items()]
        rows += [(self.kind + ALIASES, number, encode(stored)) for number, stored in self._new_aliases.items()]
        self._new, self._new_aliases = {}, {}
        return rows

    def for_new_database(self) -> NameTable:
        """A copy of which another database has nothing yet."""
        table = NameTable(self.kind)
        table.known, table.aliases = dict(self.known), dict(self.aliases)
        table._new, table._new_aliases = dict(self.known), dict(self.aliases)
        return table

    def _add(self, name: Name) -> Name:
        number, stored = name.number, name
        for candidate in (number, *self.known):
            stored = msgspec.structs.replace(name, number=candidate)
            if self.known.get(candidate) in (None, stored):
                break
        else:
            stored = msgspec.structs.replace(name, number=max(self.known) + 1)
        if stored.number not in self.known:
            self.known[stored.number] = self._new[stored.number] = stored
        if self.aliases.get(number, number) != stored.number:
            self.aliases[number] = self._new_aliases[number] = stored.number
        return stored


class JobWriter:
    """A job that is being written.

    `row` is the job's row in the database as it is, or will be after the current transaction; `safe_n` is the last
    segment that is certainly there. After a rollback the object must be discarded.
    """

    def __init__(self, job_no: int, row: JobRow) -> None:
        self.job_no = job_no
        self.row = row
        self.sources = NameTable(Kind.RECORDS)
        self.targets = NameTable(Kind.RUNS)
        self.lost = 0
        self.safe_n = 0
        self.final = False
        self._figures: JobFigures | None = None
        self._records = RecordTail()
        self._runs = RunTail()
        self._lists = {kind: ListTail(kind) for kind in (Kind.SEGMENTS, Kind.LOG, Kind.OUTPUTS)}

    def add(self, segment: Segment) -> None:
        """Add the segment that follows. Raises `SegmentRefused`, and changes nothing, if it doesn't fit."""
        self._check(segment)
        segment = self._renumbered(segment)
        row, records, runs = self.row, segment.records, segment.runs
        if records.source:
            first = segment.seq - len(records.source) + 1
            self._records.begin_at(first)
            self._records.add(records)
            row.first_seq = row.first_seq or first
        if runs.target:
            self._runs.begin_at(segment.after_run + 1)
            self._runs.add(runs)
        self._lists[Kind.SEGMENTS].add(segment.n, segment.at_ns, _without_rows(segment))
        for entry in segment.log:
            self._lists[Kind.LOG].add(entry.n, segment.at_ns, entry)
        for output in segment.outputs:
            self._lists[Kind.OUTPUTS].add(output.n, segment.at_ns, output)
        self._update_row(segment)

    def set_figures(self, figures: JobFigures) -> bool:
        """Take the summary into the row at the next flush; False if the figures are not as of the last segment."""
        if figures.n != self.row.n:
            return False
        self._figures = figures
        return True

    @property
    def has_figures(self) -> bool:
        """Whether the figures are as of the last segment."""
        return self.row.n == (self.row.played if self._figures is None else self._figures.n)

    def continue_after(self, segment: Segment, known: JobWriter) -> None:
        """Store the job from `segment` on: everything before went with a database that is gone."""
        self.row.n, self.row.seq = segment.n - 1, segment.after_seq - segment.lost
        self.sources, self.targets = known.sources.for_new_database(), known.targets.for_new_database()

    def flush(self) -> tuple[list[Chunk], list[tuple[int, int]]]:
        """Chunks to write, and the (kind, first) of those to delete before."""
        chunks: list[Chunk] = []
        replaced: list[tuple[int, int]] = []
        tails: list[Tail] = [self._records, self._runs, *self._lists.values()]
        for tail in tails:
            flush = tail.flush()
            chunks += flush.chunks
            replaced += [(tail.kind, first) for first in flush.replaced]
        self.row.size += sum(len(chunk.data) for chunk in chunks)
        if self._figures is not None:
            self.row.summary, self.row.words = encoded_summary(self._figures.summary)
            self.row.played = self._figures.n
            self._figures = None
        return chunks, replaced

    def load_name(self, kind: int, number: int, data: bytes) -> None:
        """Load a row of the table of names."""
        table = self.sources if kind % ALIASES == Kind.RECORDS else self.targets
        table.load(number, data, alias=kind >= ALIASES)

    def take_new_names(self) -> list[tuple[int, int, int, bytes]]:
        """Rows that the table of names lacks. They count as written."""
        return [(self.job_no, *row) for row in (*self.sources.take_new_rows(), *self.targets.take_new_rows())]

    def _check(self, segment: Segment) -> None:
        row, name = self.row, f"Segment {segment.n} of job {segment.job_id!r}"
        if segment.n != row.n + 1:
            raise SegmentRefused(f"{name} does not follow segment {row.n}")
        if segment.after_seq < row.seq or segment.seq < segment.after_seq or segment.after_run < row.run:
            raise SegmentRefused(f"{name} counts backwards")
        records, runs = segment.records, segment.runs
        count = len(records.source)
        if not (len(records.time_ns) == len(records.cause) == len(records.data) == count) or (
            count != segment.seq - segment.after_seq
        ):
            raise SegmentRefused(f"{name} has incomplete records")
        columns = (runs.start_ns, runs.duration_ns, runs.outcome, runs.cause)
        if any(len(column) != len(runs.target) for column in columns):
            raise SegmentRefused(f"{name} has incomplete runs")

    def _renumbered(self, segment: Segment) -> Segment:
        """The segment with the store's numbers: nearly always the segment itself."""
        sources, targets = self.sources.add(segment.sources), self.targets.add(segment.targets)
        by_source, by_target = self.sources.aliases, self.targets.aliases
        if not by_source and not by_target:
            return segment
        replace, sums = msgspec.structs.replace, segment.sums
        if sums is not None:
            emissions = {by_source.get(number, number): count for number, count in sums.emissions.items()}
            sums = replace(
                sums,
                emissions=emissions,
                runs=[replace(run, target=by_target.get(run.target, run.target)) for run in sums.runs],
            )
        return replace(
            segment,
            sources=sources,
            targets=targets,
            records=replace(segment.records, source=self.sources.numbers(segment.records.source)),
            runs=replace(segment.runs, target=self.targets.numbers(segment.runs.target)),
            running=[replace(r, target=by_target.get(r.target, r.target)) for r in segment.running],
            sums=sums,
        )

    def _update_row(self, segment: Segment) -> None:
        row = self.row
        if segment.n > 1:  # rows missing before the first segment were never this store's to keep
            self.lost += segment.after_seq - row.seq
        row.n, row.seq, row.run = segment.n, segment.seq, segment.after_run + len(segment.runs.target)
        if segment.log:
            row.first_log, row.log = row.first_log or segment.log[0].n, segment.log[-1].n
        if segment.outputs:
            row.first_output, row.output = row.first_output or segment.outputs[0].n, segment.outputs[-1].n
        if segment.beginning is not None:
            row.flow_id, row.origin = segment.beginning.flow_id, segment.beginning.origin
            row.created_at = segment.beginning.created_at
            row.words = row.words or searched_text(segment.job_id, row.flow_id)
        row.status = segment.facts.status
        row.ended = segment.final or row.status in ENDED
        row.sign_ns = max(row.sign_ns, segment.at_ns)
        self.final = segment.final


def _without_rows(segment: Segment) -> StoredSegment:
    """The segment without the rows that have chunks of their own."""
    rest = msgspec.structs.replace(segment, records=Records(), runs=Runs(), log=[], outputs=[])
    log = (segment.log[0].n, segment.log[-1].n) if segment.log else (0, -1)
    outputs = (segment.outputs[0].n, segment.outputs[-1].n) if segment.outputs else (0, -1)
    return StoredSegment(rest, len(segment.records.source), len(segment.runs.target), log, outputs)
