"""A step of a paused job: one activation runs, what it emits waits, and the job is paused again."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from routilux import ErrorHandler, Flow, JobState, carry
from tests.engine.parts import (
    DEADLINE,
    Data,
    Diary,
    Door,
    FlowMaker,
    Node,
    chain,
    emits,
    in_threads,
    in_turn,
    names,
    nothing,
    over,
    pass_on,
    raises,
)  # fmt: skip


def pause_self(node: Node, data: Data) -> None:
    node.ctx.flow.pause(node.ctx.job_state, "to look", {"mine": 1})


def stepped(flow: Flow, job: JobState) -> JobState:
    """Take a step and wait for it."""
    flow.step(job)
    return over(job, "paused")


def paused_with_three(flow: Flow, got: list[int]) -> JobState:
    """A paused job with `n` = 0, 1, 2 waiting for `b`, which passes them on to `c`; both note what they get."""

    def b(node: Node, data: Data) -> None:
        got.append(data["n"])
        node.emit("out", n=data["n"] + 10)

    chain(flow, ("a", Node(in_turn(pause_self, emits(3)))), ("b", Node(b)), ("c", Node(lambda _, data: note(data))))

    def note(data: Data) -> None:
        got.append(data["n"])

    return over(flow.start("a"), "paused")


def test_a_step_runs_the_first_queued_activation_and_queues_its_emissions(flow: Flow) -> None:
    got = list[int]()
    job = paused_with_three(flow, got)
    flow.step(job)
    over(job, "paused")
    assert got == [0]
    assert [(task["slot_routine_id"], task["data"]["n"]) for task in job.pending_tasks] == [
        ("b", 1),
        ("b", 2),
        ("c", 10),
    ]
    for _ in range(5):
        assert job.control.refusals["step"] is None
        stepped(flow, job)
    assert got == [0, 1, 2, 10, 11, 12]
    assert job.control.refusals["step"] == "nothing waits; resume the job to complete it"
    with pytest.raises(ValueError, match=f"{job.job_id}.*nothing waits"):
        flow.step(job)
    assert job.status == "paused"
    flow.resume(job)
    over(job)
    assert names(job)[-1] == ("a", "completed")


def test_a_stepped_job_continues_when_resumed(flow: Flow) -> None:
    got = list[int]()
    job = paused_with_three(flow, got)
    stepped(flow, job)
    flow.resume(job)
    over(job)
    assert sorted(got) == [0, 1, 2, 10, 11, 12]


def test_hooks_receive_each_step_and_the_control_shows_its_phase(flow: Flow) -> None:
    diary, door = Diary(), Door()
    chain(flow, ("a", Node(in_turn(pause_self, emits(2)))), ("b", Node(door)))
    flow.add_hook(diary)
    job = over(flow.start("a"), "paused")
    flow.step(job, reason="one more", by="ann")
    assert job.status == "running"
    door.wait_for()
    control = job.control
    assert (control.action, control.state, control.by, control.reason) == ("step", "draining", "ann", "one more")
    assert [handler.routine_id for handler in control.waiting_for] == ["b"]
    assert control.refusals == {"pause": None, "resume": None, "step": "a step is in progress", "cancel": None}
    with pytest.raises(ValueError, match="a step is in progress"):
        flow.step(job)
    door.open()
    over(job, "paused")
    assert (job.control.action, job.control.state, job.control.kept) == ("step", "effective", 1)
    assert diary.controls()[-2:] == [("step", "requested"), ("step", "effective")]
    assert [entry.data["status"] for entry in diary.of_kind("status")] == ["running", "paused", "running", "paused"]
    assert ("ended", job.job_id) not in diary.told


def test_a_step_keeps_the_pause_points_and_the_checkpoint(flow: Flow) -> None:
    job = paused_with_three(flow, [])
    stepped(flow, job)
    assert len(job.pause_points) == 1
    assert job.checkpoint == {"mine": 1}


def test_a_step_is_refused_unless_the_job_is_paused(flow: Flow, new_flow: FlowMaker) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    with pytest.raises(ValueError, match="the job is running; pause it first"):
        flow.step(job)
    flow.pause(job, wait=False)
    with pytest.raises(ValueError, match="the job is pausing"):
        flow.step(job)
    door.open()
    over(job, "paused")
    flow.cancel(job)
    with pytest.raises(ValueError, match="the job has ended: cancelled"):
        flow.step(job)
    with pytest.raises(ValueError, match="does not match"):
        new_flow("other").step(job)


def test_of_many_who_ask_at_once_one_takes_the_step(flow: Flow) -> None:
    door = Door()
    refused = list[str]()
    chain(flow, ("a", Node(in_turn(pause_self, emits(5)))), ("b", Node(door)))
    job = over(flow.start("a"), "paused")

    def ask() -> None:
        try:
            flow.step(job)
        except ValueError as error:
            refused.append(str(error))

    in_threads(*[ask] * 6)
    door.wait_for()
    door.open()
    over(job, "paused")
    assert len(refused) == 5
    assert len(job.pending_tasks) == 4


@pytest.mark.usefixtures("hasty_switches")
def test_steps_of_many_threads_run_each_activation_once(flow: Flow) -> None:
    got, steps = list[int](), itertools.count()
    chain(flow, ("a", Node(in_turn(pause_self, emits(40)))), ("b", Node(lambda _, data: got.append(data["n"]))))
    job = over(flow.start("a"), "paused")

    def ask() -> None:
        while not (job.control.refusals["step"] or "").startswith("nothing waits"):
            try:
                flow.step(job)
                next(steps)
            except ValueError:
                JobState.wait_for_completion(flow, job, DEADLINE)

    in_threads(*[ask] * 4)
    over(job, "paused")
    assert got == list(range(40))
    assert next(steps) == 40


def test_a_resume_during_a_step_continues_the_job(flow: Flow) -> None:
    diary, door = Diary(), Door()
    flow.add_hook(diary)
    chain(flow, ("a", Node(in_turn(pause_self, emits(3)))), ("b", Node(door)))
    job = over(flow.start("a"), "paused")
    flow.step(job)
    door.wait_for()
    assert flow.resume(job) is job
    door.open()
    over(job)
    assert diary.controls()[-3:] == [("step", "withdrawn"), ("resume", "requested"), ("resume", "effective")]


def test_a_pause_in_the_midst_of_a_step_is_a_pause_of_its_own(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(in_turn(pause_self, emits(2)))), ("b", Node(door)))
    job = over(flow.start("a"), "paused")
    flow.step(job)
    door.wait_for()
    flow.pause(job, "stop here", wait=False)
    door.open()
    over(job, "paused")
    assert [point["reason"] for point in job.pause_points] == ["to look", "stop here"]
    assert job.control.action == "pause"


def test_a_cancel_in_the_midst_of_a_step_ends_the_job(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(in_turn(pause_self, emits(3)))), ("b", Node(door)))
    job = over(flow.start("a"), "paused")
    flow.step(job)
    door.wait_for()
    flow.cancel(job, wait=False)
    door.open()
    over(job, "cancelled")
    assert job.control.dropped == 2


def test_an_error_in_a_step_fails_the_job(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(in_turn(pause_self, emits(3)))), ("b", Node(raises(ValueError("no")))))
    job = over(flow.start("a"), "paused")
    flow.step(job)
    over(job, "failed")
    assert job.routine_states["b"]["error"] == "no"
    assert diary.controls()[-1] == ("step", "withdrawn")


def test_a_step_does_not_wait_for_the_delay_of_a_retry(flow: Flow) -> None:
    got = list[int]()
    node = Node(in_turn(lambda _, data: got.append(1), raises(ValueError("once"), 1)))
    node.set_error_handler(ErrorHandler("retry", 3, 3600.0))
    chain(flow, ("a", Node(in_turn(pause_self, emits(1)))), ("b", node))
    job = over(flow.start("a"), "paused")
    stepped(flow, job)
    assert [task["retry_count"] for task in job.pending_tasks] == [1]
    stepped(flow, job)
    assert got == [1, 1]
    assert job.pending_tasks == []
    flow.resume(job)
    over(job)


def test_deferred_events_go_out_before_the_step_and_one_of_them_runs(flow: Flow) -> None:
    got = list[int]()

    def ask(node: Node, data: Data) -> None:
        for n in (7, 8):
            node.emit_deferred_event("out", n=n)
        pause_self(node, data)

    chain(flow, ("a", Node(ask)), ("b", Node(lambda _, data: got.append(data["n"]))))
    job = over(flow.start("a"), "paused")
    assert job.pending_tasks == []
    stepped(flow, job)
    assert got == [7]
    assert job.deferred_events == []
    assert [task["data"] for task in job.pending_tasks] == [{"n": 8}]
    stepped(flow, job)
    assert got == [7, 8]


def test_a_deferred_event_without_receivers_makes_an_empty_step(flow: Flow) -> None:
    flow.add_routine(Node(in_turn(lambda node, _: node.emit_deferred_event("out"), pause_self)), "a")
    job = over(flow.start("a"), "paused")
    stepped(flow, job)
    assert names(job) == [("a", "start"), ("a", "out")]
    flow.resume(job)
    over(job)


def test_a_deferred_event_that_is_unknown_is_warned_of(flow: Flow) -> None:
    job = paused_with_three(flow, [])
    job.add_deferred_event("nobody", "out", {})
    with pytest.warns(UserWarning, match=r"nobody\.out was not emitted") as warned:
        flow.step(job)
    assert warned[0].filename == __file__
    over(job, "paused")
    assert len(job.pending_tasks) == 3


def test_a_handler_suspended_at_a_checkpoint_runs_to_its_end(flow: Flow) -> None:
    begun, said = threading.Event(), list[str]()

    def work(node: Node, data: Data) -> None:
        begun.set()
        while node.ctx.job_state.control.action != "pause":
            node.ctx.sleep(0.001)
        node.ctx.checkpoint()
        said.append("on")
        node.ctx.checkpoint()  # a step is no pause: this one is passed
        said.append("end")

    flow.max_workers = 1
    chain(flow, ("a", Node(emits(2))), ("b", Node(work)))
    job = flow.start("a")
    assert begun.wait(DEADLINE)
    flow.pause(job)
    assert said == []
    stepped(flow, job)
    assert said == ["on", "end"]
    assert len(job.pending_tasks) == 1
    flow.step(job)
    flow.pause(job)
    over(job, "paused")
    flow.resume(job)
    over(job)
    assert said == ["on", "end"] * 2


def test_a_step_resumes_one_of_several_suspended_handlers(new_flow: FlowMaker) -> None:
    door, said = Door(), list[int]()

    def work(node: Node, data: Data) -> None:
        door.enter()
        node.ctx.checkpoint()
        said.append(data["n"])

    flow = chain(new_flow("flow", "concurrent", max_workers=3), ("a", Node(emits(3))), ("b", Node(work)))
    job = flow.start("a")
    door.wait_for(3)
    flow.pause(job, wait=False)
    door.open()
    over(job, "paused")
    assert said == []
    stepped(flow, job)
    assert len(said) == 1
    stepped(flow, job)
    assert len(said) == 2
    flow.cancel(job)
    over(job, "cancelled")
    assert len(said) == 2


def test_a_step_ends_only_after_its_handlers_carried_functions(flow: Flow) -> None:
    go_on, threads = threading.Event(), list[threading.Thread]()

    def work(node: Node, data: Data) -> None:
        def later() -> None:
            assert go_on.wait(DEADLINE)
            node.emit("out", n=data["n"])

        threads.append(threading.Thread(target=carry(later)))
        threads[-1].start()

    chain(flow, ("a", Node(in_turn(pause_self, emits(2)))), ("b", Node(work)), ("c", Node()))
    job = over(flow.start("a"), "paused")
    flow.step(job)
    assert not JobState.wait_for_completion(flow, job, 0.05)
    go_on.set()
    over(job, "paused")
    threads[0].join(DEADLINE)
    assert [task["slot_routine_id"] for task in job.pending_tasks] == ["b", "c"]
    flow.resume(job)
    over(job)
    threads[1].join(DEADLINE)


def test_a_saved_job_takes_steps_elsewhere(flow: Flow, new_flow: FlowMaker, tmp_path: Path) -> None:
    job = paused_with_three(flow, [])
    stepped(flow, job)
    job.save(tmp_path / "job.json")
    loaded = JobState.load(tmp_path / "job.json")
    assert loaded.control.refusals["step"] is None
    got = list[int]()
    other = chain(
        new_flow("flow", flow.execution_strategy),
        ("a", Node(nothing)),
        ("b", Node(in_turn(lambda _, data: got.append(data["n"]), pass_on))),
        ("c", Node(lambda _, data: got.append(data["n"]))),
    )
    stepped(other, loaded)
    assert got == [1]
    assert len(loaded.pending_tasks) == 3
    other.resume(loaded)
    over(loaded)
    assert sorted(got) == [1, 1, 2, 2, 10]


def test_the_time_limit_runs_during_a_step_only(flow: Flow) -> None:
    def work(node: Node, data: Data) -> None:
        node.ctx.sleep(60)

    chain(flow, ("a", Node(in_turn(pause_self, emits(1)))), ("b", Node(work)))
    job = over(flow.start("a", timeout=0.3), "paused")
    flow.step(job)
    over(job, "failed")


def test_a_handler_may_ask_for_no_step_of_its_own_job(flow: Flow) -> None:
    said = list[str]()

    def ask(node: Node, data: Data) -> None:
        try:
            node.ctx.flow.step(node.ctx.job_state)
        except ValueError as error:
            said.append(str(error))

    chain(flow, ("a", Node(ask)))
    over(flow.start("a"))
    assert said[0].endswith("the job is running; pause it first")
