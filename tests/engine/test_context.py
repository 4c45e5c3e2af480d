"""The execution context: where it is there, what it says, and where it is not."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from routilux import ErrorHandler, ExecutionContext, Flow, JobState, Routine
from routilux.routine import ExecutionContext as SameContext
from tests.engine.parts import DEADLINE, Data, Door, FlowMaker, Node, chain, emits, in_turn, over, pass_on, raises


def test_every_handler_has_its_flow_job_and_routine(flow: Flow) -> None:
    seen = list[tuple[Flow, JobState, str]]()

    def note(node: Node, data: Data) -> None:
        here, job, routine_id = node.ctx
        seen.append((here, job, routine_id))
        pass_on(node, data)

    chain(flow, ("a", Node(note)), ("b", Node(note)), ("c", Node(note)))
    job = over(flow.execute("a"))
    assert seen == [(flow, job, "a"), (flow, job, "b"), (flow, job, "c")]


def test_the_context_is_a_named_tuple_of_three(flow: Flow) -> None:
    contexts = list[ExecutionContext]()
    chain(flow, ("a", Node(lambda node, data: contexts.append(node.ctx))))
    job = over(flow.execute("a"))
    (context,) = contexts
    assert isinstance(context, tuple)
    assert len(context) == 3
    assert (context.flow, context.job_state, context.routine_id) == (flow, job, "a")
    assert SameContext is ExecutionContext


def test_there_is_no_context_outside_a_handler(flow: Flow) -> None:
    node = Node()
    assert node.get_execution_context() is None
    chain(flow, ("a", node))
    over(flow.execute("a"))
    assert node.get_execution_context() is None
    with pytest.raises(RuntimeError, match="send_output"):
        node.send_output("x")


def test_a_thread_that_a_handler_starts_has_no_context(flow: Flow) -> None:
    seen = list[Any]()

    def work(node: Node, data: Data) -> None:
        thread = threading.Thread(target=lambda: seen.append(node.get_execution_context()))
        thread.start()
        thread.join(DEADLINE)

    chain(flow, ("a", Node(work)))
    over(flow.execute("a"))
    assert seen == [None]


def test_a_routine_that_is_twice_in_a_flow_knows_which_one_it_is(flow: Flow) -> None:
    seen = list[str]()
    twin = Node(in_turn(lambda node, data: seen.append(node.ctx.routine_id), pass_on))
    flow.add_routine(Node(emits(1)), "a")
    flow.add_routine(twin, "left")
    flow.add_routine(twin, "right")
    flow.add_routine(Node(lambda node, data: seen.append("after right")), "b")
    flow.connect("a", "out", "left", "input")
    flow.connect("a", "out", "right", "input")
    flow.connect("right", "out", "b", "input")
    job = over(flow.execute("a"))
    assert sorted(seen) == ["after right", "left", "right"]
    assert [record.routine_id for record in job.execution_history].count("left") == 1
    assert [record.routine_id for record in job.execution_history].count("right") == 1


def test_the_context_comes_back_after_a_nested_execute(flow: Flow, new_flow: FlowMaker) -> None:
    inner = chain(new_flow("inner"), ("x", Node(emits(2))), ("y", Node()))
    seen = list[str]()

    def work(node: Node, data: Data) -> None:
        before = node.ctx
        nested = inner.execute("x")
        assert nested.status == "completed"
        assert node.ctx == before
        node.emit("out", inner=nested.job_id)
        node.send_output("done")

    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: seen.append(data["inner"]))))
    job = over(flow.execute("a"))
    assert len(seen) == 1
    assert seen[0] != job.job_id
    assert [row["routine_id"] for row in job.output_log] == ["a"]


def test_a_nested_execute_of_the_same_flow_is_a_job_of_its_own(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    jobs = list[JobState]()

    def work(node: Node, data: Data) -> None:
        jobs.append(node.ctx.job_state)
        if data["depth"]:
            node.ctx.flow.execute("a", {"depth": data["depth"] - 1})
        assert node.ctx.job_state is jobs[2 - data["depth"]]
        node.emit("out", depth=data["depth"])

    chain(flow, ("a", Node(work)), ("b", Node()))
    flow.execute("a", {"depth": 2})
    assert [job.status for job in jobs] == ["completed"] * 3
    assert [[record.data.get("depth") for record in job.execution_history[:2]] for job in jobs] == [
        [2, 2],
        [1, 1],
        [0, 0],
    ]


def test_a_nested_execute_that_fails_leaves_the_outer_handler_running(flow: Flow, new_flow: FlowMaker) -> None:
    inner = chain(new_flow("inner"), ("x", Node(raises(ValueError("inner")))))
    chain(flow, ("a", Node(in_turn(lambda node, data: inner.execute("x"), emits(1)))), ("b", Node()))
    over(flow.execute("a"))


def test_retried_calls_have_a_context_too(flow: Flow) -> None:
    seen = list[str]()

    def work(node: Node, data: Data) -> None:
        seen.append(node.ctx.routine_id)
        if len(seen) == 1:
            raise ValueError("once")
        node.send_output("kind", x=1)

    node = Node(work)
    node.set_error_handler(ErrorHandler("retry", 1, 0.0))
    chain(flow, ("a", node))
    job = over(flow.start("a"))
    assert seen == ["a", "a"]
    assert len(job.output_log) == 1


def test_cancelled_is_an_event_that_is_set_when_the_job_is_to_stop(flow: Flow) -> None:
    door, seen = Door(), list[bool]()

    def work(node: Node, data: Data) -> None:
        seen.append(node.ctx.cancelled.is_set())
        door.enter()
        seen.append(node.ctx.cancelled.wait(DEADLINE))

    chain(flow, ("a", Node(work)))
    job = flow.start("a")
    door.wait_for()
    flow.cancel(job, wait=False)
    door.open()
    over(job, "cancelled")
    assert seen == [False, True]


def test_sleep_sleeps_to_its_end_or_until_the_job_is_cancelled(flow: Flow) -> None:
    slept = list[bool]()
    door = Door()

    def work(node: Node, data: Data) -> None:
        slept.append(node.ctx.sleep(0.01))
        door.enter()
        slept.append(node.ctx.sleep(float("inf")))

    chain(flow, ("a", Node(work)))
    job = flow.start("a")
    door.wait_for()
    door.open()
    before = time.monotonic()
    flow.cancel(job)
    assert job.status == "cancelled"
    assert slept == [True, False]
    assert time.monotonic() - before < 5


def test_one_routine_in_two_flows_emits_into_the_flow_that_runs_it(new_flow: FlowMaker, strategy: str) -> None:
    shared = Node(pass_on)
    got = list[tuple[str, str]]()
    flows = [new_flow(name, strategy) for name in ("one", "two")]
    for flow in flows:
        flow.add_routine(shared, f"shared in {flow.flow_id}")
        flow.add_routine(Node(lambda node, data: got.append((node.ctx.flow.flow_id, data["x"]))), "sink")
        flow.connect(f"shared in {flow.flow_id}", "out", "sink", "input")
    barrier = threading.Barrier(2)
    shared.work = in_turn(lambda node, data: barrier.wait(DEADLINE), pass_on)
    jobs = [flow.start(f"shared in {flow.flow_id}", {"x": flow.flow_id}) for flow in flows]
    for job in jobs:
        over(job)
        assert [record.routine_id for record in job.execution_history][1] == f"shared in {job.flow_id}"
    assert sorted(got) == [("one", "one"), ("two", "two")]


def test_a_helper_routine_outside_the_flow_calls_its_receivers_directly(flow: Flow) -> None:
    got = list[Data]()
    helper, sink = Node(), Node(lambda node, data: got.append(data))
    event, slot = helper.get_event("out"), sink.get_slot("input")
    assert event is not None
    assert slot is not None
    event.connect(slot)

    def work(node: Node, data: Data) -> None:
        helper.emit("out", x=1)
        assert got == [{"x": 1}]

    chain(flow, ("a", Node(work)))
    over(flow.execute("a"))


def test_routines_that_belong_to_no_flow_have_no_context() -> None:
    assert Routine().get_execution_context() is None
