"""Cancelling discards and counts the queue, sets the stop event, and settles once running handlers return."""

from __future__ import annotations

import threading

import pytest

from routilux import Flow
from tests.engine.parts import DEADLINE, Data, Diary, Door, FlowMaker, Node, chain, emits, in_turn, names, over, raises
from tests.waiting import eventually


def test_cancelling_discards_and_counts_queued_activations(flow: Flow) -> None:
    diary, door, got = Diary(), Door(), list[int]()
    flow.add_hook(diary)
    flow.max_workers = 1

    def work(node: Node, data: Data) -> None:
        door.enter()
        got.append(data["n"])

    chain(flow, ("a", Node(emits(5))), ("b", Node(work)))
    job = flow.start("a")
    door.wait_for()
    flow.cancel(job, "enough", by="ann", wait=False)
    assert job.status == "running"
    assert (job.control.action, job.control.state) == ("cancel", "draining")
    door.open()
    over(job, "cancelled")
    assert got == [0]
    assert job.control.dropped == 4
    dropped = [entry.data["routines"] for entry in diary.of_kind("dropped")]
    assert dropped == [{"b": 4}]


def test_a_handler_that_holds_the_data_lock_sees_a_cancel_at_once(flow: Flow) -> None:
    inside, seen = threading.Event(), list[bool]()

    def long(node: Node, data: Data) -> None:
        with node.ctx.job_state.edit_shared_data("rows", default=0) as rows:
            inside.set()
            seen.append(node.ctx.sleep(DEADLINE))
            rows.value += 1

    chain(flow, ("a", Node(long)))
    job = flow.start("a")
    assert inside.wait(DEADLINE)
    flow.pause(job, wait=False)
    assert job.control.action == "pause"
    flow.cancel(job)
    assert seen == [False]
    over(job, "cancelled")
    assert job.get_shared_data("rows") == 1


def test_cancelling_settles_when_the_running_handlers_have_returned(flow: Flow) -> None:
    seen = list[bool]()

    def long(node: Node, data: Data) -> None:
        seen.append(node.ctx.sleep(60))

    chain(flow, ("a", Node(long)))
    job = flow.start("a")
    eventually(lambda: job.control.waiting_for or flow.live_jobs()[0]._running_handlers())
    flow.cancel(job)
    assert job.status == "cancelled"
    assert seen == [False]


def test_emissions_after_a_cancel_are_recorded_but_not_delivered(flow: Flow) -> None:
    got = list[Data]()

    def work(node: Node, data: Data) -> None:
        node.emit("out", n=1)
        node.ctx.flow.cancel(node.ctx.job_state)
        node.emit("out", n=2)

    diary = Diary()
    flow.add_hook(diary)
    flow.max_workers = 1
    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: got.append(data))))
    job = flow.start("a", execution_strategy="sequential")
    over(job, "cancelled")
    assert got == []
    assert [record.data for record in job.execution_history if record.event_name == "out"] == [{"n": 1}, {"n": 2}]
    reader = diary.readers[job.job_id]
    assert [reader.source(row[0]).target_ids for row in reader.take().records] == [(), ("b",), ()]


def test_an_error_of_a_handler_after_a_cancel_leaves_the_job_cancelled(flow: Flow) -> None:
    def work(node: Node, data: Data) -> None:
        node.ctx.flow.cancel(node.ctx.job_state)
        raise ValueError("stopped in the middle")

    chain(flow, ("a", Node(work)))
    job = over(flow.start("a"), "cancelled")
    assert "error" not in [event for _, event in names(job)]


def test_a_paused_job_can_be_cancelled(flow: Flow) -> None:
    def stop(node: Node, data: Data) -> None:
        emits(3)(node, data)
        node.ctx.flow.pause(node.ctx.job_state)

    flow.max_workers = 1
    chain(flow, ("a", Node(stop)), ("b", Node()))
    job = over(flow.start("a"), "paused")
    flow.cancel(job, "changed my mind")
    assert job.status == "cancelled"
    assert job.control.dropped == 3
    assert job.pending_tasks == []


def test_a_cancel_overtakes_a_pause_that_is_draining(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    pausing = threading.Thread(target=flow.pause, args=(job,))
    pausing.start()
    eventually(lambda: job.control.action == "pause")
    flow.cancel(job, wait=False)
    with pytest.raises(ValueError, match="ending"):
        flow.pause(job)
    door.open()
    over(job, "cancelled")
    pausing.join(DEADLINE)
    assert not pausing.is_alive()
    assert job.pause_points == []


def test_a_job_that_is_failing_cannot_be_paused_or_cancelled(new_flow: FlowMaker) -> None:
    door = Door()
    flow = new_flow("flow", "concurrent", max_workers=2)
    flow.add_routine(Node(emits(1), events=("out", "bad")), "a")
    flow.add_routine(Node(door), "slow")
    flow.add_routine(Node(in_turn(lambda node, data: door.wait_for(), raises(ValueError("no")))), "bad")
    flow.connect("a", "out", "slow", "input")
    flow.connect("a", "out", "bad", "input")
    job = flow.start("a")
    eventually(lambda: ("bad", "error") in names(job))
    eventually(lambda: job.control.state == "draining")
    assert all(job.control.refusals.values())
    with pytest.raises(ValueError, match="cannot be paused"):
        flow.pause(job)
    with pytest.raises(ValueError, match="cannot be cancelled"):
        flow.cancel(job)
    door.open()
    over(job, "failed")


def test_a_pause_that_a_failure_overtook_is_withdrawn(flow: Flow) -> None:
    diary, door = Diary(), Door()
    flow.add_hook(diary)
    chain(flow, ("a", Node(in_turn(door, raises(ValueError("no"))))))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, wait=False)
    door.open()
    over(job, "failed")
    assert diary.controls() == [("pause", "draining"), ("pause", "withdrawn")]
    assert job.control.action is None


def test_a_cancelled_job_does_not_wait_for_other_jobs_to_leave_the_workers(new_flow: FlowMaker) -> None:
    begin, door = Door(), Door()
    flow = new_flow("flow", "concurrent", max_workers=1)

    def count(node: Node, data: Data) -> None:
        if data["n"] == 62:  # with the entry's, the last of a worker's fair share
            node.ctx.flow.cancel(node.ctx.job_state, wait=False)

    chain(flow, ("a", Node(in_turn(begin, emits(200)))), ("b", Node(count)))
    flow.add_routine(Node(door), "busy")
    job = flow.start("a")
    begin.wait_for()
    other = flow.start("busy")
    begin.open()
    door.wait_for()
    over(job, "cancelled")
    door.open()
    over(other)


def test_a_job_that_is_done_does_not_wait_for_other_jobs_to_leave_the_workers(new_flow: FlowMaker) -> None:
    begin, door = Door(), Door()
    flow = new_flow("flow", "concurrent", max_workers=1)
    chain(flow, ("a", Node(in_turn(begin, emits(63)))), ("b", Node()))
    flow.add_routine(Node(door), "busy")
    job = flow.start("a")
    begin.wait_for()
    other = flow.start("busy")
    begin.open()
    door.wait_for()
    over(job)
    door.open()
    over(other)


def test_cancelled_is_false_before_a_cancel_and_true_after_it(flow: Flow) -> None:
    door, seen = Door(), list[bool]()

    def work(node: Node, data: Data) -> None:
        seen.append(bool(node.ctx.cancelled))
        door.enter()
        assert node.ctx.cancelled.wait(DEADLINE)
        seen.append(bool(node.ctx.cancelled))

    chain(flow, ("a", Node(work)))
    job = flow.start("a")
    door.wait_for()
    assert not job.cancelled
    door.open()
    flow.cancel(job)
    over(job, "cancelled")
    assert seen == [False, True]
    assert job.cancelled
    assert isinstance(job.cancelled, threading.Event)


def test_a_job_that_has_failed_is_cancelled_for_its_handlers(flow: Flow) -> None:
    chain(flow, ("a", Node(raises(ValueError("no")))))
    assert over(flow.execute("a"), "failed").cancelled


def test_a_job_that_has_completed_is_not_cancelled(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    assert not over(flow.execute("a")).cancelled
