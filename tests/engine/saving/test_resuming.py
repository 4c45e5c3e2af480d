"""Going on with a loaded job: on the flow that made it, on another one, with all that it brought."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from routilux import ErrorHandler, Flow, JobState
from tests.engine.parts import Data, Diary, Door, Node, chain, emits, in_threads, in_turn, names, over, pass_on
from tests.engine.saving.moving import Helper, at_rest, copied
from tests.engine.saving.plans import Plan, outcome
from tests.engine.saving.test_job_documents import again, pause_here
from tests.waiting import eventually

FlowMaker = Callable[..., Flow]


def fan(flow: Flow, count: int = 5, last: Node | None = None) -> Flow:
    """`a` pauses its job and emits so many; `b` takes them."""
    return chain(flow, ("a", Node(in_turn(pause_here, emits(count)))), ("b", last or Node(pass_on)))


def paused(flow: Flow) -> JobState:
    return over(flow.start("a"), "paused")


# -- where


def test_a_saved_job_resumes_on_its_own_flow(flow: Flow) -> None:
    """D3: its tasks are found again."""
    job = again(paused(fan(flow)))
    assert [task["slot_routine_id"] for task in job.pending_tasks] == ["b"] * 5
    assert flow.resume(job) is job
    over(job)
    assert names(job).count(("b", "out")) == 5


@pytest.mark.parametrize("names_given", [True, False], ids=["ids given", "ids generated"])
def test_a_saved_job_resumes_in_another_process(names_given: bool, strategy: str, tmp_path: Path) -> None:
    edges = ((0, "out", 1, "gather", True), (1, "out", 2, "fold", False), (2, "alt", 0, "pair", False))
    plan = Plan(strategy, (("out", "out"), ("out",), ("alt",)), edges, 7, frozenset(), frozenset({1}))
    ids: list[str] | None = None if names_given else []
    flow = plan.flow("moving" if names_given else None, ids)
    entry = ids[0] if ids else "r0"
    expected = at_rest(flow, flow.execute(entry, plan.params([])))
    job = at_rest(flow, flow.execute(entry, plan.params([5])))
    assert job.status == "paused"
    helper = Helper(tmp_path)
    moved = helper.go_on(flow, job)
    helper.end()
    flow.shutdown()
    assert moved.job_id == job.job_id
    ordered = plan.ordered
    assert outcome(moved.serialize(), ordered=ordered) == outcome(again(expected).serialize(), ordered=ordered)


def test_a_handler_saved_at_a_checkpoint_starts_again_on_resume(new_flow: FlowMaker, strategy: str) -> None:
    door, done = Door(), []

    def long(node: Node, data: Data) -> None:
        done.append("begun")
        door.enter()
        node.ctx.checkpoint()
        done.append("done")

    first, second = (chain(new_flow("f", strategy), ("a", Node(long))) for _ in range(2))
    job = first.start("a")
    door.wait_for()
    first.pause(job, wait=False)
    door.open()
    moved = again(over(job, "paused"))
    second.resume(moved)
    over(moved)
    assert done == ["begun", "begun", "done"]
    first.cancel(job)


def test_a_flow_of_another_id_is_refused(new_flow: FlowMaker) -> None:
    job = again(paused(fan(new_flow("one"))))
    for control in (new_flow("two").resume, new_flow("two").pause, new_flow("two").cancel):
        with pytest.raises(ValueError, match="does not match 'two'"):
            control(job)


def test_a_flow_without_its_current_routine_is_refused(new_flow: FlowMaker) -> None:
    job = again(paused(fan(new_flow("f"))))
    job._restored.pending_tasks = []
    with pytest.raises(ValueError, match=r"'a' of job .* not found in flow 'f'"):
        chain(new_flow("f"), ("b", Node())).resume(job)


def test_every_receiver_that_is_missing_is_named_and_nothing_is_dropped(new_flow: FlowMaker, strategy: str) -> None:
    flow = fan(new_flow("f", strategy))
    job = again(paused(flow))
    other = chain(new_flow("f", strategy), ("a", Node()))
    with pytest.raises(ValueError, match=r"job\.pending_tasks\[0\]: it has no routine 'b'; .*\[4\]: it has no routine"):
        other.resume(job)
    assert (job.status, len(job.pending_tasks)) == ("paused", 5)
    flow.resume(job)
    over(job)
    assert names(job).count(("b", "out")) == 5


def test_a_slot_that_the_flow_no_longer_has_is_named(new_flow: FlowMaker) -> None:
    job = again(paused(fan(new_flow("f"))))
    job._restored.pending_tasks[3]["slot_name"] = "gone"
    with pytest.raises(ValueError, match=r"job\.pending_tasks\[3\]: its routine 'b' has no slot 'gone'"):
        fan(new_flow("f")).resume(job)


# -- by whom


@pytest.mark.usefixtures("hasty_switches")
def test_two_threads_that_resume_it_at_once_do_not_run_anything_twice(new_flow: FlowMaker, strategy: str) -> None:
    for _ in range(10):
        flow = fan(new_flow("f", strategy))
        job = again(paused(flow))
        in_threads(*[lambda flow=flow, job=job: flow.resume(job)] * 4)
        over(job)
        assert names(job).count(("b", "out")) == 5
        assert names(job).count(("a", "completed")) == 1


def test_a_resumed_job_is_live_and_reported_to_hooks(new_flow: FlowMaker, strategy: str) -> None:
    door = Door()
    job = again(paused(fan(new_flow("f", strategy), last=Node(door))))
    flow, diary = fan(new_flow("f", strategy), last=Node(door)), Diary()
    flow.add_hook(diary)
    flow.resume(job)
    door.wait_for()
    assert flow.live_jobs() == [job]
    door.open()
    over(job)
    eventually(lambda: ("ended", job.job_id) in diary.told)
    assert diary.told[0] == ("started", job.job_id)


# -- with what


def test_tasks_are_renamed_on_their_way_as_their_connection_says_also_when_the_flow_has_it_no_more(
    new_flow: FlowMaker, strategy: str
) -> None:
    got: list[Data] = []

    def made(*, connected: bool) -> Flow:
        flow = new_flow("f", strategy)
        flow.add_routine(Node(in_turn(pause_here, emits(2))), "a")
        flow.add_routine(Node(lambda node, data: got.append(data)), "b")
        if connected:
            flow.connect("a", "out", "b", "input", {"n": "number"})
            flow.connect("a", "out", "b", "input")
        return flow

    job = paused(made(connected=True))
    over(made(connected=True).resume(again(job)))
    over(made(connected=False).resume(again(job)))
    by_name = sorted(got, key=repr)
    assert by_name == sorted([{"number": 0}, {"n": 0}, {"number": 1}, {"n": 1}] * 2, key=repr)


def test_data_of_merging_slots_is_saved_with_the_job(new_flow: FlowMaker) -> None:
    """D5 and O16: it is the job's."""

    def made() -> tuple[Flow, list[Any]]:
        got: list[Any] = []
        last = Node(in_turn(lambda node, data: got.append(data["n"]), pause_here), merge="append")
        return chain(new_flow("f"), ("a", Node(emits(3))), ("b", last)), got

    flow, got = made()
    job = flow.execute("a")
    for expected in ([0], [0, 1], [0, 1, 2]):
        assert got.pop() == expected
        flow, got = made()
        job = again(job)
        flow.resume(job)
        at_rest(flow, job)
    assert (job.status, got) == ("completed", [])


def test_remaining_retries_are_saved_with_the_job(new_flow: FlowMaker, strategy: str) -> None:
    tries: list[str] = []

    def fails(node: Node, data: Data) -> None:
        tries.append(node.ctx.job_state.job_id)
        raise ConnectionError("not yet")

    def made(delay: float) -> Flow:
        node = Node(fails)
        node.set_error_handler(ErrorHandler("retry", 3, delay))
        return chain(new_flow("f", strategy), ("a", node))

    first = made(3600.0)
    job = first.start("a")
    eventually(lambda: names(job).count(("a", "retry")) == 1)
    first.pause(job)
    moved = again(job)
    assert [task["retry_count"] for task in moved.pending_tasks] == [1]
    made(0.0).resume(moved)
    over(moved, "failed")
    assert len(tries) == 4
    assert [record.data["attempt"] for record in moved.execution_history if record.kind == "retry"] == [1, 2, 3]
    first.cancel(job)


def test_an_entry_that_needed_a_retry_says_so_where_its_job_ends(new_flow: FlowMaker, strategy: str) -> None:
    left = [1]

    def fail_once(node: Node, data: Data) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise ConnectionError("not yet")

    def made() -> Flow:
        node = Node(in_turn(fail_once, pause_here, emits(1)))
        node.set_error_handler(ErrorHandler("retry", 1, 0.0))
        return chain(new_flow("f", strategy), ("a", node), ("b", Node()))

    job = again(paused(made()))
    over(made().resume(job))
    assert job.execution_history[-1].data["retried"] is True
    state = job.get_routine_state("a")
    assert state is not None
    assert state["retry_count"] == 1


def test_deferred_events_go_first_in_order_with_their_job_and_those_that_cannot_are_warned_of(
    new_flow: FlowMaker, strategy: str
) -> None:
    """D20."""
    got: list[tuple[Any, str]] = []

    def defer(node: Node, data: Data) -> None:
        for n in (1, 2):
            node.emit_deferred_event("out", n=f"late {n}")
        node.emit_deferred_event("no such event")
        node.emit("out", n="waiting")

    def note(node: Node, data: Data) -> None:
        got.append((data["n"], node.ctx.job_state.job_id))

    def made() -> Flow:
        return chain(new_flow("f", strategy, max_workers=1), ("a", Node(in_turn(pause_here, defer))), ("b", Node(note)))

    job = again(paused(made()))
    assert [row["event_name"] for row in job.deferred_events] == ["out", "out", "no such event"]
    with pytest.warns(UserWarning, match=r"a\.no such event was not emitted"):
        made().resume(job)
    over(job)
    assert got == [("late 1", job.job_id), ("late 2", job.job_id), ("waiting", job.job_id)]
    assert job.deferred_events == []


def test_the_history_limit_applies_after_resuming(new_flow: FlowMaker, strategy: str) -> None:
    def made() -> Flow:
        return fan(new_flow("f", strategy, history_limit=10), 500)

    job = again(paused(made()))
    assert (len(job.execution_history), job.history_dropped) == (10, 491)
    over(made().resume(job))
    numbers = [record.seq for record in job.execution_history]
    assert numbers == list(range(993, 1003))
    assert job.history_dropped == 992


def test_the_strategy_and_the_time_limit_of_the_job_itself_go_along(new_flow: FlowMaker) -> None:
    flow = fan(new_flow("f"))
    job = again(over(flow.execute("a", execution_strategy="concurrent", timeout=77.0), "paused"))
    plain = job.serialize()
    assert (plain["execution_strategy"], plain["timeout"]) == ("concurrent", 77.0)
    assert 76.0 < plain["time_left"] < 77.0
    other = copied(new_flow("f"))
    fan(other).resume(job)
    over(job)
    later = job.serialize()
    assert (later["execution_strategy"], later["timeout"]) == ("concurrent", 77.0)
    assert 76.0 < later["time_left"] < plain["time_left"]


def test_a_job_without_remaining_time_fails_on_resume(new_flow: FlowMaker, strategy: str) -> None:
    flow = fan(new_flow("f", strategy), last=Node(lambda node, data: node.ctx.sleep(10.0)))
    job = again(paused(flow))
    job._restored.time_left = 0.01
    flow.resume(job)
    over(job, "failed")
    assert job.execution_history[-1].data["error_type"] == "TimeoutError"


# -- jobs that have ended


def test_a_loaded_job_that_has_completed_may_be_paused_resumed_and_cancelled(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(2))), ("b", Node()))
    job = again(over(flow.start("a")))
    assert flow.resume(job).status == "completed"
    flow.pause(job)
    assert job.status == "paused"
    moved = again(job)
    over(flow.resume(moved))
    assert names(moved).count(("a", "completed")) == 1
    flow.cancel(moved)
    assert moved.status == "cancelled"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_loaded_failed_or_cancelled_job_is_final(status: str, flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = JobState("flow")
    job.status = status
    job = again(job)
    for control in (flow.pause, flow.resume):
        with pytest.raises(ValueError, match=f"it is '{status}'"):
            control(job)


def test_resuming_a_valid_job_logs_no_warning(flow: Flow) -> None:
    job = again(paused(fan(flow)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        over(flow.resume(job))
