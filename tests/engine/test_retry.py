"""Retries: when they come, what they keep, and whom they do not hold up."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from routilux import ErrorHandler, Flow
from tests.engine.parts import Data, Diary, Door, FlowMaker, Node, chain, emits, in_turn, names, over, raises
from tests.waiting import eventually


def retried(work: Callable[[Node, Data], object], *settings: float, **more: float) -> Node:
    node = Node(work)
    node.set_error_handler(ErrorHandler("retry", *settings, **more))  # type: ignore[arg-type]
    return node


def test_delays_grow_by_the_backoff(flow: Flow) -> None:
    chain(flow, ("a", retried(raises(ValueError("no")), 3, 0.01, 2.0)))
    job = over(flow.start("a"), "failed")
    retries = [record for record in job.execution_history if record.kind == "retry"]
    assert [record.data["delay"] for record in retries] == [0.01, 0.02, 0.04]
    assert [record.data["attempt"] for record in retries] == [1, 2, 3]
    times = [record.time_ns for record in job.execution_history]
    assert times[-1] - times[0] >= 0.07e9 * 0.9


def test_a_retry_waits_without_holding_the_only_worker(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=1)
    flow.add_routine(retried(raises(ValueError("no"), times=1), 1, 60), "waits")
    flow.add_routine(Node(emits(3)), "other")
    flow.add_routine(Node(), "more")
    flow.connect("other", "out", "more", "input")
    job = flow.start("waits")
    eventually(lambda: ("waits", "retry") in names(job))
    over(flow.start("other"))
    assert job.status == "running"
    flow.cancel(job)
    assert job.status == "cancelled"
    assert job.control.dropped == 1


def test_other_activations_run_while_one_waits_for_its_retry(flow: Flow) -> None:
    flow.max_workers = 1
    got = list[tuple[int, int]]()

    def work(node: Node, data: Data) -> None:
        tries = sum(n == data["n"] for n, _ in got)
        got.append((data["n"], tries))
        if data["n"] == 0 and tries == 0:
            raise ValueError("once")

    chain(flow, ("a", Node(emits(4))), ("b", retried(work, 1, 0.3)))
    over(flow.start("a"))
    assert got == [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1)]


def test_a_retry_gets_the_same_data_and_a_context(flow: Flow) -> None:
    seen = list[Data]()

    def work(node: Node, data: Data) -> None:
        node.ctx.job_state.update_routine_state("a", {"tries": len(seen)})
        node.send_output("try", n=len(seen))
        seen.append(data)
        if len(seen) == 1:
            raise ValueError("once")

    chain(flow, ("a", retried(work, 1, 0.0)))
    job = over(flow.start("a", {"x": [1]}))
    assert seen == [{"x": [1]}, {"x": [1]}]
    assert [row["data"] for row in job.output_log] == [{"n": 0}, {"n": 1}]
    assert (job.get_routine_state("a") or {})["tries"] == 1


def test_a_retry_of_a_merging_slot_does_not_merge_twice(flow: Flow) -> None:
    seen = list[Data]()
    node = Node(merge="append")

    def work(node: Node, data: Data) -> None:
        seen.append(data)
        if len(seen) == 1:
            raise ValueError("once")

    node.work = work
    node.set_error_handler(ErrorHandler("retry", 1, 0.0))
    flow.max_workers = 1
    chain(flow, ("a", Node(emits(2))), ("b", node))
    over(flow.start("a"))
    assert seen[0] == {"n": [0]}
    assert sorted(seen[1:], key=str) == [{"n": [0, 1]}, {"n": [0]}]


def test_jobs_do_not_use_up_one_anothers_retries(flow: Flow) -> None:
    failures = {"first": 5, "second": 1}

    def work(node: Node, data: Data) -> None:
        if failures[data["job"]] > 0:
            failures[data["job"]] -= 1
            raise ValueError("no")

    chain(flow, ("a", retried(work, 2, 0.0)))
    over(flow.start("a", {"job": "first"}), "failed")
    over(flow.start("a", {"job": "second"}))


def test_activations_do_not_use_up_one_anothers_retries(flow: Flow) -> None:
    seen = list[int]()

    def work(node: Node, data: Data) -> None:
        seen.append(data["n"])
        if seen.count(data["n"]) < 3:
            raise ValueError("not yet")

    chain(flow, ("a", Node(emits(3))), ("b", retried(work, 2, 0.0)))
    over(flow.start("a"))
    assert sorted(seen) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_thousands_of_retries_do_not_overflow_the_delay(flow: Flow) -> None:
    chain(flow, ("a", retried(raises(ValueError("no"), times=1100), 2000, 0.0, 2.0)))
    job = over(flow.start("a"))
    assert len([event for _, event in names(job) if event == "retry"]) == 1100


@pytest.mark.parametrize("delay", [float("inf"), 1e300])
def test_a_delay_without_end_waits_for_a_cancel(flow: Flow, delay: float) -> None:
    chain(flow, ("a", retried(raises(ValueError("no"), times=1), 1, delay)))
    job = flow.start("a")
    eventually(lambda: ("a", "retry") in names(job))
    over_soon = retried(raises(ValueError("no"), times=1), 1, 0.01)
    flow.add_routine(over_soon, "b")
    over(flow.start("b"))  # the clock of retries still goes
    flow.cancel(job)
    assert job.status == "cancelled"


def test_a_negative_delay_is_none(flow: Flow) -> None:
    chain(flow, ("a", retried(raises(ValueError("no"), times=1), 1, -1.0)))
    over(flow.start("a"))


def test_a_sequential_execute_waits_for_its_retries(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    chain(flow, ("a", retried(raises(ValueError("no"), times=1), 1, 0.03)))
    before = time.monotonic()
    assert flow.execute("a").status == "completed"
    assert time.monotonic() - before >= 0.03


def test_a_retry_entry_has_its_due_time(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    before = time.time_ns()
    chain(flow, ("a", retried(raises(ValueError("no"), times=1), 4, 0.02)))
    over(flow.start("a"))
    (entry,) = diary.of_kind("retry")
    assert entry.routine_id == "a"
    expected = {"slot": "trigger", "attempt": 1, "max_retries": 4, "delay": 0.02, "error": "no"}
    assert entry.data.items() >= {**expected, "error_type": "ValueError"}.items()
    assert before + 0.02e9 <= entry.data["due_ns"] <= time.time_ns() + 0.02e9


def test_a_retry_is_recorded_before_anything_that_the_retried_handler_does(
    new_flow: FlowMaker, hasty_switches: None
) -> None:
    flow = new_flow("flow", "concurrent", max_workers=3)
    failed = set[int]()

    def work(node: Node, data: Data) -> None:
        if data["n"] not in failed:
            failed.add(data["n"])
            raise ValueError("once")
        node.emit("out", n=data["n"])

    chain(flow, ("a", Node(emits(60))), ("b", retried(work, 1, 0.0)))
    job = over(flow.start("a"))
    retries, emissions = 0, 0
    for routine_id, event in names(job):
        retries += event == "retry"
        emissions += (routine_id, event) == ("b", "out")
        assert retries >= emissions
    assert emissions == 60


def test_the_flow_returns_a_routines_retry_count(flow: Flow) -> None:
    flow.add_routine(retried(raises(ValueError("no"), times=2), 3, 0.0), "a")
    flow.add_routine(Node(), "plain")
    over(flow.start("a"))
    assert flow.get_routine_retry_count("a") == 2
    assert flow.get_routine_retry_count("plain") is None
    assert flow.get_routine_retry_count("unknown") is None


def test_a_cancelled_job_does_not_retry(flow: Flow) -> None:
    door = Door()
    calls = list[int]()
    chain(flow, ("a", retried(in_turn(lambda n, d: calls.append(1), door, raises(ValueError("no"))), 5, 0.0)))
    job = flow.start("a")
    door.wait_for()
    flow.cancel(job, wait=False)
    door.open()
    over(job, "cancelled")
    assert calls == [1]
    assert "retry" not in [event for _, event in names(job)]
