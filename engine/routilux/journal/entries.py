"""Rows of a journal, the sources and targets that they name, and exact totals of rows that were trimmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from ..persistence.plain_data import PlainReader
from ..status import RunningHandler

Record: TypeAlias = tuple[int, dict[str, Any], int, int]
"""(source number, data, monotonic ns, `seq` of the cause or 0)."""

HandlerRun: TypeAlias = tuple[int, int, int, str, int]
"""(target number, start in monotonic ns, duration in ns, outcome, `seq` of the cause or 0)."""


@dataclass(slots=True, eq=False)
class Source:
    """The origin of a record: an event of a routine with its connections, or a step of the engine.

    Attributes:
        number: its number in records.
        routine_id, event_name, kind: as in an `ExecutionRecord`.
        connection_ids: the connections that carry each emission.
        target_ids: the routines that receive one activation each (a routine may occur twice).
    """

    number: int
    routine_id: str
    event_name: str
    kind: str
    connection_ids: tuple[str, ...] = ()
    target_ids: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Target:
    """The slot `slot_name` of routine `routine_id`, as the place of handler runs; `number` is its number in runs."""

    number: int
    routine_id: str
    slot_name: str


class JournalEntry(NamedTuple):
    """A rare event. `number` counts from 1; `time_ns` is in nanoseconds since the epoch.

    `kind` is `"status"`, `"control"`, `"output"`, `"shared_log"`, `"shared_data"`, `"routine_state"`, `"retry"`,
    `"error"` or `"dropped"`; `data` holds the details; `routine_id` is the routine concerned, or `None`.
    """

    number: int
    time_ns: int
    kind: str
    routine_id: str | None
    data: dict[str, Any]


@dataclass(slots=True)
class RunTotals:
    """Totals of handler runs: `count`, and `total_ns`, `min_ns`, `max_ns` of their durations."""

    count: int = 0
    total_ns: int = 0
    min_ns: int = 0
    max_ns: int = 0

    def add(self, durations: list[int]) -> None:
        low, high = min(durations), max(durations)
        self.min_ns = low if not self.count or low < self.min_ns else self.min_ns
        self.max_ns = max(high, self.max_ns)
        self.count += len(durations)
        self.total_ns += sum(durations)

    def merge(self, other: RunTotals) -> None:
        if other.count:
            self.min_ns = min(self.min_ns, other.min_ns) if self.count else other.min_ns
            self.max_ns = max(self.max_ns, other.max_ns)
            self.count += other.count
            self.total_ns += other.total_ns


@dataclass(slots=True)
class Totals:
    """Exact totals of rows, which may have been trimmed.

    Attributes:
        emissions: the number of records by source number.
        runs: the totals of handler runs by (target number, outcome).
    """

    emissions: Counter[int] = field(default_factory=Counter)
    runs: dict[tuple[int, str], RunTotals] = field(default_factory=dict)

    def add_records(self, records: Iterable[Record]) -> None:
        self.emissions.update(map(itemgetter(0), records))

    def add_runs(self, runs: Iterable[HandlerRun]) -> None:
        groups: dict[tuple[int, str], list[int]] = {}
        for target, _, duration, outcome, _ in runs:
            key = (target, outcome)
            if key in groups:
                groups[key].append(duration)
            else:
                groups[key] = [duration]
        for key, durations in groups.items():
            self.runs.setdefault(key, RunTotals()).add(durations)

    def merge(self, other: Totals) -> None:
        self.emissions.update(other.emissions)
        for key, totals in other.runs.items():
            self.runs.setdefault(key, RunTotals()).merge(totals)


class JournalBatch(NamedTuple):
    """Everything new since a reader's last call. `seq` is the number of the newest record at that moment.

    Attributes:
        records: tuples of (source number, data, monotonic ns, `seq` of the cause or 0).
        runs: handler runs, as (target number, start, duration, outcome, `seq` of the cause or 0).
        entries: new entries; running: the handlers that are running now.
        totals: totals of rows that are not in this batch because they were recorded before the reader was attached,
            or were trimmed before it took them; `None` if there are none.
        lost: the number of records among those totals.
    """

    seq: int
    records: list[Record]
    runs: list[HandlerRun]
    entries: list[JournalEntry]
    running: tuple[RunningHandler, ...]
    totals: Totals | None
    lost: int


@dataclass(slots=True)
class Figures:
    """Totals of the handler runs of one routine."""

    started: int = 0
    completed: RunTotals = field(default_factory=RunTotals)
    failed: RunTotals = field(default_factory=RunTotals)

    def merge(self, other: Figures) -> None:
        self.started += other.started
        self.completed.merge(other.completed)
        self.failed.merge(other.failed)


def figures_to_plain(figures: dict[str, Figures], total_events: int) -> dict[str, Any]:
    """The fields of a document that hold the exact totals by routine."""
    return {"figures": {key: asdict(value) for key, value in figures.items()}, "total_events": total_events}


def figures_from_plain(part: PlainReader) -> tuple[dict[str, Figures], int]:
    """Read those fields: figures by routine, and the number of events."""
    figures = {
        key: Figures(item.integer("started"), _totals(item.child("completed")), _totals(item.child("failed")))
        for key, item in part.child("figures", {}).entries()
    }
    return figures, part.integer("total_events", 0)


def _totals(part: PlainReader) -> RunTotals:
    return RunTotals(part.integer("count"), part.integer("total_ns"), part.integer("min_ns"), part.integer("max_ns"))
