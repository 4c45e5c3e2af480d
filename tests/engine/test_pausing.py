"""Pausing: what runs finishes, what waits is kept, and nothing happens until the job is resumed."""

from __future__ import annotations

import threading

from routilux import ErrorHandler, Flow
from tests.engine.parts import DEADLINE, Data, Door, FlowMaker, Node, chain, emits, names, over, raises
from tests.waiting import eventually


def test_pausing_lets_the_running_handler_finish_and_keeps_the_queue(flow: Flow) -> None:
    door, got = Door(), list[int]()

    def work(node: Node, data: Data) -> None:
        if data["n"] == 0:
            door.enter()
        got.append(data["n"])

    flow.max_workers = 1
    chain(flow, ("a", Node(emits(5))), ("b", Node(work)))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, "look", {"row": 7}, by="ann", wait=False)
    assert job.status == "running"
    assert job.control.state == "draining"
    assert [handler.routine_id for handler in job.control.waiting_for] == ["b"]
    door.open()
    over(job, "paused")
    assert got == [0]
    assert job.control.state == "effective"
    assert (job.control.by, job.control.reason, job.control.kept) == ("ann", "look", 4)
    assert job.checkpoint == {"row": 7}
    assert flow.resume(job) is job
    over(job)
    assert sorted(got) == [0, 1, 2, 3, 4]


def test_pause_returns_when_the_job_is_paused(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)), ("b", Node()))
    job = flow.start("a")
    door.wait_for()
    pausing = threading.Thread(target=flow.pause, args=(job,))
    pausing.start()
    eventually(lambda: job.control.action == "pause")
    assert pausing.is_alive()
    door.open()
    pausing.join(DEADLINE)
    assert job.status == "paused"


def test_one_pause_makes_one_pause_point_with_all_that_is_known(flow: Flow) -> None:
    def stop(node: Node, data: Data) -> None:
        emits(3)(node, data)
        node.ctx.flow.pause(node.ctx.job_state, "enough", {"at": 3})

    flow.max_workers = 1
    chain(flow, ("a", Node(stop)), ("b", Node()))
    job = over(flow.start("a"), "paused")
    (point,) = job.pause_points
    assert point["reason"] == "enough"
    assert point["checkpoint"] == {"at": 3}
    assert point["current_routine_id"] == "a"
    assert point["pending_tasks_count"] == point["queue_size"] == 3
    assert point["active_tasks_count"] == 0
    assert isinstance(point["timestamp"], str)


def test_a_pause_without_checkpoint_has_an_empty_one(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.start("a"))
    assert job.checkpoint is None
    flow.pause(job)
    assert job.checkpoint == {}


def test_queued_activations_are_listed_while_the_job_is_paused(flow: Flow) -> None:
    def stop(node: Node, data: Data) -> None:
        node.emit("out", x=1)
        node.ctx.flow.pause(node.ctx.job_state)

    flow.max_workers = 1
    flow.add_routine(Node(stop), "a")
    flow.add_routine(Node(), "b")
    flow.connect("a", "out", "b", "input", {"x": "y"})
    job = over(flow.start("a"), "paused")
    (task,) = job.pending_tasks
    expected = {
        "slot_routine_id": "b",
        "slot_name": "input",
        "data": {"x": 1},
        "connection_source_routine_id": "a",
        "connection_source_event_name": "out",
        "connection_target_routine_id": "b",
        "connection_target_slot_name": "input",
        "param_mapping": {"x": "y"},
        "priority": 2,
        "retry_count": 0,
    }
    assert task.items() >= expected.items()
    assert {"max_retries", "created_at"} <= task.keys()
    flow.resume(job)
    over(job)
    assert job.pending_tasks == []


def test_a_handler_may_pause_its_own_job_and_is_not_made_to_wait_for_itself(flow: Flow) -> None:
    paused_at = list[str]()

    def stop(node: Node, data: Data) -> None:
        node.ctx.flow.pause(node.ctx.job_state)
        paused_at.append(node.ctx.job_state.status)
        node.emit("out")

    chain(flow, ("a", Node(stop)), ("b", Node()))
    job = over(flow.start("a"), "paused")
    assert paused_at == ["running"]
    assert len(job.pending_tasks) == 1
    flow.resume(job)
    over(job)


def test_pausing_a_paused_job_does_nothing(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.start("a"))
    flow.pause(job, "first")
    flow.pause(job, "second")
    assert [point["reason"] for point in job.pause_points] == ["first"]


def test_pausing_while_a_pause_is_draining_waits_for_the_same_pause(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, "first", wait=False)
    second = threading.Thread(target=flow.pause, args=(job, "second"))
    second.start()
    door.open()
    second.join(DEADLINE)
    assert job.status == "paused"
    assert [point["reason"] for point in job.pause_points] == ["first"]


def test_pauses_do_not_count_toward_the_time_limit(flow: Flow) -> None:
    def first(node: Node, data: Data) -> None:
        node.ctx.flow.pause(node.ctx.job_state)
        node.emit("out")

    chain(flow, ("a", Node(first)), ("b", Node()))
    job = over(flow.execute("a", timeout=0.4), "paused")
    assert not threading.Event().wait(0.5)  # longer than the limit
    assert job.status == "paused"
    flow.resume(job)
    over(job)


def test_a_paused_job_stays_still_when_a_worker_comes_free(new_flow: FlowMaker) -> None:
    door, got = Door(), list[str]()
    flow = new_flow("flow", "concurrent", max_workers=1)
    flow.add_routine(Node(door), "busy")
    flow.add_routine(Node(lambda node, data: got.append("ran")), "a")
    other = flow.start("busy")
    door.wait_for()
    job = flow.start("a")
    flow.pause(job)
    assert job.status == "paused"
    door.open()
    over(other)
    over(flow.start("busy"))  # the only worker has been through everything that was put before
    assert got == []
    assert job.status == "paused"
    assert len(job.pending_tasks) == 1
    flow.resume(job)
    over(job)
    assert got == ["ran"]


def test_a_retry_that_falls_due_while_the_job_is_paused_waits_for_the_resume(flow: Flow) -> None:
    calls = list[str]()

    def work(node: Node, data: Data) -> None:
        calls.append(node.ctx.routine_id)
        if calls.count(node.ctx.routine_id) == 1:
            if node.ctx.routine_id == "a":
                node.ctx.flow.pause(node.ctx.job_state)
            raise ValueError("once")

    for routine_id in ("a", "other"):
        node = Node(work)
        node.set_error_handler(ErrorHandler("retry", 1, 0.02))
        flow.add_routine(node, routine_id)
    job = over(flow.start("a"), "paused")
    records = len(job.execution_history)
    over(flow.start("other"))  # its retry fell due after that of the paused job
    assert calls.count("a") == 1
    assert job.status == "paused"
    assert len(job.execution_history) == records
    assert [task["retry_count"] for task in job.pending_tasks] == [1]
    flow.resume(job)
    over(job)
    assert calls.count("a") == 2


def test_a_retry_in_the_middle_of_its_delay_does_not_keep_a_job_from_pausing(flow: Flow) -> None:
    failing = Node(raises(ValueError("no")))
    failing.set_error_handler(ErrorHandler("retry", 1, retry_delay=60))
    chain(flow, ("a", failing))
    job = flow.start("a")
    eventually(lambda: ("a", "retry") in names(job))
    flow.pause(job)
    assert job.status == "paused"
    assert len(job.pending_tasks) == 1
    flow.resume(job)
    assert job.status == "running"
    flow.cancel(job)
    assert job.status == "cancelled"
