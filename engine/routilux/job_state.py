"""What a run knows of itself: its status and history, beside what its routines share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .execution.saving import StoredRun, pending_tasks
from .execution.settling import AT_REST
from .execution_tracker import ExecutionTracker
from .hooks import JobHook
from .job import lifecycle as waiting
from .job.job_document import fill_job, job_to_plain, job_to_text
from .job.observers import Hooks
from .job.shared_state import SharedArea, SharedValue
from .journal.entries import JournalEntry, Source, Target
from .journal.journal import Journal
from .journal.records import ExecutionRecord, HistoryRange, made_from
from .persistence.files import SIZE_LIMIT, read_json, write_whole
from .persistence.plain_data import Part, as_dict, now_iso
from .persistence.snapshot import snapshot
from .status import ENDED, PAUSED, PENDING, RUNNING, ControlState, check_status, check_transition, refusals
from .threads.synchronization import StopSign

if TYPE_CHECKING:
    from .execution.runner import Runner
    from .flow import Flow

__all__ = ["ExecutionRecord", "HistoryRange", "JobState", "SharedValue"]


class JobState(SharedArea):
    """One run of a flow. `Flow.execute` and `Flow.start` make it; any thread may call its methods.

    Args:
        flow_id: the flow that the job is of. (`journal` is the engine's own.)

    Attributes:
        job_id: a UUID4.
        entry_routine_id: where the job began; current_routine_id: the same; entry_params: what was sent there.
        routine_states: what each routine keeps, by its id; the reason of a cancel is under `"_cancellation"`.
        shared_data: what the routines share; metadata: a dict of yours, which is saved, too.
        shared_log, output_log: lists of dicts, in order.
        shared_log_dropped, output_log_dropped: how many of them left because of the flow's `history_limit`.
        output_handler: where outputs go, or `None`.
        pause_points: a dict for each pause; deferred_events: a dict for each event to be emitted on resume.
        execution_tracker: the figures of this job.
    """

    _routilux_part = True

    def __init__(self, flow_id: str = "", *, journal: Journal | None = None) -> None:
        super().__init__(None if journal is None else journal.limit)
        self.flow_id = flow_id
        self.current_routine_id: str | None = None
        self.pause_points: list[dict[str, Any]] = []
        self.deferred_events: list[dict[str, Any]] = []
        self.metadata: dict[str, Any] = {}
        self.entry_routine_id: str | None = None
        self.entry_params: dict[str, Any] = {}
        self.execution_tracker: ExecutionTracker = ExecutionTracker(flow_id)
        self._journal = Journal([], []) if journal is None else journal
        self._changed = threading.Condition(self._journal.lock)  # guards the status, and is notified when it changes
        self._status = PENDING
        self._created_ns = self._updated_ns = time.time_ns()
        self._ended_ns: int | None = None
        self._hooks = Hooks()
        self._cancelled: StopSign | None = None
        self._cancel_asked = False
        self._runner: Runner | None = None
        self._stored = StoredRun()
        self.execution_tracker.bind(self._journal)

    def __repr__(self) -> str:
        return f"JobState[{self.job_id}:{self._status}]"

    # -- status and times

    @property
    def status(self) -> str:
        """`pending`, `running`, `paused`, `completed`, `failed` or `cancelled`."""
        return self._status

    @status.setter
    def status(self, status: str) -> None:
        """Raises `ValueError` for an unknown word and, while the job runs, always: use the flow's controls."""
        check_status(status)
        if self._runner is not None and status != self._status:
            raise ValueError(f"Job {self.job_id} is run by a flow: use its pause, resume or cancel, not {status!r}")
        with self._journal.lock:
            self._status = status
            self._changed.notify_all()

    def _become(self, status: str, error: str | None = None) -> JournalEntry:
        """The one place where the status of a run changes. The caller holds `_changed` and announces the entry."""
        previous, self._status = self._status, check_transition(self._status, status)
        self._updated_ns = time.time_ns()
        self._ended_ns = self._updated_ns if status in ENDED else None
        if status == PAUSED:
            self._hooks.job_goes_on()
        self._changed.notify_all()
        return self._journal.make_entry("status", None, {"status": status, "previous": previous, "error": error})

    @property
    def created_at(self) -> datetime:
        """When the job was made (local, naive)."""
        return _local(self._created_ns)

    @property
    def updated_at(self) -> datetime:
        """When the job last changed (local, naive)."""
        return _local(max(self._updated_ns, self._journal.last_record_ns()))

    @property
    def ended_at(self) -> datetime | None:
        """When the job completed, failed or was cancelled (local, naive), or `None`."""
        return None if self._ended_ns is None else _local(self._ended_ns)

    @property
    def cancelled(self) -> StopSign:
        """A `threading.Event`: set, and true in an `if`, when the job is being cancelled, has failed or is over its
        time."""
        with self._journal.lock:
            if self._cancelled is None:
                self._cancelled = StopSign()
                if self._cancel_asked:
                    self._cancelled.set()
            return self._cancelled

    def _ask_handlers_to_stop(self) -> None:
        """Set `cancelled`. The caller holds `_changed`."""
        self._cancel_asked = True
        if self._cancelled is not None:
            self._cancelled.set()

    # -- history

    @property
    def execution_history(self) -> list[ExecutionRecord]:
        """The records that are kept, in order of recording."""
        return self.read_history(0, self._journal.seq).records

    @property
    def history_dropped(self) -> int:
        """Records that left because of the flow's `history_limit`."""
        return self._journal.dropped

    def record_execution(self, routine_id: str, event_name: str, data: dict[str, Any]) -> None:
        """Append a record of `routine_id` and `event_name` with a copy of `data`, and the current time."""
        _check_event(routine_id, event_name)
        self._record(routine_id, event_name, "custom", snapshot(as_dict("data", data or {})))

    def _record(self, routine_id: str, event_name: str, kind: str, data: dict[str, Any], cause: int = 0) -> int:
        journal = self._journal
        return journal.add_record(journal.own_source(routine_id, event_name, kind), data, cause)

    def get_execution_history(self, routine_id: str | None = None) -> list[ExecutionRecord]:
        """The records, in order; those of routine `routine_id` alone when it is given."""
        records = self.execution_history
        return records if routine_id is None else [record for record in records if record.routine_id == routine_id]

    def read_history(self, after: int = 0, limit: int = 100) -> HistoryRange:
        """Records `after + 1` to `after + limit`, as far as they are kept: costs what it returns."""
        journal = self._journal
        rows, first, last = journal.read_records(after, limit)
        start = max(after, first - 1) + 1
        records = [
            made_from(journal.source(number), data, journal.wall_ns(at), cause, seq)
            for seq, (number, data, at, cause) in enumerate(rows, start)
        ]
        return HistoryRange(records, first, last, last)

    # -- pausing

    @property
    def control(self) -> ControlState:
        """What was last asked of the job and how far it is."""
        if self._runner is not None:
            return self._runner.controls.state()
        waits = bool(self._stored.pending_tasks or self.deferred_events)
        return ControlState(refusals=refusals(self._status, None, waits, True))

    @property
    def checkpoint(self) -> dict[str, Any] | None:
        """What was passed to the last pause, or `None`."""
        return self.pause_points[-1].get("checkpoint") if self.pause_points else None

    @property
    def pending_tasks(self) -> list[dict[str, Any]]:
        """The activations that wait for a resume, as plain dicts; empty while a flow runs the job."""
        return pending_tasks(self._runner) if self._runner is not None else self._stored.pending_tasks

    def add_deferred_event(self, routine_id: str, event_name: str, data: dict[str, Any]) -> None:
        """Keep the event `event_name` of routine `routine_id`; it is emitted with `data` when the job is resumed."""
        _check_event(routine_id, event_name)
        self._updated_ns = time.time_ns()
        row = {"routine_id": routine_id, "event_name": event_name, "data": as_dict("data", data or {})}
        self.deferred_events.append(row | {"timestamp": now_iso()})

    # -- saving and loading

    def serialize(self) -> dict[str, Any]:
        """Plain data, with what waits, and what runs to be started anew."""
        return job_to_plain(self)

    def deserialize(self, data: dict[str, Any]) -> None:
        """Become what `serialize` gave, for a fresh `JobState()`; `data` is not changed.

        Raises:
            ValueError: saying what is wrong and where; nothing has changed then. Also for a job that runs.
        """
        if self._runner is not None:
            raise ValueError(f"{self!r} is run by a flow; load into a fresh JobState()")
        fill_job(self, data)

    def save(self, filepath: str | Path) -> None:
        """Write the job to the file `filepath`, as JSON: the whole new content or, whatever happens, the old one.

        Missing directories are made. Raises `TypeError`, saying where, for data that JSON cannot hold.
        """
        write_whole(filepath, job_to_text(self))

    @classmethod
    def load(cls, filepath: str | Path, max_bytes: int = SIZE_LIMIT) -> JobState:
        """A job from the file `filepath`, of at most `max_bytes`. Nothing that it names is imported or called.

        Raises:
            FileNotFoundError: when there is no such file.
            ValueError: when it is too large, no JSON, or no job; says what is wrong and where.
        """
        job_state = cls()
        job_state.deserialize(read_json(filepath, max_bytes))
        return job_state

    def _go_on(self, sources: Sequence[Source], targets: Sequence[Target], limit: int | None) -> None:
        """A flow with these tables and this `history_limit` goes on with this loaded job."""
        self._limit = limit
        self._journal.go_on(sources, targets, limit)

    def _replace_journal(self, journal: Journal) -> None:
        self._journal = journal
        self._changed = threading.Condition(journal.lock)
        self.execution_tracker = ExecutionTracker(self.flow_id)
        self.execution_tracker.bind(journal)

    # -- observers

    def add_hook(self, hook: JobHook) -> None:
        """Have `hook` told of this job from now on; it gets a reader with the totals of what was before."""
        self._hooks.attach(hook, self, self._journal.attach(self._running_handlers))

    def remove_hook(self, hook: JobHook) -> None:
        """Tell `hook` nothing more and close its reader."""
        self._hooks.detach(hook)

    def _running_handlers(self) -> tuple[Any, ...]:
        return self._runner.running_handlers() if self._runner is not None else ()

    def _noted(self, kind: str, routine_id: str | None, data: dict[str, Any]) -> None:
        """Tell the hooks of something that is kept elsewhere: without hooks there is nothing to do."""
        self._updated_ns = time.time_ns()
        if self._hooks:
            self._announce(self._journal.add_entry(kind, routine_id, data))

    def _announce(self, entry: JournalEntry) -> None:
        if self._hooks:
            self._hooks.entry_added(self, entry)

    # -- waiting

    @staticmethod
    def wait_for_completion(
        flow: Flow,
        job_state: JobState,
        timeout: float | None = None,
        stability_checks: int = 5,
        check_interval: float = 0.1,
        stability_delay: float = 0.05,
        progress_callback: waiting.ProgressCallback | None = None,
    ) -> bool:
        """Wait until `job_state` is over (a paused one counts); return whether it is, within `timeout` seconds.

        The job wakes the waiting: `stability_checks`, `check_interval` and `stability_delay` are accepted and not
        needed. `progress_callback(queue size, running handlers, status)` is called now and then, if given. A job that
        was loaded and says `running` goes on on `flow`, as with `resume`: else the waiting would never end.
        """
        job_state._have_gone_on(flow)
        return waiting.wait_until_over(job_state, timeout, progress_callback)

    @staticmethod
    def wait_until_condition(
        flow: Flow,
        job_state: JobState,
        condition: Callable[[Flow, JobState], Any],
        timeout: float | None = None,
        check_interval: float = 0.1,
        progress_callback: waiting.ProgressCallback | None = None,
    ) -> bool:
        """Wait until `condition(flow, job_state)` is true, tried every `check_interval` seconds.

        When `job_state` ends it is tried once more and the outcome returned; `False` when `timeout` seconds passed
        first. An exception of the condition is logged and counts as not met. `progress_callback` as for
        `wait_for_completion`.
        """
        job_state._have_gone_on(flow)
        return waiting.wait_until_true(
            job_state, lambda: condition(flow, job_state), timeout, check_interval, progress_callback
        )

    def _have_gone_on(self, flow: Flow) -> None:
        """Have a job that says that it runs, and that nobody runs, run by `flow`."""
        with self._journal.lock:
            idle = self._status == RUNNING and (self._runner is None or self._runner.phase == AT_REST)
        if idle:
            flow.resume(self)

    def _queue_figures(self) -> tuple[int, int]:
        return self._runner.queue_figures() if self._runner is not None else (0, 0)


def _check_event(routine_id: str, event_name: str) -> None:
    """Raise `ValueError` for what could be saved, but not be loaded."""
    Part(routine_id, "routine_id").as_text(), Part(event_name, "event_name").as_text()


def _local(time_ns: int) -> datetime:
    return datetime.fromtimestamp(time_ns / 1e9)
