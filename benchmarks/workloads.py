"""The engine's workloads, written against the API that the engine and the reference share.

Run by `benchmarks/worker.py` in either environment: it imports the standard library and `routilux` only.
An event is one handler call caused by one emission. Each function returns (seconds, events); the time ends
when the last handler has run, so that polling in `wait` does not count.
"""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from typing import Any

from routilux import Flow, Routine

DEADLINE = 300.0


class Source(Routine):
    """Emits `items` items."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.send)
        self.define_event("item", ["i"])

    def send(self, items: int = 0, **_: Any) -> None:
        for i in range(items):
            self.emit("item", i=i)


class Pass(Routine):
    """Passes each item on."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.hand_on)
        self.define_event("item", ["i"])

    def hand_on(self, i: int = 0, **_: Any) -> None:
        self.emit("item", i=i)


class Sink(Routine):
    """Counts items and sets `all_there` after the last one; `pause` is seconds of I/O for each."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.take)
        self.pause = 0.0
        self.expect(0)

    def expect(self, count: int) -> None:
        self.left = iter(range(count - 1, -1, -1))
        self.all_there = threading.Event()

    def take(self, i: int = 0, **_: Any) -> None:
        if self.pause:
            time.sleep(self.pause)
        if next(self.left, 0) == 0:
            self.ended = time.perf_counter()
            self.all_there.set()


def chain(length: int, **options: Any) -> tuple[Flow, Sink]:
    """Make a flow of a source, `length - 2` routines that pass items on, and a sink."""
    flow, sink = Flow("bench", **options), Sink()
    flow.add_routine(Source(), "0")
    for place in range(1, length - 1):
        flow.add_routine(Pass(), str(place))
    flow.add_routine(sink, str(length - 1))
    for place in range(length - 1):
        flow.connect(str(place), "item", str(place + 1), "item")
    return flow, sink


def run(flow: Flow, sink: Sink, items: int, arriving: int) -> float:
    """Return the seconds from the call of `execute` to the last arrival."""
    sink.expect(arriving)
    started = time.perf_counter()
    flow.execute("0", entry_params={"items": items})
    if not sink.all_there.wait(DEADLINE):
        raise RuntimeError(f"{flow!r}: items were missing after {DEADLINE} s")
    return sink.ended - started


def chain_of_3(items: int, **options: Any) -> tuple[float, int]:
    """W1, W7: a chain of three."""
    return run(*chain(3, **options), items, items), 2 * items


def fan(items: int) -> tuple[float, int]:
    """W2: one to eight to one."""
    flow, sink = Flow("bench"), Sink()
    flow.add_routine(Source(), "0")
    flow.add_routine(sink, "sink")
    for place in range(8):
        flow.add_routine(Pass(), f"pass {place}")
        flow.connect("0", "item", f"pass {place}", "item")
        flow.connect(f"pass {place}", "item", "sink", "item")
    return run(flow, sink, items, 8 * items), 16 * items


def long_chain(items: int, length: int = 100, *, swept: bool = False) -> tuple[float, int]:
    """W3: a chain of a hundred. `swept`: the garbage collector traverses the new flow before the run."""
    flow, sink = chain(length)
    if swept:
        gc.collect()
    return run(flow, sink, items, items), (length - 1) * items


def waiting_handlers(items: int, workers: int = 32, seconds: float = 0.005) -> tuple[float, int]:
    """W4: handlers that wait for I/O, on many workers. Divide by `items * seconds / workers` for the ideal."""
    flow, sink = chain(2, execution_strategy="concurrent", max_workers=workers)
    sink.pause = seconds
    run(flow, sink, workers, workers)  # start the threads
    return run(flow, sink, items, items), items


def many_jobs(jobs: int) -> tuple[float, int]:
    """W5: jobs of ten events."""
    flow, sink = chain(3)
    return sum(run(flow, sink, 5, 5) for _ in range(jobs)), jobs


def empty_jobs(jobs: int) -> tuple[float, int]:
    """`execute` a job without events and wait for it."""
    from routilux import JobState

    flow, _ = chain(3)
    started = time.perf_counter()
    for _ in range(jobs):
        job_state = flow.execute("0", entry_params={"items": 0})
        JobState.wait_for_completion(flow, job_state, timeout=DEADLINE)
    return time.perf_counter() - started, jobs


def memory(items: int, **options: Any) -> tuple[float, int]:
    """Bytes / 10^6 (not seconds) that a job keeps for each event with an unlimited history."""
    flow, sink = chain(3, **options)
    tracemalloc.start()
    sink.expect(items)
    before = tracemalloc.get_traced_memory()[0]
    job_state = flow.execute("0", entry_params={"items": items})
    sink.all_there.wait(DEADLINE)
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del job_state
    return kept / 1e6, 2 * items


def memory_limited(items: int) -> tuple[float, int]:
    """Bytes / 10^6 that a job keeps in total with a `history_limit`."""
    return memory(items, history_limit=1_000)[0], 1


class Slotted:
    """The record that the deque limit appends for each event."""

    __slots__ = ("data", "event", "routine", "time")

    def __init__(self, routine: str, event: str, data: dict[str, Any], time_ns: int) -> None:
        self.routine = routine
        self.event = event
        self.data = data
        self.time = time_ns


def deque_limit(items: int) -> tuple[float, int]:
    """W1 as a loop over a deque that appends slotted records: the floor for pure Python."""
    queue: deque[tuple[Callable[..., None], dict[str, Any]]] = deque()
    records: list[Slotted] = []
    clock = time.time_ns

    def take(i: int = 0, **_: Any) -> None:
        pass

    def hand_on(i: int = 0, **_: Any) -> None:
        data = {"i": i}
        records.append(Slotted("pass", "item", data, clock()))
        queue.append((take, data))

    started = time.perf_counter()
    for i in range(items):
        data = {"i": i}
        records.append(Slotted("source", "item", data, clock()))
        queue.append((hand_on, data))
    while queue:
        handler, data = queue.popleft()
        handler(**data)
    return time.perf_counter() - started, 2 * items


CONCURRENT = {"execution_strategy": "concurrent", "max_workers": 4}

WORKLOADS: dict[str, Callable[[], tuple[float, int]]] = {
    "limit W1": lambda: deque_limit(20_000),
    "W1": lambda: chain_of_3(20_000),
    "W1 concurrent": lambda: chain_of_3(20_000, **CONCURRENT),
    "W2": lambda: fan(5_000),
    "W3": lambda: long_chain(200),
    "W4": lambda: waiting_handlers(1_000),
    "W5": lambda: many_jobs(500),
    "empty job": lambda: empty_jobs(500),
    "empty job, few": lambda: empty_jobs(5),
    "W7 10^3": lambda: chain_of_3(500),
    "W7 10^4": lambda: chain_of_3(5_000),
    "W7 10^5": lambda: chain_of_3(50_000),
    "W7 10^6": lambda: chain_of_3(500_000),
    "10 routines": lambda: long_chain(2_000, 10),
    "1,000 routines": lambda: long_chain(20, 1_000),
    "1,000 routines, swept": lambda: long_chain(20, 1_000, swept=True),
    "memory": lambda: memory(50_000),
    "memory limited 2·10^4": lambda: memory_limited(20_000),
    "memory limited 10^5": lambda: memory_limited(100_000),
}
