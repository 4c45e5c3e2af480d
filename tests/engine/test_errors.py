"""What an error of a handler does to its job, by strategy, place and level."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from routilux import (
    CallbackOutputHandler,
    ErrorHandler,
    ErrorStrategy,
    Flow,
    JobState,
    QueueOutputHandler,
    Routine,
    Slot,
)
from tests.engine.parts import DEADLINE, Data, Diary, Door, Node, chain, emits, in_turn, names, nothing, over, raises
from tests.waiting import eventually

FlowMaker = Callable[..., Flow]


class Unspeakable(Exception):
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def failing_flow(flow: Flow, place: str, level: str, handler: ErrorHandler | None, error: Any = ValueError) -> Node:
    """a → b → c, where the entry `a` or the middle `b` fails after an emission; its handler is set at `level`."""
    failing = Node(in_turn(emits(1), raises(error("bad") if error is ValueError else error)))
    first, second = (failing, Node()) if place == "entry" else (Node(emits(2)), failing)
    chain(flow, ("a", first), ("b", second), ("c", Node()))
    if level == "flow":
        flow.set_error_handler(handler)
    else:
        failing.set_error_handler(handler)
    return failing


where = pytest.mark.parametrize(("place", "failed"), [("entry", "a"), ("other", "b")])
levels = pytest.mark.parametrize("level", ["routine", "flow"])
how = pytest.mark.parametrize("how", ["execute", "start"])


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
def test_continue_records_the_error_and_goes_on(flow: Flow, place: str, failed: str, level: str, how: str) -> None:
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
def test_skip_marks_the_routine_and_goes_on(flow: Flow, place: str, failed: str, level: str, how: str) -> None:
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
def test_what_was_emitted_before_a_tolerated_error_is_delivered(
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
def test_retries_that_are_used_up_fail_the_job(flow: Flow, place: str, failed: str, level: str, critical: bool) -> None:
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


def test_the_routines_own_handler_goes_before_the_flows(flow: Flow) -> None:
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


def test_stop_drops_what_is_queued(flow: Flow) -> None:
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


def test_what_runs_beside_a_failure_and_fails_too_leaves_the_first_error_as_the_jobs(new_flow: FlowMaker) -> None:
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


# -- exceptions that are trouble themselves --------------------------------------------------------------------------


@where
@pytest.mark.parametrize("strategy_word", ["stop", "continue", "skip"])
def test_an_exception_whose_text_cannot_be_made_is_dealt_with_all_the_same(
    flow: Flow, place: str, failed: str, strategy_word: str
) -> None:
    failing_flow(flow, place, "routine", ErrorHandler(strategy_word), error=Unspeakable())
    job = over(flow.execute("a"), "failed" if strategy_word == "stop" else "completed")
    state = job.get_routine_state(failed)
    assert state is not None
    assert "Unspeakable" in state["error"]


def test_an_exception_whose_text_cannot_be_made_is_retried(flow: Flow) -> None:
    node = Node(raises(Unspeakable(), times=1))
    node.set_error_handler(ErrorHandler("retry", 1, 0.0))
    chain(flow, ("a", node))
    over(flow.start("a"))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@where
def test_an_interrupt_in_a_sequential_execute_reaches_the_caller_and_ends_the_job(
    new_flow: FlowMaker, error: type[BaseException], place: str, failed: str
) -> None:
    flow = new_flow("flow")
    seen = list[JobState]()
    failing = failing_flow(flow, place, "flow", ErrorHandler("continue"), error=error)
    failing.work = in_turn(lambda node, data: seen.append(node.ctx.job_state), failing.work)
    with pytest.raises(error):
        flow.execute("a")
    over(seen[0], "cancelled" if error is KeyboardInterrupt else "failed")
    assert failing.get_execution_context() is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_the_entry_of_a_concurrent_execute_reaches_the_caller(
    new_flow: FlowMaker, error: type[BaseException]
) -> None:
    flow = new_flow("flow", "concurrent")
    seen = list[JobState]()
    chain(flow, ("a", Node(in_turn(lambda node, data: seen.append(node.ctx.job_state), raises(error)))))
    with pytest.raises(error):
        flow.execute("a")
    over(seen[0], "cancelled" if error is KeyboardInterrupt else "failed")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@where
def test_an_interrupt_on_a_thread_of_the_engine_ends_the_job_only(
    flow: Flow, error: type[BaseException], place: str, failed: str
) -> None:
    failing_flow(flow, place, "flow", ErrorHandler("continue"), error=error)
    over(flow.start("a"), "cancelled" if error is KeyboardInterrupt else "failed")
    assert isinstance(flow.routines[failed], Node)
    flow.routines[failed].work = nothing  # type: ignore[attr-defined]
    over(flow.start("a"))


@pytest.mark.parametrize(
    "handler",
    [
        ErrorHandler("retry", 3, 0.0, retryable_exceptions=[ValueError]),
        ErrorHandler("retry", 3, 0.0, retryable_exceptions=ValueError),
    ],
)
def test_a_list_of_retryable_exceptions_and_a_single_one_are_understood(flow: Flow, handler: ErrorHandler) -> None:
    node = Node(raises(ValueError("once"), times=1))
    node.set_error_handler(handler)
    chain(flow, ("a", node))
    over(flow.start("a"))


def test_an_error_handler_that_cannot_decide_fails_the_job(flow: Flow, caplog: pytest.LogCaptureFixture) -> None:
    node = Node(raises(ValueError("no")))
    handler = ErrorHandler("retry", 3, 0.0)
    handler.max_retries = "many"  # type: ignore[assignment]
    node.set_error_handler(handler)
    chain(flow, ("a", Node(emits(2))), ("b", node))
    job = over(flow.execute("a"), "failed")
    assert ("b", "error") in names(job)
    assert "error handler" in caplog.text


# -- what a routine state says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["failed", "error"])
def test_a_routine_state_that_says_failed_fails_the_job_at_its_end(flow: Flow, word: str) -> None:
    done = list[int]()
    chain(
        flow,
        ("a", Node(emits(2))),
        ("b", Node(lambda node, data: node.ctx.job_state.update_routine_state("b", {"status": word}))),
        ("c", Node(lambda node, data: done.append(1))),
    )
    flow.connect("a", "out", "c", "input")
    job = over(flow.execute("a"), "failed")
    assert len(done) == 2
    assert "completed" not in [event for _, event in names(job)]


def test_a_status_that_is_no_word_is_left_alone(flow: Flow) -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("do not compare me")

        __hash__ = None  # type: ignore[assignment]

    odd = Odd()
    chain(flow, ("a", Node(lambda node, data: node.ctx.job_state.update_routine_state("a", {"status": odd}))))
    job = over(flow.execute("a"))
    assert (job.get_routine_state("a") or {})["status"] is odd


def test_a_failure_keeps_what_the_handler_had_stored(flow: Flow) -> None:
    def work(node: Node, data: Data) -> None:
        node.ctx.job_state.update_routine_state("a", {"rows": 3, "status": "halfway"})
        raise ValueError("no")

    chain(flow, ("a", Node(work)))
    job = over(flow.execute("a"), "failed")
    state = job.get_routine_state("a")
    assert state is not None
    assert state.items() >= {"rows": 3, "status": "failed", "error": "no"}.items()


# -- the entry -------------------------------------------------------------------------------------------------------


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


# -- the handler by itself -------------------------------------------------------------------------------------------


def test_an_error_handler_has_documented_defaults() -> None:
    handler = ErrorHandler()
    assert handler.strategy is ErrorStrategy.STOP
    assert (handler.max_retries, handler.retry_delay, handler.retry_backoff) == (3, 1.0, 2.0)
    assert handler.retryable_exceptions == (Exception,)
    assert handler.is_critical is False
    assert handler.retry_count == 0
    assert ErrorHandler(retryable_exceptions=()).retryable_exceptions == (Exception,)


def test_a_strategy_is_a_word_or_a_member_and_nothing_else() -> None:
    assert [strategy.value for strategy in ErrorStrategy] == ["stop", "continue", "retry", "skip"]
    assert ErrorHandler("skip").strategy is ErrorHandler(ErrorStrategy.SKIP).strategy
    with pytest.raises(ValueError, match="'ignore'"):
        ErrorHandler("ignore")


def test_handling_an_error_by_hand_follows_the_strategy(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "routilux")
    job, flow, routine = JobState("flow"), Flow("flow"), Routine()

    def handle(handler: ErrorHandler, error: Exception | None = None) -> bool:
        return handler.handle_error(error or ValueError("no"), routine, "r", flow, job)

    assert handle(ErrorHandler("stop")) is False
    assert "no" in caplog.text
    assert handle(ErrorHandler("continue")) is True
    assert job.execution_history[-1].event_name == "error_continued"
    assert job.execution_history[-1].data == {"error": "no", "error_type": "ValueError"}
    assert handle(ErrorHandler("skip")) is True
    assert job.get_routine_state("r") == {"status": "skipped", "error": "no"}
    handler = ErrorHandler("retry", 2, 0.0)
    assert [handle(handler), handle(handler), handle(handler)] == [True, True, True]
    assert handler.retry_count == 2
    critical = ErrorHandler("retry", 0, is_critical=True)
    assert handle(critical) is False
    picky = ErrorHandler("retry", 2, 0.0, retryable_exceptions=(OSError,))
    assert handle(picky) is False
    assert picky.retry_count == 0
    handler.reset()
    assert handler.retry_count == 0


def test_set_as_optional_and_set_as_critical_make_the_documented_handlers() -> None:
    routine = Routine()
    assert routine.get_error_handler() is None
    routine.set_as_optional()
    handler = routine.get_error_handler()
    assert handler is not None
    assert (handler.strategy, handler.is_critical) == (ErrorStrategy.CONTINUE, False)
    routine.set_as_optional(ErrorStrategy.SKIP)
    handler = routine.get_error_handler()
    assert handler is not None
    assert handler.strategy is ErrorStrategy.SKIP
    routine.set_as_critical(max_retries=5, retry_delay=0.5, retry_backoff=3.0)
    handler = routine.get_error_handler()
    assert handler is not None
    assert (handler.strategy, handler.is_critical) == (ErrorStrategy.RETRY, True)
    assert (handler.max_retries, handler.retry_delay, handler.retry_backoff) == (5, 0.5, 3.0)


# -- output handlers that raise, and errors beside the flow ----------------------------------------------------------


def test_an_output_handler_that_raises_costs_a_warning_and_nothing_else(flow: Flow) -> None:
    def refuse(*args: Any) -> None:
        raise Unspeakable

    chain(flow, ("a", Node(lambda node, data: node.send_output("row", n=1))))
    with pytest.warns(UserWarning, match="Unspeakable"):
        job = flow.execute("a", output_handler=CallbackOutputHandler(refuse))
    over(job)
    assert [row["data"] for row in job.output_log] == [{"n": 1}]


def test_a_full_queue_that_raises_costs_a_warning_and_nothing_else(flow: Flow) -> None:
    class Full:
        def put(self, item: Any) -> None:
            raise queue.Full

    chain(flow, ("a", Node(lambda node, data: node.send_output("row", n=1))))
    with pytest.warns(UserWarning, match="Full"):
        job = flow.execute("a", output_handler=QueueOutputHandler(Full()))
    over(job)
    assert len(job.output_log) == 1


def test_an_error_in_a_slot_that_is_tried_alone_is_logged_and_goes_no_further(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slot = Slot("lonely", None, lambda x: 1 // x)
    slot.receive({"x": 0})
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(ZeroDivisionError):
        slot.call_handler({"x": 0}, propagate_exceptions=True)


def test_an_error_in_a_slot_that_is_called_within_a_job_is_recorded(flow: Flow) -> None:
    inner = Node(raises(ValueError("inner")))
    slot = inner.get_slot("input")
    assert slot is not None

    def call(node: Node, data: Data) -> None:
        assert slot is not None
        slot.receive({}, job_state=node.ctx.job_state, flow=node.ctx.flow)

    flow.add_routine(Node(call), "a")
    flow.add_routine(inner, "inner")
    job = over(flow.execute("a"))
    (record,) = [record for record in job.execution_history if record.event_name == "error"]
    assert record.routine_id == "inner"
    assert record.data.items() >= {"slot": "input", "error": "inner"}.items()
