"""The cost of the dashboard to the program that it watches: the same job alone, watched, stored, and both at once.

Run by `benchmarks/worker.py` with this tree or with another one, so it uses the public API, the socket's events and
the store's tables only. The job is the chain of three of `w1.py` with 300,000 items (`ITEMS=`): 600,000 records and as
many handler runs. A workload returns its figures by name.
"""

from __future__ import annotations

import gc
import os
import sqlite3
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter, thread_time

from benchmarks import w1
from benchmarks.live_client import live_client
from routilux import Flow, JobState
from routilux_dashboard import Dashboard

ITEMS = int(os.environ.get("ITEMS", "300000"))
MEMORY_ITEMS = 50_000
DEADLINE = 300.0

Figures = dict[str, float]

COST = "µs an event"
COLLECTOR = "seconds in the garbage collector"
SAFE = "safe when the engine ends / all"
SPEED = "records a second until all are safe"
DISK = "bytes a record in the store"
MEMORY = "bytes a record in memory"


def run(*, store: bool = False, dashboard: bool = True, client: bool = False) -> Figures:
    """Run the chain once.

    Args:
        store: whether the dashboard stores the job in a SQLite file.
        dashboard: whether there is a dashboard at all.
        client: whether a live client that draws nothing is subscribed to the job.
    """
    flow = w1.make_flow(execution_timeout=DEADLINE * 2)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = folder / "jobs.db"
        place = file if store else "none"
        board = stack.enter_context(Dashboard(flow, port=0, store=place)) if dashboard else None
        job_state = _start(flow, ITEMS)
        if board and client:
            stack.enter_context(live_client(board.url, job_state.job_id))
        with _collector_time() as collected:
            seconds = _finish(flow, job_state)
        figures = {COST: seconds / (2 * ITEMS) * 1e6, COLLECTOR: sum(collected)}
        if store:
            figures |= _stored(file, job_state, _source(flow).started)
    return figures


def kept(*, dashboard: bool) -> Figures:
    """Measure the memory that a job of 100,000 records keeps for each, with a dashboard that has no store or alone."""
    flow = w1.make_flow(execution_timeout=DEADLINE * 2)
    with ExitStack() as stack:
        board = stack.enter_context(Dashboard(flow, port=0, store="none")) if dashboard else None
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        job_state = _start(flow, MEMORY_ITEMS)
        client = stack.enter_context(ExitStack())
        if board:
            client.enter_context(live_client(board.url, job_state.job_id))
        _finish(flow, job_state)
        client.close()  # it has been sent the last frame, so everything is folded
        gc.collect()
        return {MEMORY: (tracemalloc.get_traced_memory()[0] - before) / (2 * MEMORY_ITEMS)}


def fold() -> Figures:
    """Fold a batch of 50,000 records and runs, as a busy job makes them within 50 ms."""
    from benchmarks.folding import EPOCH_NS, ROWS, Ring, batch, counters_class

    counters, rows = counters_class()(Ring(3), EPOCH_NS), batch(3, 600.0)
    started = thread_time()
    counters.add(rows, EPOCH_NS)
    return {COST: (thread_time() - started) / ROWS * 1e6}


def _source(flow: Flow) -> w1.Source:
    source = flow.routines["source"]
    assert isinstance(source, w1.Source)
    return source


def _start(flow: Flow, items: int) -> JobState:
    """Start a job that waits before its first emission."""
    _source(flow).go.clear()
    return flow.start("source", {"items": items})


def _finish(flow: Flow, job_state: JobState) -> float:
    """Let the job run; the seconds from its first emission to its end."""
    source = _source(flow)
    source.go.set()
    if not JobState.wait_for_completion(flow, job_state, timeout=DEADLINE):
        raise RuntimeError(f"{job_state!r} did not end")
    return perf_counter() - source.started


@contextmanager
def _collector_time() -> Iterator[list[float]]:
    """Seconds of each collection of the garbage collector, in whatever thread it ran."""
    taken: list[float] = []
    began = 0.0

    def note(phase: str, _info: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = perf_counter()
        else:
            taken.append(perf_counter() - began)

    gc.callbacks.append(note)
    try:
        yield taken
    finally:
        gc.callbacks.remove(note)


def _stored(file: Path, job_state: JobState, started: float) -> Figures:
    """How much of the job is in its file when it has ended, and how long it takes until all is."""
    records = 2 * ITEMS + 2
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        safe = found = _last_record(connection, job_state.job_id)
        while found < records:
            if perf_counter() - started > DEADLINE:
                raise RuntimeError(f"{job_state!r}: {found:,} of {records:,} records were stored")
            time.sleep(0.01)
            found = _last_record(connection, job_state.job_id)
        seconds = perf_counter() - started
    connection.close()
    size = sum(path.stat().st_size for path in file.parent.iterdir())
    return {SAFE: safe / records, SPEED: records / seconds, DISK: size / records}


def _last_record(connection: sqlite3.Connection, job_id: str) -> int:
    row = connection.execute("SELECT seq FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    return int(row[0]) if row else 0


WORKLOADS: dict[str, Callable[[], Figures]] = {
    "alone": partial(run, dashboard=False),
    "dashboard on": run,
    "watched": partial(run, client=True),
    "storing": partial(run, store=True),
    "storing while watched": partial(run, store=True, client=True),
    "memory alone": partial(kept, dashboard=False),
    "memory without store": partial(kept, dashboard=True),
    "folding": fold,
}
