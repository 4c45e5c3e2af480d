"""Many workers, many jobs and many callers at once: nothing is lost, done twice or waited for in vain."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from contextlib import suppress

import pytest

from routilux import ErrorHandler, Flow, JobHook, JobState, JournalReader
from tests.engine.parts import (
    DEADLINE,
    Data,
    Door,
    FlowMaker,
    Node,
    chain,
    emits,
    in_threads,
    in_turn,
    names,
    over,
    pass_on,
    raises,
)
from tests.waiting import eventually


def test_every_activation_happens_exactly_once(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=6)
    got: Counter[tuple[str, int]] = Counter()
    lock = threading.Lock()

    def count(node: Node, data: Data) -> None:
        with lock:
            got[node.ctx.routine_id, data["n"]] += 1
        pass_on(node, data)

    flow.add_routine(Node(emits(60)), "a")
    for routine_id in "bcd":
        flow.add_routine(Node(count), routine_id)
    for source, target in ("ab", "ac", "bd", "cd"):
        flow.connect(source, "out", target, "input")
    job = over(flow.start("a"))
    assert got == Counter({(r, n): 1 + (r == "d") for r in "bcd" for n in range(60)})
    assert len(job.execution_history) == 2 + 60 + 60 * 2 + 120


def test_a_job_is_not_over_before_its_last_activation(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=4)
    done = itertools.count()
    chain(
        flow,
        ("a", Node(emits(6))),
        ("b", Node(pass_on)),
        ("c", Node(pass_on)),
        ("d", Node(lambda node, data: next(done))),
    )
    for turn in range(1, 41):
        over(flow.start("a"))
        assert next(done) == 7 * turn - 1


def test_many_jobs_started_at_once_all_end(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(3))), ("b", Node(pass_on)), ("c", Node()))
    jobs = [flow.start("a", {"n": n}) for n in range(60)]
    for job in jobs:
        over(job)
        assert len(job.execution_history) == 8
    eventually(lambda: flow.live_jobs() == [])


def test_handlers_that_wait_for_one_another_find_a_worker_each(new_flow: FlowMaker) -> None:
    """Work that was queued while threads came and went must not wait for a thread that waits for it."""
    flow = new_flow("flow", "concurrent", max_workers=5)
    together = threading.Barrier(5)
    flow.add_routine(Node(emits(5)), "a")
    flow.add_routine(Node(lambda node, data: together.wait(DEADLINE)), "b")
    flow.connect("a", "out", "b", "input")
    for _ in range(60):
        over(flow.start("a"))


def test_concurrent_executes_from_as_many_threads_are_as_many_jobs(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=2)
    jobs = list[JobState]()
    chain(flow, ("a", Node(emits(4))), ("b", Node(pass_on)), ("c", Node()))
    in_threads(*[lambda: jobs.append(over(flow.execute("a")))] * 8)
    assert len({job.job_id for job in jobs}) == 8
    assert {len(job.execution_history) for job in jobs} == {10}


def test_a_concurrent_execute_does_not_take_one_of_the_workers(new_flow: FlowMaker) -> None:
    """The entry's handler runs in the calling thread: with one worker, both run at once."""
    flow = new_flow("flow", "concurrent", max_workers=1)
    together = threading.Barrier(2)
    chain(
        flow,
        ("a", Node(in_turn(emits(1), lambda node, data: together.wait(DEADLINE)))),
        ("b", Node(lambda node, data: together.wait(DEADLINE))),
    )
    over(flow.execute("a"))


def test_cancelling_with_work_waiting_for_the_workers_does_not_deadlock(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=2)
    door = Door()
    chain(flow, ("a", Node(emits(50))), ("b", Node(door)))
    job = flow.start("a")
    door.wait_for(2)
    flow.cancel(job, wait=False)
    assert job.control.dropped == 48
    door.open()
    over(job, "cancelled")


def test_pausing_during_the_first_of_five_does_not_wait_for_the_other_four(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=1)
    doors = [Door() for _ in range(5)]
    chain(flow, ("a", Node(emits(5))), ("b", Node(lambda node, data: doors[data["n"]].enter())))
    job = flow.start("a")
    doors[0].wait_for()
    flow.pause(job, wait=False)
    doors[0].open()
    over(job, "paused")
    assert len(job.pending_tasks) == 4
    for door in doors:
        door.open()
    flow.resume(job)
    over(job)


def test_many_callers_may_pause_and_resume_one_job(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=3)
    got = list[int]()
    chain(flow, ("a", Node(emits(100))), ("b", Node(pass_on)), ("c", Node(lambda node, data: got.append(data["n"]))))
    job = flow.start("a")

    def control() -> None:
        for _ in range(10):
            flow.pause(job)
            flow.resume(job)

    in_threads(*[control] * 4)
    flow.resume(job)
    over(job)
    assert sorted(got) == list(range(100))


def test_many_handlers_may_cancel_their_job_at_once(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=4)
    together = threading.Barrier(4)

    def cancel(node: Node, data: Data) -> None:
        together.wait(DEADLINE)
        node.ctx.flow.cancel(node.ctx.job_state, f"by {data['n']}")

    chain(flow, ("a", Node(emits(10))), ("b", Node(cancel)))
    job = over(flow.start("a"), "cancelled")
    assert job.control.dropped == 6
    assert job.control.reason.startswith("by ")


def test_many_handlers_may_fail_at_once(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=4)
    together = threading.Barrier(4)
    chain(
        flow,
        ("a", Node(emits(10))),
        ("b", Node(in_turn(lambda node, data: together.wait(DEADLINE), raises(ValueError)))),
    )
    job = over(flow.start("a"), "failed")
    assert job.control.dropped == 6
    errors = [record for record in job.execution_history if record.kind == "error"]
    assert 1 <= len(errors) <= 4


def test_failing_and_cancelling_at_once_ends_in_one_of_them(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=2)
    chain(flow, ("a", Node(emits(4))), ("b", Node(raises(ValueError))))
    for _ in range(40):
        job = flow.start("a")
        try:
            flow.cancel(job)
        except ValueError:
            assert JobState.wait_for_completion(flow, job, DEADLINE)
            assert job.status == "failed"
        else:
            assert job.status == "cancelled"


@pytest.mark.parametrize("control", ["pause", "cancel"])
def test_a_control_at_the_very_beginning_is_never_lost(flow: Flow, control: str, hasty_switches: None) -> None:
    """The flow's live jobs are at hand before the first handler runs, so that is when this asks."""
    ended, runs = threading.Event(), list[str]()
    chain(
        flow,
        ("a", Node(in_turn(lambda node, data: runs.append(node.ctx.job_state.status), emits(2)))),
        ("b", Node(lambda node, data: runs.append(node.ctx.job_state.status))),
    )

    def ask() -> None:
        while not ended.is_set():
            for job in flow.live_jobs():
                if job.status in ("pending", "running"):
                    with suppress(ValueError):
                        getattr(flow, control)(job)

    asking = threading.Thread(target=ask)
    asking.start()
    jobs = [flow.execute("a") for _ in range(40)]
    for job in jobs:
        assert JobState.wait_for_completion(flow, job, DEADLINE)
    ended.set()
    asking.join(DEADLINE)
    assert not asking.is_alive()
    for job in jobs:
        assert job.status in {"completed", {"pause": "paused", "cancel": "cancelled"}[control]}
        if job.status == "paused":
            flow.resume(job)
            over(job)
    assert set(runs) <= {"running"}
    assert len(runs) == 120 or control == "cancel"


def test_retries_of_many_workers_are_all_done(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=4)
    tries: Counter[int] = Counter()
    lock = threading.Lock()

    def work(node: Node, data: Data) -> None:
        with lock:
            tries[data["n"]] += 1
            again = tries[data["n"]] < 3
        if again:
            raise ValueError("not yet")

    node = Node(work)
    node.set_error_handler(ErrorHandler("retry", 2, 0.0))
    chain(flow, ("a", Node(emits(40))), ("b", node))
    job = over(flow.start("a"))
    assert set(tries.values()) == {3}
    assert [event for _, event in names(job)].count("retry") == 80


def test_a_handler_may_run_and_wait_for_a_job_of_another_flow(new_flow: FlowMaker) -> None:
    inner = chain(new_flow("inner", "concurrent", max_workers=1), ("x", Node(emits(3))), ("y", Node()))
    outer = new_flow("outer", "concurrent", max_workers=1)
    jobs = list[JobState]()

    def nested(node: Node, data: Data) -> None:
        job = inner.execute("x")
        assert JobState.wait_for_completion(inner, job, DEADLINE)
        assert node.ctx.flow is outer
        jobs.append(job)

    chain(outer, ("a", Node(emits(3))), ("b", Node(nested)))
    over(outer.start("a"))
    assert [job.status for job in jobs] == ["completed"] * 3


def test_sequential_jobs_run_beside_one_another(new_flow: FlowMaker) -> None:
    """Sequential is within a job: two jobs do not wait for each other."""
    flow = new_flow("flow")
    together = threading.Barrier(2)
    chain(flow, ("a", Node(lambda node, data: together.wait(DEADLINE))))
    first, second = flow.start("a"), flow.start("a")
    over(first)
    over(second)


def test_a_sequential_job_never_runs_two_handlers_at_once_however_often_it_is_resumed(
    new_flow: FlowMaker, hasty_switches: None
) -> None:
    flow = new_flow("flow")
    running, most = list[int](), list[int]()

    def work(node: Node, data: Data) -> None:
        running.append(1)
        most.append(len(running))
        pass_on(node, data)
        running.pop()

    chain(flow, ("a", Node(emits(150))), ("b", Node(work)), ("c", Node(work)))
    job = flow.start("a")

    def control() -> None:
        for _ in range(15):
            flow.pause(job)
            flow.resume(job)

    in_threads(control, control)
    flow.resume(job)
    over(job)
    assert set(most) == {1}
    assert len(most) == 300


def test_a_handler_that_has_begun_is_running_or_has_ended_whenever_a_reader_looks(
    new_flow: FlowMaker, hasty_switches: None
) -> None:
    flow = new_flow("flow", "concurrent", max_workers=4)
    begun: list[int] = []
    readers: list[JournalReader] = []

    class Attached(JobHook):
        def job_started(self, job_state: JobState, reader: JournalReader) -> None:
            readers.append(reader)

    flow.add_hook(Attached())
    flow.add_routine(Node(emits(400)), "a")
    flow.add_routine(Node(lambda node, data: begun.append(1)), "b")
    flow.connect("a", "out", "b", "input")
    job = flow.start("a")
    ended = at_rest = 0
    while not at_rest:
        at_rest = job.status == "completed"
        before = len(begun)
        batch = readers[0].take()
        ended += sum(1 for run in batch.runs if readers[0].target(run[0]).routine_id == "b")
        running = [handler for handler in batch.running if handler.routine_id == "b"]
        assert before <= ended + len(running)
    assert ended == 400
    assert not readers[0].take().running
