"""Waiting for a job: woken by the job itself, for that job alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from routilux import Flow, JobState
from tests.engine.parts import DEADLINE, Data, Door, FlowMaker, Node, chain, emits, in_threads, over, raises

wait = JobState.wait_for_completion


@pytest.mark.parametrize("status", ["completed", "failed", "paused", "cancelled"])
def test_a_job_in_any_of_these_statuses_is_over(flow: Flow, status: str) -> None:
    works: dict[str, Callable[[Node, Data], object]] = {
        "completed": lambda node, data: None,
        "failed": raises(ValueError("no")),
        "paused": lambda node, data: node.ctx.flow.pause(node.ctx.job_state),
        "cancelled": lambda node, data: node.ctx.flow.cancel(node.ctx.job_state),
    }
    chain(flow, ("a", Node(works[status])))
    job = flow.start("a")
    assert wait(flow, job, timeout=DEADLINE) is True
    assert job.status == status
    assert wait(flow, job) is True
    assert wait(flow, job, timeout=0) is True


def test_waiting_gives_up_after_its_timeout(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    before = time.monotonic()
    assert wait(flow, job, timeout=0.05) is False
    assert wait(flow, job, timeout=0) is False
    assert wait(flow, job, timeout=-1) is False
    assert 0.04 < time.monotonic() - before < 5
    door.open()
    assert wait(flow, job, timeout=float("inf")) is True


def test_the_polling_parameters_are_accepted(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = flow.execute("a")
    assert wait(flow, job, 5, stability_checks=50, check_interval=100.0, stability_delay=100.0) is True
    assert wait(flow, job, 5, 5, 0.1, 0.05, None) is True


def test_many_may_wait_for_one_job(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    outcomes = list[bool]()
    in_threads(*[lambda: outcomes.append(wait(flow, job, DEADLINE))] * 5, door.open)
    assert outcomes == [True] * 5


def test_waiting_for_a_job_does_not_wait_for_another(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(lambda node, data: door.enter() if data else None)))
    slow = flow.start("a", {"x": 1})
    door.wait_for()
    over(flow.start("a"))
    assert slow.status == "running"
    door.open()
    over(slow)


def test_progress_is_reported_at_once_for_an_unfinished_job(flow: Flow) -> None:
    door, told = Door(), list[tuple[int, int, str]]()

    def work(node: Node, data: Data) -> None:
        if data["n"] == 0:
            door.enter()

    def progress(queue_size: int, active: int, status: str) -> None:
        told.append((queue_size, active, status))
        door.open()

    flow.max_workers = 1
    chain(flow, ("a", Node(emits(4))), ("b", Node(work)))
    job = flow.start("a")
    door.wait_for()
    assert wait(flow, job, DEADLINE, progress_callback=progress) is True
    assert told == [(3, 1, "running")]
    assert wait(flow, job, DEADLINE, progress_callback=progress) is True
    assert len(told) == 1


def test_a_condition_is_waited_for(flow: Flow) -> None:
    door = Door()

    def work(node: Node, data: Data) -> None:
        node.ctx.job_state.update_shared_data("ready", value=True)
        door.enter()

    chain(flow, ("a", Node(work)))
    job = flow.start("a")
    seen = list[tuple[Flow, JobState]]()

    def ready(flow: Flow, job_state: JobState) -> object:
        seen.append((flow, job_state))
        return job_state.get_shared_data("ready")

    assert JobState.wait_until_condition(flow, job, ready, timeout=DEADLINE, check_interval=0.005) is True
    assert set(seen) == {(flow, job)}
    assert job.status == "running"
    assert JobState.wait_until_condition(flow, job, lambda *_: False, timeout=0.02, check_interval=0.005) is False
    door.open()
    over(job)


def test_when_the_job_ends_the_condition_is_tried_once_more(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    answers = list[bool]()

    def ended(flow: Flow, job_state: JobState) -> bool:
        answers.append(job_state.status == "completed")
        door.open()
        return answers[-1]

    assert JobState.wait_until_condition(flow, job, ended, timeout=DEADLINE, check_interval=60) is True
    assert answers[0] is False
    assert JobState.wait_until_condition(flow, job, lambda *_: False) is False


def test_a_condition_that_raises_is_logged_and_counts_as_not_met(flow: Flow, caplog: pytest.LogCaptureFixture) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.execute("a"))

    def refuse(flow: Flow, job_state: JobState) -> bool:
        raise RuntimeError("a bad condition")

    assert JobState.wait_until_condition(flow, job, refuse, timeout=1) is False
    assert "a bad condition" in caplog.text


def test_waiting_on_the_flow_warns_and_waits(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    with pytest.warns(DeprecationWarning, match="wait_for_completion"):
        assert flow.wait_for_completion() is True  # nothing ever ran
    jobs = [flow.start("a") for _ in range(2)]
    door.wait_for(2)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert flow.wait_for_completion(timeout=0.02) is False
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert flow.wait_for_completion(timeout=0.02, job_state=jobs[0]) is False
    door.open()
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert flow.wait_for_completion(timeout=DEADLINE) is True
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert flow.wait_for_completion(job_state=jobs[0]) is True
    assert [job.status for job in jobs] == ["completed"] * 2


def test_a_job_is_over_for_those_who_wait_at_the_moment_it_is(new_flow: FlowMaker, hasty_switches: None) -> None:
    """No wake-up is lost, whenever the waiting begins."""
    flow = new_flow("flow", "concurrent", max_workers=2)
    chain(flow, ("a", Node(emits(2))), ("b", Node()))
    for _ in range(150):
        job = flow.start("a")
        assert wait(flow, job, DEADLINE)


def test_waiting_while_the_job_is_paused_and_resumed_again_and_again(flow: Flow, hasty_switches: None) -> None:
    def count_down(node: Node, data: Data) -> None:
        if data["n"]:
            node.emit("out", n=data["n"] - 1)

    flow.add_routine(Node(count_down), "a")
    flow.connect("a", "out", "a", "input")
    job = flow.start("a", {"n": 300})
    ended = threading.Event()

    def wait_again_and_again() -> None:
        while not ended.is_set():
            assert wait(flow, job, DEADLINE)
            if job.status == "completed":
                ended.set()

    def disturb() -> None:
        while not ended.is_set():
            if job.status == "running":
                flow.pause(job)
            flow.resume(job)

    in_threads(wait_again_and_again, disturb)
    if job.status == "paused":  # a completed job may be paused too
        flow.resume(job)
    over(job)
    assert len(job.execution_history) == 302
