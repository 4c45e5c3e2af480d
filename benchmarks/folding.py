"""The cost of folding a batch of a journal: `python -m benchmarks.folding [--rounds N]`.

The batch is one tick of a very busy job: 50,000 emissions and as many handler runs within 50 ms. It is compared
with a plain loop over the same rows that only counts emissions, runs and times.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from importlib import import_module
from time import thread_time
from typing import Any

from benchmarks.report import interleave, print_table
from routilux import JournalBatch, Source, Target

ROWS = 50_000
EPOCH_NS = 1_700_000_000_000_000_000


class Ring:
    """The sources and targets of a ring of routines."""

    def __init__(self, size: int) -> None:
        edges = [(f"r{i}", f"r{(i + 1) % size}") for i in range(size)]
        self.sources = [Source(i, a, "out", "event", (f"{a}.out->{b}.x",), (b,)) for i, (a, b) in enumerate(edges)]
        self.targets = [Target(i, a, "x") for i, (a, _) in enumerate(edges)]

    def source(self, number: int) -> Source:
        return self.sources[number]

    def target(self, number: int) -> Target:
        return self.targets[number]

    def wall_ns(self, monotonic_ns: int) -> int:
        return EPOCH_NS + monotonic_ns


def batch(size: int, median_ns: float) -> JournalBatch:
    """Make the rows of `size` routines whose handlers take about `median_ns`."""
    chance = random.Random(1)
    records, runs = [], []
    for i in range(ROWS):
        took = round(median_ns * chance.lognormvariate(0, 0.5))
        records.append((chance.randrange(size), {"i": i}, i * 1000, i))
        runs.append((chance.randrange(size), i * 1000 - took, took, "completed", i))
    return JournalBatch(ROWS, records, runs, [], (), None, 0)


def counters_class() -> Any:
    """Find the class that folds, by its name in this tree or in the last release."""
    for place, name in (("fold.counters", "JobCounters"), ("fold.counters", "JobFold"), ("film.fold", "JobFold")):
        try:
            return getattr(import_module(f"routilux_dashboard.{place}"), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError("No class is known that folds a journal in this tree")


def plain_loop(rows: JournalBatch) -> None:
    """Count one by one."""
    emissions: Counter[int] = Counter()
    ended: Counter[tuple[int, str]] = Counter()
    durations: defaultdict[int, list[int]] = defaultdict(list)
    for record in rows.records:
        emissions[record[0]] += 1
    for target, _, took, outcome, _ in rows.runs:
        ended[target, outcome] += 1
        durations[target].append(took)


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        started = thread_time()
        call()
        return thread_time() - started

    return run


def measure(rounds: int) -> None:
    """Print the tables."""
    from routilux_dashboard.fold.latency_digest import LatencyDigest

    counters = counters_class()
    for size, median_ns in ((3, 600.0), (3, 60_000.0), (500, 600.0)):
        names, rows = Ring(size), batch(size, median_ns)
        kinds = {
            "plain loop": _timed(lambda rows=rows: plain_loop(rows)),  # type: ignore[misc]
            "fold": _timed(lambda rows=rows, names=names: counters(names, EPOCH_NS).add(rows, EPOCH_NS)),  # type: ignore[misc]
        }
        title = f"Folding {ROWS:,} records and runs of {size} routines, handlers of {median_ns / 1000:g} µs (µs a pair)"
        print_table(title, interleave(kinds, rounds, ROWS), "plain loop", {})
    short = [run[2] for run in batch(1, 600.0).runs]
    digest = LatencyDigest()
    kinds = {
        "sort": _timed(lambda: sorted(short)),
        "latency digest": _timed(lambda: digest.add(short)),
    }
    print_table(f"A latency digest of {ROWS:,} short durations", interleave(kinds, rounds, ROWS), "sort", {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    measure(parser.parse_args().rounds)
