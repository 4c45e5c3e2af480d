"""What an error of a handler does to its job, by strategy, place and level."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest

from routilux import (
    ErrorHandler,
    Flow,
    Routine,
)
from tests.engine.failing import failing_flow, how, levels, where
from tests.engine.parts import DEADLINE, Data, Diary, Door, FlowMaker, Node, chain, emits, in_turn, names, over, raises
from tests.waiting import eventually


@where
@levels
@pytest.mark.parametrize("handler", [None, ErrorHandler("stop"), ErrorHandler("retry", 0)])
def test_stop_fails_the_job(flow: Flow, place: str, failed: str, level: str, handler: ErrorHandler | None) -> None:
    failing_flow(flow, place, level, handler)
    before = datetime.now().replace(microsecond=0)
    job = over(flow.execute("a"), "failed")
    assert (failed, "error") in names(job)
    record = next(record for record in job.execution_history if record.event_name == "error")
    assert record.kind == "error"
    assert record.data["error"] == "bad"
    assert record.data["error_type"] == "ValueError"
    assert record.data["slot"] == ("trigger" if place == "entry" else "input")
    assert "raise error" in record.data["traceback"]
    state = job.get_routine_state(failed)
    assert state is not None
    assert (state["status"], state["error"]) == ("failed", "bad")
    assert datetime.fromisoformat(state["error_time"]).replace(tzinfo=None) >= before
    assert "completed" not in [event for _, event in names(job)]


@where
@levels
@how
def test_continue_records_the_error_and_continues(flow: Flow, place: str, failed: str, level: str, how: str) -> None:
    failing_flow(flow, place, level, ErrorHandler("continue"))
    job = over(getattr(flow, how)("a"))
    errors = [record for record in job.execution_history if record.kind == "error_continued"]
    assert {record.routine_id for record in errors} == {failed}
    assert len(errors) == (1 if place == "entry" else 2)
    assert errors[0].data.items() >= {"error": "bad", "error_type": "ValueError"}.items()
    state = job.get_routine_state(failed)
    assert state is not None
    assert state.items() >= {"status": "error_continued", "error": "bad"}.items()
    assert "error" not in [event for _, event in names(job)]


@where
@levels
@how
def test_skip_marks_the_routine_and_continues(flow: Flow, place: str, failed: str, level: str, how: str) -> None:
    failing_flow(flow, place, level, ErrorHandler("skip"))
    job = over(getattr(flow, how)("a"))
    state = job.get_routine_state(failed)
    assert state is not None
    assert state.items() >= {"status": "skipped", "error": "bad"}.items()
    assert {record.kind for record in job.execution_history} == {"start", "event", "completed"}


@where
@levels
@how
@pytest.mark.parametrize("strategy_word", ["continue", "skip"])
def test_emissions_before_a_tolerated_error_are_delivered(
    flow: Flow, place: str, failed: str, level: str, how: str, strategy_word: str
) -> None:
    arrived = list[Data]()
    failing_flow(flow, place, level, ErrorHandler(strategy_word))
    last = flow.routines["b" if place == "entry" else "c"]
    assert isinstance(last, Node)
    last.work = lambda node, data: arrived.append(data)
    over(getattr(flow, how)("a"))
    assert len(arrived) == (1 if place == "entry" else 2)


@where
@levels
def test_retry_runs_the_activation_again_until_it_succeeds(flow: Flow, place: str, failed: str, level: str) -> None:
    calls = list[Data]()
    handler = ErrorHandler("retry", 3, 0.0)
    failing = failing_flow(flow, place, level, handler)
    fails = raises(ValueError("bad"), times=2)
    failing.work = in_turn(lambda node, data: calls.append(data), fails, emits(1))
    if place == "other":
        assert isinstance(flow.routines["a"], Node)
        flow.routines["a"].work = emits(1)
    job = over(flow.start("a", {"p": 1}))
    assert calls == [{"p": 1} if place == "entry" else {"n": 0}] * 3
    retries = [record for record in job.execution_history if record.kind == "retry"]
    assert {record.routine_id for record in retries} == {failed}
    assert all(record.data.items() >= {"error": "bad", "delay": 0.0}.items() for record in retries)
    assert len(retries) == 2
    state = job.get_routine_state(failed)
    assert state is not None
    assert state["status"] == "completed"
    if place == "entry":
        assert [record.data["attempt"] for record in retries] == [1, 2]
        assert state["retry_count"] == 2
        assert state["execution_time"] >= 0
        assert handler.retry_count == 2
        (completed,) = [record for record in job.execution_history if record.event_name == "completed"]
        assert completed.data["retried"] is True
        assert completed.data["execution_time"] >= 0


@where
@levels
@pytest.mark.parametrize("critical", [True, False])
def test_exhausted_retries_fail_the_job(flow: Flow, place: str, failed: str, level: str, critical: bool) -> None:
    calls = list[int]()
    handler = ErrorHandler("retry", 2, 0.0, is_critical=critical)
    failing = failing_flow(flow, place, level, handler)
    failing.work = in_turn(lambda node, data: calls.append(data.get("n", 0)), raises(ValueError("bad")))
    if place == "other":
        assert isinstance(flow.routines["a"], Node)
        flow.routines["a"].work = emits(1)
    job = over(flow.start("a"), "failed")
    assert len(calls) == 3
    assert handler.retry_count == 2
    assert [event for _, event in names(job) if event in ("retry", "error")] == ["retry", "retry", "error"]
    state = job.get_routine_state(failed)
    assert state is not None
    assert state["status"] == "failed"


@where
@levels
def test_an_exception_that_is_not_retryable_is_not_retried(flow: Flow, place: str, failed: str, level: str) -> None:
    handler = ErrorHandler("retry", 5, 0.0, retryable_exceptions=(KeyError, OSError))
    failing_flow(flow, place, level, handler)
    job = over(flow.start("a"), "failed")
    assert "retry" not in [event for _, event in names(job)]
    assert handler.retry_count == 0


def test_the_routines_error_handler_takes_precedence_over_the_flows(flow: Flow) -> None:
    first, second = Node(raises(ValueError("own"))), Node(raises(ValueError("flow's")))
    flow.add_routine(Node(emits(1)), "start")
    flow.add_routine(first, "first")
    flow.add_routine(second, "second")
    flow.connect("start", "out", "first", "input")
    flow.connect("start", "out", "second", "input")
    first.set_as_optional()
    flow.set_error_handler(ErrorHandler("skip"))
    job = over(flow.execute("start"))
    assert ("first", "error_continued") in names(job)
    states = [job.get_routine_state(routine_id) or {} for routine_id in ("first", "second")]
    assert [state["status"] for state in states] == ["error_continued", "skipped"]


def test_stop_discards_the_queue(flow: Flow) -> None:
    flow.max_workers = 1
    got = list[int]()

    def work(node: Node, data: Data) -> None:
        got.append(data["n"])
        if data["n"] == 1:
            raise ValueError("no")

    chain(flow, ("a", Node(emits(5))), ("b", Node(work)))
    job = over(flow.start("a"), "failed")
    assert got == [0, 1]
    assert job.control.dropped == 3


def test_stop_in_a_concurrent_flow_lets_running_handlers_finish_and_drops_the_rest(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=3)
    door, ended, seen = Door(), list[str](), list[bool]()

    def slow(node: Node, data: Data) -> None:
        door.enter()
        seen.append(node.ctx.cancelled.is_set())
        ended.append("slow")

    def bad(node: Node, data: Data) -> None:
        door.wait_for(2)
        raise ValueError("no")

    flow.add_routine(Node(emits(10)), "a")
    flow.add_routine(Node(lambda node, data: slow(node, data) if data["n"] < 2 else bad(node, data)), "b")
    flow.connect("a", "out", "b", "input")
    job = flow.start("a")
    eventually(lambda: ("b", "error") in names(job))
    eventually(lambda: job.control.state == "draining")
    assert job.status == "running"
    assert len(job.control.waiting_for) == 2
    door.open()
    over(job, "failed")
    assert ended == ["slow", "slow"]
    assert seen == [True, True]
    assert job.control.dropped == 7


def test_the_first_of_several_errors_is_the_jobs_error(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=2)
    diary, door = Diary(), Door()
    flow.add_hook(diary)

    def work(node: Node, data: Data) -> None:
        if data["n"] == 0:
            door.enter()
            raise KeyError("second")
        door.wait_for()
        raise ValueError("first")

    chain(flow, ("a", Node(emits(2))), ("b", Node(work)))
    job = flow.start("a")
    eventually(lambda: job.control.state == "draining")
    door.open()
    over(job, "failed")
    ended = [entry.data["error"] for entry in diary.take(job).entries if entry.kind == "status"][-1]
    assert "first" in ended
    assert "ValueError" in ended


def test_concurrent_errors_are_recorded_under_the_routine_that_made_them(
    new_flow: FlowMaker, hasty_switches: None
) -> None:
    flow = new_flow("flow", "concurrent", max_workers=8)
    flow.set_error_handler(ErrorHandler("continue"))
    together = threading.Barrier(8)

    def fail(node: Node, data: Data) -> None:
        together.wait(DEADLINE)
        raise ValueError(node.ctx.routine_id)

    flow.add_routine(Node(emits(1)), "a")
    for n in range(8):
        flow.add_routine(Node(fail), f"bad{n}")
        flow.connect("a", "out", f"bad{n}", "input")
    for _ in range(20):
        job = over(flow.start("a"))
        rows = [(record.routine_id, record.data["error"]) for record in job.execution_history if record.cause == 2]
        assert sorted(rows) == [(f"bad{n}", f"bad{n}") for n in range(8)]


def test_a_routine_without_a_trigger_fails_its_job_with_an_error_that_says_so(flow: Flow) -> None:
    flow.add_routine(Routine(), "bare")
    job = over(flow.execute("bare"), "failed")
    state = job.get_routine_state("bare")
    assert state is not None
    assert "trigger" in state["error"]
    assert "'bare'" in state["error"]


def test_a_routine_without_a_trigger_under_continue_gives_a_completed_job(flow: Flow) -> None:
    flow.add_routine(Routine(), "bare")
    flow.set_error_handler(ErrorHandler("continue"))
    over(flow.execute("bare"))
