"""The cost of storing a busy job, also while it is watched, and the speed of reads: `python -m benchmarks.run storing`.

The jobs are those of `dashboard_workloads.py`. Then a job of ten million records (`RECORDS=`) is read at random places.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks import reference, w1
from benchmarks.dashboard_workloads import COLLECTOR, COST, DISK, ITEMS, MEMORY, SAFE, SPEED
from benchmarks.side import ROOT, Side
from routilux import JobState
from routilux_dashboard.flows.local_flow import LocalFlow
from routilux_dashboard.fold.checkpoints import with_figures
from routilux_dashboard.fold.summary import control_of
from routilux_dashboard.segments.history_query import HistoryQuery
from routilux_dashboard.segments.segment import JobStart, Records, Runs, Segment, SegmentFacts, SourceName, TargetName
from routilux_dashboard.store import Store
from routilux_dashboard.times import iso

RECORDS = int(os.environ.get("RECORDS", "10_000_000"))
PAGES = 2_000
KINDS = ("alone", "dashboard on", "watched", "storing", "storing while watched")
GOALS = {"watched": 1.03, "storing": 1.40, "stored": 0.75, "speed": 200_000, "page": 1.0}


def measure(rounds: int) -> None:
    """Print the figures."""
    write(max(1, rounds // 3))
    read(RECORDS)


def write(rounds: int) -> None:
    """Run the same job alone, watched, stored, and stored while watched, alternately."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in KINDS}
    with Side(reference.own_python(), ROOT, "benchmarks.dashboard_workloads") as side:
        for _ in range(rounds + 1):
            for name, runs in found.items():
                runs.append(side.figures(name))
        memory = {name: side.figures(name)[MEMORY] for name in ("memory alone", "memory without store")}
    title = f"A chain of 3, {ITEMS:,} items: {2 * ITEMS:,} records and as many handler runs"
    print(f"\n{title}\n{'':24}{COST:>14}{'ratio to alone':>16}{'collector, s':>14}{'goal':>10}")
    for name, runs in found.items():
        ratio = median(run[COST] / alone[COST] for run, alone in zip(runs[1:], found["alone"][1:], strict=True))
        goal = f"{GOALS[name]:.2f}" if name in GOALS else ""
        cost, collector = (median(run[figure] for run in runs[1:]) for figure in (COST, COLLECTOR))
        print(f"{name:24}{cost:>14.2f}{ratio:>16.2f}{collector:>14.2f}{goal:>10}")
    for name in ("storing", "storing while watched"):
        share, speed, size = (median(run[figure] for run in found[name][1:]) for figure in (SAFE, SPEED, DISK))
        _print(f"{name}: {SAFE}", f"{share:.2f}", f"at least {GOALS['stored']:.2f}")
        _print(f"{name}: {SPEED}", f"{speed:,.0f}", f"at least {GOALS['speed']:,}")
        _print(f"{name}: {DISK}", f"{size:.0f}", "")
    for name, size in memory.items():
        _print(f"{name}: {MEMORY}", f"{size:.0f}", "")


def read(records: int) -> None:
    """Fill a store with one job, and open it at random places."""
    with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/jobs.db") as store:
        began = time.perf_counter()
        store.import_segments(with_figures(_made_up(records)), timeout=600)
        filled = time.perf_counter() - began
        chance = random.Random(1)
        print(f"\nReading a job of {records:,} records, filled with {records / filled:,.0f} a second (ms)")
        places: dict[str, Callable[[], HistoryQuery]] = {
            "page of 100 after a random record": lambda: HistoryQuery(after=chance.randrange(records - 100)),
            "page of 100 before a random record": lambda: HistoryQuery(before=chance.randrange(100, records)),
            "page of 100 of one routine": lambda: HistoryQuery(
                after=chance.randrange(records - 20_000), routine="sink"
            ),
        }
        for name, query in places.items():
            times = sorted(_timed(store, query()) for _ in range(PAGES))
            goal = f"p99 at most {GOALS['page']:.1f}" if "routine" not in name else ""
            _print(name, f"p50 {times[PAGES // 2]:.2f}  p99 {times[PAGES * 99 // 100]:.2f}", goal)
        _print("search for a text that no record has", f"{_searched(store):,.0f}", "")
        began = time.perf_counter()
        for _ in range(20):
            store.playback("made up", seq=chance.randrange(records))
        _print("the job as of a random record", f"{(time.perf_counter() - began) * 50:.0f}", "")


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
    definition, start_ns = LocalFlow(flow).look().definition, time.time_ns()
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
    print(f"{what:64}{figure:>24}{goal:>20}")


if __name__ == "__main__":
    measure(3)
