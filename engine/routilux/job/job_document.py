"""A job to and from plain data: everything that resuming it elsewhere needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..execution.saving import Cut, StoredRun, cut, stored_run
from ..execution_tracker import totals_of, totals_to_plain
from ..journal.entries import Record
from ..journal.journal import Journal
from ..journal.records import ExecutionRecord
from ..persistence.files import check_keys
from ..persistence.plain_data import FORMAT, Part, iso_utc
from ..persistence.snapshot import snapshot
from ..status import STATUSES

if TYPE_CHECKING:
    from ..job_state import JobState


def job_to_plain(job_state: JobState) -> dict[str, Any]:
    """The document of a job. What has not ended is looked at first: nothing is missing in what is read after it."""
    runner = job_state._runner
    if runner is None:
        run, now = job_state._stored, Cut(job_state.status, job_state._ended_ns, job_state._journal.seq, [])
    else:
        now = cut(runner)
        run = stored_run(runner, now.items)
    with job_state._data_lock:
        shared = {
            "routine_states": snapshot(job_state.routine_states),
            "shared_data": snapshot(job_state.shared_data),
            "shared_log": snapshot(job_state.shared_log),
            "output_log": snapshot(job_state.output_log),
            "metadata": snapshot(job_state.metadata),
        }
    history = job_state.read_history(0, now.seq)
    return {
        "_type": "JobState",
        "format": FORMAT,
        "flow_id": job_state.flow_id,
        "job_id": job_state.job_id,
        "status": now.status,
        "current_routine_id": job_state.current_routine_id,
        "entry_routine_id": job_state.entry_routine_id,
        "entry_params": snapshot(job_state.entry_params),
        "created_at": iso_utc(job_state._created_ns),
        "updated_at": iso_utc(max(job_state._updated_ns, job_state._journal.last_record_ns())),
        "ended_at": None if now.ended_ns is None else iso_utc(now.ended_ns),
        **totals_to_plain(job_state.execution_tracker),
        "execution_history": [record.serialize() for record in history.records],
        "history_dropped": history.first - 1,
        "pause_points": snapshot(job_state.pause_points),
        "checkpoint": snapshot(job_state.checkpoint),
        "deferred_events": snapshot(job_state.deferred_events),
        **run.to_plain(),
        **shared,
        "shared_log_dropped": job_state.shared_log_dropped,
        "output_log_dropped": job_state.output_log_dropped,
    }


def job_to_text(job_state: JobState) -> str:
    """The document as JSON. Raises `TypeError`, saying where, for data that JSON cannot hold."""
    plain = job_to_plain(job_state)
    try:
        text = json.dumps(plain, indent=2, ensure_ascii=False)
        check_keys(plain)
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"Job {job_state.job_id} cannot be saved: {_culprit(plain)}: {error}") from None


def _culprit(plain: dict[str, Any]) -> str:
    """The key whose value JSON cannot hold."""
    for key, value in plain.items():
        try:
            _try(value)
        except (TypeError, ValueError, RecursionError):
            rows = value if isinstance(value, list) else []
            for number, row in enumerate(rows):
                try:
                    _try(row)
                except (TypeError, ValueError, RecursionError):
                    return f"{key}[{number}]"
            return key
    return "it changed meanwhile"


def _try(value: Any) -> None:
    json.dumps(value)
    check_keys(value)


def fill_job(job_state: JobState, data: Any) -> None:
    """Make a fresh `job_state` what the document says; `data` itself is not changed.

    Raises:
        ValueError: saying what is wrong and where.
    """
    part = Part(data, "job")
    part.must_be("JobState")
    status = part.text("status")
    if status not in STATUSES:
        raise part.at("status").wrong(f"one of {', '.join(sorted(STATUSES))}")
    states: dict[str, dict[str, Any]] = part.object("routine_states")
    for _, state in part.at("routine_states", {}).entries():
        state.fields()
    journal = _journal(part)
    lists = {name: part.objects(name) for name in ("pause_points", "deferred_events", "shared_log", "output_log")}
    for point in part.at("pause_points", []).items():
        point.at("checkpoint", {}).fields()
    for event in part.at("deferred_events", []).items():
        event.text("routine_id"), event.text("event_name"), event.object("data")
    stored = StoredRun.of(part)
    created, updated = part.time_ns("created_at"), part.time_ns("updated_at")
    ended = None if part.at("ended_at").value is None else part.time_ns("ended_at")
    flow_id, job_id = part.text("flow_id"), part.text("job_id")
    current, entry = part.optional_text("current_routine_id"), part.optional_text("entry_routine_id")
    params, shared, metadata = part.object("entry_params"), part.object("shared_data"), part.object("metadata")
    dropped = (part.whole("shared_log_dropped", 0), part.whole("output_log_dropped", 0))
    figures, events = totals_of(part)
    job_state.flow_id, job_state.job_id, job_state._status = flow_id, job_id, status
    job_state._replace_journal(journal)
    job_state.execution_tracker.take({}, [], figures, max(events - job_state.execution_tracker.event_count(), 0))
    job_state.current_routine_id, job_state.entry_routine_id = current, entry
    job_state.entry_params, job_state.shared_data, job_state.metadata = params, shared, metadata
    job_state.routine_states = states
    job_state.pause_points, job_state.deferred_events = lists["pause_points"], lists["deferred_events"]
    job_state.shared_log, job_state.output_log = lists["shared_log"], lists["output_log"]
    job_state.shared_log_dropped, job_state.output_log_dropped = dropped
    job_state._created_ns, job_state._updated_ns, job_state._ended_ns = created, updated, ended
    job_state._stored = stored


def _journal(part: Part) -> Journal:
    journal = Journal([], [])
    journal.records_left = part.whole("history_dropped", 0)
    rows: list[Record] = []
    for seq, item in enumerate(part.at("execution_history", []).items(), journal.records_left + 1):
        record = ExecutionRecord()
        record.fill(item)
        if (record.cause or 0) >= seq:
            raise item.at("cause").wrong(f"the number of an earlier record (this one is {seq})")
        number = journal.own_source(record.routine_id, record.event_name, record.kind)
        rows.append((number, record.data, record.time_ns - journal.wall_ns(0), record.cause or 0))
    journal.records.extend(rows)
    return journal
