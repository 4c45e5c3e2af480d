"""A run as users see it: its status and history, and what its routines share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from .execution_tracker import ExecutionTracker
from .job.job_document import JobDocument, RunSnapshot, document_text
from .job.lifecycle import Lifecycle, ProgressCallback
from .job.observers import Observer, Observers
from .job.shared_state import SharedState, SharedValue, copy_shared
from .job.state_machine import refusals, restored_state
from .journal.entries import Source, Target
from .journal.journal import Journal
from .journal.records import ExecutionRecord, HistoryRange, record_from_row
from .persistence.files import SIZE_LIMIT, read_json, write_atomic
from .persistence.plain_data import PlainReader, as_dict, now_iso
from .persistence.snapshot import snapshot
from .status import RUNNING, ControlState, RunningHandler, check_status
from .threads.synchronization import StopEvent

__all__ = ["ExecutionRecord", "HistoryRange", "JobState", "SharedValue"]


class RunCapture(NamedTuple):
    """A run at one moment. `seq` is the number of its newest record then; `ended_ns` is since the epoch, or `None`."""

    status: str
    ended_ns: int | None
    seq: int
    snapshot: RunSnapshot


class RunHandle(Protocol):
    """The run of a job, as its `JobState` knows it."""

    def control(self) -> ControlState: ...
    def capture(self) -> RunCapture: ...
    def pending_tasks(self) -> list[dict[str, Any]]: ...
    def running_handlers(self) -> tuple[RunningHandler, ...]: ...
    def queue_figures(self) -> tuple[int, int]: ...
    def is_idle(self) -> bool: ...


class SupportsResume(Protocol):
    """What waiting needs of a flow."""

    def resume(self, job_state: Any) -> Any: ...


FlowT = TypeVar("FlowT", bound=SupportsResume)


class JobCore(NamedTuple):
    """The internals of a job that its run shares with the `JobState`."""

    journal: Journal
    lifecycle: Lifecycle
    observers: Observers


class JobState(SharedState):
    """One run of a flow. `Flow.execute` and `Flow.start` make it; any thread may call its methods.

    Args:
        flow_id: the id of the job's flow. (`journal` is the engine's own.)

    Attributes:
        job_id: a UUID4.
        entry_routine_id: where the job began; current_routine_id: the same; entry_params: its entry's data.
        routine_states: what each routine keeps, by its id; the reason of a cancel is under `"_cancellation"`.
        shared_data: what the routines share; metadata: a dict of yours, which is saved, too.
        shared_log, output_log: lists of dicts, in order.
        shared_log_dropped, output_log_dropped: how many of them left because of the flow's `history_limit`.
        output_handler: where outputs go, or `None`.
        pause_points: a dict for each pause; deferred_events: a dict for each event to be emitted on resume.
        execution_tracker: the figures of this job.
    """

    _routilux_part = True
    job_id: str

    def __init__(self, flow_id: str = "", *, journal: Journal | None = None) -> None:
        super().__init__(None if journal is None else journal.limit)
        self.flow_id: str = flow_id
        self.current_routine_id: str | None = None
        self.pause_points: list[dict[str, Any]] = []
        self.deferred_events: list[dict[str, Any]] = []
        self.entry_routine_id: str | None = None
        self.entry_params: dict[str, Any] = {}
        self._run: RunHandle | None = None
        self._restored = RunSnapshot()
        self._observers = Observers()
        self._set_journal(Journal([], []) if journal is None else journal)

    def _set_journal(self, journal: Journal) -> None:
        self._journal = journal
        self._lifecycle = Lifecycle(journal)
        self.execution_tracker: ExecutionTracker = ExecutionTracker(self.flow_id)
        self.execution_tracker.bind(journal)

    def __repr__(self) -> str:
        return f"JobState[{self.job_id}:{self.status}]"

    # -- status and times

    @property
    def status(self) -> str:
        """`pending`, `running`, `paused`, `completed`, `failed` or `cancelled`."""
        return self._lifecycle.status

    @status.setter
    def status(self, status: str) -> None:
        """Raises `ValueError` for an unknown status and, while a flow runs the job, always: use the flow's controls."""
        check_status(status)
        if self._run is not None and status != self.status:
            raise ValueError(f"Job {self.job_id} is run by a flow: use its pause, resume or cancel, not {status!r}")
        self._lifecycle.set_status(status)

    @property
    def created_at(self) -> datetime:
        """When the job was made (local, naive)."""
        return _local(self._lifecycle.created_ns)

    @property
    def updated_at(self) -> datetime:
        """When the job last changed (local, naive)."""
        return _local(self._lifecycle.last_change_ns())

    @property
    def ended_at(self) -> datetime | None:
        """When the job completed, failed or was cancelled (local, naive), or `None`."""
        ended_ns = self._lifecycle.ended_ns
        return None if ended_ns is None else _local(ended_ns)

    @property
    def cancelled(self) -> StopEvent:
        """A `threading.Event`: set, and true in an `if`, when the job is being cancelled, has failed or has timed
        out."""
        return self._lifecycle.stop_event

    # -- history

    @property
    def execution_history(self) -> list[ExecutionRecord]:
        """The records that are kept, in order of recording."""
        return self.read_history(0, self._journal.seq).records

    @property
    def history_dropped(self) -> int:
        """Records that were dropped because of the flow's `history_limit`."""
        return self._journal.dropped

    def record_execution(self, routine_id: str, event_name: str, data: dict[str, Any]) -> None:
        """Append a record of `routine_id` and `event_name` with a copy of `data`, and the current time."""
        _check_event(routine_id, event_name)
        source = self._journal.local_source(routine_id, event_name, "custom")
        self._journal.add_record(source, snapshot(as_dict("data", data or {})), 0)

    def get_execution_history(self, routine_id: str | None = None) -> list[ExecutionRecord]:
        """The records, in order; only those of routine `routine_id` if it is given."""
        records = self.execution_history
        return records if routine_id is None else [record for record in records if record.routine_id == routine_id]

    def read_history(self, after: int = 0, limit: int = 100) -> HistoryRange:
        """Records `after + 1` to `after + limit`, as far as they are kept. The cost is that of the returned records."""
        journal = self._journal
        rows, first, last = journal.read_records(after, limit)
        start = max(after, first - 1) + 1
        records = [
            record_from_row(journal.source(number), data, journal.wall_ns(at), cause, seq)
            for seq, (number, data, at, cause) in enumerate(rows, start)
        ]
        return HistoryRange(records, first, last, last)

    # -- pausing

    @property
    def control(self) -> ControlState:
        """The last control of the job and how far it is."""
        if self._run is not None:
            return self._run.control()
        can_step = bool(self._restored.pending_tasks or self.deferred_events)
        return ControlState(refusals=refusals(restored_state(self.status), can_step))

    @property
    def checkpoint(self) -> dict[str, Any] | None:
        """The checkpoint passed to the last pause, or `None`."""
        return self.pause_points[-1].get("checkpoint") if self.pause_points else None

    @property
    def pending_tasks(self) -> list[dict[str, Any]]:
        """The activations that wait for a resume, as plain dicts; empty unless the job is paused."""
        return self._run.pending_tasks() if self._run is not None else self._restored.pending_tasks

    def add_deferred_event(self, routine_id: str, event_name: str, data: dict[str, Any]) -> None:
        """Keep the event `event_name` of routine `routine_id`; it is emitted with `data` when the job is resumed."""
        _check_event(routine_id, event_name)
        self._lifecycle.updated_ns = time.time_ns()
        row = {"routine_id": routine_id, "event_name": event_name, "data": as_dict("data", data or {})}
        self.deferred_events.append(row | {"timestamp": now_iso()})

    # -- saving and loading

    def serialize(self) -> dict[str, Any]:
        """Plain data, with the activations that wait, and those that run, to be started again."""
        lifecycle = self._lifecycle
        if self._run is None:
            now = RunCapture(self.status, lifecycle.ended_ns, self._journal.seq, self._restored)
        else:
            now = self._run.capture()  # first: a handler that ends meanwhile is in the data read after it
        shared = copy_shared(self)
        history = self.read_history(0, now.seq)
        return JobDocument(
            flow_id=self.flow_id,
            job_id=self.job_id,
            status=now.status,
            current_routine_id=self.current_routine_id,
            entry_routine_id=self.entry_routine_id,
            entry_params=self.entry_params,
            created_ns=lifecycle.created_ns,
            updated_ns=lifecycle.last_change_ns(),
            ended_ns=now.ended_ns,
            figures=self.execution_tracker.figures(),
            total_events=self.execution_tracker.event_count(),
            records=history.records,
            history_dropped=history.first - 1,
            pause_points=self.pause_points,
            deferred_events=self.deferred_events,
            run=now.snapshot,
            shared=shared,
        ).to_plain()

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load `data`, the result of `serialize`, into a fresh `JobState()`; `data` is not changed.

        Raises:
            ValueError: saying what is wrong and where; nothing has changed then. Also if a flow runs this job.
        """
        if self._run is not None:
            raise ValueError(f"{self!r} is run by a flow; load into a fresh JobState()")
        document = JobDocument.from_plain(data)
        self.flow_id, self.job_id = document.flow_id, document.job_id
        self._set_journal(_journal_of(document))
        lifecycle = self._lifecycle
        lifecycle.status = document.status
        lifecycle.created_ns, lifecycle.updated_ns = document.created_ns, document.updated_ns
        lifecycle.ended_ns = document.ended_ns
        tracker = self.execution_tracker
        tracker.load_totals(document.figures, max(document.total_events - tracker.event_count(), 0))
        self.current_routine_id, self.entry_routine_id = document.current_routine_id, document.entry_routine_id
        self.entry_params = document.entry_params
        self.pause_points, self.deferred_events = document.pause_points, document.deferred_events
        for name, value in document.shared.items():
            setattr(self, name, value)
        self._restored = document.run

    def save(self, filepath: str | Path) -> None:
        """Write the job to the file `filepath` as JSON. A crash leaves either the old content or the new.

        Missing directories are made. Raises `TypeError`, saying where, for data that JSON cannot hold.
        """
        write_atomic(filepath, document_text(self.serialize()))

    @classmethod
    def load(cls, filepath: str | Path, max_bytes: int = SIZE_LIMIT) -> JobState:
        """Load a job from the file `filepath`, of at most `max_bytes`. Nothing that it names is imported or called.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is too large, not JSON, or not a job; says what is wrong and where.
        """
        job_state = cls()
        job_state.deserialize(read_json(filepath, max_bytes))
        return job_state

    # -- observers

    def add_hook(self, hook: Observer) -> None:
        """Call `hook` (a `JobHook`) from now on; its reader starts with the totals of everything before."""
        self._observers.attach(hook, self, self._journal.attach(self._running_handlers))

    def remove_hook(self, hook: Observer) -> None:
        """Call `hook` no longer and close its reader."""
        self._observers.detach(hook)

    def _running_handlers(self) -> tuple[RunningHandler, ...]:
        return self._run.running_handlers() if self._run is not None else ()

    def _record_change(self, kind: str, routine_id: str | None, data: dict[str, Any]) -> None:
        """Pass a change that is kept elsewhere to the hooks: without hooks there is nothing to do."""
        self._lifecycle.updated_ns = time.time_ns()
        if self._observers.subscriptions:
            self._observers.publish(self, self._journal.add_entry(kind, routine_id, data))

    # -- waiting

    @staticmethod
    def wait_for_completion(
        flow: SupportsResume,
        job_state: JobState,
        timeout: float | None = None,
        stability_checks: int = 5,
        check_interval: float = 0.1,
        stability_delay: float = 0.05,
        progress_callback: ProgressCallback | None = None,
    ) -> bool:
        """Wait up to `timeout` seconds until `job_state` has ended or is paused; return whether it has.

        Waiting does not poll: `stability_checks`, `check_interval` and `stability_delay` are accepted and
        unused. `progress_callback(queue size, running handlers, status)` is called now and then, if given. A job that
        was loaded and says `running` is resumed on `flow` first: otherwise the wait would never end.
        """
        ensure_running(job_state, flow)
        return job_state._lifecycle.wait_until_settled(timeout, progress_callback, job_state._queue_figures)

    @staticmethod
    def wait_until_condition(
        flow: FlowT,
        job_state: JobState,
        condition: Callable[[FlowT, JobState], Any],
        timeout: float | None = None,
        check_interval: float = 0.1,
        progress_callback: ProgressCallback | None = None,
    ) -> bool:
        """Wait until `condition(flow, job_state)` is true, evaluated every `check_interval` seconds.

        When `job_state` ends it is evaluated once more and the outcome returned; `False` when `timeout` seconds passed
        first. An exception of the condition is logged and counts as not met. `progress_callback` as for
        `wait_for_completion`.
        """
        ensure_running(job_state, flow)
        return job_state._lifecycle.wait_for_condition(
            lambda: condition(flow, job_state), timeout, check_interval, progress_callback, job_state._queue_figures
        )

    def _queue_figures(self) -> tuple[int, int]:
        return self._run.queue_figures() if self._run is not None else (0, 0)


# -- for the engine


def core_of(job_state: JobState) -> JobCore:
    """The internals that a run shares with its `JobState`."""
    return JobCore(job_state._journal, job_state._lifecycle, job_state._observers)


def run_of(job_state: JobState) -> RunHandle | None:
    """The run that carries the job out, or `None`."""
    return job_state._run


def set_run(job_state: JobState, run: RunHandle) -> None:
    """Make `run` the run of a job."""
    job_state._run = run


def restored_run(job_state: JobState) -> RunSnapshot:
    """The snapshot of the run that a job was loaded with."""
    return job_state._restored


def rebind(job_state: JobState, sources: Sequence[Source], targets: Sequence[Target], limit: int | None) -> None:
    """Let a loaded job continue with the tables and the `history_limit` of a flow."""
    job_state._limit = limit
    job_state._journal.rebind(sources, targets, limit)


def ensure_running(job_state: JobState, flow: SupportsResume) -> None:
    """Resume a job on `flow` if it says that it runs and nothing runs it."""
    with job_state._journal.lock:  # status and state change together under it
        idle = job_state.status == RUNNING and (job_state._run is None or job_state._run.is_idle())
    if idle:
        flow.resume(job_state)


def _journal_of(document: JobDocument) -> Journal:
    journal = Journal([], [])
    journal.records_trimmed = document.history_dropped
    epoch = journal.wall_ns(0)
    journal.records.extend(
        (
            journal.local_source(record.routine_id, record.event_name, record.kind),
            record.data,
            record.time_ns - epoch,
            record.cause or 0,
        )
        for record in document.records
    )
    return journal


def _check_event(routine_id: str, event_name: str) -> None:
    """Raise `ValueError` for names that could be saved, but not loaded."""
    PlainReader(routine_id, "routine_id").as_string(), PlainReader(event_name, "event_name").as_string()


def _local(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / 1e9)
