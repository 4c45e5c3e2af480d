"""Fold a job's journal into figures, batch by batch. Pure: no clock, no engine calls.

Rows are counted at C speed, a whole time slice at once; beyond that, the cost of a batch grows
with the graph, not with the rows (`benchmarks/folding.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Protocol

from routilux import JournalBatch, JournalEntry, RunningHandler, Source, Target, Totals

from ..protocol import ErrorReport
from ..segments.entries import ControlRecord, error_report
from ..times import SECOND
from .routine_counters import ERRORS, Retry, RoutineCounters
from .series import ChartSeries, Level
from .time_buckets import TimeBuckets
from .time_slices import SLICE_NS, TimeSlice, time_slices

ACTIVITY_SECONDS = 20
NOTES_KEPT = 500
_source_number = itemgetter(0)
_outcome = itemgetter(3)
_target_and_outcome = itemgetter(0, 3)


class JournalNames(Protocol):
    """Resolves the numbers and times of a journal (a `JournalReader`)."""

    def source(self, number: int) -> Source: ...
    def target(self, number: int) -> Target: ...
    def wall_ns(self, monotonic_ns: int) -> int: ...


@dataclass(slots=True)
class Changes:
    """The changes in a batch: routines and connections by id, stored states, and flags for the rest."""

    routines: set[str] = field(default_factory=set)
    connections: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)
    control: bool = False

    def merge(self, later: Changes) -> None:
        """Add the changes of `later`."""
        self.routines |= later.routines
        self.connections |= later.connections
        self.states |= later.states
        self.control = self.control or later.control


class JobCounters:
    """The figures of one job. Counters are exact however the journal is batched; bounded except for one
    `RoutineCounters` per routine.

    Attributes: `seq`; `status`, since `status_ns`, and `error` (the cause of the job's failure) as
    in the journal; `events` emitted; `routines` by routine id; `messages` by connection id;
    `log_total` and `output_total`; `control_log`, the newest 500 controls; `activity`, handler
    runs ended in each second by routine, and events under `None`; `send_rate`, messages in each
    tenth of a second by connection, and events under `None`.
    """

    def __init__(self, names: JournalNames, start_ns: int, status: str = "pending") -> None:
        self.seq = 0
        self.status = status
        self.error: str | None = None
        self.status_ns = start_ns
        self.events = 0
        self.routines: defaultdict[str, RoutineCounters] = defaultdict(RoutineCounters)
        self.messages: Counter[str] = Counter()
        self.log_total = 0
        self.output_total = 0
        self.control_log: tuple[ControlRecord, ...] = ()
        self.last_failure: ErrorReport | None = None
        self.activity: TimeBuckets[str | None] = TimeBuckets(SECOND, ACTIVITY_SECONDS)
        self.send_rate: TimeBuckets[str | None] = TimeBuckets(SLICE_NS, 11)
        self.series = ChartSeries(start_ns)
        self._names = names
        self._running: tuple[RunningHandler, ...] = ()

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def running_handlers(self) -> tuple[RunningHandler, ...]:
        """The handlers that were running at the last batch."""
        return self._running

    @running_handlers.setter
    def running_handlers(self, running: tuple[RunningHandler, ...]) -> None:
        self._set_running(running, Changes())

    def level(self) -> Level:
        """The current numbers of queued activations and running handlers."""
        queued = {routine_id: tally.queued for routine_id, tally in self.routines.items()}
        return Level(sum(queued.values()), self.running, queued)

    def add(self, batch: JournalBatch, now_ns: int) -> Changes:
        """Fold a batch taken at `now_ns`."""
        changes = Changes()
        self.seq = batch.seq
        if batch.totals is not None:
            self._add_totals(batch.totals, changes)
        for piece in time_slices(batch, self._names.wall_ns):
            self.series.advance(piece.time_ns, self.level)
            self._add_slice(piece, changes)
        self._set_running(batch.running, changes)
        for entry in batch.entries:
            self._add_entry(entry, changes)
        self.series.advance(now_ns, self.level)
        return changes

    def same_running(self, running: Collection[RunningHandler]) -> bool:
        """Whether the same handlers were running at the last batch, compared by slot."""
        return len(running) == len(self._running) and _slots(running) == _slots(self._running)

    # -- records and runs

    def _add_slice(self, piece: TimeSlice, changes: Changes) -> None:
        emitted = Counter(map(_source_number, piece.records))
        events, messages = self._add_emissions(emitted.items(), changes)
        runs, errors = self._add_runs(piece.runs, changes)
        sent: dict[str | None, int] = dict(messages.items())
        ended: dict[str | None, int] = {key: count for key, (count, _) in runs.items()}
        if events:
            sent[None] = ended[None] = events
        self.send_rate.add(piece.time_ns, sent)
        self.activity.add(piece.time_ns, ended)
        self.series.add(events, errors, runs)

    def _add_emissions(self, counts: Iterable[tuple[int, int]], changes: Changes) -> tuple[int, Counter[str]]:
        """Count emissions by source; return the number of events and the messages by connection."""
        events = 0
        messages: Counter[str] = Counter()
        for number, count in counts:
            source = self._names.source(number)
            events += count if source.kind == "event" else 0
            for routine_id in _receivers(source):
                self.routines[routine_id].received += count
                changes.routines.add(routine_id)
            for connection_id in source.connection_ids:
                messages[connection_id] += count
        self.events += events
        self.messages.update(messages)
        changes.connections.update(messages)
        return events, messages

    def _add_runs(
        self, runs: list[tuple[int, int, int, str, int]], changes: Changes
    ) -> tuple[dict[str, tuple[int, int]], int]:
        """Count handler runs; return (number ended, total ns) by routine, and the number that failed."""
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for run in runs:
            groups[run[0]].append(run[2])
        ended: dict[str, tuple[int, int]] = {}
        for number, durations in groups.items():
            routine_id = self._names.target(number).routine_id
            busy_ns = self.routines[routine_id].add_runs(durations)
            before = ended.get(routine_id, (0, 0))
            ended[routine_id] = (before[0] + len(durations), before[1] + busy_ns)
        changes.routines.update(ended)
        return ended, self._correct_outcomes(runs)

    def _correct_outcomes(self, runs: list[tuple[int, int, int, str, int]]) -> int:
        """Recount runs that were counted as completed but ended otherwise; return the number that failed."""
        if list(map(_outcome, runs)).count("completed") == len(runs):
            return 0
        errors = 0
        others = Counter(map(_target_and_outcome, [run for run in runs if run[3] != "completed"]))
        for (number, outcome), count in others.items():
            self.routines[self._names.target(number).routine_id].correct(outcome, count)
            errors += count if outcome in ERRORS else 0
        return errors

    def _add_totals(self, totals: Totals, changes: Changes) -> None:
        """Count emissions and runs without rows: they appear in no time slice and in no histogram."""
        self._add_emissions(totals.emissions.items(), changes)
        for (number, outcome), runs in totals.runs.items():
            routine_id = self._names.target(number).routine_id
            tally = self.routines[routine_id]
            tally.add_times(runs.count, runs.total_ns, runs.min_ns, runs.max_ns)
            tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + runs.count
            changes.routines.add(routine_id)

    def _set_running(self, running: tuple[RunningHandler, ...], changes: Changes) -> None:
        by_routine: defaultdict[str, list[str]] = defaultdict(list)
        for handler in running:
            by_routine[handler.routine_id].append(handler.slot_name)
        for routine_id in {*by_routine, *(handler.routine_id for handler in self._running)}:
            slots = tuple(sorted(by_routine.get(routine_id, ())))
            if self.routines[routine_id].slots != slots:
                self.routines[routine_id].slots = slots
                changes.routines.add(routine_id)
        self._running = running

    # -- entries

    def _add_entry(self, entry: JournalEntry, changes: Changes) -> None:
        match entry.kind:
            case "routine_state":
                changes.states.add(entry.routine_id or "")
            case "shared_log":
                self.log_total = max(self.log_total, entry.data["n"])
            case "output":
                self.output_total = max(self.output_total, entry.data["n"])
            case "status":
                self.status, self.error, self.status_ns = entry.data["status"], entry.data["error"], entry.time_ns
                changes.control = True
            case "control":
                self.control_log = (*self.control_log, ControlRecord.of(entry))[-NOTES_KEPT:]
                changes.control = True
            case "dropped":
                for routine_id, count in entry.data["routines"].items():
                    self.routines[routine_id].dropped += count
                    changes.routines.add(routine_id)
            case "retry" | "error":
                self._add_failure(entry, changes)

    def _add_failure(self, entry: JournalEntry, changes: Changes) -> None:
        tally = self.routines[entry.routine_id or ""]
        tally.last_error = error_report(entry)
        if entry.kind == "retry":
            data = entry.data
            tally.retries_ahead.append(Retry(data["due_ns"], data["attempt"], data["max_retries"]))
        elif entry.data.get("outcome") == "failed":
            self.last_failure = tally.last_error
        changes.routines.add(entry.routine_id or "")


def _receivers(source: Source) -> tuple[str, ...]:
    """The routines that each emission activates; the start of a job activates its entry."""
    return source.target_ids or ((source.routine_id,) if source.kind == "start" else ())


def _slots(running: Iterable[RunningHandler]) -> list[tuple[str, str]]:
    return sorted((handler.routine_id, handler.slot_name) for handler in running)
