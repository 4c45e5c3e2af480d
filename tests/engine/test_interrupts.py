"""Ctrl-C at any moment of an execute: the caller gets it, the job ends, and nothing hangs afterwards."""

from __future__ import annotations

import gc
import random
import signal
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from routilux import Flow, JobState
from tests.engine.parts import DEADLINE, Diary, Door, Node, chain, emits, over, pass_on

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that interrupt")


class Interrupting:
    """Raises `KeyboardInterrupt` in the main thread, as Ctrl-C does, while it is armed."""

    def __init__(self) -> None:
        self._armed = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            self._armed = False
            raise KeyboardInterrupt

    def during(self, work: Callable[[], object], after: float) -> bool:
        """Do the work, interrupted after so many seconds; whether it was."""
        try:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, after)
            work()
            self._armed = False
        except KeyboardInterrupt:
            return True
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return False


@pytest.fixture
def interrupting() -> Iterator[Interrupting]:
    interrupting = Interrupting()
    before = signal.signal(signal.SIGALRM, interrupting)
    gc.disable()  # what is raised in a finalizer is raised nowhere
    yield interrupting
    gc.enable()
    signal.signal(signal.SIGALRM, before)


def test_an_interrupted_job_comes_to_rest_wherever_it_was(flow: Flow, interrupting: Interrupting) -> None:
    chain(flow, ("a", Node(emits(60))), ("b", Node(pass_on)), ("c", Node(lambda node, data: node.send_output("row"))))
    flow.max_workers = 2
    moments = random.Random(20)  # an interrupt may come between any two steps of the interpreter
    interrupted = 0
    for _ in range(120):
        diary = Diary()
        flow.add_hook(diary)
        interrupted += interrupting.during(lambda: flow.execute("a"), moments.uniform(0.00005, 0.0012))
        flow.remove_hook(diary)
        assert flow.routines["a"].get_execution_context() is None
        for job in flow.live_jobs():
            assert JobState.wait_for_completion(flow, job, DEADLINE), f"{job} hangs"
            assert job.status in ("completed", "cancelled")
    assert interrupted > 5
    over(flow.execute("a"))  # in this thread, and in others
    over(flow.start("a"))


def test_an_interrupted_wait_leaves_the_job_alone(flow: Flow, interrupting: Interrupting) -> None:
    chain(flow, ("a", Node(lambda node, data: node.ctx.cancelled.wait(DEADLINE))))
    job = flow.start("a")
    for _ in range(10):
        assert interrupting.during(lambda: JobState.wait_for_completion(flow, job, DEADLINE), 0.002)
    assert job.status == "running"
    flow.cancel(job)
    assert job.status == "cancelled"


def test_an_interrupted_pause_is_still_under_way(flow: Flow, interrupting: Interrupting) -> None:
    door = Door()
    chain(flow, ("a", Node(door)), ("b", Node()))
    job = flow.start("a")
    door.wait_for()
    assert interrupting.during(lambda: flow.pause(job), 0.01)
    assert (job.status, job.control.state) == ("running", "draining")
    door.open()
    over(job, "paused")
    flow.resume(job)
    over(job)
