"""Time limits: a job that is over its time fails by itself, and says so."""

from __future__ import annotations

import threading
import time

import pytest

from routilux import Flow, JobState
from tests.engine.parts import DEADLINE, Data, Diary, Door, FlowMaker, Node, chain, emits, in_turn, names, over, raises
from tests.waiting import eventually


def until_cancelled(node: Node, data: Data) -> None:
    assert node.ctx.cancelled.wait(DEADLINE)


@pytest.mark.parametrize("how", ["execute", "start"])
def test_a_job_over_its_time_limit_fails_by_itself_and_discards_its_queue(flow: Flow, how: str) -> None:
    diary = Diary()
    flow.add_hook(diary)
    flow.max_workers = 1
    got = list[int]()
    chain(
        flow,
        ("a", Node(emits(5))),
        ("b", Node(in_turn(lambda node, data: got.append(data["n"]), until_cancelled))),
    )
    job: JobState = getattr(flow, how)("a", timeout=0.25)
    over(job, "failed")
    assert got == [0]
    assert job.control.dropped == 4
    ended = [entry.data for entry in diary.take(job).entries if entry.kind == "status"][-1]
    assert "0.25 s" in ended["error"]
    (record,) = [record for record in job.execution_history if record.kind == "error"]
    assert record.routine_id == "a"
    assert record.data["error"] == ended["error"]
    assert record.data["error_type"] == "TimeoutError"


def test_the_flows_limit_holds_when_none_is_given(new_flow: FlowMaker, strategy: str) -> None:
    flow = new_flow("flow", strategy, execution_timeout=0.05)
    chain(flow, ("a", Node(until_cancelled)))
    over(flow.execute("a"), "failed")
    over(flow.execute("a", timeout=None), "failed")


def test_a_flow_without_a_limit_of_its_own_has_five_minutes() -> None:
    assert Flow().execution_timeout == 300.0
    assert Flow(execution_timeout=7).execution_timeout == 7


def test_a_limit_given_for_one_job_leaves_the_flows_alone(flow: Flow) -> None:
    chain(flow, ("a", Node(until_cancelled)))
    over(flow.execute("a", timeout=0.03), "failed")
    assert flow.execution_timeout == 300.0


def test_a_job_within_its_limit_is_left_alone(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    over(flow.execute("a", timeout=60))
    quick = over(flow.execute("a", timeout=0.4))
    assert not threading.Event().wait(0.45)
    assert quick.status == "completed"


@pytest.mark.parametrize("timeout", [float("inf"), 1e12])
def test_a_limit_without_end_is_no_limit(flow: Flow, timeout: float) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a", timeout=timeout)
    door.wait_for()
    flow.add_routine(Node(until_cancelled), "short")
    over(flow.execute("short", timeout=0.02), "failed")  # the clock still goes
    door.open()
    over(job)


def test_running_handlers_are_asked_to_stop(flow: Flow) -> None:
    slept = list[bool]()
    chain(flow, ("a", Node(lambda node, data: slept.append(node.ctx.sleep(60)))))
    before = time.monotonic()
    over(flow.execute("a", timeout=0.05), "failed")
    assert slept == [False]
    assert time.monotonic() - before < 5


def test_a_handler_that_raises_because_it_was_asked_to_stop_does_not_hide_the_reason(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(in_turn(until_cancelled, raises(RuntimeError("interrupted"))))))
    job = over(flow.execute("a", timeout=0.05), "failed")
    ended = [entry.data for entry in diary.take(job).entries if entry.kind == "status"][-1]
    assert "0.05 s" in ended["error"]


def test_a_job_over_its_limit_that_waits_for_a_retry_does_not_wait_any_longer(flow: Flow) -> None:
    node = Node(raises(ValueError("no")))
    node.set_as_critical(retry_delay=60)
    chain(flow, ("a", node))
    job = over(flow.execute("a", timeout=0.3), "failed")
    assert ("a", "retry") in names(job)
    assert job.control.dropped == 1


def test_a_job_that_waits_for_workers_is_over_its_limit_all_the_same(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=1)
    door = Door()
    flow.add_routine(Node(door), "busy")
    flow.add_routine(Node(), "a")
    other = flow.start("busy")
    door.wait_for()
    job = flow.start("a", timeout=0.03)
    over(job, "failed")
    assert other.status == "running"
    door.open()
    over(other)


def test_a_limit_overtakes_a_pause_that_is_draining(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(until_cancelled)))
    job = flow.start("a", timeout=0.3)
    eventually(lambda: diary.take(job).running)
    flow.pause(job, wait=False)
    over(job, "failed")
    rows = [(entry.data["action"], entry.data["state"]) for entry in diary.of_kind("control")]
    assert rows == [("pause", "draining"), ("pause", "withdrawn")]


def test_one_jobs_limit_does_nothing_to_another(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(lambda node, data: door.enter() if data else until_cancelled(node, data))))
    other = flow.start("a", {"x": 1})
    door.wait_for()
    over(flow.start("a", timeout=0.03), "failed")
    assert other.status == "running"
    door.open()
    over(other)


def test_a_limit_of_nothing_fails_at_once(flow: Flow) -> None:
    chain(flow, ("a", Node(until_cancelled)))
    over(flow.execute("a", timeout=0), "failed")


def test_a_completed_job_that_is_paused_and_resumed_long_after_its_limit_completes(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.execute("a", timeout=0.4))
    assert not threading.Event().wait(0.45)
    flow.pause(job)
    flow.resume(job)
    over(job)
    eventually(lambda: not flow.live_jobs())
