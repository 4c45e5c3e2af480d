"""A flow: its structure, its configuration, and what `execute` and `start` do."""

from __future__ import annotations

import threading
import uuid

import pytest

from routilux import Connection, ErrorHandler, Flow, JobState, Routine
from tests.engine.parts import (
    DEADLINE,
    Data,
    Door,
    FlowMaker,
    Node,
    chain,
    emits,
    in_turn,
    names,
    nothing,
    over,
    pass_on,
    raises,
)
from tests.waiting import eventually


def test_a_flow_has_documented_defaults() -> None:
    flow = Flow()
    assert str(uuid.UUID(flow.flow_id)) == flow.flow_id
    assert flow.routines == {}
    assert flow.connections == []
    assert (flow.execution_strategy, flow.max_workers, flow.execution_timeout) == ("sequential", 1, 300.0)
    assert flow.error_handler is None
    assert flow.execution_tracker is None
    assert repr(Flow("name")) == "Flow[name]"


def test_a_sequential_flow_has_one_worker_whatever_was_asked_for() -> None:
    assert Flow(max_workers=9).max_workers == 1
    assert Flow(execution_strategy="concurrent", max_workers=9).max_workers == 9
    assert Flow(execution_strategy="concurrent").max_workers == 5


def test_the_strategy_can_be_changed() -> None:
    flow = Flow()
    flow.set_execution_strategy("concurrent")
    assert (flow.execution_strategy, flow.max_workers) == ("concurrent", 5)
    flow.set_execution_strategy("concurrent", max_workers=3)
    assert flow.max_workers == 3
    flow.set_execution_strategy("sequential", max_workers=3)
    assert (flow.execution_strategy, flow.max_workers) == ("sequential", 1)
    with pytest.raises(ValueError, match=r"Invalid execution strategy.*'parallel'"):
        flow.set_execution_strategy("parallel")


def test_a_flow_holds_no_state_of_any_run(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    over(flow.execute("a"))
    with pytest.raises(AttributeError):
        flow.job_state  # type: ignore[attr-defined]  # noqa: B018


def test_routines_are_kept_under_their_ids_in_order_of_addition() -> None:
    flow, first, second = Flow(), Routine(), Routine()
    assert flow.add_routine(first, "z") == "z"
    generated = flow.add_routine(second)
    assert list(flow.routines.items()) == [("z", first), (generated, second)]
    with pytest.raises(ValueError, match="'z'"):
        flow.add_routine(Routine(), "z")


def test_connecting_names_the_missing_routine_or_port() -> None:
    flow = chain(Flow(), ("a", Node()), ("b", Node()))
    for args, missing in [
        (("x", "out", "b", "input"), "Source routine 'x'"),
        (("a", "x", "b", "input"), "event 'x'"),
        (("a", "out", "x", "input"), "Target routine 'x'"),
        (("a", "out", "b", "x"), "slot 'x'"),
    ]:
        with pytest.raises(ValueError, match=missing):
            flow.connect(*args)
    assert len(flow.connections) == 1


def test_a_connection_knows_its_ends_and_its_name() -> None:
    flow = chain(Flow(), ("a", Node()), ("b", Node()))
    first = flow.connections[0]
    second = flow.connect("a", "out", "b", "input", {"x": "y"})
    third = flow.connect("a", "out", "b", "trigger")
    assert isinstance(second, Connection)
    assert flow.connection_ends(first) == ("a", "out", "b", "input")
    assert [flow.connection_id(connection) for connection in (first, second, third)] == [
        "a.out->b.input",
        "a.out->b.input#2",
        "a.out->b.trigger",
    ]


def test_the_structure_version_grows_with_each_change() -> None:
    flow, node = Flow(), Node()
    versions = [flow.structure_version]

    def note() -> None:
        versions.append(flow.structure_version)

    flow.add_routine(node, "a")
    note()
    flow.add_routine(Node(), "b")
    note()
    flow.connect("a", "out", "b", "input")
    note()
    node.define_event("more")
    note()
    node.define_slot("other")
    note()
    assert versions == sorted(set(versions))
    note()
    assert versions[-1] == versions[-2]


def test_an_unknown_entry_raises(flow: Flow) -> None:
    for run in (flow.execute, flow.start):
        with pytest.raises(ValueError, match="'nowhere'"):
            run("nowhere")
    assert flow.live_jobs() == []


def test_an_unknown_strategy_raises_when_a_job_is_made() -> None:
    flow = chain(Flow(execution_strategy="bogus"), ("a", Node()))
    with pytest.raises(ValueError, match="Invalid execution strategy 'bogus'"):
        flow.execute("a")
    assert flow.execute("a", execution_strategy="sequential").status == "completed"
    with pytest.raises(ValueError, match="Invalid execution strategy"):
        flow.execute("a", execution_strategy="both")


def test_a_sequential_execute_runs_everything_in_the_calling_thread(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    threads = set[int]()

    def note(node: Node, data: Data) -> None:
        threads.add(threading.get_ident())
        pass_on(node, data)

    chain(flow, ("a", Node(in_turn(emits(3), note))), ("b", Node(note)), ("c", Node(note)))
    assert flow.execute("a").status == "completed"
    assert threads == {threading.get_ident()}


def test_a_concurrent_execute_runs_the_entry_here_and_the_rest_on_workers(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent")
    door, threads = Door(), list[int]()
    chain(
        flow,
        ("a", Node(in_turn(lambda node, data: threads.append(threading.get_ident()), emits(1)))),
        ("b", Node(in_turn(door, lambda node, data: threads.append(threading.get_ident())))),
    )
    job = flow.execute("a")
    assert job.status == "running"
    door.open()
    over(job)
    assert threads[0] == threading.get_ident() != threads[1]


def test_start_returns_at_once_and_runs_everything_elsewhere(flow: Flow) -> None:
    door, threads = Door(), list[int]()
    chain(flow, ("a", Node(in_turn(door, lambda node, data: threads.append(threading.get_ident())))))
    job = flow.start("a")
    door.wait_for()
    assert job.status == "running"
    door.open()
    over(job)
    assert threads[0] != threading.get_ident()


def test_the_status_becomes_final_by_itself(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(5))), ("b", Node(pass_on)), ("c", Node()))
    job = flow.start("a")
    eventually(lambda: job.status == "completed")


def test_a_job_knows_its_entry_parameters(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.execute("a", {"x": 1}))
    assert job.flow_id == flow.flow_id
    assert job.current_routine_id == job.entry_routine_id == "a"
    assert job.entry_params == {"x": 1}
    assert over(flow.execute("a")).entry_params == {}
    assert str(uuid.UUID(job.job_id)) == job.job_id


def test_activations_are_taken_in_the_order_they_were_queued(new_flow: FlowMaker) -> None:
    """Fair, not depth first: all of one generation before the next."""
    flow = new_flow("flow")
    order = list[str]()

    def note(node: Node, data: Data) -> None:
        order.append(f"{node.ctx.routine_id}{data['n']}")
        node.emit("out", n=data["n"])

    flow.add_routine(Node(emits(2)), "a")
    for routine_id in "bcd":
        flow.add_routine(Node(note), routine_id)
    for source, target in ("ab", "ac", "bd", "cd"):
        flow.connect(source, "out", target, "input")
    flow.execute("a")
    assert order == ["b0", "c0", "b1", "c1", "d0", "d0", "d1", "d1"]


def test_emit_never_runs_a_receiver_itself(flow: Flow) -> None:
    order = list[str]()
    flow.max_workers = 1
    chain(
        flow,
        ("a", Node(in_turn(emits(1), lambda node, data: order.append("emitted")))),
        ("b", Node(lambda node, data: order.append("received"))),
    )
    over(flow.start("a"))
    assert order == ["emitted", "received"]


def test_a_loop_runs_until_it_stops_emitting(flow: Flow) -> None:
    def count_down(node: Node, data: Data) -> None:
        if data["n"]:
            node.emit("out", n=data["n"] - 1)

    flow.add_routine(Node(count_down), "a")
    flow.connect("a", "out", "a", "input")
    job = over(flow.execute("a", {"n": 5_000}))
    assert len(job.execution_history) == 5_002


def test_a_strategy_given_for_one_job_leaves_the_flows_alone(flow: Flow) -> None:
    both = threading.Barrier(2)
    other = {"sequential": "concurrent", "concurrent": "sequential"}[flow.execution_strategy]
    chain(flow, ("a", Node(emits(2))), ("b", Node(lambda node, data: both.wait(DEADLINE))))
    before = (flow.execution_strategy, flow.max_workers)
    over(flow.execute("a", execution_strategy="concurrent"))  # two at once, or the barrier breaks
    assert (flow.execution_strategy, flow.max_workers) == before
    chain(flow, ("c", Node(emits(2))), ("d", Node()))
    assert over(flow.execute("c", execution_strategy=other)).status == "completed"
    assert (flow.execution_strategy, flow.max_workers) == before


def test_a_concurrent_flow_runs_as_many_handlers_at_once_as_it_has_workers(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=4)
    together = threading.Barrier(4)
    lock, now, most = threading.Lock(), [0], [0]

    def work(node: Node, data: Data) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        together.wait(DEADLINE)
        with lock:
            now[0] -= 1

    chain(flow, ("a", Node(emits(24))), ("b", Node(work)))
    over(flow.start("a"))
    assert most == [4]


@pytest.mark.parametrize("workers", [0, -1])
def test_a_concurrent_flow_has_at_least_one_worker(new_flow: FlowMaker, workers: int) -> None:
    flow = new_flow("flow", "concurrent", max_workers=workers)
    chain(flow, ("a", Node(emits(2))), ("b", Node()))
    over(flow.execute("a"))


def test_the_number_of_workers_may_change_between_jobs(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=1)
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    over(flow.execute("a"))
    flow.set_execution_strategy("concurrent", 3)
    together = threading.Barrier(3)
    b = flow.routines["b"]
    assert isinstance(b, Node)
    b.work = lambda node, data: together.wait(DEADLINE)
    over(flow.execute("a"))


def test_routines_that_ran_and_stored_nothing_are_completed(flow: Flow) -> None:
    flow.add_routine(Node(), "never")
    chain(
        flow,
        ("a", Node(emits(1))),
        ("b", Node(lambda node, data: node.ctx.job_state.update_routine_state("b", {"mine": 1}))),
    )
    flow.add_routine(Node(nothing), "c")
    flow.connect("a", "out", "c", "input")
    job = over(flow.execute("a"))
    assert job.routine_states == {"a": {"status": "completed"}, "b": {"mine": 1}, "c": {"status": "completed"}}


def test_the_entrys_state_keeps_its_handlers_values_and_gains_a_status(flow: Flow) -> None:
    def store(state: Data) -> Node:
        return Node(lambda node, data: node.ctx.job_state.update_routine_state(node.ctx.routine_id, state))

    flow.add_routine(store({"rows": 3}), "a")
    flow.add_routine(store({"status": "success"}), "b")
    assert over(flow.execute("a")).get_routine_state("a") == {"rows": 3, "status": "completed"}
    assert over(flow.execute("b")).get_routine_state("b") == {"status": "success"}


def test_a_job_whose_entry_fails_under_continue_completes_only_when_its_queue_is_empty(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=1)
    flow.set_error_handler(ErrorHandler("continue"))
    door, done = Door(), list[int]()
    chain(
        flow,
        ("a", Node(in_turn(emits(3), raises(ValueError("tolerated"))))),
        ("b", Node(in_turn(door, lambda node, data: done.append(data["n"])))),
    )
    job = flow.execute("a")
    door.wait_for()
    assert job.status == "running"
    door.open()
    over(job)
    assert done == [0, 1, 2]


def test_a_whole_run_in_one_picture(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    chain(flow, ("a", Node(emits(2))), ("b", Node(pass_on)), ("c", Node()))
    job: JobState = flow.execute("a", {"x": 1})
    assert (job.status, repr(job)) == ("completed", f"JobState[{job.job_id}:completed]")
    assert names(job) == [("a", "start"), ("a", "out"), ("a", "out"), ("b", "out"), ("b", "out"), ("a", "completed")]
    assert flow.execution_tracker is job.execution_tracker
