"""Flows whose structure changes while their jobs run, and flows that end."""

from __future__ import annotations

import threading

import pytest

from routilux import Connection, Flow
from tests.engine.parts import DEADLINE, Data, Door, FlowMaker, Node, chain, emits, in_turn, over, pass_on, raises
from tests.waiting import eventually


def test_a_connection_made_between_jobs_holds_for_the_next(flow: Flow) -> None:
    got = list[Data]()
    flow.add_routine(Node(emits(1)), "a")
    over(flow.execute("a"))
    flow.add_routine(Node(lambda node, data: got.append(data)), "b")
    connection = flow.connect("a", "out", "b", "input")
    over(flow.execute("a"))
    assert len(got) == 1
    connection.disconnect()
    over(flow.execute("a"))
    assert len(got) == 1


def test_a_handler_that_rewires_its_flow_sees_each_change_at_its_next_emission(flow: Flow) -> None:
    got = list[tuple[str, int]]()

    def work(node: Node, data: Data) -> None:
        node.emit("out", n=0)
        for n, target in enumerate("bcd", 1):
            node.ctx.flow.connect("a", "out", target, "input")
            node.emit("out", n=n)

    flow.add_routine(Node(work), "a")
    for routine_id in "bcd":
        flow.add_routine(Node(lambda node, data: got.append((node.ctx.routine_id, data["n"]))), routine_id)
    over(flow.execute("a"))
    assert sorted(got) == [("b", 1), ("b", 2), ("b", 3), ("c", 2), ("c", 3), ("d", 3)]


def test_a_routine_that_gets_a_new_event_while_it_runs_can_emit_it(flow: Flow) -> None:
    got = list[Data]()

    def work(node: Node, data: Data) -> None:
        node.define_event("fresh")
        node.ctx.flow.connect("a", "fresh", "b", "input")
        node.emit("fresh", x=1)

    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: got.append(data))))
    over(flow.execute("a"))
    assert got == [{"x": 1}]


def test_a_new_handler_of_a_slot_is_the_one_that_is_called(flow: Flow) -> None:
    got = list[str]()
    chain(flow, ("a", Node(emits(1))), ("b", Node(lambda node, data: got.append("old"))))
    over(flow.execute("a"))
    slot = flow.routines["b"].get_slot("input")
    assert slot is not None
    slot.handler = lambda n: got.append(f"new {n}")
    over(flow.execute("a"))
    assert got == ["old", "new 0"]


def test_routines_added_while_jobs_run_are_found(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=2)
    chain(flow, ("a", Node(emits(200))), ("b", Node(pass_on)), ("c", Node()))
    job = flow.start("a")
    for n in range(50):
        flow.add_routine(Node(emits(3)), f"extra{n}")
        flow.connect(f"extra{n}", "out", "c", "input")
    over(job)
    job = over(flow.start("extra49"))
    assert len(job.execution_history) == 5


def test_a_large_flow_is_not_looked_through_for_each_event() -> None:
    looks = [0]

    class Counting(Flow):
        def connection_ends(self, connection: Connection) -> tuple[str, str, str, str]:
            looks[0] += 1
            return super().connection_ends(connection)

    flow = Counting()
    chain(flow, *((f"r{n}", Node(pass_on)) for n in range(500)))
    assert flow.execute("r0").status == "completed"
    assert looks[0] < 3 * len(flow.connections)
    assert flow.execute("r0").status == "completed"
    assert looks[0] < 3 * len(flow.connections)


def test_shutdown_lets_queued_work_finish(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=1)
    door, done = Door(), list[int]()
    chain(flow, ("a", Node(emits(5))), ("b", Node(in_turn(door, lambda node, data: done.append(data["n"])))))
    job = flow.start("a")
    door.wait_for()
    stopping = threading.Thread(target=flow.shutdown)
    stopping.start()
    door.open()
    stopping.join(DEADLINE)
    assert not stopping.is_alive()
    assert done == [0, 1, 2, 3, 4]
    assert job.status == "completed"


@pytest.mark.parametrize("options", [{"wait": False}, {"wait": True, "timeout": 0.05}])
def test_shutdown_without_waiting_cancels_running_jobs(flow: Flow, options: dict[str, object]) -> None:
    slept = list[bool]()
    started = Door()
    started.open()
    chain(flow, ("a", Node(in_turn(started, lambda node, data: slept.append(node.ctx.sleep(60))))))
    job = flow.start("a")
    started.wait_for()
    flow.shutdown(**options)  # type: ignore[arg-type]
    over(job, "cancelled")
    assert slept == [False]


def test_a_flow_that_was_shut_down_can_be_used_again(flow: Flow) -> None:
    got = list[int]()
    chain(flow, ("a", Node(emits(2))), ("b", Node(lambda node, data: got.append(data["n"]))))
    over(flow.execute("a"))
    flow.shutdown()
    flow.shutdown()
    job = over(flow.execute("a"))
    assert sorted(got) == [0, 0, 1, 1]
    assert len(job.execution_history) == 4


def test_shutdown_while_a_job_is_failing_does_no_harm(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=2)
    door = Door()
    flow.add_routine(Node(emits(1)), "a")
    flow.add_routine(Node(door), "slow")
    flow.add_routine(Node(in_turn(lambda node, data: door.wait_for(), raises(ValueError("no")))), "bad")
    for target in ("slow", "bad"):
        flow.connect("a", "out", target, "input")
    job = flow.start("a")
    eventually(lambda: job.control.state == "draining")
    flow.shutdown(wait=False)
    door.open()
    over(job, "failed")


def test_shutdown_leaves_a_paused_job_paused(flow: Flow) -> None:
    chain(flow, ("a", Node(lambda node, data: node.ctx.flow.pause(node.ctx.job_state))), ("b", Node()))
    job = over(flow.start("a"), "paused")
    flow.shutdown()
    assert job.status == "paused"
    flow.resume(job)
    over(job)
