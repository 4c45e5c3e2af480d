"""A flow: the definition that jobs are runs of, and the commands for them."""

from __future__ import annotations

import threading
import time
import uuid
import warnings
from contextlib import suppress
from typing import Any

from .error_handler import ErrorHandler, check_handler
from .execution.concurrent import ConcurrentRunner
from .execution.registry import JobRegistry
from .execution.runner import Runner
from .execution.saving import restore
from .execution.sequential import SequentialRunner
from .execution_tracker import ExecutionTracker
from .graph.flow_graph import CONCURRENT, DEFAULT_TIMEOUT, SEQUENTIAL, FlowGraph
from .hooks import JobHook
from .job.state_machine import CANCELLING, PAUSING
from .job_state import JobState, core_of, ensure_running, rebind, restored_run, run_of, set_run
from .journal.journal import Journal
from .output_handler import OutputHandler
from .persistence.plain_data import PlainReader, as_dict, describe
from .status import PENDING, RUNNING
from .threads.current_frame import runs_here
from .threads.worker_pool import WorkerPool

DEFAULT_WORKERS = 5
_RESTORE_LOCK = threading.RLock()
"""Held while looking which flow runs a job. A lock of the job won't do: an `edit_…` block may hold it for long."""


class Flow(FlowGraph):
    """Routines under string ids, and connections from their events to their slots.

    A flow holds no state of any run: each `execute` or `start` makes a new, independent `JobState`.

    Args:
        flow_id: a name; a UUID4 by default.
        execution_strategy: `"sequential"` (one activation of a job at a time) or `"concurrent"`.
        max_workers: threads that the concurrent jobs of this flow share.
        execution_timeout: seconds that a job may take; `None` means 300.
        history_limit: how many records, newest first, a job keeps in memory; `None` keeps all. The same
            limit applies to the shared log and the output log.

    Attributes:
        routines: the routines by id, in the order in which they were added; connections: the list of `Connection`s.
        error_handler: for routines that have none of their own, or `None`.
        execution_tracker: that of the job started last, `None` before any.
    """

    _routilux_part = True
    error_handler: ErrorHandler | None
    execution_strategy: str
    max_workers: int

    def __init__(
        self,
        flow_id: str | None = None,
        execution_strategy: str = SEQUENTIAL,
        max_workers: int = DEFAULT_WORKERS,
        execution_timeout: float | None = None,
        *,
        history_limit: int | None = None,
    ) -> None:
        seconds = DEFAULT_TIMEOUT if execution_timeout is None else execution_timeout
        super().__init__(
            PlainReader(flow_id or str(uuid.uuid4()), "flow_id").as_string(),
            execution_strategy,
            _worker_count(max_workers) if execution_strategy == CONCURRENT else 1,
            PlainReader(seconds, "execution_timeout").as_number(),
            None if history_limit is None else PlainReader(history_limit, "history_limit").as_integer(),
        )
        self.execution_tracker: ExecutionTracker | None = None
        self._output_handler: OutputHandler | None = None
        self._registry = JobRegistry()
        self._workers: WorkerPool | None = None
        self._workers_lock = threading.Lock()

    # -- configuration

    def set_error_handler(self, error_handler: ErrorHandler | None) -> None:
        """Use `error_handler` for routines that have none of their own; with `None` the first error fails the job."""
        self.error_handler = check_handler(error_handler)

    def set_output_handler(self, output_handler: OutputHandler | None) -> None:
        """Give `output_handler` to every job made from now on; `None` for none."""
        self._output_handler = output_handler

    def set_execution_strategy(self, strategy: str, max_workers: int | None = None) -> None:
        """Set `strategy` to `"sequential"` or `"concurrent"` (with `max_workers`, or 5); `ValueError` for others."""
        self.max_workers = _worker_count(max_workers or DEFAULT_WORKERS) if _strategy(strategy) == CONCURRENT else 1
        self.execution_strategy = strategy

    def get_routine_retry_count(self, routine_id: str) -> int | None:
        """Return `retry_count` of the error handler of routine `routine_id`; `None` if there is no such handler."""
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
        concurrent one the entry's handler has returned; the rest runs on the workers.

        Args:
            entry_routine_id: the routine to start at; it needs a slot `trigger`.
            entry_params: the entry's data.
            execution_strategy: for this job only.
            timeout: seconds; the flow's `execution_timeout` by default.
            output_handler: for this job; the flow's by default.

        Raises:
            ValueError: for an unknown routine or strategy, or a parameter of the wrong type. Any other error ends
                up in the JobState.
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
        seconds = PlainReader(self.execution_timeout if timeout is None else timeout, "timeout").as_number()
        journal = Journal(self._routing.sources, self._routing.targets, self.history_limit)
        job_state = JobState(self.flow_id, journal=journal)
        job_state.output_handler = self._output_handler if output_handler is None else output_handler
        runner = self._make_runner(job_state, chosen, seconds)
        set_run(job_state, runner)
        self.execution_tracker = job_state.execution_tracker
        job_state.entry_routine_id = entry
        return job_state, runner

    def _make_runner(self, job_state: JobState, strategy: str, seconds: float) -> SequentialRunner | ConcurrentRunner:
        if strategy == CONCURRENT:
            return ConcurrentRunner(self, self._registry, job_state, seconds, workers=self._worker_pool())
        return SequentialRunner(self, self._registry, job_state, seconds)

    def _worker_pool(self) -> WorkerPool:
        limit = max(self.max_workers, 1) if self.execution_strategy == CONCURRENT else DEFAULT_WORKERS
        with self._workers_lock:
            if self._workers is None or self._workers.limit != limit:
                self._workers = WorkerPool(limit, f"routilux-{self.flow_id}")
            return self._workers

    def live_jobs(self) -> list[JobState]:
        """The jobs of this flow that have not ended (paused ones as long as they are referenced elsewhere)."""
        return self._registry.jobs()

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
        """Start no further handler of `job_state`; keep the activations that wait.

        `reason`, `checkpoint` (a dict of yours) and the time are kept in its `pause_points`; `by` names the requester.
        Returns when the running handlers have returned and the job is paused; at once with
        `wait=False`, or when a handler of the job itself calls this. Pausing a paused job does nothing.

        Raises:
            ValueError: for another flow's job, one that has failed or been cancelled, or a checkpoint that isn't a
                dict.
        """
        runner = self._runner_of(job_state)
        runner.controls.pause(reason, None if checkpoint is None else as_dict("checkpoint", checkpoint), by)
        if wait:
            runner.controls.wait(PAUSING)

    def resume(self, job_state: JobState, *, reason: str = "", by: str = "") -> JobState:
        """Continue a paused `job_state`, or withdraw a pause that is still draining; never blocks.

        A job that was saved while it ran continues too: with the activations that waited, and those that ran from
        their start. Returns the same object. A job that runs, is being cancelled or has completed stays as it is.
        `reason` and `by` as for `pause`.

        Raises:
            ValueError: for another flow's job, one that has failed or been cancelled, or whose
                `current_routine_id` is not in the flow.
        """
        current = job_state.current_routine_id
        runner = self._runner_of(job_state)
        if current is not None and current not in self.routines:
            raise ValueError(
                f"Routine {describe(current)} of job {job_state.job_id} not found in flow {self.flow_id!r}"
            )
        runner.controls.resume(reason, by)
        return job_state

    def step(self, job_state: JobState, *, reason: str = "", by: str = "") -> None:
        """Run one activation of a paused `job_state`, the first of its `pending_tasks`; never blocks.

        The job runs meanwhile and is paused again when the handler has returned; what it emitted waits.
        Deferred events are emitted first. `reason` and `by` as for `pause`.

        Raises:
            ValueError: if `job_state` is not paused, nothing waits, or a step is in progress; for another flow's job.
        """
        self._runner_of(job_state).controls.step(reason, by)

    def cancel(self, job_state: JobState, reason: str = "", *, by: str = "", wait: bool = True) -> None:
        """Discard what waits, signal running handlers (`ctx.cancelled`), and end `job_state` when they have returned.

        `reason`, `by` and `wait` as for `pause`. Cancelling a cancelled job does nothing.

        Raises:
            ValueError: for another flow's job, or one that has failed.
        """
        runner = self._runner_of(job_state)
        runner.controls.cancel(reason, by)
        if wait:
            runner.controls.wait(CANCELLING)

    def _runner_of(self, job_state: JobState) -> Runner:
        if job_state.flow_id != self.flow_id:
            raise ValueError(
                f"Job {job_state.job_id} is of flow {describe(job_state.flow_id)}: that does not match {self.flow_id!r}"
            )
        with _RESTORE_LOCK:  # two threads, and two flows, may ask at once
            restored = run_of(job_state) is None
            if restored:
                self._restore(job_state)
        if restored:
            self._registry.adopt(job_state)
        runner = run_of(job_state)
        assert isinstance(runner, Runner)
        return runner

    def _restore(self, job_state: JobState) -> None:
        """Make this flow the one that runs a job that was loaded, or made by hand."""
        if job_state.status == PENDING:
            raise ValueError(f"Job {job_state.job_id} has not started; use execute or start")
        saved = restored_run(job_state)
        seconds = self.execution_timeout if saved.timeout is None else saved.timeout
        runner = self._make_runner(job_state, saved.execution_strategy or self.execution_strategy, seconds)
        restore(runner)
        set_run(job_state, runner)
        rebind(job_state, self._routing.sources, self._routing.targets, self.history_limit)

    # -- observers

    def add_hook(self, hook: JobHook) -> None:
        """Call `hook` for every job of this flow, those that run already included."""
        self._registry.add_hook(hook)

    def remove_hook(self, hook: JobHook) -> None:
        """Call `hook` no longer."""
        self._registry.remove_hook(hook)

    # -- waiting and ending

    def wait_for_completion(self, timeout: float | None = None, job_state: JobState | None = None) -> bool:
        """Deprecated. Return whether `job_state`, or every live job, has settled within `timeout` seconds."""
        warnings.warn(
            "Flow.wait_for_completion is deprecated; use JobState.wait_for_completion(flow, job_state, timeout)",
            DeprecationWarning,
            stacklevel=2,
        )
        return self._wait([job_state] if job_state is not None else self.live_jobs(), timeout)

    def shutdown(self, wait: bool = True, timeout: float | None = None) -> None:
        """Release the workers. With `wait`, running jobs may finish first (up to `timeout` seconds); without it, or
        when the time is up, they are cancelled."""
        jobs = [job_state for job_state in self.live_jobs() if not runs_here(job_state)]
        if not wait or not self._wait(jobs, timeout):
            for job_state in jobs:
                if job_state.status == RUNNING:
                    with suppress(ValueError):  # it has failed in the meantime
                        self.cancel(job_state, reason="shutdown", wait=False)
        with self._workers_lock:
            workers = self._workers
        if workers is not None:
            workers.stop(timeout if wait else 0.0)

    def _wait(self, jobs: list[JobState], timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        for job_state in jobs:
            ensure_running(job_state, self)
            remaining = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            if not core_of(job_state).lifecycle.wait_until_settled(remaining):
                return False
        return True


def _worker_count(number: Any) -> int:
    return PlainReader(max(number, 0) if isinstance(number, int) else number, "max_workers").as_integer()


def _strategy(word: str) -> str:
    if word not in (SEQUENTIAL, CONCURRENT):
        raise ValueError(f"Invalid execution strategy {word!r}; use {SEQUENTIAL!r} or {CONCURRENT!r}")
    return word
