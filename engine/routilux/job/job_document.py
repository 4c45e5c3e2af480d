"""A job as plain data: everything that resuming it elsewhere needs. Knows neither `JobState` nor runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ..journal.entries import Figures, figures_from_plain, figures_to_plain
from ..journal.records import ExecutionRecord
from ..persistence.files import check_keys
from ..persistence.plain_data import FORMAT, PlainReader, iso_utc
from ..persistence.snapshot import snapshot
from ..status import TRANSITIONS


@dataclass(slots=True)
class RunSnapshot:
    """What a run needs, besides the job's state, to continue.

    Attributes:
        pending_tasks: the activations that have not ended (`execution/saving.py` describes one).
        slot_data: the data that binding slots have received: rows of `routine_id`, `slot_name`, `data`.
        completed_routines: ids of routines with a handler run that completed, in order.
        entry_retried: whether the entry's handler needed a retry.
        execution_strategy: the job's own, or `None` for its flow's.
        timeout, time_left: the job's time limit and the remaining part of it, in seconds; `None`: the flow's limit.
    """

    pending_tasks: list[dict[str, Any]] = field(default_factory=list)
    slot_data: list[dict[str, Any]] = field(default_factory=list)
    completed_routines: list[str] = field(default_factory=list)
    entry_retried: bool = False
    execution_strategy: str | None = None
    timeout: float | None = None
    time_left: float | None = None

    def to_plain(self) -> dict[str, Any]:
        """The keys of a job's document that describe its run."""
        return {
            "pending_tasks": snapshot(self.pending_tasks),
            "slot_data": snapshot(self.slot_data),
            "completed_routines": list(self.completed_routines),
            "entry_retried": self.entry_retried,
            "execution_strategy": self.execution_strategy,
            "timeout": self.timeout,
            "time_left": self.time_left,
        }

    @classmethod
    def from_plain(cls, job: PlainReader) -> RunSnapshot:
        """Read those keys. Raises `ValueError` saying what is wrong and where."""
        tasks, rows = job.child("pending_tasks", []).items(), job.child("slot_data", []).items()
        for task in tasks:
            _check_task(task)
        for row in rows:
            row.string("routine_id"), row.string("slot_name"), row.object("data")
        strategy = job.child("execution_strategy")
        if strategy.value not in (None, "sequential", "concurrent"):
            raise strategy.invalid("'sequential', 'concurrent' or null")
        return cls(
            [task.copy() for task in tasks],
            [row.copy() for row in rows],
            [item.as_string() for item in job.child("completed_routines", []).items()],
            job.boolean("entry_retried"),
            strategy.value,
            job.optional_number("timeout"),
            job.optional_number("time_left"),
        )


def _check_task(task: PlainReader) -> None:
    """Raise `ValueError` unless this is a task. Whether a flow has its receiver is checked when a flow runs the job."""
    for key in ("slot_routine_id", "slot_name"):
        task.string(key)
    for key in ("source_routine_id", "source_event_name", "target_routine_id", "target_slot_name"):
        task.optional_string(f"connection_{key}")
    for _, name in task.child("param_mapping", {}).entries():
        name.as_string()
    task.object("data"), task.integer("cause", 0), task.integer("retry_count", 0)
    task.boolean("prepared"), task.boolean("is_entry")


@dataclass(slots=True)
class JobDocument:
    """The document of a job. Times are in ns since the epoch; `records` are the history that is kept, oldest first.

    The other attributes are those of `JobState`.
    """

    flow_id: str
    job_id: str
    status: str
    current_routine_id: str | None
    entry_routine_id: str | None
    entry_params: dict[str, Any]
    created_ns: int
    updated_ns: int
    ended_ns: int | None
    figures: dict[str, Figures]
    total_events: int
    records: list[ExecutionRecord]
    history_dropped: int
    pause_points: list[dict[str, Any]]
    deferred_events: list[dict[str, Any]]
    run: RunSnapshot
    shared: dict[str, Any]
    """`routine_states`, `shared_data`, `shared_log`, `output_log`, `metadata`, and how many both logs dropped."""

    def to_plain(self) -> dict[str, Any]:
        """The document as a dict."""
        return {
            "_type": "JobState",
            "format": FORMAT,
            "flow_id": self.flow_id,
            "job_id": self.job_id,
            "status": self.status,
            "current_routine_id": self.current_routine_id,
            "entry_routine_id": self.entry_routine_id,
            "entry_params": snapshot(self.entry_params),
            "created_at": iso_utc(self.created_ns),
            "updated_at": iso_utc(self.updated_ns),
            "ended_at": None if self.ended_ns is None else iso_utc(self.ended_ns),
            **figures_to_plain(self.figures, self.total_events),
            "execution_history": [record.serialize() for record in self.records],
            "history_dropped": self.history_dropped,
            "pause_points": snapshot(self.pause_points),
            "checkpoint": snapshot(self.pause_points[-1].get("checkpoint") if self.pause_points else None),
            "deferred_events": snapshot(self.deferred_events),
            **self.run.to_plain(),
            **self.shared,
        }

    @classmethod
    def from_plain(cls, data: Any) -> JobDocument:
        """Read a document; `data` is not changed. Raises `ValueError` saying what is wrong and where."""
        part = PlainReader(data, "job")
        part.expect_document("JobState")
        status = part.string("status")
        if status not in TRANSITIONS:
            raise part.child("status").invalid(f"one of {', '.join(sorted(TRANSITIONS))}")
        for _, state in part.child("routine_states", {}).entries():
            state.fields()
        for point in part.child("pause_points", []).items():
            point.child("checkpoint", {}).fields()
        for event in part.child("deferred_events", []).items():
            event.string("routine_id"), event.string("event_name"), event.object("data")
        history_dropped = part.integer("history_dropped", 0)
        figures, total_events = figures_from_plain(part)
        return cls(
            flow_id=part.string("flow_id"),
            job_id=part.string("job_id"),
            status=status,
            current_routine_id=part.optional_string("current_routine_id"),
            entry_routine_id=part.optional_string("entry_routine_id"),
            entry_params=part.object("entry_params"),
            created_ns=part.time_ns("created_at"),
            updated_ns=part.time_ns("updated_at"),
            ended_ns=None if part.child("ended_at").value is None else part.time_ns("ended_at"),
            figures=figures,
            total_events=total_events,
            records=_records(part, history_dropped + 1),
            history_dropped=history_dropped,
            pause_points=part.objects("pause_points"),
            deferred_events=part.objects("deferred_events"),
            run=RunSnapshot.from_plain(part),
            shared={
                "routine_states": part.object("routine_states"),
                "shared_data": part.object("shared_data"),
                "shared_log": part.objects("shared_log"),
                "output_log": part.objects("output_log"),
                "metadata": part.object("metadata"),
                "shared_log_dropped": part.integer("shared_log_dropped", 0),
                "output_log_dropped": part.integer("output_log_dropped", 0),
            },
        )


def _records(part: PlainReader, first: int) -> list[ExecutionRecord]:
    records = []
    for seq, item in enumerate(part.child("execution_history", []).items(), first):
        record = ExecutionRecord()
        record.load_from(item)
        if (record.cause or 0) >= seq:
            raise item.child("cause").invalid(f"the number of an earlier record (this one is {seq})")
        records.append(record)
    return records


def document_text(plain: dict[str, Any]) -> str:
    """A document as JSON. Raises `TypeError`, saying where, for data that JSON cannot hold."""
    try:
        text = json.dumps(plain, indent=2, ensure_ascii=False)
        check_keys(plain)
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"Job {plain['job_id']} cannot be saved: {_culprit(plain)}: {error}") from None


def _culprit(plain: dict[str, Any]) -> str:
    """The key, or the place in a list, that JSON cannot hold."""
    for key, value in plain.items():
        if not _is_json(value):
            rows = value if isinstance(value, list) else []
            return next((f"{key}[{number}]" for number, row in enumerate(rows) if not _is_json(row)), key)
    return "it changed meanwhile"


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
        check_keys(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
