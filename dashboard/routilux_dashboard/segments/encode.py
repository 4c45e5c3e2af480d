"""Encodes a batch of a job's journal: its rows as columns, and the names of the numbers in them."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, NamedTuple

from routilux import JournalBatch, JournalEntry, JournalReader

from ..payloads.encoder import PayloadEncoder
from ..payloads.preview import safe_text
from ..protocol import OUTCOMES
from .entries import entry_data
from .segment import Entry, Records, RunningNow, Runs, RunSums, SourceName, Sums, TargetName

_NAME = 2_000
_OUTCOME = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_first, _second, _third, _fourth, _fifth = (itemgetter(place) for place in range(5))


def safe_name(value: Any) -> str:
    """A name as JSON can hold it, at most 2,000 characters."""
    return value if type(value) is str and value.isascii() and len(value) <= _NAME else safe_text(value, _NAME)


class Columns(NamedTuple):
    """The rows of a batch, the sums of events without rows, and the names that are new."""

    records: Records
    runs: Runs
    sums: Sums | None
    sources: list[SourceName]
    targets: list[TargetName]

    @property
    def runs_before(self) -> int:
        """How many runs have no rows."""
        return sum(row.count for row in self.sums.runs) if self.sums is not None else 0

    @property
    def last_ns(self) -> int:
        """The time of the newest row, or 0."""
        ends = map(int.__add__, self.runs.start_ns, self.runs.duration_ns)
        return max(max(ends, default=0), *self.records.time_ns[-1:], 0)


def encode_rows(
    batch: JournalBatch,
    reader: JournalReader,
    payloads: PayloadEncoder,
    sources: frozenset[int],
    targets: frozenset[int],
) -> Columns:
    """The columns of a batch of `reader`; the names of `sources` and `targets` are known already."""
    epoch_ns = reader.wall_ns(0)
    return Columns(
        records=records_of(batch, epoch_ns, payloads),
        runs=runs_of(batch, epoch_ns),
        sums=sums_of(batch),
        sources=new_sources(batch, sources, reader),
        targets=new_targets(batch, targets, reader),
    )


def records_of(batch: JournalBatch, epoch_ns: int, payloads: PayloadEncoder) -> Records:
    """The records of a batch; `epoch_ns` is the time at which its clock was 0."""
    rows = batch.records
    if not rows:
        return Records()
    data, cut = payloads.encode(list(map(_second, rows)))
    return Records(
        source=list(map(_first, rows)),
        time_ns=[row[2] + epoch_ns for row in rows],
        cause=list(map(_fourth, rows)),
        data=data,
        cut=cut,
    )


def runs_of(batch: JournalBatch, epoch_ns: int) -> Runs:
    """The runs of a batch."""
    rows = batch.runs
    if not rows:
        return Runs()
    return Runs(
        target=list(map(_first, rows)),
        start_ns=[row[1] + epoch_ns for row in rows],
        duration_ns=list(map(_third, rows)),
        outcome=list(map(_OUTCOME.__getitem__, map(_fourth, rows))),
        cause=list(map(_fifth, rows)),
    )


def running_of(batch: JournalBatch, epoch_ns: int, ended: Iterable[int]) -> list[RunningNow]:
    """The running handlers, without those whose runs are already in the batch or, by their starts, in `ended`."""
    if not batch.running:
        return []
    gone = set(ended).union(map(_second, batch.runs))
    return [
        RunningNow(safe_name(handler.routine_id), safe_name(handler.slot_name), handler.started + epoch_ns)
        for handler in batch.running
        if handler.started not in gone
    ]


def sums_of(batch: JournalBatch) -> Sums | None:
    """The sums of events without rows."""
    if batch.totals is None:
        return None
    runs = [
        RunSums(target, _OUTCOME[outcome], row.count, row.total_ns, row.min_ns, row.max_ns)
        for (target, outcome), row in batch.totals.runs.items()
    ]
    return Sums(dict(batch.totals.emissions), runs)


def entries_of(batch: JournalBatch) -> list[Entry]:
    """The entries of a batch."""
    return [_entry(entry) for entry in batch.entries]


def _entry(entry: JournalEntry) -> Entry:
    routine_id = None if entry.routine_id is None else safe_name(entry.routine_id)
    return Entry(entry.number, entry.time_ns, entry.kind, routine_id, entry_data(entry))


def new_sources(batch: JournalBatch, known: frozenset[int], reader: JournalReader) -> list[SourceName]:
    """The names of sources that the batch uses and that are not `known`."""
    used = set(map(_first, batch.records)).union(batch.totals.emissions if batch.totals is not None else ())
    return [_source(number, reader) for number in sorted(used - known)]


def _source(number: int, reader: JournalReader) -> SourceName:
    source = reader.source(number)
    names = (safe_name(source.routine_id), safe_name(source.event_name), safe_name(source.kind))
    return SourceName(
        number, *names, tuple(map(safe_name, source.connection_ids)), tuple(map(safe_name, source.target_ids))
    )


def new_targets(batch: JournalBatch, known: frozenset[int], reader: JournalReader) -> list[TargetName]:
    """The same for targets."""
    sums = [number for number, _ in batch.totals.runs] if batch.totals is not None else []
    used = set(map(_first, batch.runs)).union(sums)
    targets = [(number, reader.target(number)) for number in sorted(used - known)]
    return [TargetName(number, safe_name(target.routine_id), safe_name(target.slot_name)) for number, target in targets]
