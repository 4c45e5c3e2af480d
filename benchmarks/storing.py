"""What storing costs, and how fast what is stored is read: `python -m benchmarks.run storing`.

A chain of three sends items for as long as the processor can, recorded into a SQLite file in the same process,
beside the same chain with nobody looking. Then a job of ten million records (`RECORDS=`) is opened anywhere.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import w1
from routilux import Flow, JobState
from routilux_dashboard.flows.local_flow import WatchedFlow
from routilux_dashboard.fold.checkpoints import with_figures
from routilux_dashboard.fold.summary import control_of
from routilux_dashboard.segments.history_query import HistoryQuery
from routilux_dashboard.segments.segment import JobStart, Records, Runs, Segment, SegmentFacts, SourceName, TargetName
from routilux_dashboard.sources.batch_loop import Recorder
from routilux_dashboard.sources.folding_sink import FoldingSink
from routilux_dashboard.store import Store
from routilux_dashboard.times import iso

ITEMS = 300_000
RECORDS = int(os.environ.get("RECORDS", "10_000_000"))
PAGES = 2_000
GOALS = {"engine": 1.40, "stored": 0.75, "speed": 200_000, "page": 1.0}


class Stored(NamedTuple):
    """Seconds that the engine took, the share of the records that was safe then, and records a second in all."""

    engine: float
    share: float
    speed: float
    size: float


def measure(rounds: int) -> None:
    """Print the figures."""
    rounds = max(1, rounds // 3)
    alone, stored = [], []
    for _ in range(rounds + 1):
        alone.append(run_alone())
        stored.append(run_stored())
    slower = median(run.engine / seconds for run, seconds in zip(stored[1:], alone[1:], strict=True))
    share, speed = median(run.share for run in stored[1:]), median(run.speed for run in stored[1:])
    print(f"\nStoring beside a busy engine: a chain of 3, {ITEMS:,} items, {2 * ITEMS:,} records and as many runs")
    _print("engine, storing / nobody looking", f"{slower:.2f}", f"at most {GOALS['engine']:.2f}")
    _print("safe when the engine ends / all", f"{share:.2f}", f"at least {GOALS['stored']:.2f}")
    _print("records a second, until all are safe", f"{speed:,.0f}", f"at least {GOALS['speed']:,}")
    _print("bytes a record, with its run", f"{median(run.size for run in stored[1:]):.0f}", "")
    read(RECORDS)


def run_alone() -> float:
    """Seconds that the engine takes with nobody looking."""
    return _run(w1.make_flow(execution_timeout=600))[0]


def run_stored() -> Stored:
    """The same, recorded into a file."""
    flow = w1.make_flow(execution_timeout=600)
    with tempfile.TemporaryDirectory() as folder:
        store, recorder = Store(f"{folder}/jobs.db"), Recorder(origin="benchmark")
        store.start()
        recorder.watch(flow)
        recorder.start(FoldingSink(store))
        began = time.perf_counter()
        took, job_state = _run(flow)
        safe = _records_in(store, job_state)
        recorder.stop()
        store.flush(120)
        in_all = time.perf_counter() - began
        if _records_in(store, job_state) != 2 * ITEMS + 2:
            raise RuntimeError(f"{job_state!r}: not everything was stored: {store.health}")
        recorder.release()
        store.stop()
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return Stored(took, safe / (2 * ITEMS), 2 * ITEMS / in_all, size / (2 * ITEMS))


def read(records: int) -> None:
    """Fill a store with one job, and open it at random places."""
    with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/jobs.db") as store:
        began = time.perf_counter()
        store.import_segments(with_figures(_made_up(records)), timeout=600)
        filled = time.perf_counter() - began
        chance = random.Random(1)
        print(f"\nReading a job of {records:,} records, filled with {records / filled:,.0f} a second (ms)")
        places: dict[str, Callable[[], HistoryQuery]] = {
            "page of 100, anywhere": lambda: HistoryQuery(after=chance.randrange(records - 100)),
            "page of 100 before anywhere": lambda: HistoryQuery(before=chance.randrange(100, records)),
            "page of 100 of one routine": lambda: HistoryQuery(
                after=chance.randrange(records - 20_000), routine="sink"
            ),
        }
        for name, query in places.items():
            times = sorted(_timed(store, query()) for _ in range(PAGES))
            goal = f"p99 at most {GOALS['page']:.1f}" if "routine" not in name else ""
            _print(name, f"p50 {times[PAGES // 2]:.2f}  p99 {times[PAGES * 99 // 100]:.2f}", goal)
        _print("text that is nowhere", f"{_searched(store):,.0f}", "")
        began = time.perf_counter()
        for _ in range(20):
            store.playback("made up", seq=chance.randrange(records))
        _print("the job as it was, anywhere", f"{(time.perf_counter() - began) * 50:.0f}", "")


def _run(flow: Flow) -> tuple[float, JobState]:
    source = flow.routines["source"]
    assert isinstance(source, w1.Source)
    source.go.clear()
    job_state = flow.start("source", {"items": ITEMS})
    source.go.set()
    if not JobState.wait_for_completion(flow, job_state, timeout=300):
        raise RuntimeError(f"{job_state!r} did not end")
    return time.perf_counter() - source.started, job_state


def _records_in(store: Store, job_state: JobState) -> int:
    try:
        return store.history(job_state.job_id, HistoryQuery(limit=1)).total
    except LookupError:
        return 0


def _timed(store: Store, query: HistoryQuery) -> float:
    began = time.perf_counter()
    page = store.history("made up", query)
    took = time.perf_counter() - began
    if len(page.records) != 100 and page.searched_to is None:
        raise RuntimeError(f"{query!r} found {len(page.records)} records")
    return took * 1e3


def _searched(store: Store) -> float:
    began = time.perf_counter()
    at: int | None = 0
    while at is not None:
        at = store.history("made up", HistoryQuery(after=at, q="nowhere")).searched_to
    return (time.perf_counter() - began) * 1e3


def _made_up(records: int, rows: int = 5_000) -> Iterator[Segment]:
    """A job as the chain's: a record 2 µs after the other, each taken by a run."""
    flow = w1.make_flow()
    job_state = flow.start("source", {"items": 0})
    JobState.wait_for_completion(flow, job_state, timeout=60)
    definition, start_ns = WatchedFlow(flow).look().definition, time.time_ns()
    beginning = JobStart("w1", "benchmark", iso(start_ns), "source", {})
    sources = [
        SourceName(0, "source", "item", "event", ("source.item->pass.item",), ("pass",)),
        SourceName(1, "pass", "item", "event", ("pass.item->sink.item",), ("sink",)),
        SourceName(2, "sink", "late", "event"),
    ]
    for n, after in enumerate(range(0, records, rows), 1):
        seqs = range(after + 1, after + rows + 1)
        last = after + rows >= records
        times = [start_ns + 2_000 * seq for seq in seqs]
        control = control_of(job_state.control)
        facts = SegmentFacts(
            "completed" if last else "running", iso(times[-1]), iso(times[-1]) if last else None, control
        )
        yield Segment(
            "made up", n, times[-1], after, after + rows, after, facts,
            beginning=beginning if n == 1 else None,
            flow=definition if n == 1 else None,
            sources=sources if n == 1 else [],
            targets=[TargetName(0, "pass", "item"), TargetName(1, "sink", "item")] if n == 1 else [],
            records=Records(
                [2 if seq % 100 == 0 else seq % 2 for seq in seqs],
                times,
                [seq - 1 for seq in seqs],
                [b'{"i":%d}' % seq for seq in seqs],
            ),
            runs=Runs([seq % 2 for seq in seqs], times, [700] * rows, [0] * rows, [seq - 1 for seq in seqs]),
            final=last,
        )  # fmt: skip


def _print(what: str, figure: str, goal: str) -> None:
    print(f"{what:40}{figure:>24}{goal:>20}")


if __name__ == "__main__":
    measure(3)
