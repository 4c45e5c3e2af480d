"""Small flows that the tests of the server run, and handlers that a test holds by a gate."""

from __future__ import annotations

import threading
from typing import Any

from routilux import Flow, Routine


class Emitter(Routine):
    """Emits `item` as often as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.emit_items)
        self.define_event("item", ["i"])

    def emit_items(self, count: int = 10, text: str = "") -> None:
        """Emit some items.

        Args:
            count: how many.
            text: what each of them carries.
        """
        for i in range(count):
            self.emit("item", i=i, text=text)


class Collector(Routine):
    """Counts what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.take)

    def take(self, i: int) -> None:
        pass


class Gated(Collector):
    """Holds each item until the test opens the gate."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.taken = threading.Semaphore(0)
        super().__init__()

    def take(self, i: int) -> None:
        self.taken.release()
        assert self.gate.wait(30)


class Burner(Routine):
    """Burns processor time in Python until the test stops it."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        super().__init__()
        self.define_slot("trigger", handler=self.burn)

    def burn(self) -> None:
        while not self.stop.is_set():
            sum(i * i for i in range(200))


def chain(collector: Routine | None = None, *, flow_id: str = "chain", **options: Any) -> Flow:
    """`emitter.item -> collector.item`."""
    flow = Flow(flow_id, **options)
    flow.add_routine(Emitter(), "emitter")
    flow.add_routine(collector or Collector(), "collector")
    flow.connect("emitter", "item", "collector", "item")
    return flow


def gated(**options: Any) -> tuple[Flow, Gated]:
    """A chain whose collector the test holds."""
    collector = Gated()
    return chain(collector, **options), collector
