"""A flow with a job that never ends and keeps little history."""

from __future__ import annotations

from routilux import Flow, Routine
from tests.dashboard.flows import Collector

HOURS = 36_000.0


class Ticker(Routine):
    """Emits an item fifty times a second until its job is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.tick)
        self.define_event("item", ["i"])

    def tick(self) -> None:
        context = self.get_execution_context()
        assert context is not None
        i = 0
        while not context.cancelled.is_set():
            self.emit("item", i=i)
            context.sleep(0.02)
            i += 1


def ticking() -> Flow:
    """`ticker.item -> collector.item`, for hours."""
    flow = Flow("ticking", "concurrent", 2, history_limit=100, execution_timeout=HOURS)
    flow.add_routine(Ticker(), "ticker")
    flow.add_routine(Collector(), "collector")
    flow.connect("ticker", "item", "collector", "item")
    return flow
