"""Error handlers: the strategies for handlers that raise, and what each decides."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple, Protocol, cast

from .persistence.class_registry import class_name, find_exception
from .persistence.plain_data import PlainReader

_log = logging.getLogger("routilux")


LONGEST_DELAY = 100 * 365 * 86_400.0
"""The largest delay before a retry, in seconds: a longer one would not fit into a timestamp."""


class ErrorStrategy(Enum):
    """What to do when a handler raises.

    Attributes:
        STOP: the job fails.
        CONTINUE: the error is recorded, and the job continues.
        RETRY: the activation is retried; when its retries are exhausted, the job fails.
        SKIP: the routine is marked as skipped, and the job continues.
    """

    STOP = "stop"
    CONTINUE = "continue"
    RETRY = "retry"
    SKIP = "skip"


class Decision(NamedTuple):
    """What to do with an activation whose handler raised. `delay`, in seconds, is for `"retry"` only."""

    outcome: str
    delay: float = 0.0


class ErrorLog(Protocol):
    """A `JobState`, as seen by an error handler."""

    def record_execution(self, routine_id: str, event_name: str, data: dict[str, Any]) -> None: ...
    def update_routine_state(self, routine_id: str, state: dict[str, Any]) -> None: ...


class ErrorHandler:
    """Decides what happens on errors of a routine, or of all routines of a flow.

    Args:
        strategy: an `ErrorStrategy` or its value.
        max_retries: attempts after the first.
        retry_delay: seconds before the first retry.
        retry_backoff: factor from each delay to the next.
        retryable_exceptions: exception classes to retry; every `Exception` if not given.
        is_critical: stored for display; a job fails after exhausted retries whether critical or not.

    Attributes:
        retry_count: the number of retries of the activation that was retried last.

    Raises:
        ValueError: if the strategy is unknown.

    >>> handler = ErrorHandler("retry", max_retries=2, retry_delay=0.5)
    >>> handler.decide(KeyError("x"), attempt=1)
    Decision(outcome='retry', delay=1.0)
    >>> handler.decide(KeyError("x"), attempt=2)
    Decision(outcome='failed', delay=0.0)
    """

    def __init__(
        self,
        strategy: str | ErrorStrategy = "stop",
        max_retries: int = 3,
        retry_delay: float = 1.0,
        retry_backoff: float = 2.0,
        retryable_exceptions: type[BaseException] | Iterable[type[BaseException]] | None = None,
        is_critical: bool = False,
    ) -> None:
        self.strategy: ErrorStrategy = _strategy(strategy)
        self.max_retries: int = max_retries
        self.retry_delay: float = retry_delay
        self.retry_backoff: float = retry_backoff
        self.retryable_exceptions: tuple[type[BaseException], ...] = _classes(retryable_exceptions)
        self.is_critical: bool = is_critical
        self.retry_count: int = 0

    def __repr__(self) -> str:
        return f"ErrorHandler[{self.strategy.value}]"

    def reset(self) -> None:
        """Set `retry_count` to 0."""
        self.retry_count = 0

    def decide(self, error: BaseException, attempt: int) -> Decision:
        """Return the decision for an activation that raised `error` after `attempt` retries (0 at first)."""
        if self.strategy is ErrorStrategy.CONTINUE:
            return Decision("error_continued")
        if self.strategy is ErrorStrategy.SKIP:
            return Decision("skipped")
        if (
            self.strategy is ErrorStrategy.RETRY
            and attempt < self.max_retries
            and isinstance(error, self.retryable_exceptions)
        ):
            return Decision("retry", self._delay(attempt))
        return Decision("failed")

    def _delay(self, attempt: int) -> float:
        if self.retry_delay <= 0:
            return 0.0
        try:
            return min(self.retry_delay * self.retry_backoff**attempt, LONGEST_DELAY)
        except OverflowError:
            return LONGEST_DELAY

    def handle_error(
        self,
        error: Exception,
        routine: Any,
        routine_id: str,
        flow: Any,
        job_state: ErrorLog | None = None,
        context: dict[str, Any] | None = None,
    ) -> bool:
        """Apply the strategy to `error` by hand; return whether to continue. RETRY waits for the delay.

        The outcome is recorded in `job_state`, if given, under `routine_id`. `routine`, `flow` and `context`
        are ignored.

        The engine itself calls `decide` and waits without blocking a thread. `retry_count` counts
        the retries made here since the last `reset`.
        """
        decision = self.decide(error, self.retry_count)
        if decision.outcome == "retry":
            self.retry_count += 1
            time.sleep(decision.delay)
            return True
        if decision.outcome == "error_continued":
            if job_state is not None:
                data = {"error": error_text(error), "error_type": type(error).__name__}
                job_state.record_execution(routine_id, "error_continued", data)
            return True
        if decision.outcome == "skipped":
            if job_state is not None:
                job_state.update_routine_state(routine_id, {"status": "skipped", "error": error_text(error)})
            return True
        _log.error("%s failed: %s", routine_id, error_text(error))
        used_up = self.strategy is ErrorStrategy.RETRY and isinstance(error, self.retryable_exceptions)
        return used_up and not self.is_critical

    def serialize(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "_type": "ErrorHandler",
            "strategy": self.strategy.value,
            "max_retries": self.max_retries,
            "retry_delay": self.retry_delay,
            "retry_backoff": self.retry_backoff,
            "retry_count": self.retry_count,
            "is_critical": self.is_critical,
            "retryable_exceptions": [class_name(kind) for kind in self.retryable_exceptions],
        }

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load `data`, the result of `serialize`. Raises `ValueError` if it is invalid."""
        self.load_from(PlainReader(data, "error_handler"))

    def load_from(self, part: PlainReader) -> None:
        """As `deserialize`, for a part of a larger document."""
        part.expect_document("ErrorHandler")
        word = part.string("strategy", "stop")
        if word not in {strategy.value for strategy in ErrorStrategy}:
            raise part.child("strategy").invalid("a strategy (stop, continue, retry, skip)")
        kinds = _exceptions(part.child("retryable_exceptions", []))
        retries, count = part.number("max_retries", 3), part.integer("retry_count", 0)
        delay, backoff = part.number("retry_delay", 1.0), part.number("retry_backoff", 2.0)
        self.is_critical = part.boolean("is_critical")
        self.max_retries, self.retry_count = cast("int", retries), count
        self.retry_delay, self.retry_backoff = delay, backoff
        self.strategy = ErrorStrategy(word)
        self.retryable_exceptions = tuple(kinds) or (Exception,)

    @classmethod
    def from_plain(cls, part: PlainReader) -> ErrorHandler | None:
        """Return the handler that a document describes, or `None` for `null`."""
        if part.value is None:
            return None
        handler = cls()
        handler.load_from(part)
        return handler


def error_text(error: BaseException) -> str:
    """Return `str(error)`, or a description if its `__str__` raises."""
    try:
        return str(error)
    except Exception:
        return f"<{type(error).__name__} whose text cannot be made>"


def _exceptions(part: PlainReader) -> list[type[BaseException]]:
    items = {item.as_string(): item for item in part.items()}  # looks up each name once
    return [_exception(item) for item in items.values()]


def _exception(part: PlainReader) -> type[BaseException]:
    found = find_exception(part.as_string())
    if found is None:
        raise part.invalid("an exception class that this process knows (import its module first)")
    return found


def _classes(kinds: type[BaseException] | Iterable[type[BaseException]] | None) -> tuple[type[BaseException], ...]:
    return (kinds,) if isinstance(kinds, type) else tuple(kinds or ()) or (Exception,)


def _strategy(word: str | ErrorStrategy) -> ErrorStrategy:
    if isinstance(word, ErrorStrategy):
        return word
    try:
        return ErrorStrategy(word)
    except ValueError:
        words = ", ".join(repr(strategy.value) for strategy in ErrorStrategy)
        raise ValueError(f"Unknown error strategy {word!r}; one of {words} is needed") from None


def check_handler(handler: ErrorHandler | None) -> ErrorHandler | None:
    """Return `handler`, or raise `TypeError` if it is no `ErrorHandler` (a strategy's name, for example)."""
    if handler is None or isinstance(handler, ErrorHandler):
        return handler
    raise TypeError(f"an ErrorHandler is needed, as in ErrorHandler('continue'), not {handler!r}")


STOP_HANDLER = ErrorHandler()
"""Used if neither the routine nor the flow has a handler. Never modified."""
