"""A flow: the definition that jobs are runs of."""

from __future__ import annotations

import threading
import time
import uuid
import warnings
import weakref
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from .error_handler import ErrorHandler, check_handler
from .execution.concurrent import ConcurrentRunner
from .execution.controls import resume, step
from .execution.runner import Runner
from .execution.saving import take_over
from .execution.sequential import SequentialRunner
from .execution_tracker import ExecutionTracker
from .graph.flow_graph import Structure, fill_flow, flow_to_plain
from .hooks import JobHook
from .job.lifecycle import wait_until_over
from .job_state import JobState
from .journal.journal import Journal
from .output_handler import OutputHandler
from .persistence.plain_data import Part, as_dict, shown
from .status import PAUSED, PENDING, RUNNING
from .threads.current_frame import runs_here
from .threads.worker_pool import Workers

SEQUENTIAL, CONCURRENT = "sequential", "concurrent"
DEFAULT_WORKERS = 5
DEFAULT_TIMEOUT = 300.0
_TAKING_OVER = threading.RLock()
"""Held to look who runs a job. It is none of the job's own: in an `edit_…` block its data may be locked for long."""


class Flow(Structure):
    """Routines under string ids, and connections from their events to their slots.

    A flow holds no state of any run: each `execute` or `start` makes a new, independent `JobState`.

    Args:
        flow_id: a name; a UUID4 when not given.
        execution_strategy: `"sequential"` (one activation of a job at a time) or `"concurrent"`.
        max_workers: threads that the concurrent jobs of this flow share.
        execution_timeout: seconds that a job may take; `None` means 300.
        history_limit: newest records that a job keeps in memory; `None` keeps all. The same
            limit holds for the shared log and the output log.

    Attributes:
        routines: the routines by id, in the order in which they were added; connections: the list of `Connection`s.
        error_handler: for routines that have none of their own, or `None`.
        execution_tracker: that of the job started last, `None` before any.
    """

    _routilux_part = True

    def __init__(
        self,
        flow_id: str | None = None,
        execution_strategy: str = SEQUENTIAL,
        max_workers: int = DEFAULT_WORKERS,
        execution_timeout: float | None = None,
        *,
        history_limit: int | None = None,
    ) -> None:
        super().__init__(Part(flow_id or str(uuid.uuid4()), "flow_id").as_text())
        self.execution_strategy: str = execution_strategy
        self.max_workers: int = _workers(max_workers) if execution_strategy == CONCURRENT else 1
        seconds = DEFAULT_TIMEOUT if execution_timeout is None else execution_timeout
        self.execution_timeout: float = Part(seconds, "execution_timeout").as_number()
        kept = None if history_limit is None else Part(history_limit, "history_limit").as_whole()
        self.history_limit: int | None = kept
        self.error_handler: ErrorHandler | None = None
        self.execution_tracker: ExecutionTracker | None = None
        self._output_handler: OutputHandler | None = None
        self._hooks: tuple[JobHook, ...] = ()
        self._workers: Workers | None = None
        self._lock = threading.Lock()  # guards `_live`, `_paused`, `_hooks` and `_workers`
        self._live: dict[str, JobState] = {}
        self._paused: weakref.WeakValueDictionary[str, JobState] = weakref.WeakValueDictionary()

    # -- configuration

    def set_error_handler(self, error_handler: ErrorHandler | None) -> None:
        """Deal by `error_handler` with errors of routines that have none of their own; `None`: a first error fails."""
        self.error_handler = check_handler(error_handler)

    def set_output_handler(self, output_handler: OutputHandler | None) -> None:
        """Give `output_handler` to every job that is made from now on; `None` for none."""
        self._output_handler = output_handler

    def set_execution_strategy(self, strategy: str, max_workers: int | None = None) -> None:
        """Set `strategy`: `"sequential"` or `"concurrent"` (`max_workers`, or 5). `ValueError` for another word."""
        self.max_workers = _workers(max_workers or DEFAULT_WORKERS) if _strategy(strategy) == CONCURRENT else 1
        self.execution_strategy = strategy

    def get_routine_retry_count(self, routine_id: str) -> int | None:
        """Return `retry_count` of the own error handler of routine `routine_id`; `None` when either is not there."""
        routine = self.routines.get(routine_id)
        handler = routine.get_error_handler() if routine is not None else None
        return handler.retry_count if handler is not None else None

    # -- running

    def execute(
        self,
        entry_routine_id: str,
        entry_params: dict[str, Any] | None = None,
        execution_strategy: str | None = None,
        timeout: float | None = None,
        output_handler: OutputHandler | None = None,
    ) -> JobState:
        """Run a job; the handler of the entry's `trigger` slot is called in this thread.

        A sequential job runs here until it settles: completed, failed, cancelled or paused. Of a
        concurrent one the entry's handler has returned; the rest goes on on the workers.

        Args:
            entry_routine_id: the routine to start at; it needs a slot `trigger`.
            entry_params: the entry's data.
            execution_strategy: for this job only.
            timeout: seconds; the flow's `execution_timeout` when not given.
            output_handler: for this job; the flow's when not given.

        Raises:
            ValueError: for an unknown routine or strategy, or a parameter of the wrong kind. All else ends
                in the JobState.
        """
        params = dict(as_dict("entry_params", entry_params or {}))
        job_state, runner = self._new_job(entry_routine_id, execution_strategy, timeout, output_handler)
        runner.execute(entry_routine_id, params)
        return job_state

    def start(
        self,
        entry_routine_id: str,
        entry_params: dict[str, Any] | None = None,
        execution_strategy: str | None = None,
        timeout: float | None = None,
        output_handler: OutputHandler | None = None,
    ) -> JobState:
        """As `execute`, but the whole job runs on other threads: returns at once."""
        params = dict(as_dict("entry_params", entry_params or {}))
        job_state, runner = self._new_job(entry_routine_id, execution_strategy, timeout, output_handler)
        runner.start(entry_routine_id, params)
        return job_state

    def _new_job(
        self, entry: str, strategy: str | None, timeout: float | None, output_handler: OutputHandler | None
    ) -> tuple[JobState, SequentialRunner | ConcurrentRunner]:
        self._routine(entry, "Entry routine")
        chosen = _strategy(strategy or self.execution_strategy)
        seconds = Part(self.execution_timeout if timeout is None else timeout, "timeout").as_number()
        journal = Journal(self._plan.sources, self._plan.targets, self.history_limit)
        job_state = JobState(self.flow_id, journal=journal)
        job_state.output_handler = self._output_handler if output_handler is None else output_handler
        runner = self._make_runner(job_state, chosen, seconds)
        job_state._runner = runner
        self.execution_tracker = job_state.execution_tracker
        job_state.entry_routine_id = entry
        return job_state, runner

    def _make_runner(self, job_state: JobState, strategy: str, seconds: float) -> SequentialRunner | ConcurrentRunner:
        if strategy == CONCURRENT:
            return ConcurrentRunner(self, self._plan, job_state, seconds, workers=self._crew())
        return SequentialRunner(self, self._plan, job_state, seconds)

    def _crew(self) -> Workers:
        limit = max(self.max_workers, 1) if self.execution_strategy == CONCURRENT else DEFAULT_WORKERS
        with self._lock:
            if self._workers is None or self._workers.limit != limit:
                self._workers = Workers(limit, f"routilux-{self.flow_id}")
            return self._workers

    def live_jobs(self) -> list[JobState]:
        """The jobs of this flow that have not ended (paused ones as long as somebody holds them)."""
        with self._lock:
            return list((dict(self._paused.items()) | self._live).values())

    def _job_begins(self, job_state: JobState) -> None:
        with self._lock:
            self._live[job_state.job_id] = job_state
            hooks = self._hooks
        for hook in hooks:
            job_state.add_hook(hook)

    # The runner calls these under its own lock, with the change of status: nobody sees one without the other.

    def _job_rests(self, job_state: JobState) -> None:
        with self._lock:
            if job_state.status == PAUSED:
                self._paused[job_state.job_id] = job_state
            else:
                self._paused.pop(job_state.job_id, None)
            self._live.pop(job_state.job_id, None)

    def _job_resumed(self, job_state: JobState) -> None:
        with self._lock:
            self._live[job_state.job_id] = job_state
            self._paused.pop(job_state.job_id, None)

    # -- controls

    def pause(
        self,
        job_state: JobState,
        reason: str = "",
        checkpoint: dict[str, Any] | None = None,
        *,
        by: str = "",
        wait: bool = True,
    ) -> None:
        """Start no further handler of `job_state`; keep what waits.

        `reason`, `checkpoint` (a dict of yours) and the time are kept in its `pause_points`; `by` says who asks.
        Returns when the running handlers have returned and the job is paused; at once with
        `wait=False`, or when a handler of the job itself asks. Pausing a paused job does nothing.

        Raises:
            ValueError: for another flow's job, one that has failed or been cancelled, or a checkpoint that is no dict.
        """
        runner = self._runner_of(job_state)
        runner.controls.pause(reason, None if checkpoint is None else as_dict("checkpoint", checkpoint), by)
        if wait:
            runner.wait_settled("pause")

    def resume(self, job_state: JobState, *, reason: str = "", by: str = "") -> JobState:
        """Go on with a paused `job_state` (or take back a pause that is still draining); never blocks.

        A job that was saved while it ran goes on, too: what waited, and from their start the handlers that ran.
        Returns the same object. A job that runs, or has completed, stays as it is. `reason` and `by` as for `pause`.

        Raises:
            ValueError: for another flow's job, one that has failed or been cancelled, or whose
                `current_routine_id` is not in the flow.
        """
        current = job_state.current_routine_id
        runner = self._runner_of(job_state)
        if current is not None and current not in self.routines:
            raise ValueError(f"Routine {shown(current)} of job {job_state.job_id} not found in flow {self.flow_id!r}")
        resume(runner, reason, by)
        return job_state

    def step(self, job_state: JobState, *, reason: str = "", by: str = "") -> None:
        """Let one activation of a paused `job_state` run, the first of its `pending_tasks`; never blocks.

        The job runs meanwhile and is paused again when the handler has returned; what it emitted waits.
        Deferred events are emitted before. `reason` and `by` as for `pause`.

        Raises:
            ValueError: when `job_state` is not paused, nothing waits, or a step is under way; for another flow's job.
        """
        step(self._runner_of(job_state), reason, by)

    def cancel(self, job_state: JobState, reason: str = "", *, by: str = "", wait: bool = True) -> None:
        """Drop what waits, tell running handlers (`ctx.cancelled`), and end `job_state` when they have returned.

        `reason`, `by` and `wait` as for `pause`. Cancelling a cancelled job does nothing.

        Raises:
            ValueError: for another flow's job, or one that has failed.
        """
        runner = self._runner_of(job_state)
        runner.controls.cancel(reason, by)
        if wait:
            runner.wait_settled("cancel")

    def _runner_of(self, job_state: JobState) -> Runner:
        if job_state.flow_id != self.flow_id:
            raise ValueError(
                f"Job {job_state.job_id} is of flow {shown(job_state.flow_id)}: that does not match {self.flow_id!r}"
            )
        with _TAKING_OVER:  # two threads, and two flows, may ask at once
            taken = job_state._runner is None
            if taken:
                self._take_over(job_state)
        for hook in self._hooks if taken else ():
            job_state.add_hook(hook)
        assert job_state._runner is not None
        return job_state._runner

    def _take_over(self, job_state: JobState) -> None:
        """Make this flow the one that runs a job which was loaded, or made by hand."""
        if job_state.status == PENDING:
            raise ValueError(f"Job {job_state.job_id} has not started; use execute or start")
        stored = job_state._stored
        seconds = self.execution_timeout if stored.timeout is None else stored.timeout
        runner = self._make_runner(job_state, stored.execution_strategy or self.execution_strategy, seconds)
        take_over(runner)
        job_state._go_on(self._plan.sources, self._plan.targets, self.history_limit)

    # -- observers

    def add_hook(self, hook: JobHook) -> None:
        """Have `hook` told of every job of this flow, those under way included."""
        with self._lock:
            if any(known is hook for known in self._hooks):
                return
            self._hooks += (hook,)
        for job_state in self.live_jobs():
            job_state.add_hook(hook)

    def remove_hook(self, hook: JobHook) -> None:
        """Tell `hook` nothing more."""
        with self._lock:
            self._hooks = tuple(known for known in self._hooks if known is not hook)
        for job_state in self.live_jobs():
            job_state.remove_hook(hook)

    # -- saving and loading

    def serialize(self) -> dict[str, Any]:
        """Return structure and configuration as plain data; nothing of any run.

        Raises:
            TypeError: for a routine whose class needs constructor arguments.
        """
        return flow_to_plain(self)

    def deserialize(self, data: dict[str, Any], allow: Collection[str] = ()) -> None:
        """Become `data`, what `serialize` gave. Routines are made by their classes, which this process must know.

        Args:
            allow: modules that may be imported to find a class.

        Raises:
            ValueError: saying what is wrong and where; nothing has changed then.
        """
        fill_flow(self, data, allow)

    # -- waiting and ending

    def wait_for_completion(self, timeout: float | None = None, job_state: JobState | None = None) -> bool:
        """Deprecated. Return whether `job_state`, or all that runs, is over within `timeout` seconds."""
        warnings.warn(
            "Flow.wait_for_completion is deprecated; use JobState.wait_for_completion(flow, job_state, timeout)",
            DeprecationWarning,
            stacklevel=2,
        )
        return self._wait([job_state] if job_state is not None else self.live_jobs(), timeout)

    def shutdown(self, wait: bool = True, timeout: float | None = None) -> None:
        """Release the workers. With `wait`, jobs under way may finish first (up to `timeout` seconds); without, or when
        the time is up, they are cancelled."""
        jobs = [job_state for job_state in self.live_jobs() if not runs_here(job_state)]
        if not wait or not self._wait(jobs, timeout):
            for job_state in jobs:
                if job_state.status == RUNNING:
                    with suppress(ValueError):  # it has failed in the meantime
                        self.cancel(job_state, reason="shutdown", wait=False)
        with self._lock:
            workers = self._workers
        if workers is not None:
            workers.stop(timeout if wait else 0.0)

    def _wait(self, jobs: list[JobState], timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        for job_state in jobs:
            job_state._have_gone_on(self)
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            if not wait_until_over(job_state, left):
                return False
        return True


def _workers(number: Any) -> int:
    return Part(max(number, 0) if isinstance(number, int) else number, "max_workers").as_whole()


def _strategy(word: str) -> str:
    if word not in (SEQUENTIAL, CONCURRENT):
        raise ValueError(f"Invalid execution strategy {word!r}; use {SEQUENTIAL!r} or {CONCURRENT!r}")
    return word
