"""What a thread of the engine has done last does not stay in memory while it waits."""

from __future__ import annotations

import gc
import weakref

from routilux import ErrorHandler, Flow
from tests.engine.parts import Door, Node, chain, over, raises
from tests.waiting import eventually


def test_the_thread_for_timers_lets_go_of_a_job_that_it_retried() -> None:
    door = Door()
    other = chain(Flow("other"), ("a", Node(door)))
    waits = other.start("a")  # its time limit keeps the thread
    node = Node(raises(ConnectionError("not yet"), times=1))
    node.set_error_handler(ErrorHandler("retry", 1, 0.001))
    job = over(chain(Flow("retried"), ("a", node)).start("a"))
    gone = weakref.ref(job)
    del job, node

    def is_gone() -> bool:
        gc.collect()
        return gone() is None

    eventually(is_gone, what="the job is released")
    door.open()
    over(waits)
