"""A job's append-only lists, on one monotonic clock, and the readers of their tail.

Three lists: `records` (the history), `runs` (handler runs) and `entries` (what is rare).
The first two are written by hot loops as plain tuples: nothing is cheaper to make. Their
meaning is in `Record` and `HandlerRun`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from operator import itemgetter
from threading import Lock
from typing import Any

from ..status import RunningHandler
from .entries import HandlerRun, JournalBatch, JournalEntry, Record, Source, Target, Totals

RUNS_FOLDED_AT = 4096
"""Handler runs that may wait before they are folded into the totals."""

UNREAD_BOUND = 1_000_000
"""Records or runs kept for a reader that does not take them; past it, it gets their totals only."""

ENTRIES_KEPT = 1_000

UNREAD_ENTRIES_BOUND = 100_000


class Journal:
    """The lists of one job. `lock` guards their positions; appending to `runs` alone needs none."""

    def __init__(self, sources: Sequence[Source], targets: Sequence[Target], limit: int | None = None) -> None:
        self.lock: Lock = Lock()
        self.limit = limit
        self.records: list[Record] = []
        self.records_trimmed: int = 0
        self.runs: list[HandlerRun] = []
        self.runs_trimmed: int = 0
        self.entries: list[JournalEntry] = []
        self.entries_made: int = 0
        self.totals: Totals = Totals()
        self.readers: tuple[JournalReader, ...] = ()
        self.trim_at: int = _trim_at(limit)
        self.on_runs_folded: Callable[[list[HandlerRun]], None] | None = None
        self._runs_folded = 0
        self._last_trimmed_run: HandlerRun | None = None
        self._sources = sources
        self._local_sources: list[Source] = []
        self._local_numbers: dict[tuple[str, str, str], int] = {}
        self._targets = targets
        self._epoch = time.time_ns() - time.perf_counter_ns()

    # -- names and time

    def source(self, number: int) -> Source:
        return self._sources[number] if number >= 0 else self._local_sources[~number]

    def local_source(self, routine_id: str, event_name: str, kind: str) -> int:
        """The number of a source that belongs to this job alone (the engine's own words, loaded records)."""
        key = (routine_id, event_name, kind)
        known = self._local_numbers.get(key)
        if known is not None:
            return known
        with self.lock:
            if key not in self._local_numbers:
                number = ~len(self._local_sources)
                self._local_sources.append(Source(number, *key))
                self._local_numbers[key] = number
            return self._local_numbers[key]

    def has_local_kind(self, kind: str) -> bool:
        """Whether there ever was a record of one of the engine's own words."""
        return any(source.kind == kind for source in self._local_sources)

    def target(self, number: int) -> Target:
        return self._targets[number]

    def wall_ns(self, monotonic_ns: int) -> int:
        """Nanoseconds since the epoch for a time of the journal's clock."""
        return self._epoch + monotonic_ns

    def rebind(self, sources: Sequence[Source], targets: Sequence[Target], limit: int | None) -> None:
        """Take tables and limit of the flow that goes on with a loaded job; its records so far have sources of their
        own."""
        self._sources, self._targets = sources, targets
        self.limit, self.trim_at = limit, _trim_at(limit)

    # -- writing

    @property
    def seq(self) -> int:
        return self.records_trimmed + len(self.records)

    def add_record(self, source: int, data: dict[str, Any], cause: int, monotonic_ns: int | None = None) -> int:
        """Append a record; return its `seq`."""
        with self.lock:
            return self.append_record_locked(source, data, cause, monotonic_ns)

    def append_record_locked(
        self, source: int, data: dict[str, Any], cause: int, monotonic_ns: int | None = None
    ) -> int:
        """As `add_record`, for who holds `lock` already."""
        now = time.perf_counter_ns() if monotonic_ns is None else monotonic_ns
        self.records.append((source, data, now, cause))
        if len(self.records) > self.trim_at:
            self.trim_records()
        return self.records_trimmed + len(self.records)

    def last_record_ns(self) -> int:
        """When the newest record was made (ns since the epoch), 0 when there is none."""
        try:
            return self.wall_ns(self.records[-1][2])
        except IndexError:
            return 0

    def add_entry(self, kind: str, routine_id: str | None, data: dict[str, Any]) -> JournalEntry:
        """Append an entry and return it."""
        with self.lock:
            return self.append_entry_locked(kind, routine_id, data)

    def append_entry_locked(self, kind: str, routine_id: str | None, data: dict[str, Any]) -> JournalEntry:
        """As `add_entry`, for who holds `lock` already."""
        self.entries_made += 1
        entry = JournalEntry(self.entries_made, time.time_ns(), kind, routine_id, data)
        self.entries.append(entry)
        if len(self.entries) > 2 * ENTRIES_KEPT:
            self._trim_entries()
        return entry

    # -- leaving

    def trim_records(self) -> None:
        """Let old records go, with `limit`; what a reader has not taken stays up to a bound. Holds `lock` already."""
        if self.limit is None:
            self.trim_at = max(2 * len(self.records), UNREAD_BOUND)
            return
        seq = self.seq
        taken = min((reader.records_taken for reader in self.readers), default=seq)
        keep_from = min(max(taken, seq - UNREAD_BOUND), seq - self.limit)
        gone = keep_from - self.records_trimmed
        if gone > 0:
            leaving = self.records[:gone]
            self.totals.add_records(leaving)
            for reader in self.readers:
                reader.skip_records(leaving, self.records_trimmed)
            del self.records[:gone]
            self.records_trimmed += gone
        self.trim_at = len(self.records) + self.limit + 64

    def completed_targets(self) -> set[int]:
        """The targets with a run that completed. Adds nothing up: most jobs are never asked for their figures."""
        with self.lock:
            fresh = self.runs[self._runs_folded - self.runs_trimmed :]
            known = {number for number, outcome in self.totals.runs if outcome == "completed"}
        return known.union(run[0] for run in fresh if run[3] == "completed")

    def fold_runs(self) -> None:
        """Add the runs up that have not been; let those go that every reader has."""
        with self.lock:
            self._fold_runs()

    def _fold_runs(self) -> None:
        count = self.runs_trimmed + len(self.runs)
        fresh = self.runs[self._runs_folded - self.runs_trimmed : count - self.runs_trimmed]
        if fresh:
            self.totals.add_runs(fresh)
            if self.on_runs_folded is not None:
                self.on_runs_folded(fresh)
            self._runs_folded = count
        taken = min((reader.runs_taken for reader in self.readers), default=count)
        gone = min(max(taken, count - UNREAD_BOUND), count) - self.runs_trimmed
        if gone > 0:
            leaving = self.runs[:gone]
            for reader in self.readers:
                reader.skip_runs(leaving, self.runs_trimmed)
            self._last_trimmed_run = leaving[-1]
            del self.runs[:gone]
            self.runs_trimmed += gone

    def last_run(self) -> HandlerRun | None:
        """The newest handler run, `None` before any."""
        return self.runs[-1] if self.runs else self._last_trimmed_run

    def _trim_entries(self) -> None:
        first = self.entries_made - len(self.entries)
        taken = min((reader.entries_taken for reader in self.readers), default=self.entries_made)
        keep_from = max(min(taken, self.entries_made - ENTRIES_KEPT), self.entries_made - UNREAD_ENTRIES_BOUND)
        if keep_from > first:
            del self.entries[: keep_from - first]

    # -- reading

    @property
    def dropped(self) -> int:
        """Records that the history has no more. Some may still be there: they leave many at once, and readers need
        them."""
        return self.records_trimmed if self.limit is None else max(self.records_trimmed, self.seq - self.limit)

    def read_records(self, after: int, limit: int) -> tuple[list[Record], int, int]:
        """Records `after + 1` up to `after + limit` of the history; also the first `seq` it has and the last."""
        with self.lock:
            dropped = self.dropped
            start, stop = max(after, dropped) - self.records_trimmed, after + limit - self.records_trimmed
            return self.records[start : max(start, stop)], dropped + 1, self.seq

    def emission_counts(self) -> Counter[int]:
        """How often each source was recorded, ever."""
        with self.lock:
            counts = Counter(self.totals.emissions)
            records = self.records[:]
        counts.update(map(itemgetter(0), records))
        return counts

    def attach(self, running: Callable[[], tuple[RunningHandler, ...]]) -> JournalReader:
        """A new reader; its first batch has the totals of what was before."""
        totals = Totals()
        with self.lock:
            self._fold_runs()
            totals.merge(self.totals)
            records = self.records[:]
            reader = JournalReader(self, running, self.seq, self._runs_folded, self.entries_made - len(self.entries))
            self.readers += (reader,)
        totals.add_records(records)
        with self.lock:
            reader.start_with(totals)
        return reader

    def detach(self, reader: JournalReader) -> None:
        with self.lock:
            self.readers = tuple(other for other in self.readers if other is not reader)


def _trim_at(limit: int | None) -> int:
    return UNREAD_BOUND if limit is None else 2 * limit + 64


class JournalReader:
    """Takes the tail of a job's journal whenever it likes; the engine never waits for it. A `JobHook` is given one."""

    def __init__(
        self,
        journal: Journal,
        running: Callable[[], tuple[RunningHandler, ...]],
        records_taken: int,
        runs_taken: int,
        entries_taken: int,
    ) -> None:
        self._journal = journal
        self._running = running
        self._totals: Totals | None = None
        self._lost = records_taken
        self.records_taken: int = records_taken
        self.runs_taken: int = runs_taken
        self.entries_taken: int = entries_taken

    def take(self) -> JournalBatch:
        """Everything since the last take. Cheap; from any one thread at a time."""
        journal = self._journal
        with journal.lock:
            running = self._running()
            runs = journal.runs[max(self.runs_taken - journal.runs_trimmed, 0) :]
            self.runs_taken += len(runs)
            records = journal.records[max(self.records_taken - journal.records_trimmed, 0) :]
            self.records_taken = seq = journal.seq
            fresh = journal.entries_made - self.entries_taken
            entries = journal.entries[-fresh:] if fresh else []
            self.entries_taken = journal.entries_made
            totals, lost, self._totals, self._lost = self._totals, self._lost, None, 0
            if len(journal.runs) >= RUNS_FOLDED_AT:
                journal._fold_runs()
        return JournalBatch(seq, records, runs, entries, running, totals, lost)

    def close(self) -> None:
        """Stop reading; what was kept for this reader may go."""
        self._journal.detach(self)

    def source(self, number: int) -> Source:
        """What the records of a batch with this `number` are of."""
        return self._journal.source(number)

    def target(self, number: int) -> Target:
        """Where the runs of a batch with this `number` were."""
        return self._journal.target(number)

    def wall_ns(self, monotonic_ns: int) -> int:
        """The time `monotonic_ns` of a batch's record or run, in nanoseconds since the epoch."""
        return self._journal.wall_ns(monotonic_ns)

    # -- called by the journal, which holds its lock, when rows leave that this reader has not taken

    def start_with(self, totals: Totals) -> None:
        self._missing().merge(totals)

    def skip_records(self, leaving: list[Record], first: int) -> None:
        missed = leaving[max(self.records_taken - first, 0) :]
        if missed:
            self._lost += len(missed)
            self.records_taken += len(missed)
            self._missing().add_records(missed)

    def skip_runs(self, leaving: list[HandlerRun], first: int) -> None:
        missed = leaving[max(self.runs_taken - first, 0) :]
        if missed:
            self.runs_taken += len(missed)
            self._missing().add_runs(missed)

    def _missing(self) -> Totals:
        if self._totals is None:
            self._totals = Totals()
        return self._totals
