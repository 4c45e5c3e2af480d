"""Pause, resume and cancel: what a job does when it is asked, and when it is asked at a bad moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from routilux import ErrorHandler, Flow, JobHook, JobState, JournalEntry, JournalReader
from tests.engine.parts import DEADLINE, Data, Diary, Door, Node, chain, emits, in_turn, names, over, raises
from tests.waiting import eventually

FlowMaker = Callable[..., Flow]


def control_rows(diary: Diary) -> list[tuple[str, str]]:
    return [(entry.data["action"], entry.data["state"]) for entry in diary.of_kind("control")]


class Moment(JobHook):
    """Calls `act(job_state)` in a thread of its own, and waits for it, when a job becomes `status`."""

    def __init__(self, status: str, act: Callable[[JobState], object]) -> None:
        self.status = status
        self.act = act

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        if self.status == job_state.status == "pending":
            self._do(job_state)

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        if entry.kind == "status" and entry.data["status"] == self.status:
            self._do(job_state)

    def _do(self, job_state: JobState) -> None:
        self.status = "once only"
        thread = threading.Thread(target=self.act, args=(job_state,))
        thread.start()
        thread.join(DEADLINE)
        assert not thread.is_alive()


# -- pausing ---------------------------------------------------------------------------------------------------------


def test_pausing_lets_the_running_handler_finish_and_keeps_what_waits(flow: Flow) -> None:
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


def test_what_waits_is_listed_while_the_job_is_paused(flow: Flow) -> None:
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


def test_a_completed_job_may_be_paused_resumed_and_cancelled(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node()))
    job = over(flow.execute("a"))
    flow.pause(job)
    assert job.status == "paused"
    assert job.pending_tasks == []
    assert flow.resume(job) is job
    over(job)
    assert names(job) == [("a", "start"), ("a", "completed")]
    flow.cancel(job, "no longer needed")
    assert job.status == "cancelled"
    assert job.routine_states["_cancellation"]["reason"] == "no longer needed"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_failed_or_cancelled_job_cannot_be_paused_or_resumed(flow: Flow, status: str) -> None:
    def end(node: Node, data: Data) -> None:
        if status == "failed":
            raise ValueError("no")
        node.ctx.flow.cancel(node.ctx.job_state)

    chain(flow, ("a", Node(end)))
    job = over(flow.start("a"), status)
    with pytest.raises(ValueError, match=status):
        flow.pause(job)
    with pytest.raises(ValueError, match=status):
        flow.resume(job)
    assert job.status == status
    assert job.pause_points == []


def test_cancelling_a_cancelled_job_does_nothing(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = flow.execute("a")
    over(job)
    flow.cancel(job, "first")
    flow.cancel(job, "second")
    assert job.routine_states["_cancellation"]["reason"] == "first"


def test_a_failed_job_cannot_be_cancelled(flow: Flow) -> None:
    chain(flow, ("a", Node(raises(ValueError("no")))))
    job = over(flow.start("a"), "failed")
    with pytest.raises(ValueError, match="failed"):
        flow.cancel(job)
    assert job.status == "failed"


@pytest.mark.parametrize("control", ["pause", "resume", "cancel"])
def test_a_job_is_controlled_by_its_own_flow_only(flow: Flow, new_flow: FlowMaker, control: str) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.execute("a"))
    with pytest.raises(ValueError, match="does not match"):
        getattr(new_flow("other"), control)(job)
    assert job.status == "completed"


def test_resuming_is_refused_when_the_current_routine_is_not_in_the_flow(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.execute("a"))
    flow.pause(job)
    job.current_routine_id = "gone"
    with pytest.raises(ValueError, match=r"'gone'.*not found in flow"):
        flow.resume(job)


def test_resuming_a_job_that_is_not_paused_changes_nothing(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    flow.resume(job)
    assert job.status == "running"
    door.open()
    over(job)
    flow.resume(job)
    assert job.status == "completed"
    assert control_rows(diary) == []


def test_a_resume_takes_a_pause_back_that_is_still_draining(flow: Flow) -> None:
    diary, door = Diary(), Door()
    flow.add_hook(diary)
    chain(flow, ("a", Node(in_turn(door, emits(3)))), ("b", Node()))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, wait=False)
    flow.resume(job)
    door.open()
    over(job)
    assert job.pause_points == []
    assert control_rows(diary) == [
        ("pause", "draining"),
        ("pause", "withdrawn"),
        ("resume", "requested"),
        ("resume", "effective"),
    ]


def test_resume_does_not_block(flow: Flow) -> None:
    door = Door()

    def first(node: Node, data: Data) -> None:
        node.ctx.flow.pause(node.ctx.job_state)
        node.emit("out")

    chain(flow, ("a", Node(first)), ("b", Node(door)))
    job = over(flow.execute("a"), "paused")
    flow.resume(job)
    door.wait_for()
    assert job.status == "running"
    door.open()
    over(job)


def test_control_entries_come_in_the_order_of_what_happened(flow: Flow) -> None:
    diary, door = Diary(), Door()
    flow.add_hook(diary)
    chain(flow, ("a", Node(door)), ("b", Node()))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, wait=False)
    door.open()
    over(job, "paused")
    flow.resume(job, by="bob", reason="go")
    over(job)
    flow.cancel(job)
    eventually(lambda: diary.told[-1][0] == "ended")
    told = [
        (entry.kind, *(str(entry.data[key]) for key in ("action", "state", "status") if key in entry.data))
        for entry in diary.take(job).entries
        if entry.kind in ("control", "status")
    ]
    assert [row for row in told if row != ("control", "cancel", "requested")] == [
        ("status", "running"),
        ("control", "pause", "draining"),
        ("status", "paused"),
        ("control", "pause", "effective"),
        ("control", "resume", "requested"),
        ("status", "running"),
        ("control", "resume", "effective"),
        ("status", "completed"),
        ("status", "cancelled"),
        ("control", "cancel", "effective"),
    ]
    resumed = [entry for entry in diary.of_kind("control") if entry.data["action"] == "resume"]
    assert {(entry.data["by"], entry.data["reason"]) for entry in resumed} == {("bob", "go")}


def test_an_undisturbed_job_has_no_control_entries(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    job = over(flow.start("a"))
    assert [entry.data["status"] for entry in diary.take(job).entries if entry.kind == "status"] == [
        "running",
        "completed",
    ]
    assert not [entry for entry in diary.take(job).entries if entry.kind == "control"]
    assert job.control.action is None


def test_pauses_do_not_count_toward_the_time_limit(flow: Flow) -> None:
    def first(node: Node, data: Data) -> None:
        node.ctx.flow.pause(node.ctx.job_state)
        node.emit("out")

    chain(flow, ("a", Node(first)), ("b", Node()))
    job = over(flow.execute("a", timeout=0.15), "paused")
    assert not threading.Event().wait(0.2)  # longer than the limit
    assert job.status == "paused"
    flow.resume(job)
    over(job)


def test_a_resumed_job_still_has_a_time_limit(flow: Flow) -> None:
    def first(node: Node, data: Data) -> None:
        node.ctx.flow.pause(node.ctx.job_state)
        node.emit("out")

    def long(node: Node, data: Data) -> None:
        node.ctx.cancelled.wait(DEADLINE)

    chain(flow, ("a", Node(first)), ("b", Node(long)))
    job = over(flow.execute("a", timeout=0.1), "paused")
    flow.resume(job)
    over(job, "failed")


# -- a paused job does nothing ---------------------------------------------------------------------------------------


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
            raise ValueError("once")

    for routine_id, delay in (("soon", 0.05), ("later", 0.1)):
        node = Node(work)
        node.set_error_handler(ErrorHandler("retry", 1, delay))
        flow.add_routine(node, routine_id)
    soon, later = flow.start("soon"), flow.start("later")
    eventually(lambda: set(calls) == {"soon", "later"})
    flow.pause(soon)
    records = len(soon.execution_history)
    over(later)
    assert calls.count("soon") == 1
    assert soon.status == "paused"
    assert len(soon.execution_history) == records
    assert [task["retry_count"] for task in soon.pending_tasks] == [1]
    flow.resume(soon)
    over(soon)
    assert calls.count("soon") == 2


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


# -- controls at the beginning ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["execute", "start"])
@pytest.mark.parametrize("status", ["pending", "running"])
def test_a_job_paused_before_its_first_handler_runs_nothing_until_resumed(flow: Flow, how: str, status: str) -> None:
    got = list[int]()
    flow.add_hook(Moment(status, lambda job: flow.pause(job, wait=False)))
    chain(flow, ("a", Node(emits(2))), ("b", Node(lambda node, data: got.append(data["n"]))))
    job: JobState = getattr(flow, how)("a")
    over(job, "paused")
    assert got == []
    assert names(job) == [("a", "start")]
    assert len(job.pending_tasks) == 1
    flow.resume(job)
    over(job)
    assert sorted(got) == [0, 1]


@pytest.mark.parametrize("how", ["execute", "start"])
@pytest.mark.parametrize("status", ["pending", "running"])
def test_a_job_cancelled_before_its_first_handler_runs_nothing(flow: Flow, how: str, status: str) -> None:
    got = list[int]()
    diary = Diary()
    flow.add_hook(diary)
    flow.add_hook(Moment(status, lambda job: flow.cancel(job, wait=False)))
    chain(flow, ("a", Node(lambda node, data: got.append(1))))
    job: JobState = getattr(flow, how)("a")
    over(job, "cancelled")
    assert got == []
    assert job.control.dropped == 1
    dropped = [entry.data["routines"] for entry in diary.take(job).entries if entry.kind == "dropped"]
    assert [row for row in dropped if row] == [{"a": 1}]


# -- cancelling ------------------------------------------------------------------------------------------------------


def test_cancelling_drops_what_waits_and_counts_it(flow: Flow) -> None:
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


def test_what_a_handler_emits_after_a_cancel_is_recorded_but_goes_nowhere(flow: Flow) -> None:
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
    assert control_rows(diary) == [("pause", "draining"), ("pause", "withdrawn")]
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


# -- deferred events -------------------------------------------------------------------------------------------------


def deferring(flow: Flow, got: list[Any]) -> None:
    """Routine `a` defers two events, emits one and pauses; `b` notes what arrives, and where it runs."""

    def stop(node: Node, data: Data) -> None:
        node.emit_deferred_event("out", n=1)
        node.emit_deferred_event("out", n=2)
        node.emit("out", n=3)
        node.ctx.flow.pause(node.ctx.job_state)

    def note(node: Node, data: Data) -> None:
        got.append((data["n"], node.ctx.routine_id, node.ctx.job_state.job_id))

    chain(flow, ("a", Node(stop)), ("b", Node(note)))


def test_deferred_events_are_emitted_on_resume_in_order_and_before_what_waited(flow: Flow) -> None:
    got = list[Any]()
    flow.max_workers = 1
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    assert [(row["routine_id"], row["event_name"], row["data"]) for row in job.deferred_events] == [
        ("a", "out", {"n": 1}),
        ("a", "out", {"n": 2}),
    ]
    assert got == []
    flow.resume(job)
    over(job)
    assert job.deferred_events == []
    assert got == [(n, "b", job.job_id) for n in (1, 2, 3)]
    assert names(job) == [("a", "start"), ("a", "out"), ("a", "out"), ("a", "out"), ("a", "completed")]


@pytest.mark.parametrize(
    "row",
    [
        {"routine_id": "gone", "event_name": "out", "data": {}},
        {"routine_id": "a", "event_name": "gone", "data": {}},
        {"routine_id": "a", "event_name": "out", "data": 5},
        {"routine_id": "a"},
    ],
)
def test_a_deferred_event_that_cannot_be_emitted_costs_a_warning_only(flow: Flow, row: Data) -> None:
    got = list[Any]()
    flow.max_workers = 1
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    job.deferred_events.insert(1, row)
    with pytest.warns(UserWarning, match="eferred"):
        flow.resume(job)
    over(job)
    assert [n for n, _, _ in got] == [1, 2, 3]


def test_a_warning_that_is_an_error_does_not_leave_the_resumed_job_half_way(flow: Flow) -> None:
    got = list[Any]()
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    job.deferred_events.insert(0, {"routine_id": "gone", "event_name": "out", "data": {}})
    with pytest.raises(UserWarning):  # as the filters of this test run make it
        flow.resume(job)
    over(job)
    assert sorted(n for n, _, _ in got) == [1, 2, 3]


def test_deferring_an_event_outside_a_handler_is_refused() -> None:
    with pytest.raises(RuntimeError, match="emit_deferred_event"):
        Node().emit_deferred_event("out")


def test_taking_a_pause_back_emits_the_deferred_events_and_goes_on(flow: Flow) -> None:
    """The running handler ends while the events are on their way: the job must not come to rest under them."""
    door, got = Door(), list[int]()

    class AtResume(JobHook):
        def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
            if entry.kind == "control" and entry.data["state"] == "withdrawn":
                door.open()
                JobState.wait_for_completion(flow, job_state, 0.1)

    def work(node: Node, data: Data) -> None:
        node.emit_deferred_event("out", n=1)
        door.enter()

    flow.add_hook(AtResume())
    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: got.append(data["n"]))))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, wait=False)
    flow.resume(job)
    over(job)
    assert got == [1]


@pytest.mark.parametrize("control", ["pause", "cancel"])
def test_a_control_that_comes_while_deferred_events_go_out_holds_for_them_too(flow: Flow, control: str) -> None:
    got = list[Any]()

    class AtResume(JobHook):
        armed = True

        def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
            if self.armed and entry.kind == "control" and entry.data["action"] == "resume":
                self.armed = False
                thread = threading.Thread(target=getattr(flow, control), args=(job_state,), kwargs={"wait": False})
                thread.start()
                thread.join(DEADLINE)

    flow.add_hook(AtResume())
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    flow.resume(job)
    over(job, {"pause": "paused", "cancel": "cancelled"}[control])
    assert got == []
    if control == "pause":
        assert sorted(task["data"]["n"] for task in job.pending_tasks) + [
            row["data"]["n"] for row in job.deferred_events
        ] in ([1, 2, 3], [3, 1, 2])
        flow.resume(job)
        over(job)
        assert sorted(n for n, _, _ in got) == [1, 2, 3]
    else:
        assert job.control.dropped >= 1
        assert job.control.kept == 0


# -- what the flow knows of its jobs ---------------------------------------------------------------------------------


def test_live_jobs_are_those_that_have_not_ended(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    assert flow.live_jobs() == []
    job = flow.start("a")
    door.wait_for()
    assert flow.live_jobs() == [job]
    flow.pause(job, wait=False)
    door.open()
    over(job, "paused")
    assert flow.live_jobs() == [job]
    flow.resume(job)
    over(job)
    eventually(lambda: flow.live_jobs() == [])


def test_a_job_that_ends_while_a_resume_is_still_telling_is_not_live_for_ever(flow: Flow) -> None:
    door = Door()

    class Slow(JobHook):
        def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
            if entry.kind == "control" and entry.data["state"] == "withdrawn":
                door.open()
                JobState.wait_for_completion(flow, job_state, 0.1)

    flow.add_hook(Slow())
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, wait=False)
    flow.resume(job)
    over(job)
    eventually(lambda: flow.live_jobs() == [])


def test_refusals_say_why_a_control_makes_no_sense(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    assert job.control.refusals == {"pause": None, "resume": "the job is running", "cancel": None}
    flow.pause(job, wait=False)
    assert job.control.refusals == {"pause": "the job is pausing", "resume": None, "cancel": None}
    door.open()
    over(job, "paused")
    assert job.control.refusals == {"pause": "the job is paused", "resume": None, "cancel": None}
    flow.cancel(job)
    assert set(job.control.refusals.values()) == {"the job has ended: cancelled"}


def test_a_retried_activation_is_put_back_only_once_however_often_the_job_is_paused(flow: Flow) -> None:
    calls = list[int]()

    def work(node: Node, data: Data) -> None:
        calls.append(1)
        if len(calls) == 1:
            node.ctx.flow.pause(node.ctx.job_state)
            raise ValueError("once")

    node = Node(work)
    node.set_error_handler(ErrorHandler("retry", 1, 0.0))
    chain(flow, ("a", node))
    job = over(flow.start("a"), "paused")
    assert len(job.pending_tasks) == 1
    for _ in range(3):
        flow.resume(job)
        JobState.wait_for_completion(flow, job, DEADLINE)
        if job.status == "completed":
            break
        flow.pause(job)
    over(job)
    assert calls == [1, 1]


def test_a_detached_job_state_cannot_be_controlled(flow: Flow) -> None:
    loose = JobState(flow.flow_id)
    for control in (flow.pause, flow.resume, flow.cancel):
        with pytest.raises(ValueError, match=loose.job_id):
            control(loose)
    assert loose.control.refusals["pause"] == "the job has not started"
