"""Jobs leave nothing behind in memory."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref

import pytest

from routilux import ErrorHandler, Flow, JobState, Routine
from tests.engine.parts import Diary, FlowMaker, Node, chain, emits, in_turn, over, pass_on, raises
from tests.waiting import eventually


def all_gone(jobs: list[weakref.ref[JobState]], but: int = 0) -> bool:
    gc.collect()
    return sum(ref() is not None for ref in jobs) <= but


def run(flow: Flow, how: str, entry: str, status: str) -> weakref.ref[JobState]:
    return weakref.ref(over(getattr(flow, how)(entry), status))


def pause_here(node: Node, data: object) -> None:
    node.ctx.flow.pause(node.ctx.job_state)


def cancel_here(node: Node, data: object) -> None:
    node.ctx.flow.cancel(node.ctx.job_state)


@pytest.mark.parametrize("how", ["execute", "start"])
def test_a_thousand_jobs_leave_nothing_behind(flow: Flow, how: str) -> None:
    chain(flow, ("a", Node(emits(2))), ("b", Node(pass_on)), ("c", Node()))
    jobs = [run(flow, how, "a", "completed") for _ in range(1000 if how == "execute" else 100)]
    eventually(lambda: all_gone(jobs))
    assert flow.live_jobs() == []


@pytest.mark.parametrize("how", ["execute", "start"])
@pytest.mark.parametrize(
    ("entry", "status"), [("bad", "failed"), ("stop", "cancelled"), ("wait", "paused"), ("bare", "failed")]
)
def test_jobs_that_ended_otherwise_leave_nothing_behind(flow: Flow, how: str, entry: str, status: str) -> None:
    flow.add_routine(Node(raises(ValueError)), "bad")
    flow.add_routine(Node(in_turn(emits(3), cancel_here)), "stop")
    flow.add_routine(Node(in_turn(emits(3), pause_here)), "wait")
    flow.add_routine(Node(), "b")
    flow.add_routine(Routine(), "bare")
    flow.connect("stop", "out", "b", "input")
    flow.connect("wait", "out", "b", "input")
    jobs = [run(flow, how, entry, status) for _ in range(30)]
    eventually(lambda: all_gone(jobs))
    assert flow.live_jobs() == []


def test_jobs_whose_retries_wait_leave_nothing_behind_when_cancelled(flow: Flow) -> None:
    node = Node(raises(ValueError))
    node.set_error_handler(ErrorHandler("retry", 1, 60))
    chain(flow, ("a", node))
    jobs = list[weakref.ref[JobState]]()
    for _ in range(20):
        job = flow.start("a")
        flow.cancel(job)
        jobs.append(weakref.ref(job))
        del job
    eventually(lambda: all_gone(jobs))


def test_only_its_observer_keeps_a_watched_job_alive(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    jobs = [run(flow, "execute", "a", "completed") for _ in range(20)]
    eventually(lambda: len([kind for kind, _ in diary.told if kind == "ended"]) == 20)
    diary.readers.clear()
    flow.remove_hook(diary)
    over(flow.execute("a"))  # the flow's tracker is that of the last job
    eventually(lambda: all_gone(jobs))


def test_a_collected_flow_ends_its_threads(strategy: str) -> None:
    before = set(threading.enumerate())
    flow = chain(Flow("dropped", strategy), ("a", Node(emits(5))), ("b", Node()))
    gone = weakref.ref(flow)
    over(flow.start("a"))
    del flow

    def nothing_left() -> bool:
        gc.collect()
        new = [thread for thread in threading.enumerate() if thread not in before and "timers" not in thread.name]
        return gone() is None and not new

    eventually(nothing_left)


def test_flows_may_be_collected_in_any_thread_at_any_moment(hasty_switches: None) -> None:
    """The collector runs inside the workers' own methods: it must not wait for anything there."""
    threshold = gc.get_threshold()
    gc.set_threshold(5)
    try:
        for _ in range(30):
            over(chain(Flow("short-lived", "concurrent", 2), ("a", Node(emits(3))), ("b", Node())).start("a"))
    finally:
        gc.set_threshold(*threshold)


def test_shutdown_ends_the_threads(new_flow: FlowMaker) -> None:
    flow = new_flow("ending", "concurrent", max_workers=4)
    chain(flow, ("a", Node(emits(8))), ("b", Node()))
    over(flow.start("a"))
    flow.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("routilux-ending")]


def test_with_a_history_limit_memory_stays_flat(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", history_limit=100)

    def count_down(node: Node, data: dict[str, int]) -> None:
        if data["n"]:
            node.emit("out", n=data["n"] - 1)

    flow.add_routine(Node(count_down), "a")
    flow.connect("a", "out", "a", "input")
    flow.execute("a", {"n": 2_000})
    tracemalloc.start()
    try:
        job = flow.execute("a", {"n": 6_000})
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert job.status == "completed"
    assert kept < 1_500_000  # the recent runs of the tracker are most of it
