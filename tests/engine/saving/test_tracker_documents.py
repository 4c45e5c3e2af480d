"""What a tracker knows survives being saved, alone and with its job."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from routilux import ErrorHandler, ExecutionTracker, Flow, JobState
from tests.engine.parts import Node, assert_now, chain, emits, in_turn, over, pass_on, raises

FlowMaker = Callable[..., Flow]


def again(tracker: ExecutionTracker) -> ExecutionTracker:
    other = ExecutionTracker()
    other.deserialize(json.loads(json.dumps(tracker.serialize())))
    return other


def figures(tracker: ExecutionTracker) -> tuple[Any, Any]:
    return tracker.get_routine_performances(), tracker.get_flow_performance()


def test_a_tracker_has_the_documented_keys_and_comes_back_the_same() -> None:
    tracker = ExecutionTracker("f")
    tracker.record_routine_start("a", {"x": 1})
    tracker.record_routine_end("a", result={"y": [2]})
    tracker.record_routine_start("a")
    tracker.record_routine_end("a", "failed", error="it broke")
    tracker.record_routine_start("b")
    tracker.record_event("a", "out", "b", {"z": 3})
    tracker.performance_metrics["mine"] = 4
    plain = tracker.serialize()
    assert {"_type", "flow_id", "routine_executions", "event_flow", "performance_metrics"} <= set(plain)
    assert plain["_type"] == "ExecutionTracker"
    other = again(tracker)
    assert other.serialize() == json.loads(json.dumps(plain)) == again(other).serialize()
    assert figures(other) == figures(tracker)
    assert [row["status"] for row in other.routine_executions["a"]] == ["completed", "failed"]
    assert (other.flow_id, other.performance_metrics) == ("f", {"mine": 4})


def test_a_loaded_tracker_keeps_counting() -> None:
    tracker = ExecutionTracker("f")
    tracker.record_routine_start("a")
    tracker.record_routine_end("a")
    other = again(again(tracker))
    other.record_routine_start("a")
    other.record_routine_end("a", "failed")
    found = other.get_routine_performance("a")
    assert found is not None
    assert (found["total_executions"], found["completed"], found["failed"]) == (2, 1, 1)


def test_executions_of_documents_without_totals_are_added_up() -> None:
    rows = [
        {"routine_id": "a", "start_time": "2025-01-01T10:00:00", "params": {}, "status": "running"},
        {"routine_id": "a", "start_time": "2025-01-01T10:00:01", "status": "completed", "execution_time": 0.25},
        {"routine_id": "a", "start_time": "2025-01-01T10:00:02", "status": "failed", "execution_time": 0.75},
    ]
    event = {"timestamp": "2025-01-01T10:00:01", "source_routine_id": "a", "event_name": "out", "data": {}}
    tracker = ExecutionTracker()
    tracker.deserialize(
        {"_type": "ExecutionTracker", "flow_id": "f", "routine_executions": {"a": rows}, "event_flow": [event]}
    )
    found = tracker.get_routine_performance("a")
    assert found is not None
    assert (found["total_executions"], found["completed"], found["failed"]) == (3, 1, 1)
    assert (found["min_execution_time"], found["avg_execution_time"], found["max_execution_time"]) == (0.25, 0.5, 0.75)
    assert tracker.get_flow_performance()["total_events"] == 1


def test_the_tracker_of_a_job_can_be_saved_with_times_that_say_their_offset(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    tracker = over(flow.execute("a")).execution_tracker
    plain = tracker.serialize()
    for row in [*plain["routine_executions"]["b"], *plain["event_flow"]]:
        time = row.get("timestamp") or row["end_time"]
        assert_now(time)
        assert time.endswith("+00:00")
    assert figures(again(tracker)) == figures(tracker)


def test_the_figures_of_a_resumed_job_continue(new_flow: FlowMaker, strategy: str) -> None:
    """Including records that were trimmed from the history."""

    def made() -> Flow:
        flow = new_flow("f", strategy, history_limit=5)
        flow.set_error_handler(ErrorHandler("continue"))
        nodes = [("a", Node(in_turn(emits(20), pause_here))), ("b", Node(pass_on)), ("c", Node(raises(ValueError)))]
        return chain(flow, *nodes)

    job = over(made().start("a"), "paused")
    moved = JobState()
    moved.deserialize(json.loads(json.dumps(job.serialize())))
    assert figures(moved.execution_tracker) == figures(job.execution_tracker)
    over(made().resume(moved))
    performances = moved.execution_tracker.get_routine_performances()
    counts = {
        key: (found["total_executions"], found["completed"], found["failed"]) for key, found in performances.items()
    }
    assert counts == {"a": (1, 1, 0), "b": (20, 20, 0), "c": (20, 0, 20)}
    assert moved.execution_tracker.get_flow_performance()["total_events"] == 40


def pause_here(node: Node, data: dict[str, Any]) -> None:
    node.ctx.flow.pause(node.ctx.job_state)


def run_of(seconds: Any) -> dict[str, Any]:
    return {"routine_executions": {"a": [{"execution_time": seconds}]}}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"_type": "Tracker"}, "tracker._type"),
        ({"flow_id": 5}, "tracker.flow_id"),
        ({"routine_executions": {"a": 5}}, "tracker.routine_executions.a"),
        ({"routine_executions": {"a": [5]}}, "tracker.routine_executions.a[0]"),
        ({"routine_executions": {"a": [{"execution_time": "x"}]}}, "tracker.routine_executions['a'][0].execution_time"),
        (
            {"routine_executions": {"a": [{"execution_time": 1e999}]}},
            "tracker.routine_executions['a'][0].execution_time",
        ),
        ({"event_flow": {}}, "tracker.event_flow"),
        ({"figures": {"a": {"started": -1}}}, "tracker.figures['a'].started"),
        ({"figures": {"a": {"started": 1, "completed": {"count": 10**30}}}}, "tracker.figures['a'].completed.count"),
        ({"total_events": None}, "tracker.total_events"),
    ],
)
def test_an_invalid_tracker_is_rejected_with_the_path(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match="^" + place.replace("[", r"\[").replace("]", r"\]").replace(".", r"\.") + ":"):
        ExecutionTracker().deserialize({**ExecutionTracker("f").serialize(), **change})
