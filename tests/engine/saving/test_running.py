"""A job saved while running continues where it is loaded; handlers that were running start again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import ErrorHandler, Flow, JobState, carry
from tests.engine.parts import DEADLINE, Data, Door, Node, chain, emits, in_turn, names, nothing, over, raises
from tests.engine.saving.fuzzing import examples
from tests.engine.saving.moving import at_rest, copied, loaded
from tests.engine.saving.plans import Plan, plans
from tests.waiting import eventually

FlowMaker = Callable[..., Flow]


def noting(got: list[int]) -> Node:
    return Node(lambda _, data: got.append(data["n"]))


def saved_at_work(flow: Flow, path: Path) -> JobState:
    """A job loaded from a file that `b` has written when it got the second of five, with what follows waiting."""

    def save_second(node: Node, data: Data) -> None:
        if data["n"] == 1:
            node.ctx.job_state.save(path)

    flow.max_workers = 1
    chain(flow, ("a", Node(emits(5))), ("b", Node(save_second)))
    over(flow.start("a"))
    return JobState.load(path)


def test_resume_continues_queued_activations_and_restarts_running_ones(
    flow: Flow, new_flow: FlowMaker, tmp_path: Path
) -> None:
    job = saved_at_work(flow, tmp_path / "job.json")
    assert job.status == "running"
    assert [task["data"]["n"] for task in job.pending_tasks] == [1, 2, 3, 4]
    assert job.control.refusals["resume"] is None
    got = list[int]()
    other = chain(new_flow("flow", flow.execution_strategy), ("a", Node(nothing)), ("b", noting(got)))
    assert other.resume(job) is job
    over(job)
    assert sorted(got) == [1, 2, 3, 4]
    assert names(job) == [("a", "start"), *[("a", "out")] * 5, ("a", "completed")]
    assert other.resume(job).status == "completed"


@pytest.mark.parametrize("how", ["completion", "condition", "flow"])
def test_waiting_for_a_restored_job_resumes_it(flow: Flow, new_flow: FlowMaker, tmp_path: Path, how: str) -> None:
    job = saved_at_work(flow, tmp_path / "job.json")
    got = list[int]()
    other = chain(new_flow("flow"), ("a", Node(nothing)), ("b", noting(got)))
    if how == "completion":
        assert JobState.wait_for_completion(other, job, DEADLINE)
    elif how == "condition":
        assert JobState.wait_until_condition(other, job, lambda _, job: job.status == "completed", DEADLINE)
    else:
        with pytest.warns(DeprecationWarning, match="wait_for_completion"):
            assert other.wait_for_completion(DEADLINE, job)
    assert job.status == "completed"
    assert got == [1, 2, 3, 4]


def test_waiting_for_it_on_a_flow_that_cannot_resume_it_says_why(
    flow: Flow, new_flow: FlowMaker, tmp_path: Path
) -> None:
    job = saved_at_work(flow, tmp_path / "job.json")
    with pytest.raises(ValueError, match="does not match 'other'"):
        JobState.wait_for_completion(new_flow("other"), job, DEADLINE)
    with pytest.raises(ValueError, match="it has no routine 'b'"):
        JobState.wait_for_completion(chain(new_flow("flow"), ("a", Node())), job, DEADLINE)


def test_a_restored_job_can_be_paused_stepped_and_cancelled(flow: Flow, new_flow: FlowMaker, tmp_path: Path) -> None:
    job = saved_at_work(flow, tmp_path / "job.json")
    got = list[int]()
    other = chain(new_flow("flow", flow.execution_strategy), ("a", Node(nothing)), ("b", noting(got)))
    with pytest.raises(ValueError, match="pause it first"):
        other.step(job)
    assert job.control.refusals["resume"] is None
    other.pause(job)
    assert job.status == "paused"
    other.step(job)
    over(job, "paused")
    assert got == [1]
    other.cancel(job)
    assert job.status == "cancelled"
    assert job.control.dropped == 3


def test_a_job_with_nothing_left_to_do_completes(new_flow: FlowMaker) -> None:
    """As the description of waiting has it; also when it was made by hand."""
    job = JobState("flow")
    job.status = "running"
    assert JobState.wait_for_completion(new_flow("flow"), job, DEADLINE)
    assert job.status == "completed"


def test_a_job_saved_while_failing_fails(new_flow: FlowMaker) -> None:
    job = JobState("flow")
    job.status = "running"
    job.update_routine_state("a", {"status": "failed"})
    assert JobState.wait_for_completion(new_flow("flow"), job, DEADLINE)
    assert job.status == "failed"


def test_a_job_that_a_flow_runs_is_left_alone_by_resume_and_by_waiting(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    flow.resume(job)
    assert not JobState.wait_for_completion(flow, job, 0.01)
    door.open()
    over(job)
    assert names(job) == [("a", "start"), ("a", "completed")]


def test_the_entry_is_in_the_file_from_the_first_moment_on(flow: Flow, tmp_path: Path) -> None:
    door = Door()
    chain(flow, ("a", Node(in_turn(door, emits(1)))), ("b", Node()))
    job = flow.start("a", {"x": 1})
    door.wait_for()
    saved = loaded(job, tmp_path, "file")
    (task,) = saved.pending_tasks
    assert (task["slot_routine_id"], task["data"], task["is_entry"]) == ("a", {"x": 1}, True)
    door.open()
    over(job)
    over(flow.resume(saved))
    assert names(saved) == names(job) == [("a", "start"), ("a", "out"), ("a", "completed")]


def test_a_pending_retry_is_saved_once(flow: Flow, tmp_path: Path) -> None:
    node = Node(raises(ValueError("once"), 1))
    node.set_error_handler(ErrorHandler("retry", 1, 3600.0))
    chain(flow, ("a", Node(emits(1))), ("b", node))
    job = flow.start("a")
    eventually(lambda: any(record.kind == "retry" for record in job.execution_history))
    saved = loaded(job, tmp_path, "file")
    assert saved.status == "running"
    assert [task["retry_count"] for task in saved.pending_tasks] == [1]
    flow.cancel(job)


def test_a_job_saved_by_a_carried_function_includes_its_queue(flow: Flow, tmp_path: Path) -> None:
    threads = list[threading.Thread]()

    def work(node: Node, data: Data) -> None:
        job = node.ctx.job_state

        def save() -> None:
            job.save(tmp_path / "job.json")

        threads.append(threading.Thread(target=carry(save)))
        threads[-1].start()

    chain(flow, ("a", Node(work)))
    over(flow.start("a"))
    threads[0].join(DEADLINE)
    assert JobState.load(tmp_path / "job.json").status == "running"


@pytest.mark.parametrize("nested", [False, True])
def test_a_pending_carried_function_is_saved(flow: Flow, tmp_path: Path, nested: bool) -> None:
    door = Door()
    got = list[int]()

    def work(node: Node, data: Data) -> None:
        def send() -> None:
            door.enter()
            node.emit("out", n=data["n"])

        def begin() -> None:
            threading.Thread(target=carry(send)).start()

        if nested:
            threading.Thread(target=carry(begin)).start()
        else:
            begin()

    chain(flow, ("a", Node(work)), ("b", noting(got)))
    job = flow.start("a", {"n": 7})
    door.wait_for()
    eventually(lambda: job.execution_tracker.get_flow_performance()["total_execution_time"] > 0)  # `a` has returned
    saved = loaded(job, tmp_path, "file")
    assert [task["data"] for task in saved.pending_tasks] == [{"n": 7}]
    door.open()
    over(job)
    assert got == [7]
    over(flow.resume(saved))
    assert got == [7, 7]


def test_a_handler_and_its_carried_function_are_saved_once(flow: Flow, tmp_path: Path) -> None:
    door = Door()

    def work(node: Node, data: Data) -> None:
        for _ in range(3):
            threading.Thread(target=carry(door.enter)).start()
        door.enter()

    chain(flow, ("a", Node(work)))
    job = flow.start("a", {"n": 7})
    door.wait_for(4)
    saved = loaded(job, tmp_path, "file")
    assert [task["data"] for task in saved.pending_tasks] == [{"n": 7}]
    door.open()
    over(job)


@examples(40)
@given(st.sampled_from(["sequential", "concurrent"]).flatmap(plans), st.integers(0, 40))
def test_a_job_saved_at_any_moment_does_all_that_an_undisturbed_one_does(plan: Plan, looks: int) -> None:
    """What ran while the file was made may be done twice; nothing is missing."""
    flow = plan.flow()
    expected = at_rest(flow, flow.execute("r0", plan.params([])))
    job = flow.start("r0", plan.params([]))
    for _ in range(looks):
        job.read_history()
    document = json.loads(json.dumps(job.serialize()))
    at_rest(flow, job)
    again = JobState()
    again.deserialize(document)
    if document["status"] == "running":
        other = copied(flow)
        other.resume(again)
        at_rest(other, again)
        other.shutdown()
    assert again.status == expected.status == "completed"
    assert {paths(row) for row in again.shared_log} == {paths(row) for row in expected.shared_log}
    assert len(again.shared_log) >= len(expected.shared_log)
    flow.shutdown()


def paths(row: Data) -> tuple[str, str]:
    return row["routine"], row["path"]


@pytest.mark.usefixtures("hasty_switches")
def test_whatever_handlers_come_and_go_each_activation_is_in_the_file(new_flow: FlowMaker, strategy: str) -> None:
    """Five tokens go round; wherever they are at a moment, none is missing."""
    stop, begun = threading.Event(), threading.Event()

    def pass_round(node: Node, data: Data) -> None:
        begun.set()
        if not stop.is_set():
            node.emit("out", **data)

    flow = chain(new_flow("flow", strategy, history_limit=10), ("a", Node(emits(5))), ("b", Node(pass_round)))
    flow.connect("b", "out", "b", "input")
    job = flow.start("a")
    assert begun.wait(DEADLINE)
    for _ in range(300):
        document = job.serialize()
        assert document["status"] == "running"
        tasks = document["pending_tasks"]
        if all(task["slot_routine_id"] == "b" for task in tasks):
            assert {task["data"]["n"] for task in tasks} == set(range(5))
    stop.set()
    over(job)
