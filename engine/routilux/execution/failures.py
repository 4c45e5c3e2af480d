"""What a job does when a handler raises: decide by its error handler, note it, try again later."""

from __future__ import annotations

import logging
import time
import traceback
from contextlib import suppress
from math import inf
from threading import get_ident
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, TypeAlias

from ..context import JobCancelled
from ..error_handler import STOP_HANDLER, Decision, ErrorHandler, ErrorStrategy, check_handler, error_text
from ..graph.routing import Delivery
from ..journal.entries import Run
from ..persistence.plain_data import now_iso
from ..threads.timers import TIMERS, Timer

if TYPE_CHECKING:
    from .runner import Runner


Item: TypeAlias = tuple[Delivery, dict[str, Any], int, int, bool]
"""An activation: (way, data, `seq` of its cause, retries so far, whether mapping and merging are done)."""

OUTCOMES = ("failed", "error_continued", "skipped", "retry")
"""What an error handler may decide."""

_log = logging.getLogger("routilux")


class Failures:
    """The failures of one job. `delayed` holds what waits for its retry; the runner's lock guards it."""

    def __init__(self, runner: Runner) -> None:
        self.delayed: dict[int, tuple[Item, Timer]] = {}
        self._runner = runner

    def deal_with(self, item: Item, error: BaseException, start: int) -> Run:
        """A handler that ran since `start` has raised: decide, note it, and return the run."""
        end = perf_counter_ns()
        delivery, _, cause, _, _ = item
        try:
            outcome = self._deal_with(item, error)
        except BaseException as trouble:  # else a worker would be lost, and the job would wait for it for ever
            if not isinstance(trouble, Exception) and self._runner.guardian == get_ident():
                raise  # an interrupt, which `give_up` deals with
            _log.exception("The error of %r cannot be dealt with, so the job fails", delivery.target.routine_id)
            self._runner.error = self._runner.error or f"{delivery.target.routine_id}: {type(trouble).__name__}"
            outcome = "failed"
        if outcome == "failed":
            self._runner.fail()
        return (delivery.target.number, start, end - start, outcome, cause)

    def _deal_with(self, item: Item, error: BaseException) -> str:
        delivery, _, _, attempt, _ = item
        outcome, delay = self._decide(delivery, error, attempt)
        if outcome == "retry" and not self._retry_later(item, error, delay):
            return "cancelled"
        if outcome in ("failed", "error_continued", "skipped"):
            self._note(item, error, outcome)
        return outcome

    def handler_of(self, delivery: Delivery) -> ErrorHandler:
        """The routine's error handler, else the flow's, else STOP: that also where something else is set."""
        routine = delivery.target.routine
        try:
            own = routine.get_error_handler() if routine is not None else None
            return check_handler(own) or check_handler(self._runner.flow.error_handler) or STOP_HANDLER
        except Exception:
            _log.exception("The error handler of %r cannot be told, so it is STOP", delivery.target.routine_id)
            return STOP_HANDLER

    def drop_delayed(self) -> list[Item]:
        """Forget what waits for its retry and return it. The runner's lock is held."""
        waiting = list(self.delayed.values())
        self.delayed.clear()
        for _, timer in waiting:
            timer.cancel()
        return [item for item, _ in waiting]

    def take_delayed(self) -> Item | None:
        """What would be tried again next, to be tried now. The runner's lock is held."""
        if not self.delayed:
            return None
        key = min(self.delayed, key=lambda key: self.delayed[key][1].due)
        item, timer = self.delayed.pop(key)
        timer.cancel()
        return item

    def _decide(self, delivery: Delivery, error: BaseException, attempt: int) -> Decision:
        if self._runner.gate == "cancel" or isinstance(error, JobCancelled):
            return Decision("cancelled")
        if isinstance(error, KeyboardInterrupt):
            with suppress(ValueError):  # the job has failed already
                self._runner.controls.cancel(reason="KeyboardInterrupt", by="")
            return Decision("cancelled")
        if not isinstance(error, Exception):
            return Decision("failed")
        try:
            outcome, delay = self.handler_of(delivery).decide(error, attempt)
            if outcome not in OUTCOMES or not delay < inf:
                raise ValueError(f"It has decided on {outcome!r} with a delay of {delay!r} s")
            return Decision(outcome, delay)
        except Exception:
            _log.exception("The error handler of %r cannot decide, so the job fails", delivery.target.routine_id)
            return Decision("failed")

    def _retry_later(self, item: Item, error: BaseException, delay: float) -> bool:
        """Put the activation aside for `delay` seconds; `False` when the job takes no more."""
        runner = self._runner
        delivery, data, cause, attempt, prepared = item
        handler, target = self.handler_of(delivery), delivery.target
        handler.retry_count = attempt + 1
        again: Item = (delivery, data, cause, attempt + 1, prepared)
        row = {"attempt": attempt + 1, "error": error_text(error), "delay": delay}
        more = {"slot": target.slot_name, "error_type": type(error).__name__, "max_retries": handler.max_retries}
        source = runner.journal.own_source(target.routine_id, "retry", "retry")
        with runner.lock:
            if runner.closed:
                return False
            runner.journal.put_record(source, row, cause)
            due_ns = time.time_ns() + round(delay * 1e9)
            entry = runner.journal.make_entry("retry", target.routine_id, {**row, **more, "due_ns": due_ns})
            key = id(again)
            self.delayed[key] = (again, TIMERS.call_later(delay, lambda: self._due(key)))
        runner.job_state._announce(entry)
        return True

    def _due(self, key: int) -> None:
        with self._runner.lock:
            waiting = self.delayed.pop(key, None)
            if waiting is not None:
                self._runner.put_back(waiting[0])

    def _note(self, item: Item, error: BaseException, outcome: str) -> None:
        runner, job_state = self._runner, self._runner.job_state
        delivery, _, cause, attempt, _ = item
        target, handler = delivery.target, self.handler_of(delivery)
        text, kind = error_text(error), type(error).__name__
        if handler.strategy is ErrorStrategy.RETRY:
            handler.retry_count = attempt
        after = {"status": outcome, "error": text}
        row = {"slot": target.slot_name, "error": text, "error_type": kind}
        trace = {"traceback": traceback_text(error)}
        if outcome == "failed":
            runner.error = runner.error or f"{target.routine_id}: {kind}: {text}"
            job_state._record(target.routine_id, "error", "error", row | trace, cause)
            after["error_time"] = now_iso()
        elif outcome == "error_continued":
            job_state._record(target.routine_id, "error_continued", "error_continued", row, cause)
        job_state._merge_routine_state(target.routine_id, {}, after)
        entry = runner.journal.add_entry("error", target.routine_id, row | trace | {"outcome": outcome})
        job_state._announce(entry)


DEEPEST = 50
"""Errors of a chain (`raise … from …`) that are told."""


def traceback_text(error: BaseException) -> str:
    """The traceback of `error` and of what led to it, without the marks under parts of a line.

    Those marks make Python parse the line, and CPython 3.11 fails when two threads parse at once:
    a handler that parses would get a `SystemError` because another one's error is written down.
    """
    told: traceback.TracebackException | None = traceback.TracebackException.from_exception(error)
    first = told
    for _ in range(DEEPEST):
        if told is None:
            break
        for frame in told.stack:
            frame.colno = None
        told = told.__cause__ or told.__context__
    return "".join(first.format()) if first is not None else ""
