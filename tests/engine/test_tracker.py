"""The figures of a job: exact, of that job alone, and there from the first handler to the last."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest

from routilux import ErrorHandler, ExecutionTracker, Flow
from tests.engine.parts import (
    DEADLINE,
    Data,
    Door,
    FlowMaker,
    Node,
    assert_now,
    chain,
    emits,
    in_turn,
    over,
    pass_on,
    raises,
)

FIGURES = {
    "total_executions",
    "completed",
    "failed",
    "success_rate",
    "avg_execution_time",
    "min_execution_time",
    "max_execution_time",
}


def test_a_perfect_run_counts_every_handler_run_as_completed(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(4))), ("b", Node(pass_on)), ("c", Node()))
    job = over(flow.execute("a"))
    tracker = job.execution_tracker
    for routine_id, count in (("a", 1), ("b", 4), ("c", 4)):
        figures = tracker.get_routine_performance(routine_id)
        assert figures is not None
        assert set(figures) == FIGURES
        assert (figures["total_executions"], figures["completed"], figures["failed"]) == (count, count, 0)
        assert figures["success_rate"] == 1.0
        assert 0 <= figures["min_execution_time"] <= figures["avg_execution_time"] <= figures["max_execution_time"]
    assert tracker.get_routine_performance("unknown") is None
    whole = tracker.get_flow_performance()
    assert (whole["total_routines"], whole["total_events"]) == (3, 8)
    averages = [(tracker.get_routine_performance(each) or {})["avg_execution_time"] for each in "abc"]
    assert whole["total_execution_time"] == pytest.approx(sum(averages))
    assert whole["avg_routine_time"] == pytest.approx(sum(averages) / 3)


def test_failures_are_counted(flow: Flow) -> None:
    flow.set_error_handler(ErrorHandler("continue"))
    chain(flow, ("a", Node(emits(4))), ("b", Node(raises(ValueError, times=1))))
    figures = over(flow.execute("a")).execution_tracker.get_routine_performance("b")
    assert figures is not None
    assert (figures["total_executions"], figures["completed"], figures["failed"]) == (4, 3, 1)
    assert figures["success_rate"] == 0.75


def test_each_attempt_of_a_retried_activation_is_an_execution(flow: Flow) -> None:
    node = Node(raises(ValueError, times=2))
    node.set_error_handler(ErrorHandler("retry", 2, 0.0))
    chain(flow, ("a", node))
    figures = over(flow.start("a")).execution_tracker.get_routine_performance("a")
    assert figures is not None
    assert (figures["total_executions"], figures["completed"], figures["failed"]) == (3, 1, 2)


def test_times_are_those_of_the_handlers_in_seconds(flow: Flow) -> None:
    waits = iter([0.02, 0.0])
    lock = threading.Lock()

    def wait(node: Node, data: Data) -> None:
        with lock:
            seconds = next(waits)
        node.ctx.sleep(seconds)

    chain(flow, ("a", Node(emits(2))), ("b", Node(wait)))
    figures = over(flow.execute("a")).execution_tracker.get_routine_performance("b")
    assert figures is not None
    assert figures["max_execution_time"] >= 0.019
    assert figures["min_execution_time"] < figures["max_execution_time"]
    middle = (figures["min_execution_time"] + figures["max_execution_time"]) / 2
    assert figures["avg_execution_time"] == pytest.approx(middle)


def test_events_name_all_their_receivers_and_hold_their_payload(flow: Flow) -> None:
    flow.add_routine(Node(emits(1)), "a")
    for target in ("b", "c"):
        flow.add_routine(Node(), target)
        flow.connect("a", "out", target, "input")
    (event,) = over(flow.execute("a")).execution_tracker.event_flow
    assert event["source_routine_id"] == "a"
    assert event["event_name"] == "out"
    assert event["target_routine_id"] == "b"
    assert event["target_routine_ids"] == ["b", "c"]
    assert event["data"] == {"n": 0}
    assert_now(event["timestamp"])


def test_executions_are_listed_with_start_end_and_status(flow: Flow) -> None:
    flow.set_error_handler(ErrorHandler("continue"))
    flow.max_workers = 1
    chain(flow, ("a", Node(emits(2))), ("b", Node(raises(ValueError, times=1))))
    listed = over(flow.start("a", {"p": 1})).execution_tracker.routine_executions
    assert [row["params"] for row in listed["a"]] == [{"p": 1}]
    assert [row["status"] for row in listed["b"]] == ["failed", "completed"]
    for row in listed["a"] + listed["b"]:
        assert row["execution_time"] >= 0
        assert datetime.fromisoformat(row["start_time"]) <= datetime.fromisoformat(row["end_time"])


def test_every_job_has_a_tracker_of_its_own(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(in_turn(emits(2), door))), ("b", Node()))
    first = flow.start("a")
    door.wait_for()
    second = flow.start("a")
    door.wait_for()
    assert flow.execution_tracker is second.execution_tracker
    assert first.execution_tracker is not second.execution_tracker
    door.open()
    for job in (over(first), over(second)):
        figures = job.execution_tracker.get_routine_performance("b")
        assert figures is not None
        assert figures["completed"] == 2
        assert job.execution_tracker.get_flow_performance()["total_events"] == 2


def test_figures_can_be_read_while_the_job_runs(flow: Flow) -> None:
    door = Door()

    def work(node: Node, data: Data) -> None:
        if data["n"] == 3:
            door.enter()

    flow.max_workers = 1
    chain(flow, ("a", Node(emits(6))), ("b", Node(work)))
    job = flow.start("a")
    door.wait_for()
    figures = job.execution_tracker.get_routine_performance("b")
    assert figures is not None
    assert figures["completed"] == 3
    assert job.execution_tracker.get_flow_performance()["total_events"] == 6
    door.open()
    over(job)


def test_reading_figures_from_other_threads_all_the_time_disturbs_nothing(
    new_flow: FlowMaker, hasty_switches: None
) -> None:
    flow = new_flow("flow", "concurrent", max_workers=3)
    chain(flow, ("a", Node(emits(150))), ("b", Node(pass_on)), ("c", Node()))
    job = flow.start("a")
    seen = list[int]()

    def read() -> None:
        while job.status == "running":
            figures = job.execution_tracker.get_routine_performance("c")
            seen.append(figures["total_executions"] if figures else 0)
            len(job.execution_tracker.routine_executions)
            len(job.execution_tracker.event_flow)

    reading = threading.Thread(target=read)
    reading.start()
    over(job)
    reading.join(DEADLINE)
    assert seen == sorted(seen)
    figures = job.execution_tracker.get_routine_performance("c")
    assert figures is not None
    assert figures["completed"] == 150


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_an_empty_tracker_returns_zeros() -> None:
    tracker = ExecutionTracker("flow")
    assert tracker.flow_id == "flow"
    assert (tracker.routine_executions, tracker.event_flow, tracker.performance_metrics) == ({}, [], {})
    assert tracker.get_routine_performance("a") is None
    assert set(tracker.get_flow_performance().values()) == {0}
    assert set(tracker.get_flow_performance()) == {
        "total_routines",
        "total_events",
        "total_execution_time",
        "avg_routine_time",
    }


def test_starts_ends_and_events_can_be_recorded_by_hand() -> None:
    tracker = ExecutionTracker("flow")
    tracker.record_routine_end("never started")
    tracker.record_routine_start("a", {"x": 1})
    tracker.record_routine_end("a", result=5)
    tracker.record_routine_start("a")
    tracker.record_routine_end("a", "failed", error="no")
    tracker.record_routine_start("a")
    tracker.record_event("a", "out", "b", {"y": 2})
    first, second, third = tracker.routine_executions["a"]
    assert (first["routine_id"], first["params"], first["status"], first["result"]) == ("a", {"x": 1}, "completed", 5)
    assert first["execution_time"] >= 0
    assert (second["status"], second["error"]) == ("failed", "no")
    assert third["status"] == "running"
    assert "end_time" not in third
    (event,) = tracker.event_flow
    assert event["source_routine_id"] == "a"
    assert event["target_routine_id"] == "b"
    assert event["data"] == {"y": 2}
    figures = tracker.get_routine_performance("a")
    assert figures is not None
    assert (figures["total_executions"], figures["completed"], figures["failed"]) == (3, 1, 1)
    assert figures["success_rate"] == pytest.approx(1 / 3)
    assert "never started" not in tracker.routine_executions
