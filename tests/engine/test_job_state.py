"""A JobState: what a run knows of itself, and what its handlers store in it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from routilux import Flow, JobState
from tests.engine.parts import Data, Door, FlowMaker, Node, assert_now, chain, emits, in_threads, over
from tests.waiting import eventually

SLACK = timedelta(milliseconds=5)


def test_a_new_job_state_has_documented_values() -> None:
    before = datetime.now()
    job = JobState("flow")
    assert (job.flow_id, job.status, job.current_routine_id) == ("flow", "pending", None)
    assert str(uuid.UUID(job.job_id)) == job.job_id
    assert (job.routine_states, job.shared_data, job.metadata) == ({}, {}, {})
    assert (job.execution_history, job.pause_points, job.pending_tasks, job.deferred_events) == ([], [], [], [])
    assert (job.shared_log, job.output_log) == ([], [])
    assert job.output_handler is None
    assert job.checkpoint is None
    assert job.ended_at is None
    assert repr(job) == f"JobState[{job.job_id}:pending]"
    for at in (job.created_at, job.updated_at):
        assert at.tzinfo is None
        assert before - SLACK <= at <= datetime.now() + SLACK
    assert JobState().flow_id == ""


def test_updating_a_routine_state_replaces_it_by_a_copy() -> None:
    job = JobState()
    state = {"rows": [1], "n": 1}
    job.update_routine_state("a", state)
    state["n"] = 2
    state["rows"].append(2)  # type: ignore[attr-defined]
    assert job.get_routine_state("a") == {"rows": [1], "n": 1}
    job.update_routine_state("a", {"m": 3})
    assert job.get_routine_state("a") == {"m": 3}
    assert job.get_routine_state("b") is None


def test_changing_a_routine_state_that_was_read_changes_nothing() -> None:
    job = JobState()
    job.update_routine_state("a", {"rows": [1]})
    read = job.get_routine_state("a")
    assert read is not None
    read["rows"].append(2)
    read["more"] = 1
    assert job.get_routine_state("a") == {"rows": [1]}


def test_a_routine_state_is_edited_in_one_step_or_not_at_all() -> None:
    job = JobState()
    with job.edit_routine_state("a") as state:
        state["n"] = 1
    with suppress(ValueError), job.edit_routine_state("a") as state:
        state["n"] = 2
        raise ValueError
    assert job.get_routine_state("a") == {"n": 1}


def test_edits_from_many_workers_lose_nothing(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=8)

    def count(node: Node, data: Data) -> None:
        with node.ctx.job_state.edit_routine_state("b") as state:
            state["n"] = state.get("n", 0) + 1
        with node.ctx.job_state.edit_shared_data("n", default=0) as shared:
            shared.value += 1

    chain(flow, ("a", Node(emits(100))), ("b", Node(count)))
    job = over(flow.start("a"))
    assert job.get_routine_state("b") == {"n": 100}
    assert job.get_shared_data("n") == 100


def test_shared_data_hands_out_the_stored_object_itself() -> None:
    job = JobState()
    assert job.get_shared_data("rows") is None
    assert job.get_shared_data("rows", 5) == 5
    rows = [1]
    job.update_shared_data("rows", rows)
    assert job.get_shared_data("rows") is rows
    assert job.shared_data == {"rows": [1]}
    with job.edit_shared_data("rows") as shared:
        shared.value = [2]
    with suppress(ValueError), job.edit_shared_data("rows") as shared:
        shared.value = [3]
        raise ValueError
    assert job.get_shared_data("rows") == [2]


def test_a_log_entry_gets_a_timestamp_last_and_the_callers_dict_stays() -> None:
    job = JobState()
    entry = {"a": 1, "rows": [1]}
    job.append_to_shared_log(entry)
    assert entry == {"a": 1, "rows": [1]}
    (kept,) = job.get_shared_log()
    assert list(kept) == ["a", "rows", "timestamp"]
    assert_now(kept["timestamp"])
    entry["rows"].append(2)  # type: ignore[attr-defined]
    assert kept["rows"] == [1]
    job.append_to_shared_log({"timestamp": "mine", "b": 2})
    assert job.shared_log[1] == {"timestamp": "mine", "b": 2}


@pytest.mark.parametrize("entry", ["text", 5, None, [("a", 1)]])
def test_only_dicts_are_log_entries(entry: Any) -> None:
    job = JobState()
    with pytest.raises(ValueError, match="dict"):
        job.append_to_shared_log(entry)
    assert job.shared_log == []


def test_the_shared_log_is_in_the_order_of_appending_and_can_be_filtered() -> None:
    job = JobState()
    for n in range(5):
        job.append_to_shared_log({"n": n, "timestamp": f"{9 - n}"})
    assert [row["n"] for row in job.get_shared_log()] == [0, 1, 2, 3, 4]
    assert [row["n"] for row in job.get_shared_log(lambda row: row["n"] % 2 == 0)] == [0, 2, 4]
    job.get_shared_log().clear()
    assert len(job.get_shared_log()) == 5


def test_appending_from_many_threads_loses_nothing(hasty_switches: None) -> None:
    job = JobState()

    def append() -> None:
        for n in range(50):
            job.append_to_shared_log({"n": n})
            job.send_output("a", "row", {"n": n})
            job.record_execution("a", "row", {"n": n})

    in_threads(*[append] * 6)
    assert len(job.shared_log) == len(job.output_log) == len(job.execution_history) == 300
    assert [record.seq for record in job.execution_history] == list(range(1, 301))


def test_records_made_by_many_threads_keep_their_names(hasty_switches: None) -> None:
    """Each first use of a name makes an entry in a table; two at once must not get the same place."""
    for _ in range(15):
        job = JobState()

        def record(name: str, job: JobState = job) -> Callable[[], None]:
            return lambda: job.record_execution(name, name, {"name": name})

        in_threads(*(record(f"r{n}") for n in range(6)))
        assert len(job.execution_history) == 6
        for row in job.execution_history:
            assert row.routine_id == row.event_name == row.data["name"]


def test_unknown_statuses_are_refused() -> None:
    job = JobState()
    with pytest.raises(ValueError, match="'done'"):
        job.status = "done"
    for status in ("running", "paused", "completed", "failed", "cancelled", "pending"):
        job.status = status
        assert job.status == status


def test_the_status_of_a_job_that_a_flow_runs_is_changed_by_its_controls_only(flow: Flow) -> None:
    door = Door()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    with pytest.raises(ValueError, match="pause, resume or cancel"):
        job.status = "completed"
    door.open()
    over(job)
    with pytest.raises(ValueError, match="pause, resume or cancel"):
        job.status = "running"


def test_times_tell_when_a_job_was_made_changed_and_ended(flow: Flow) -> None:
    before = datetime.now()
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    job = over(flow.execute("a"))
    first = job.ended_at
    assert first is not None
    assert before - SLACK <= job.created_at <= first <= job.updated_at <= datetime.now() + SLACK
    flow.pause(job)
    paused = job.ended_at
    flow.resume(job)
    over(job)
    second = job.ended_at
    assert paused is None
    assert second is not None
    assert second > first


def test_changes_are_seen_in_updated_at() -> None:
    job = JobState()
    changes: list[Callable[[], object]] = [
        lambda: job.update_routine_state("a", {}),
        lambda: job.update_shared_data("k", 1),
        lambda: job.append_to_shared_log({}),
        lambda: job.send_output("a", "t", {}),
        lambda: job.record_execution("a", "e", {}),
        lambda: job.add_deferred_event("a", "e", {}),
    ]
    for change in changes:
        before = job.updated_at
        eventually(partial(lambda before: datetime.now() > before, before))
        change()
        assert job.updated_at > before, change


def test_deferred_events_are_listed_with_their_time() -> None:
    job = JobState()
    job.add_deferred_event("a", "out", {"x": 1})
    (row,) = job.deferred_events
    assert (row["routine_id"], row["event_name"], row["data"]) == ("a", "out", {"x": 1})
    assert_now(row["timestamp"])


def test_cancelling_with_a_reason_leaves_it_in_the_states(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    job = over(flow.execute("a"))
    flow.cancel(job, "no longer needed")
    assert job.routine_states["_cancellation"]["reason"] == "no longer needed"


def test_a_long_edit_in_one_thread_does_not_stop_the_job(new_flow: FlowMaker) -> None:
    """Whoever edits holds the data; emitting and running do not need it."""
    flow = new_flow("flow", "concurrent", max_workers=2)
    door, done = Door(), threading.Event()

    def hold(node: Node, data: Data) -> None:
        with node.ctx.job_state.edit_shared_data("k"):
            door.enter()

    flow.add_routine(Node(emits(1)), "a")
    flow.add_routine(Node(hold), "hold")
    flow.add_routine(Node(emits(3)), "other")
    flow.add_routine(Node(lambda node, data: done.set()), "after")
    for source, target in (("a", "hold"), ("a", "other"), ("other", "after")):
        flow.connect(source, "out", target, "input")
    job = flow.start("a")
    door.wait_for()
    assert done.wait(10)
    assert job.status == "running"
    assert job.get_shared_data("k") is None
    door.open()
    over(job)
