"""What the writer knows of a job: how far it is kept, its names, the tails of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from ..fold.outlook import ENDED
from ..segments.check import SegmentRefused
from ..segments.segment import Records, Runs, Segment, SourceName, TargetName
from .coding import KeptSegment, encode
from .tables import Kind
from .tail import Chunk, ListTail, RecordTail, RunTail, Tail

ALIASES = 10
"""Added to a kind in the table of names: what is there is the store's number for one of the segments'."""
_NAMES: dict[Kind, type] = {Kind.RECORDS: SourceName, Kind.RUNS: TargetName}
Name = TypeVar("Name", SourceName, TargetName)


class JobRow(msgspec.Struct):
    """A row of the table of jobs, in the order of its columns there."""

    job_id: str
    flow_id: str = ""
    status: str = "pending"
    ended: bool = False
    created_at: str = ""
    origin: str = ""
    owner: str = ""
    writer: str = ""
    sign_ns: int = 0
    written_ns: int = 0
    n: int = 0
    first_seq: int = 0
    seq: int = 0
    run: int = 0
    first_log: int = 0
    log: int = 0
    first_output: int = 0
    output: int = 0
    size: int = 0
    played: int = 0
    summary: bytes | None = None
    words: str = ""


class NameTable:
    """The numbers that the store has for names: those of the segments, unless one of these means something new.

    `known`: store's number → name. `aliases`: the segments' numbers that differ → the store's.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.known: dict[int, Any] = {}
        self.aliases: dict[int, int] = {}
        self._fresh: dict[int, Any] = {}
        self._fresh_aliases: dict[int, int] = {}

    def learn(self, names: Sequence[Name]) -> list[Name]:
        """Take in what a segment says of its numbers from now on; return the same with the store's numbers."""
        return [self._learn(name) for name in names]

    def numbers(self, column: list[int]) -> list[int]:
        """A column in the store's numbers."""
        return [self.aliases.get(number, number) for number in column] if self.aliases else column

    def load(self, number: int, data: bytes, *, alias: bool) -> None:
        """Take in a row of the table of names."""
        if alias:
            self.aliases[number] = msgspec.msgpack.decode(data, type=int)
        else:
            self.known[number] = msgspec.msgpack.decode(data, type=_NAMES[self.kind])

    def rows(self) -> list[tuple[int, int, bytes]]:
        """Rows for the table of names that it does not have yet: kind, number, what it means."""
        rows = [(int(self.kind), number, encode(name)) for number, name in self._fresh.items()]
        rows += [(self.kind + ALIASES, number, encode(stored)) for number, stored in self._fresh_aliases.items()]
        self._fresh, self._fresh_aliases = {}, {}
        return rows

    def for_new_database(self) -> NameTable:
        """The same, to be written to another database."""
        naming = NameTable(self.kind)
        naming.known, naming.aliases = dict(self.known), dict(self.aliases)
        naming._fresh, naming._fresh_aliases = dict(self.known), dict(self.aliases)
        return naming

    def _learn(self, name: Name) -> Name:
        number, kept = name.number, name
        for candidate in (number, *self.known):
            kept = msgspec.structs.replace(name, number=candidate)
            if self.known.get(candidate) in (None, kept):
                break
        else:
            kept = msgspec.structs.replace(name, number=max(self.known) + 1)
        if kept.number not in self.known:
            self.known[kept.number] = self._fresh[kept.number] = kept
        if self.aliases.get(number, number) != kept.number:
            self.aliases[number] = self._fresh_aliases[number] = kept.number
        return kept


class JobWriter:
    """A job that is being written.

    `row` is what the table of jobs has, or will have; `safe_n` the last segment that it certainly has. After a
    transaction that was taken back, an object of this class is of no use any more.
    """

    def __init__(self, job_no: int, row: JobRow) -> None:
        self.job_no = job_no
        self.row = row
        self.sources = NameTable(Kind.RECORDS)
        self.targets = NameTable(Kind.RUNS)
        self.lost = 0
        self.safe_n = 0
        self.settled = False
        self._records = RecordTail()
        self._runs = RunTail()
        self._lists = {kind: ListTail(kind) for kind in (Kind.SEGMENTS, Kind.LOG, Kind.OUTPUTS)}

    def renumbered(self, segment: Segment) -> Segment:
        """The segment that follows, with the store's numbers for its names: nearly always the segment itself."""
        sources, targets = self.sources.learn(segment.sources), self.targets.learn(segment.targets)
        by_source, by_target = self.sources.aliases, self.targets.aliases
        if not by_source and not by_target:
            return segment
        sums = segment.sums
        if sums is not None:
            emissions = {by_source.get(number, number): count for number, count in sums.emissions.items()}
            runs = [msgspec.structs.replace(run, target=by_target.get(run.target, run.target)) for run in sums.runs]
            sums = msgspec.structs.replace(sums, emissions=emissions, runs=runs)
        return msgspec.structs.replace(
            segment,
            sources=sources,
            targets=targets,
            records=msgspec.structs.replace(segment.records, source=self.sources.numbers(segment.records.source)),
            runs=msgspec.structs.replace(segment.runs, target=self.targets.numbers(segment.runs.target)),
            running=[msgspec.structs.replace(r, target=by_target.get(r.target, r.target)) for r in segment.running],
            sums=sums,
        )

    def add(self, segment: Segment) -> None:
        """Take in the segment that follows, `renumbered` and `check`ed."""
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
        for kind, rows in ((Kind.LOG, segment.log), (Kind.OUTPUTS, segment.outputs)):
            for entry in rows:
                self._lists[kind].add(entry.n, segment.at_ns, entry)
        self._note(segment)

    def begin_after(self, n: int, seq: int, known: JobWriter) -> None:
        """The job is kept from its segment `n` on only: what was before is in a database that is not there any more."""
        self.row.n, self.row.seq = n, seq
        self.sources, self.targets = known.sources.for_new_database(), known.targets.for_new_database()

    def cut(self) -> tuple[list[Chunk], list[tuple[int, int]]]:
        """Chunks to be written, and (kind, first) of those to be removed before."""
        chunks: list[Chunk] = []
        gone: list[tuple[int, int]] = []
        tails: list[Tail] = [self._records, self._runs, *self._lists.values()]
        for tail in tails:
            cut = tail.cut()
            chunks += cut.chunks
            gone += [(tail.kind, first) for first in cut.gone]
        self.row.size += sum(len(chunk.data) for chunk in chunks)
        return chunks, gone

    def load_name(self, kind: int, number: int, data: bytes) -> None:
        """Take in a row of the table of names."""
        naming = self.sources if kind % ALIASES == Kind.RECORDS else self.targets
        naming.load(number, data, alias=kind >= ALIASES)

    def fresh_names(self) -> list[tuple[int, int, int, bytes]]:
        """Rows for the table of names that it does not have yet."""
        return [(self.job_no, *row) for row in (*self.sources.rows(), *self.targets.rows())]

    def check(self, segment: Segment) -> None:
        """Raise `SegmentRefused` for a segment that does not follow, or whose parts do not fit together."""
        row = self.row
        if segment.n != row.n + 1:
            raise SegmentRefused(f"segment {segment.n} of job {segment.job_id!r} does not follow segment {row.n}")
        if segment.after_seq < row.seq or segment.seq < segment.after_seq or segment.after_run < row.run:
            raise SegmentRefused(f"segment {segment.n} of job {segment.job_id!r} counts back")
        records, runs = segment.records, segment.runs
        count = len(records.source)
        if not (len(records.time_ns) == len(records.cause) == len(records.data) == count) or (
            count != segment.seq - segment.after_seq
        ):
            raise SegmentRefused(f"segment {segment.n} of job {segment.job_id!r}: its records are not complete")
        columns = (runs.start_ns, runs.duration_ns, runs.outcome, runs.cause)
        if any(len(column) != len(runs.target) for column in columns):
            raise SegmentRefused(f"segment {segment.n} of job {segment.job_id!r}: its runs are not complete")

    def _note(self, segment: Segment) -> None:
        """Bring the job's row up to date."""
        row = self.row
        if segment.n > 1:  # what was before the first is not this store's to keep
            self.lost += segment.after_seq - row.seq
        row.n, row.seq, row.run = segment.n, segment.seq, segment.after_run + len(segment.runs.target)
        if segment.log:
            row.first_log, row.log = row.first_log or segment.log[0].n, segment.log[-1].n
        if segment.outputs:
            row.first_output, row.output = row.first_output or segment.outputs[0].n, segment.outputs[-1].n
        if segment.beginning is not None:
            row.flow_id, row.origin = segment.beginning.flow_id, segment.beginning.origin
            row.created_at = segment.beginning.created_at
        row.status = segment.facts.status
        row.ended = segment.final or row.status in ENDED
        row.sign_ns = max(row.sign_ns, segment.at_ns)
        self.settled = segment.final


def _without_rows(segment: Segment) -> KeptSegment:
    """The segment without what is kept in chunks of its own."""
    bare = msgspec.structs.replace(segment, records=Records(), runs=Runs(), log=[], outputs=[])
    log = (segment.log[0].n, segment.log[-1].n) if segment.log else (0, -1)
    outputs = (segment.outputs[0].n, segment.outputs[-1].n) if segment.outputs else (0, -1)
    return KeptSegment(bare, len(segment.records.source), len(segment.runs.target), log, outputs)
