"""W1: a chain of three routines, 20,000 items. One event is one handler call caused by one emission."""

from __future__ import annotations

import time
from threading import Event
from typing import Any

from routilux import Flow, Routine

ITEMS = 20_000
EVENTS = 2 * ITEMS


class Source(Routine):
    """Waits for `go`, then emits every item."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.send)
        self.define_event("item", ["i"])
        self.go = Event()
        self.started = 0.0

    def send(self, items: int = ITEMS, **_: Any) -> None:
        self.go.wait(60)
        self.started = time.perf_counter()
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
    """Receives each item."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.take)

    def take(self, i: int = 0, **_: Any) -> None:
        pass


def make_flow(**options: Any) -> Flow:
    """Make the chain."""
    flow = Flow("w1", **options)
    for name, routine in (("source", Source()), ("pass", Pass()), ("sink", Sink())):
        flow.add_routine(routine, name)
    flow.connect("source", "item", "pass", "item")
    flow.connect("pass", "item", "sink", "item")
    return flow
