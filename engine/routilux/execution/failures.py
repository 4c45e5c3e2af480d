"""What a run does when a handler raises: decide by its error handler, record it, try again later."""

from __future__ import annotations

import logging
import time
import traceback
from contextlib import suppress
from math import inf
from threading import get_ident
from time import perf_counter_ns

from ..context import JobCancelled
from ..error_handler import STOP_HANDLER, Decision, ErrorHandler, ErrorStrategy, check_handler, error_text
from ..graph.routing import Delivery
from ..job.shared_state import merge_routine_state
from ..job.state_machine import CANCELLING
from ..journal.entries import HandlerRun
from ..persistence.plain_data import now_iso
from ..status import ERROR_OUTCOMES
from ..threads.timers import TIMERS
from .activation import Activation, RequestedControl
from .run import Run

CHAIN_LIMIT = 50
"""Errors of a chain (`raise … from …`) whose tracebacks are kept."""

_log = logging.getLogger("routilux")


class Failures:
    """Handles the failures of one run."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def handle_error(self, activation: Activation, error: BaseException, start: int) -> HandlerRun:
        """A handler that ran since `start` has raised: decide, record it, and return the handler run."""
        end = perf_counter_ns()
        run, delivery = self._run, activation[0]
        try:
            outcome = self._decide_and_record(activation, error)
        except BaseException as problem:  # otherwise a worker would be lost, and the job would wait for it for ever
            if not isinstance(problem, Exception) and run.owner_thread == get_ident():
                raise  # an interrupt, which `abort` handles
            _log.exception("The error of %r cannot be handled, so the job fails", delivery.target.routine_id)
            run.error = run.error or f"{delivery.target.routine_id}: {type(problem).__name__}"
            outcome = "failed"
        if outcome == "failed":
            run.apply("handler failed", settle=False)
        return (delivery.target.number, start, end - start, outcome, activation[2])

    def error_handler_for(self, delivery: Delivery) -> ErrorHandler:
        """The routine's error handler, else the flow's, else STOP; STOP also in place of an invalid one."""
        routine = delivery.target.routine
        try:
            own = routine.get_error_handler() if routine is not None else None
            return check_handler(own) or check_handler(self._run.graph.error_handler) or STOP_HANDLER
        except Exception:
            _log.exception("The error handler of %r is invalid; STOP is used", delivery.target.routine_id)
            return STOP_HANDLER

    def pop_next_retry(self) -> Activation | None:
        """Remove and return the activation whose retry is due next. Expects the lock."""
        retries = self._run.retries
        if not retries:
            return None
        activation, timer = retries.pop(min(retries, key=lambda key: retries[key][1].due))
        timer.cancel()
        return activation

    def _decide_and_record(self, activation: Activation, error: BaseException) -> str:
        delivery, _, _, attempt, _ = activation
        outcome, delay = self._decide(delivery, error, attempt)
        if outcome == "retry" and not self._schedule_retry(activation, error, delay):
            return "cancelled"
        if outcome in ERROR_OUTCOMES:
            self._record_failure(activation, error, outcome)
        return outcome

    def _decide(self, delivery: Delivery, error: BaseException, attempt: int) -> Decision:
        run = self._run
        if run.state == CANCELLING or isinstance(error, JobCancelled):
            return Decision("cancelled")
        if isinstance(error, KeyboardInterrupt):
            with suppress(ValueError):  # the job has failed already
                run.apply("cancel", RequestedControl("cancel", "", "KeyboardInterrupt", time.time_ns()))
            return Decision("cancelled")
        if not isinstance(error, Exception):
            return Decision("failed")
        try:
            outcome, delay = self.error_handler_for(delivery).decide(error, attempt)
            if outcome not in ERROR_OUTCOMES | {"retry"} or not delay < inf:
                raise ValueError(f"It decided on {outcome!r} with a delay of {delay!r} s")
            return Decision(outcome, delay)
        except Exception:
            _log.exception("The error handler of %r cannot decide, so the job fails", delivery.target.routine_id)
            return Decision("failed")

    def _schedule_retry(self, activation: Activation, error: BaseException, delay: float) -> bool:
        """Put the activation aside for `delay` seconds; `False` if the job is ending."""
        run = self._run
        delivery, data, cause, attempt, prepared = activation
        handler, target = self.error_handler_for(delivery), delivery.target
        handler.retry_count = attempt + 1
        again: Activation = (delivery, data, cause, attempt + 1, prepared)
        row = {"attempt": attempt + 1, "error": error_text(error), "delay": delay}
        more = {"slot": target.slot_name, "error_type": type(error).__name__, "max_retries": handler.max_retries}
        source = run.journal.local_source(target.routine_id, "retry", "retry")
        with run.lock:
            if not run.accepting:
                return False
            run.journal.append_record_locked(source, row, cause)
            due_ns = time.time_ns() + round(delay * 1e9)
            entry = run.journal.append_entry_locked("retry", target.routine_id, {**row, **more, "due_ns": due_ns})
            key = id(again)
            run.retries[key] = (again, TIMERS.call_later(delay, lambda: self._on_retry_due(key)))
        run.publish([entry])
        return True

    def _on_retry_due(self, key: int) -> None:
        run = self._run
        with run.lock:
            waiting = run.retries.pop(key, None)
            if waiting is not None:
                run.requeue(waiting[0])

    def _record_failure(self, activation: Activation, error: BaseException, outcome: str) -> None:
        run = self._run
        delivery, _, cause, attempt, _ = activation
        target, handler = delivery.target, self.error_handler_for(delivery)
        text, kind = error_text(error), type(error).__name__
        if handler.strategy is ErrorStrategy.RETRY:
            handler.retry_count = attempt
        state = {"status": outcome, "error": text}
        row = {"slot": target.slot_name, "error": text, "error_type": kind}
        trace = {"traceback": format_traceback(error)}
        if outcome == "failed":
            run.error = run.error or f"{target.routine_id}: {kind}: {text}"
            self._add_record(target.routine_id, "error", row | trace, cause)
            state["error_time"] = now_iso()
        elif outcome == "error_continued":
            self._add_record(target.routine_id, "error_continued", row, cause)
        merge_routine_state(run.job_state, target.routine_id, {}, state)
        run.publish([run.journal.add_entry("error", target.routine_id, row | trace | {"outcome": outcome})])

    def _add_record(self, routine_id: str, kind: str, row: dict[str, str], cause: int) -> None:
        journal = self._run.journal
        journal.add_record(journal.local_source(routine_id, kind, kind), row, cause)


def format_traceback(error: BaseException) -> str:
    """The traceback of `error` and of its causes, without the marks under parts of a line.

    Those marks make Python parse the line, and CPython 3.11 fails when two threads parse at once:
    a handler that parses would get a `SystemError` because another one's error is written down.
    """
    current: traceback.TracebackException | None = traceback.TracebackException.from_exception(error)
    first = current
    for _ in range(CHAIN_LIMIT):
        if current is None:
            break
        for frame in current.stack:
            frame.colno = None
        current = current.__cause__ or current.__context__
    return "".join(first.format()) if first is not None else ""
