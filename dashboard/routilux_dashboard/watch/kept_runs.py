"""Handler runs of a job that no store keeps: columns, small beside the records that led to them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from routilux import JournalBatch

from ..film.fold import Names
from ..film.tally import OUTCOMES

RUNS_KEPT = 1_000_000
"""Handler runs of one job; of more, the oldest go (in steps of an eighth)."""
_NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}


class KeptRun(NamedTuple):
    """A handler run; times in ns, `start_ns` since the epoch."""

    routine_id: str
    slot: str
    start_ns: int
    duration_ns: int
    outcome: str
    cause: int


class _Columns(NamedTuple):
    targets: array[int]
    starts: array[int]
    durations: array[int]
    outcomes: array[int]
    causes: array[int]


class KeptRuns:
    """The newest million handler runs of a job: 29 bytes each. One thread adds, any thread reads.

    `left` says how many are not there any more.
    """

    def __init__(self, names: Names, bound: int = RUNS_KEPT) -> None:
        self.left = 0
        self._names = names
        self._bound = bound
        self._columns = _Columns(*(array(code) for code in "lqqbq"))

    def __len__(self) -> int:
        return len(self._columns.causes)

    def add(self, batch: JournalBatch) -> None:
        """Keep the runs of a batch. The causes come last: what they have is whole."""
        columns, runs = self._columns, batch.runs
        if batch.totals is not None:
            self.left += sum(totals.count for totals in batch.totals.runs.values())
        columns.targets.extend(map(itemgetter(0), runs))
        columns.starts.extend(map(itemgetter(1), runs))
        columns.durations.extend(map(itemgetter(2), runs))
        columns.outcomes.extend([_NUMBERS[run[3]] for run in runs])
        columns.causes.extend(map(itemgetter(4), runs))
        if len(columns.causes) > self._bound:
            gone = len(columns.causes) - self._bound * 7 // 8
            self._columns = _Columns(*(column[gone:] for column in columns))  # others may be reading the old ones
            self.left += gone

    def __iter__(self) -> Iterator[KeptRun]:
        """The runs that are here now, in the order of their ends."""
        columns = self._columns
        for place in range(len(columns.causes)):
            yield self._run(columns, place)

    def causes_of(self, outcome: str) -> frozenset[int]:
        """The seqs of the records that led to a run which ended so."""
        columns, number = self._columns, _NUMBERS[outcome]
        count = len(columns.causes)
        pairs = zip(columns.causes[:count], columns.outcomes[:count], strict=True)
        return frozenset(cause for cause, ended in pairs if ended == number)

    def caused_by(self, seq: int) -> Iterator[KeptRun]:
        """The runs that the record `seq` led to, in the order of their ends."""
        columns, at = self._columns, -1
        while True:
            try:
                at = columns.causes.index(seq, at + 1)
            except ValueError:
                return
            yield self._run(columns, at)

    def _run(self, columns: _Columns, at: int) -> KeptRun:
        target = self._names.target(columns.targets[at])
        start_ns, ended = self._names.wall_ns(columns.starts[at]), OUTCOMES[columns.outcomes[at]]
        return KeptRun(target.routine_id, target.slot_name, start_ns, columns.durations[at], ended, columns.causes[at])
