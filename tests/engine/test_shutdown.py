"""Ending a flow's threads within the time that was given."""

from __future__ import annotations

import time

from routilux import Flow
from tests.engine.parts import Door, Node, emits, over


def test_handlers_that_do_not_return_cost_a_shutdown_its_timeout_once_not_once_for_each_thread() -> None:
    door = Door()
    flow = Flow("stuck", "concurrent", max_workers=8)
    flow.add_routine(Node(emits(8)), "source")
    flow.add_routine(Node(door), "stuck")
    flow.connect("source", "out", "stuck", "input")
    job_state = flow.start("source")
    door.wait_for(8)
    began = time.monotonic()
    flow.shutdown(timeout=0.3)
    took = time.monotonic() - began
    door.open()
    over(job_state, "cancelled")
    assert 0.3 <= took < 1.2  # the jobs have that long, and then the threads once more
