"""Segments of synthetic jobs: plain ones, and ones drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import strategies as st

from routilux_dashboard.protocol import (
    OUTCOMES,
    ConnectionDefinition,
    Control,
    DataValue,
    EntryPoint,
    ErrorHandling,
    EventRef,
    FlowDefinition,
    JobStatus,
    LogRow,
    OutputRow,
    RoutineDefinition,
    RoutineState,
    SlotRef,
)
from routilux_dashboard.segments.segment import (
    Entry,
    JobStart,
    Records,
    RunningNow,
    Runs,
    RunSums,
    Segment,
    SegmentFacts,
    SourceName,
    Sums,
    TargetName,
    TrackerMetrics,
)
from routilux_dashboard.times import SECOND, iso

START_NS = 1_780_000_000 * SECOND
JOB_ID = "made-up-0001"
CONNECTION = "source.item->sink.item"
CONTROL = Control(None, None, "", "", None, [], 0, 0, {"pause": None, "resume": "it runs", "cancel": None})


def a_flow(parameters: dict[str, Any] | None = None) -> FlowDefinition:
    """`source` emits `item` to `sink`."""
    handling = ErrorHandling("stop", "default", 0, 0.0, 1.0, False)
    routines = [
        RoutineDefinition("source", "Source", "", ["trigger"], ["item"], handling, None),
        RoutineDefinition("sink", "Sink", "", ["item"], [], handling, None),
    ]
    connection = ConnectionDefinition(CONNECTION, EventRef("source", "item"), SlotRef("sink", "item"), {})
    entries = [EntryPoint("source", "", parameters or {"type": "object", "properties": {}})]
    return FlowDefinition("made-up", "1", "sequential", 1, routines, [connection], entries)


def facts(status: JobStatus = "running", at_ns: int = START_NS, **more: Any) -> SegmentFacts:
    """What the engine says at a moment."""
    ended = iso(at_ns) if status in ("completed", "failed", "cancelled") else None
    return SegmentFacts(status, iso(at_ns), ended, CONTROL, **more)


def a_run(records: int = 7, rows: int = 3, *, payload: Any = None, ended: bool = True) -> Iterator[Segment]:
    """A job that emitted so many items, in segments of `rows`; `sink` has taken each of them.

    The first record is the start; then record i + 1 is an item, 1 ms after the one before.
    """
    made, n = 0, 0
    while made <= records:
        n += 1
        count = min(rows, records + 1 - made)
        seqs = range(made + 1, made + count + 1)
        last = made + count == records + 1
        at_ns = START_NS + (made + count) * 1_000_000
        yield Segment(
            JOB_ID, n, at_ns, made, made + count, max(0, made),
            facts("completed" if last and ended else "running", at_ns, metrics=METRICS if last else None),
            JobStart("made-up", "here:1", iso(START_NS), "source", {"count": records}) if n == 1 else None,
            a_flow() if n == 1 else None,
            SOURCES if n == 1 else [],
            TARGETS if n == 1 else [],
            Records(
                [-1 if seq == 1 else 1 for seq in seqs],
                [START_NS + seq * 1_000_000 for seq in seqs],
                [0 if seq == 1 else 1 for seq in seqs],
                [msgspec.json.encode({"i": seq} if payload is None else payload) for seq in seqs],
                [],
            ),
            Runs(
                [0 if seq == 1 else 1 for seq in seqs],
                [START_NS + seq * 1_000_000 for seq in seqs],
                [50_000] * count,
                [0] * count,
                list(seqs),
            ),
            entries=_entries(n, last and ended, at_ns),
            final=last and ended,
        )  # fmt: skip
        made += count


SOURCES = [
    SourceName(-1, "source", "trigger", "start", (), ("source",)),
    SourceName(1, "source", "item", "event", (CONNECTION,), ("sink",)),
]
TARGETS = [TargetName(0, "source", "trigger"), TargetName(1, "sink", "item")]
METRICS = TrackerMetrics(
    {"total_routines": 2, "total_events": 7, "total_execution_time": 0.5, "avg_routine_time": 0.25}, {}
)


def _entries(n: int, last: bool, at_ns: int) -> list[Entry]:
    def status(number: int, now: str, before: str) -> Entry:
        return Entry(number, at_ns, "status", None, {"status": now, "previous": before, "error": None})

    begun = [status(1, "running", "pending")] if n == 1 else []
    return begun + ([status(2, "completed", "running")] if last else [])


# -- drawn

names = st.text(max_size=8)
places = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(0, 2**63 - 1)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
times = st.integers(0, 2**62 - 1)
some_runs = st.tuples(st.integers(0, 1), times, times, st.integers(0, len(OUTCOMES) - 1), st.just(0))


@st.composite
def jobs(draw: st.DrawFn) -> list[Segment]:
    """Segments of one job with anything in them that a segment may have."""
    made: list[Segment] = []
    seq = runs = 0
    for n in range(1, draw(st.integers(1, 3)) + 1):
        lost = draw(st.integers(0, 5))
        after = seq + lost
        payloads = [msgspec.json.encode(value) for value in draw(st.lists(values, max_size=4))]
        count = len(payloads)
        causes = [draw(st.integers(0, after + i)) for i in range(count)]
        cut = [i for i in range(count) if draw(st.booleans())]
        moments = [draw(numbers) for _ in payloads]
        drawn = draw(st.lists(some_runs, max_size=3))
        sums = Sums({1: lost}, [RunSums(0, 0, 1, 5, 5, 5)]) if lost else None
        first = n == 1
        runs += 1 if lost else 0
        segment = Segment(
            JOB_ID,
            n,
            START_NS + n,
            after,
            after + count,
            runs,
            facts("running"),
            JobStart("made-up", draw(places), iso(START_NS), "source", draw(values)) if first else None,
            a_flow() if first else None,
            SOURCES if first else [],
            TARGETS if first else [],
            Records([1 if i % 2 else -1 for i in range(count)], moments, causes, payloads, cut),
            Runs(*(list(column) for column in zip(*drawn, strict=True))) if drawn else Runs(),
            [Entry(n, START_NS, "seen", draw(st.none() | names), {"v": draw(values)})],
            [LogRow(n, iso(START_NS), draw(values), draw(st.booleans()))],
            [OutputRow(n, iso(START_NS), draw(names), draw(names), draw(values), False)],
            {"sink": RoutineState(draw(values), False)},
            {draw(names): DataValue(draw(values), False)},
            [RunningNow("sink", "item", START_NS), RunningNow("", "", START_NS, 1)],
            sums,
            lost,
            draw(st.booleans()),
        )  # fmt: skip
        made.append(segment)
        seq, runs = after + count, runs + len(drawn)
    return made
