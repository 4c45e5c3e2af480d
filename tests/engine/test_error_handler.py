"""An error handler by itself: its settings, and what it decides when it is asked by hand."""

from __future__ import annotations

import logging

import pytest

from routilux import (
    ErrorHandler,
    ErrorStrategy,
    Flow,
    JobState,
    Routine,
)


def test_an_error_handler_has_documented_defaults() -> None:
    handler = ErrorHandler()
    assert handler.strategy is ErrorStrategy.STOP
    assert (handler.max_retries, handler.retry_delay, handler.retry_backoff) == (3, 1.0, 2.0)
    assert handler.retryable_exceptions == (Exception,)
    assert handler.is_critical is False
    assert handler.retry_count == 0
    assert ErrorHandler(retryable_exceptions=()).retryable_exceptions == (Exception,)


def test_a_strategy_is_a_string_or_a_member() -> None:
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
