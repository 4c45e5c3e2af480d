"""Bounds: what a flow with a `history_limit` keeps, and what it says of the rest."""

from __future__ import annotations

import pytest

from tests.engine.parts import Data, FlowMaker, Node, chain, emits, over


@pytest.mark.parametrize("limit", [0, 1, 7, 100])
def test_the_newest_records_are_kept_and_the_others_counted(new_flow: FlowMaker, strategy: str, limit: int) -> None:
    flow = new_flow("flow", strategy, history_limit=limit)
    chain(flow, ("a", Node(emits(1000))), ("b", Node()))
    job = over(flow.execute("a"))
    history = job.execution_history
    assert [record.seq for record in history] == list(range(1003 - limit, 1003))
    assert job.history_dropped == 1002 - limit
    page = job.read_history(0, 5000)
    assert (page.first, page.last, page.total) == (1003 - limit, 1002, 1002)
    assert len(page.records) == limit
    assert job.execution_tracker.get_flow_performance()["total_events"] == 1000


def test_a_job_shorter_than_the_limit_keeps_everything(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", history_limit=100)
    chain(flow, ("a", Node(emits(10))))
    job = flow.execute("a")
    assert len(job.execution_history) == 12
    assert job.history_dropped == 0


def test_without_a_limit_everything_is_kept(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    chain(flow, ("a", Node(emits(5000))))
    job = flow.execute("a")
    assert len(job.execution_history) == 5002
    assert job.history_dropped == 0


def test_records_made_by_hand_leave_too(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", history_limit=10)

    def work(node: Node, data: Data) -> None:
        for n in range(1000):
            node.ctx.job_state.record_execution("a", "row", {"n": n})

    chain(flow, ("a", Node(work)))
    job = flow.execute("a")
    assert [record.data.get("n") for record in job.execution_history[:-1]] == list(range(991, 1000))
    assert len(job._journal.records) < 200  # the memory is released, not only hidden


def test_the_shared_log_and_the_output_log_keep_the_same_limit(new_flow: FlowMaker, strategy: str) -> None:
    flow = new_flow("flow", strategy, history_limit=10)

    def work(node: Node, data: Data) -> None:
        node.ctx.job_state.append_to_shared_log({"n": data["n"]})
        node.send_output("row", n=data["n"])

    flow.max_workers = 1
    chain(flow, ("a", Node(emits(100))), ("b", Node(work)))
    job = over(flow.start("a"))
    assert [row["n"] for row in job.shared_log] == list(range(90, 100))
    assert [row["n"] for row in job.get_shared_log()] == list(range(90, 100))
    assert [row["data"]["n"] for row in job.output_log] == list(range(90, 100))
    assert job.shared_log_dropped == job.output_log_dropped == 90


def test_a_range_that_has_left_is_empty_and_says_where_the_history_begins(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", history_limit=10)
    chain(flow, ("a", Node(emits(1000))))
    job = flow.execute("a")
    page = job.read_history(after=100, limit=50)
    assert page.records == []
    assert page.first == 993
    assert [record.seq for record in job.read_history(after=990, limit=4).records] == [993, 994]


def test_the_trackers_raw_lists_are_bounded_and_its_figures_exact(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    chain(flow, ("a", Node(emits(12_000))), ("b", Node()))
    job = flow.execute("a")
    tracker = job.execution_tracker
    assert len(tracker.routine_executions["b"]) == 10_000
    assert len(tracker.event_flow) <= 10_000
    figures = tracker.get_routine_performance("b")
    assert figures is not None
    assert figures["total_executions"] == figures["completed"] == 12_000
    assert tracker.get_flow_performance()["total_events"] == 12_000
