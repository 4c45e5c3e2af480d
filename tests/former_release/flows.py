"""The flows of the files of a former release. They must not change: the saved jobs are resumed on them."""

from __future__ import annotations

import time
from threading import Event
from typing import Any

from routilux import (
    ConditionalRouter,
    DataFlattener,
    DataTransformer,
    DataValidator,
    ErrorHandler,
    ErrorStrategy,
    Flow,
    ResultExtractor,
    Routine,
    TextClipper,
    TextRenderer,
    TimeProvider,
)

ORDERS = 20
BAD_ORDER = 7


class OrderSource(Routine):
    """Emits orders, slowly if asked to; pauses its job first if asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.run)
        self.define_event("order", ["number", "price"])

    def run(self, count: int = ORDERS, pause: bool = False, seconds: float = 0.0, **_: Any) -> None:
        context = self.get_execution_context()
        assert context is not None
        if pause:
            context.flow.pause(context.job_state, reason="stock check", wait=False)
        for number in range(1, count + 1):
            self.emit("order", number=number, price=number * 10)
            if seconds:
                time.sleep(seconds)


class OrderPricer(Routine):
    """Adds tax; cannot price order 7."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("order", handler=self.price)
        self.define_event("priced", ["number", "total"])
        self.set_error_handler(ErrorHandler(ErrorStrategy.CONTINUE))

    def price(self, number: int = 0, price: int = 0, **_: Any) -> None:
        if number == BAD_ORDER:
            raise ValueError(f"order {number} has no price")
        self.emit("priced", number=number, total=price * 1.25)


class OrderLedger(Routine):
    """Keeps totals in the job's shared data, and sends one output for each order."""

    gate = Event()
    gate.set()
    entered = Event()

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("priced", handler=self.book)

    def book(self, number: int = 0, total: float = 0.0, **_: Any) -> None:
        context = self.get_execution_context()
        assert context is not None
        self.entered.set()
        self.gate.wait(30)
        with context.job_state.edit_shared_data("totals", {}) as totals:
            totals.value[str(number)] = total
        context.job_state.append_to_shared_log({"booked": number})
        context.job_state.send_output(context.routine_id, "receipt", {"number": number, "total": total})


def orders_flow() -> Flow:
    """`source.order -> pricer.order`, `pricer.priced -> ledger.priced`."""
    flow = Flow("orders")
    flow.add_routine(OrderSource(), "source")
    flow.add_routine(OrderPricer(), "pricer")
    flow.add_routine(OrderLedger(), "ledger")
    flow.connect("source", "order", "pricer", "order")
    flow.connect("pricer", "priced", "ledger", "priced")
    return flow


def builtin_flow() -> Flow:
    """One of every routine that comes with the engine, configured and connected."""
    flow = Flow("builtin")
    clipper, renderer, extractor = TextClipper(), TextRenderer(), ResultExtractor()
    flattener, clock = DataFlattener(), TimeProvider()
    transformer, validator, router = DataTransformer(), DataValidator(), ConditionalRouter()
    clipper.set_config(max_length=20)
    renderer.set_config(tag_format="xml")
    extractor.set_config(strategy="auto")
    flattener.set_config(separator="/")
    clock.set_config(format="iso")
    transformer.set_config(transformations=["uppercase"])
    validator.set_config(rules={"name": "not_empty", "age": "is_int"})
    router.set_config(
        routes=[("large", "data.get('size', 0) > 10"), ("small", {"kind": "small"})], default_route="rest"
    )
    for routine_id, routine in {
        "clipper": clipper,
        "renderer": renderer,
        "extractor": extractor,
        "flattener": flattener,
        "clock": clock,
        "transformer": transformer,
        "validator": validator,
        "router": router,
    }.items():
        flow.add_routine(routine, routine_id)
    flow.connect("transformer", "output", "flattener", "input")
    return flow
