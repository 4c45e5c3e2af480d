"""The journal: everything that happens in one job, in memory, in order.

A job is recorded like a film. Handlers and loops append rows, readers (the tracker, the dashboard) take them later, and
the engine never waits for a reader. Three lists, in `entries.py`, hold the rows:

    records   one per emission and per step of the engine: source, data, time, cause      (the job's history)
    runs      one per handler run: target, start, duration, outcome, cause
    entries   rare events: status, controls, outputs, retries, errors, state of routines

Rows of `records` and `runs` are plain tuples, because nothing is cheaper to make in a hot loop. They name their source
(a routine's event) and target (a slot) by number; `source()` and `target()` resolve the numbers. Numbers from 0 up
belong to the flow and mean the same in all its jobs; negative ones belong to this job alone (`local_source`).

Positions. Every row has a number, counted from the start of the job, that never changes. A list holds a window of them:

    record 1      records_trimmed        records_taken                  seq
       │ trimmed:      │ kept until every      │ not read yet            │
       │ totals only   │ reader has them       │                         │
       ├───────────────┼───────────────────────┼─────────────────────────┤
                       └──────────── self.records: the window ───────────┘

A record's number is its `seq`. The `cause` of a record or run is the `seq` of the record that led to it, or 0, so the
records of a job form a forest whose roots are its entry and whatever a program recorded by hand.

From rows to totals. A row that leaves its list is added to `totals` first, so counts stay exact however little is kept.
Handler runs are added up early, in batches of `RUNS_FOLDED_AT`, by the loops, or when figures are requested:

    runs    ── fold_runs ──▶ totals.runs       and then trimmed, once every reader has taken them
    records ── trim_records ▶ totals.emissions  when they exceed `trim_at`
    entries ── trimmed beyond ENTRIES_KEPT; no totals

A reader that loses rows this way gets their totals in its next batch, and `lost` says how many records they were. The
same happens on attaching: the first batch brings the totals of everything before. Totals plus rows are always exact.

Threads. Any thread may append, and each reader is used by one thread at a time. `lock` is the one lock of the job: the
run's state, its queue and the conditions that callers wait on share it (see `execution/run.py` for the order of locks).
It guards the window positions, the totals, `readers`, `entries` and appending to `records`. Holding it, the journal
calls nothing but `on_runs_folded`, which only appends to deques. One exception keeps hot loops fast: `runs.append(row)`
needs no lock. It is atomic, readers take the rows that they see, and positions count from the front of the list, which
changes under the lock only.

Invariants
- `records_trimmed + len(records)` is `seq`, the number of the newest record, and it never falls.
- `runs_trimmed <= _runs_folded <= runs_trimmed + len(runs)`: every run is added to the totals exactly once, before it
  is trimmed.
- An attached reader's `records_taken` is at least `records_trimmed` (and so for runs): trimming advances it.
- Times are monotonic nanoseconds; `wall_ns` converts them, with one offset for the whole job.

Bounds
- History: `limit` records (the flow's `history_limit`), or all of them without one. Up to twice as many are in memory,
  since trimming a list from the front costs its length and so is done rarely.
- Unread rows: a reader that stops taking keeps at most `UNREAD_BOUND` records and runs alive, and
  `UNREAD_ENTRIES_BOUND` entries. Beyond that it gets totals only, and for entries nothing. Without a history limit
  records are kept for the history anyway.
- Entries: the newest `ENTRIES_KEPT` to twice that.
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
"""Handler runs that accumulate before a loop adds them to the totals."""

UNREAD_BOUND = 1_000_000
"""Records, or runs, kept for a reader that does not take them; beyond that it gets only their totals."""

ENTRIES_KEPT = 1_000
"""Entries kept for readers that attach later."""

UNREAD_ENTRIES_BOUND = 100_000
"""Entries kept for a reader that does not take them; older ones are dropped."""


class Journal:
    """The records, handler runs and entries of one job. `lock` guards them; only `runs.append` needs no lock."""

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

    # -- sources, targets and time

    def source(self, number: int) -> Source:
        return self._sources[number] if number >= 0 else self._local_sources[~number]

    def local_source(self, routine_id: str, event_name: str, kind: str) -> int:
        """Return the number of a source that belongs to this job alone (steps of the engine, loaded records)."""
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
        """Whether a local source of that `kind` was ever used."""
        return any(source.kind == kind for source in self._local_sources)

    def target(self, number: int) -> Target:
        return self._targets[number]

    def wall_ns(self, monotonic_ns: int) -> int:
        """Nanoseconds since the epoch for a time of the journal's clock."""
        return self._epoch + monotonic_ns

    def rebind(self, sources: Sequence[Source], targets: Sequence[Target], limit: int | None) -> None:
        """Use the tables and limit of the flow that continues a loaded job. Its loaded records have local sources."""
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
        """As `add_record`, with `lock` held."""
        now = time.perf_counter_ns() if monotonic_ns is None else monotonic_ns
        self.records.append((source, data, now, cause))
        if len(self.records) > self.trim_at:
            self.trim_records()
        return self.records_trimmed + len(self.records)

    def last_record_ns(self) -> int:
        """The time of the newest record in ns since the epoch; 0 if there is none."""
        try:
            return self.wall_ns(self.records[-1][2])
        except IndexError:
            return 0

    def add_entry(self, kind: str, routine_id: str | None, data: dict[str, Any]) -> JournalEntry:
        """Append an entry and return it."""
        with self.lock:
            return self.append_entry_locked(kind, routine_id, data)

    def append_entry_locked(self, kind: str, routine_id: str | None, data: dict[str, Any]) -> JournalEntry:
        """As `add_entry`, with `lock` held."""
        self.entries_made += 1
        entry = JournalEntry(self.entries_made, time.time_ns(), kind, routine_id, data)
        self.entries.append(entry)
        if len(self.entries) > 2 * ENTRIES_KEPT:
            self._trim_entries()
        return entry

    # -- trimming

    def trim_records(self) -> None:
        """Remove records beyond `limit` that every reader has taken, or beyond the bound. Expects `lock` to be held."""
        if self.limit is None:
            self.trim_at = max(2 * len(self.records), UNREAD_BOUND)
            return
        seq = self.seq
        taken = min((reader.records_taken for reader in self.readers), default=seq)
        keep_from = min(max(taken, seq - UNREAD_BOUND), seq - self.limit)
        gone = keep_from - self.records_trimmed
        if gone > 0:
            trimmed = self.records[:gone]
            self.totals.add_records(trimmed)
            for reader in self.readers:
                reader.skip_records(trimmed, self.records_trimmed)
            del self.records[:gone]
            self.records_trimmed += gone
        self.trim_at = len(self.records) + self.limit + 64

    def completed_targets(self) -> set[int]:
        """The targets with a completed run, without folding: most jobs are never asked for their totals."""
        with self.lock:
            fresh = self.runs[self._runs_folded - self.runs_trimmed :]
            known = {number for number, outcome in self.totals.runs if outcome == "completed"}
        return known.union(run[0] for run in fresh if run[3] == "completed")

    def fold_runs(self) -> None:
        """Add new handler runs to the totals, and trim those that every reader has taken."""
        with self.lock:
            self.fold_runs_locked()

    def fold_runs_locked(self) -> None:
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
            trimmed = self.runs[:gone]
            for reader in self.readers:
                reader.skip_runs(trimmed, self.runs_trimmed)
            self._last_trimmed_run = trimmed[-1]
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
        """How many records are no longer part of the history. Some are still in memory: trimming is done in bulk, and
        readers may need them."""
        return self.records_trimmed if self.limit is None else max(self.records_trimmed, self.seq - self.limit)

    def read_records(self, after: int, limit: int) -> tuple[list[Record], int, int]:
        """Return records `after + 1` to `after + limit` of the history, and the first and last `seq` it holds."""
        with self.lock:
            dropped = self.dropped
            start, stop = max(after, dropped) - self.records_trimmed, after + limit - self.records_trimmed
            return self.records[start : max(start, stop)], dropped + 1, self.seq

    def emission_counts(self) -> Counter[int]:
        """How often each source was recorded since the start of the job."""
        with self.lock:
            counts = Counter(self.totals.emissions)
            records = self.records[:]
        counts.update(map(itemgetter(0), records))
        return counts

    def attach(self, running: Callable[[], tuple[RunningHandler, ...]]) -> JournalReader:
        """Return a new reader. Its first batch carries the totals of everything before."""
        totals = Totals()
        with self.lock:
            self.fold_runs_locked()
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
    """Reads a job's journal from its own position. The engine never waits for a reader. A `JobHook` receives one."""

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
        """Return everything since the last call. Cheap; call it from one thread at a time."""
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
                journal.fold_runs_locked()
        return JournalBatch(seq, records, runs, entries, running, totals, lost)

    def close(self) -> None:
        """Stop reading, so that rows kept for this reader can be trimmed."""
        self._journal.detach(self)

    def source(self, number: int) -> Source:
        """The source with this `number` in a batch's records."""
        return self._journal.source(number)

    def target(self, number: int) -> Target:
        """The target with this `number` in a batch's handler runs."""
        return self._journal.target(number)

    def wall_ns(self, monotonic_ns: int) -> int:
        """Return `monotonic_ns`, the time of a record or run in a batch, in nanoseconds since the epoch."""
        return self._journal.wall_ns(monotonic_ns)

    # -- called by the journal, with its lock held, when it trims rows that this reader has not taken

    def start_with(self, totals: Totals) -> None:
        self._missing().merge(totals)

    def skip_records(self, trimmed: list[Record], first: int) -> None:
        missed = trimmed[max(self.records_taken - first, 0) :]
        if missed:
            self._lost += len(missed)
            self.records_taken += len(missed)
            self._missing().add_records(missed)

    def skip_runs(self, trimmed: list[HandlerRun], first: int) -> None:
        missed = trimmed[max(self.runs_taken - first, 0) :]
        if missed:
            self.runs_taken += len(missed)
            self._missing().add_runs(missed)

    def _missing(self) -> Totals:
        if self._totals is None:
            self._totals = Totals()
        return self._totals
