"""Errors that are trouble themselves: interrupts, texts that cannot be made, handlers and outputs that raise."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from routilux import (
    CallbackOutputHandler,
    ErrorHandler,
    ErrorStrategy,
    Flow,
    JobState,
    QueueOutputHandler,
    Slot,
)
from tests.engine.failing import Unspeakable, failing_flow, how, where
from tests.engine.parts import Data, FlowMaker, Node, chain, emits, in_turn, names, nothing, over, raises


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


class Undecided(ErrorHandler):
    """Decides what it is given."""

    def __init__(self, decision: Any) -> None:
        super().__init__()
        self.decision = decision

    def decide(self, error: BaseException, attempt: int) -> Any:
        return self.decision


@pytest.mark.parametrize(
    "handler",
    [
        ErrorHandler("retry", retry_delay=float("nan")),
        Undecided(None),
        Undecided(("retry", float("inf"))),
        Undecided(("retry", "soon")),
        Undecided(("perhaps", 0.0)),
    ],
)
@where
@how
def test_an_invalid_result_of_an_error_handler_fails_the_job(
    flow: Flow, place: str, failed: str, how: str, handler: ErrorHandler, caplog: pytest.LogCaptureFixture
) -> None:
    failing_flow(flow, place, "routine", handler)
    job = over(getattr(flow, how)("a"), "failed")
    assert (failed, "error") in names(job)
    assert "retry" not in [event for _, event in names(job)]
    assert "error handler" in caplog.text


class Uncountable(ErrorHandler):
    """Does not let its retries be counted."""

    @property
    def retry_count(self) -> int:
        return 0

    @retry_count.setter
    def retry_count(self, count: int) -> None:
        if count:
            raise RuntimeError("do not count")


@where
@how
def test_an_error_that_cannot_be_dealt_with_fails_the_job(
    flow: Flow, place: str, failed: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    failing_flow(flow, place, "routine", Uncountable("retry", 3, 0.0))
    over(getattr(flow, how)("a"), "failed")
    assert "cannot be handled" in caplog.text
    over(flow.start("a"), "failed")  # no worker has been lost


class Leaving(ErrorHandler):
    """Ends the thread that asks it."""

    def __init__(self, error: type[BaseException]) -> None:
        super().__init__()
        self.error = error

    def decide(self, error: BaseException, attempt: int) -> Any:
        raise self.error


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@where
def test_an_error_handler_that_would_end_its_worker_fails_the_job(
    new_flow: FlowMaker, place: str, failed: str, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    flow = new_flow("flow", "concurrent", max_workers=1)
    failing_flow(flow, place, "routine", Leaving(error))
    for _ in range(2):  # no worker has been lost
        over(flow.start("a"), "failed")
    assert error.__name__ in caplog.text


@where
@how
def test_a_routine_that_cannot_tell_its_error_handler_fails_the_job(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, place: str, failed: str, how: str
) -> None:
    failing = failing_flow(flow, place, "flow", ErrorHandler("continue"))
    monkeypatch.setattr(failing, "get_error_handler", raises(RuntimeError("none of your business")))
    job = over(getattr(flow, how)("a"), "failed")
    assert (failed, "error") in names(job)


@where
@how
@pytest.mark.parametrize("level", ["routine", "flow"])
def test_an_object_that_is_not_an_error_handler_fails_the_job(
    flow: Flow, place: str, failed: str, how: str, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    failing = failing_flow(flow, place, "routine", None)
    if level == "flow":
        flow.error_handler = "continue"  # type: ignore[assignment]
    else:
        failing._error_handler = "continue"  # type: ignore[assignment]
    job = over(getattr(flow, how)("a"), "failed")
    assert (failed, "error") in names(job)
    assert "'continue'" in caplog.text


@pytest.mark.parametrize("word", ["continue", ErrorStrategy.CONTINUE, ErrorHandler])
def test_a_strategy_is_no_error_handler(word: Any) -> None:
    for setter in (Flow().set_error_handler, Node().set_error_handler):
        with pytest.raises(TypeError, match="an ErrorHandler is needed"):
            setter(word)


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


def test_a_failure_keeps_the_values_that_the_handler_stored(flow: Flow) -> None:
    def work(node: Node, data: Data) -> None:
        node.ctx.job_state.update_routine_state("a", {"rows": 3, "status": "halfway"})
        raise ValueError("no")

    chain(flow, ("a", Node(work)))
    job = over(flow.execute("a"), "failed")
    state = job.get_routine_state("a")
    assert state is not None
    assert state.items() >= {"rows": 3, "status": "failed", "error": "no"}.items()


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
