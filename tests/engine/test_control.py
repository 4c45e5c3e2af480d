"""Which controls a job accepts in each status, and how `control` and the hooks report them."""

from __future__ import annotations

import pytest

from routilux import ErrorHandler, Flow, JobHook, JobState, JournalEntry
from tests.engine.parts import DEADLINE, Data, Diary, Door, FlowMaker, Node, chain, emits, in_turn, names, over, raises
from tests.waiting import eventually


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
    assert diary.controls() == []


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
    assert diary.controls() == [
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


def test_control_entries_are_in_chronological_order(flow: Flow) -> None:
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


def test_a_resumed_job_still_has_a_time_limit(flow: Flow) -> None:
    def first(node: Node, data: Data) -> None:
        node.ctx.flow.pause(node.ctx.job_state)
        node.emit("out")

    def long(node: Node, data: Data) -> None:
        node.ctx.cancelled.wait(DEADLINE)

    chain(flow, ("a", Node(first)), ("b", Node(long)))
    job = over(flow.execute("a", timeout=0.3), "paused")
    flow.resume(job)
    over(job, "failed")


def test_refusals_say_why_a_control_makes_no_sense(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    running = "the job is running"
    assert job.control.refusals == {
        "pause": None,
        "resume": running,
        "step": f"{running}; pause it first",
        "cancel": None,
    }
    flow.pause(job, wait=False)
    pausing = "the job is pausing"
    assert job.control.refusals == {"pause": pausing, "resume": None, "step": pausing, "cancel": None}
    door.open()
    over(job, "paused")
    assert job.control.refusals["pause"] == "the job is paused"
    assert job.control.refusals["resume"] is job.control.refusals["cancel"] is None
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
