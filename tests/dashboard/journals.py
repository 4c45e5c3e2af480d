"""Journals made by hand, and a recount of them that nobody could call clever."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from routilux import JournalBatch, JournalEntry, RunningHandler, Source, Target, Totals

EPOCH_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
ROUTINES = ("walker", "reader", "parser")

Record = tuple[int, dict[str, Any], int, int]
Run = tuple[int, int, int, str, int]


class HandMadeNames:
    """What the numbers of a hand-made journal mean: a chain of three, with a circle and a double receiver."""

    sources: Sequence[Source] = (
        Source(0, "walker", "file", "event", ("walker.file->reader.path",), ("reader",)),
        Source(1, "reader", "text", "event", ("reader.text->parser.source",), ("parser",)),
        Source(
            2, "reader", "again", "event", ("reader.again->reader.path", "reader.again->walker.trigger"), ROUTINES[:2]
        ),
        Source(3, "parser", "tree", "event"),
        Source(4, "parser", "two", "event", ("parser.two->reader.path", "parser.two->reader.path#2"), ("reader",) * 2),
    )
    own: Sequence[Source] = (
        Source(-1, "walker", "start", "start"),
        Source(-2, "parser", "error", "error"),
    )
    targets: Sequence[Target] = (
        Target(0, "walker", "trigger"),
        Target(1, "reader", "path"),
        Target(2, "parser", "source"),
        Target(3, "parser", "other"),
    )

    def source(self, number: int) -> Source:
        return self.sources[number] if number >= 0 else self.own[~number]

    def target(self, number: int) -> Target:
        return self.targets[number]

    def wall_ns(self, monotonic_ns: int) -> int:
        return EPOCH_NS + monotonic_ns


NAMES = HandMadeNames()


def batch(
    records: Iterable[Record] = (),
    runs: Iterable[Run] = (),
    entries: Iterable[JournalEntry] = (),
    running: Iterable[RunningHandler] = (),
    *,
    seq: int | None = None,
    totals: Totals | None = None,
    lost: int = 0,
) -> JournalBatch:
    """A batch; its `seq` is the number of its records unless given."""
    rows = list(records)
    return JournalBatch(
        len(rows) if seq is None else seq, rows, list(runs), list(entries), tuple(running), totals, lost
    )


def entry(kind: str, routine_id: str | None = None, time_ns: int = EPOCH_NS, **data: Any) -> JournalEntry:
    """Something rare."""
    return JournalEntry(1, time_ns, kind, routine_id, data)


@dataclass
class Recount:
    """The figures of records and runs, one by one."""

    events: int = 0
    edges: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    durations: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, records: Iterable[Record], runs: Iterable[Run]) -> Recount:
        recount = cls()
        for number, *_ in records:
            source = NAMES.source(number)
            recount.events += source.kind == "event"
            recount.edges.update(source.connection_ids)
            recount.received.update(source.target_ids)
            if source.kind == "start":
                recount.received[source.routine_id] += 1
        for number, _, duration, outcome, _ in runs:
            routine_id = NAMES.target(number).routine_id
            recount.outcomes[routine_id, outcome] += 1
            recount.durations[routine_id].append(duration)
        return recount

    def queued(self, routine_id: str) -> int:
        again = self.outcomes[routine_id, "retry"]
        return max(self.received[routine_id] + again - len(self.durations[routine_id]), 0)


_numbers = st.integers(-len(NAMES.own), len(NAMES.sources) - 1)
_outcomes = st.sampled_from(("completed",) * 6 + ("failed", "error_continued", "skipped", "retry", "cancelled"))
_durations = st.one_of(st.integers(0, 3_000), st.integers(0, 40 * SECOND))
_steps = st.one_of(st.integers(0, 1_000_000), st.integers(0, 3 * SECOND))
_record = st.tuples(_numbers, _steps)
_run = st.tuples(st.integers(0, len(NAMES.targets) - 1), _durations, _outcomes, _steps)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Records in the order of their times."""
    rows: list[Record] = []
    at = 50 * SECOND
    for number, step in draw(st.lists(_record, max_size=60)):
        at += step
        rows.append((number, {"i": len(rows)}, at, 0))
    return rows


@st.composite
def runs(draw: st.DrawFn) -> list[Run]:
    """Handler runs in the order of their ends."""
    rows: list[Run] = []
    at = 50 * SECOND
    for number, duration, outcome, step in draw(st.lists(_run, max_size=60)):
        at += step
        rows.append((number, at - duration, duration, outcome, 0))
    return rows
