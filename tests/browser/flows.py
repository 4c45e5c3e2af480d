"""Flows that the tests run: small, quick, and with everything in them that a page has to show."""

from __future__ import annotations

import shutil
import sysconfig
import threading
from pathlib import Path
from typing import Any

from routilux import ErrorHandler, Flow, Routine
from tests.browser.ledger import Ledger, NotedRoutine

BROKEN_FILES = {
    "bad_bytes.py": b"name = '\xff'\n",
    "bad_char.py": "price = 5€\n".encode(),
    "future.py": b"from __future__ import rested_snopes\n",
    "old.py": b"print 'hello'\n",
}


# -- routines


class Source(NotedRoutine):
    """Emits `item` as often as it is told."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.define_slot("trigger", handler=self.emit_items)
        self.define_event("item", ["i"])

    def emit_items(self, count: int = 10) -> None:
        with self.noted():
            for i in range(count):
                self.emit("item", i=i)


class Step(NotedRoutine):
    """Passes an item on; raises for one in `fails_at`, at the first attempt only with `recovers`."""

    def __init__(self, ledger: Ledger, fails_at: int = 0, *, recovers: bool = False) -> None:
        super().__init__(ledger)
        self.fails_at = fails_at
        self.recovers = recovers
        self._failed: set[tuple[str, int]] = set()
        self.define_slot("item", handler=self.take)
        self.define_event("passed", ["i"])

    def take(self, i: int) -> None:
        with self.noted():
            key = (self.context().job_state.job_id, i)
            if self.fails_at and i % self.fails_at == 0 and not (self.recovers and key in self._failed):
                self._failed.add(key)
                raise ValueError(f"item {i} is a multiple of {self.fails_at}")
            self.emit("passed", i=i)


class Sink(NotedRoutine):
    """Takes what comes; every hundredth is worth a line in the shared log and an output."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.define_slot("item", handler=self.take)

    def take(self, i: int) -> None:
        with self.noted():
            if i % 100 == 0:
                self.context().job_state.append_to_shared_log({"item": i})
                self.send_output("milestone", item=i)


class Ticker(NotedRoutine):
    """Emits an item and asks itself to go on, `count` times; below 0 until the job is cancelled, or has `enough` in its
    shared data."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.define_slot("trigger", handler=self.begin)
        self.define_slot("again", handler=self.tick)
        self.define_event("item", ["i"])
        self.define_event("again", ["i", "count", "pace"])

    def begin(self, count: int = -1, pace: float = 0.005) -> None:
        with self.noted():
            self.emit("again", i=0, count=count, pace=pace)

    def tick(self, i: int, count: int, pace: float) -> None:
        with self.noted():
            self.emit("item", i=i)
            enough = i + 1 == count or self.context().job_state.get_shared_data("enough")
            if not enough and self.context().sleep(pace):
                self.emit("again", i=i + 1, count=count, pace=pace)


class Held(NotedRoutine):
    """Stays in its handler until the test opens `gate`; `polite` ones leave when their job is cancelled."""

    def __init__(self, ledger: Ledger, *, polite: bool = False) -> None:
        super().__init__(ledger)
        self.gate = threading.Event()
        self.polite = polite
        self.define_slot("trigger", handler=self.hold)
        self.define_slot("item", handler=self.hold)

    def hold(self, **_: Any) -> None:
        with self.noted():
            assert (self.context().cancelled if self.polite else self.gate).wait(60)


class Burner(Routine):
    """Burns processor time in Python until its job is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.burn)

    def burn(self, **_: Any) -> None:
        context = self.get_execution_context()
        assert context is not None
        while not context.cancelled.is_set():
            sum(i * i for i in range(100))


# -- flows


def strategies(ledger: Ledger, strategy: str = "concurrent") -> Flow:
    """One source, a step for each error strategy that lets a job go on, and a sink behind them all."""
    flow = Flow("strategies", execution_strategy=strategy, max_workers=4)
    flow.add_routine(Source(ledger), "source")
    flow.add_routine(Sink(ledger), "sink")
    steps = {
        "sound": (Step(ledger), None),
        "tolerant": (Step(ledger, 5), ErrorHandler("continue")),
        "stubborn": (Step(ledger, 7, recovers=True), ErrorHandler("retry", max_retries=2, retry_delay=0.01)),
        "skipping": (Step(ledger, 3), ErrorHandler("skip")),
    }
    for routine_id, (step, handler) in steps.items():
        step.set_error_handler(handler)
        flow.add_routine(step, routine_id)
        flow.connect("source", "item", routine_id, "item")
        flow.connect(routine_id, "passed", "sink", "item")
    return flow


def failing(ledger: Ledger, *, fails_at: int = 50, strategy: str = "sequential") -> Flow:
    """A job that fails for good: a step's handler raises, and its strategy is STOP."""
    flow = Flow("failing", execution_strategy=strategy)
    flow.add_routine(Ticker(ledger), "ticker")
    flow.add_routine(_FailsLate(ledger, fails_at), "fragile")
    flow.connect("ticker", "item", "fragile", "item")
    flow.connect("ticker", "again", "ticker", "again")
    return flow


class _FailsLate(Step):
    """Raises at item number `fails_at`, not before."""

    def take(self, i: int) -> None:
        if i < self.fails_at:
            return
        with self.noted():
            raise ZeroDivisionError(f"item {i} cannot be divided")


def steady(ledger: Ledger, strategy: str = "concurrent") -> Flow:
    """A ticker, two steps and a sink: something always happens, until the job is cancelled or has counted enough."""
    flow = Flow("steady", execution_strategy=strategy, max_workers=4)
    flow.add_routine(Ticker(ledger), "ticker")
    flow.add_routine(Step(ledger), "left")
    flow.add_routine(Step(ledger), "right")
    flow.add_routine(Sink(ledger), "sink")
    flow.connect("ticker", "again", "ticker", "again")
    for side in ("left", "right"):
        flow.connect("ticker", "item", side, "item")
        flow.connect(side, "passed", "sink", "item")
    return flow


def held(ledger: Ledger, *, polite: bool = False) -> tuple[Flow, Held]:
    """A source with five items and a step that holds the first of them until the test opens its gate."""
    holder = Held(ledger, polite=polite)
    flow = Flow("held")
    flow.add_routine(Source(ledger), "source")
    flow.add_routine(holder, "holder")
    flow.connect("source", "item", "holder", "item")
    return flow, holder


def retrying(ledger: Ledger, delay: float) -> Flow:
    """A step that always raises, and is tried again after `delay` seconds."""
    flow = Flow("retrying", execution_strategy="concurrent")
    step = Step(ledger, 1)
    step.set_error_handler(ErrorHandler("retry", max_retries=3, retry_delay=delay))
    flow.add_routine(Source(ledger), "source")
    flow.add_routine(step, "stubborn")
    flow.connect("source", "item", "stubborn", "item")
    return flow


def burst(history_limit: int | None = None) -> tuple[Flow, threading.Event]:
    """A source that emits as fast as it can once the event is set, and a step: nothing but the engine's own work."""
    flow = Flow("burst", history_limit=history_limit, execution_timeout=300)
    source = _BurstSource()
    flow.add_routine(source, "source")
    flow.add_routine(_BurstStep(), "step")
    flow.connect("source", "item", "step", "item")
    return flow, source.go


class _BurstSource(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.define_slot("trigger", handler=self.begin)
        self.define_event("item", ["i"])

    def begin(self, count: int) -> None:
        assert self.go.wait(60)
        for i in range(count):
            self.emit("item", i=i)


class _BurstStep(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.take)

    def take(self, i: int) -> None:
        pass


def burning(workers: int = 2) -> Flow:
    """One routine that burns processor time until its job is cancelled."""
    flow = Flow("burning", execution_strategy="concurrent", max_workers=workers)
    flow.add_routine(Burner(), "burner")
    return flow


def shapes(ledger: Ledger) -> Flow:
    """A self loop, a connection that leads back, and two connections between the same two routines."""
    flow = Flow("shapes")
    flow.add_routine(Ticker(ledger), "ticker")
    flow.add_routine(Step(ledger), "first")
    flow.add_routine(_Returner(ledger), "second")
    flow.connect("ticker", "again", "ticker", "again")
    flow.connect("ticker", "item", "first", "item")
    flow.connect("first", "passed", "second", "item")
    flow.connect("first", "passed", "second", "other")
    flow.connect("second", "back", "first", "item")
    return flow


class _Returner(NotedRoutine):
    """Sends every even item back once, as an odd one."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.define_slot("item", handler=self.take)
        self.define_slot("other", handler=self.look)
        self.define_event("back", ["i"])

    def take(self, i: int) -> None:
        with self.noted():
            if i % 2 == 0:
                self.emit("back", i=i + 1)

    def look(self, i: int) -> None:
        with self.noted():
            pass


def wide(ledger: Ledger, routines: int) -> Flow:
    """A source, and chains of ten steps beside each other, so many routines in all."""
    flow = Flow("wide", execution_strategy="concurrent", max_workers=4)
    flow.add_routine(Source(ledger), "source")
    for number in range(routines - 1):
        name = f"step-{number:03}"
        flow.add_routine(Step(ledger), name)
        if number % 10 == 0:
            flow.connect("source", "item", name, "item")
        else:
            flow.connect(f"step-{number - 1:03}", "passed", name, "item")
    return flow


def empty() -> Flow:
    """An entry that does nothing at all."""
    flow = Flow("empty")
    flow.add_routine(_Idle(), "idle")
    return flow


class _Idle(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.do_nothing)

    def do_nothing(self) -> None:
        pass


def make_library(folder: Path, *packages: str) -> Path:
    """A small library for the census: some packages of the standard library, and files that do not parse."""
    for package in packages:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(sysconfig.get_path("stdlib"), package), folder / package, ignore=ignored)
    for name, content in BROKEN_FILES.items():
        (folder / name).write_bytes(content)
    return folder
