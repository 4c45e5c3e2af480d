"""A job as plain data and in a file: with everything needed to show it and to continue it elsewhere."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from routilux import ErrorHandler, Flow, JobState
from tests.engine.parts import Data, Node, chain, emits, in_turn, names, over, pass_on, raises

FlowMaker = Callable[..., Flow]
DOCUMENTED = {
    "_type",
    "flow_id",
    "job_id",
    "status",
    "current_routine_id",
    "routine_states",
    "execution_history",
    "created_at",
    "updated_at",
    "pause_points",
    "pending_tasks",
    "deferred_events",
    "shared_data",
    "shared_log",
    "output_log",
}


def pause_here(node: Node, data: Data) -> None:
    node.ctx.flow.pause(node.ctx.job_state, "by a handler", {"at": node.ctx.routine_id})


def tell_all(node: Node, data: Data) -> None:
    """Use everything that a job keeps."""
    job, me = node.ctx.job_state, node.ctx.routine_id
    job.update_routine_state(me, {"status": "success", "ü": [1, {"deep": None}]})
    job.update_shared_data("rows", [{"a": 1}])
    job.append_to_shared_log({"said": "größe"})
    node.send_output("result", rows=[1, 2])
    job.metadata["owner"] = {"name": "me"}
    job.record_execution(me, "start", {"mine": True})
    node.emit_deferred_event("out", late=[True])


def job_with_everything(flow: Flow) -> JobState:
    """A job that is paused with something in every place."""
    first = Node(in_turn(pause_here, tell_all, emits(3)))
    chain(flow, ("a", first), ("b", Node(pass_on, merge="append")), ("c", Node()))
    return over(flow.start("a", {"key": ["value"]}), "paused")


def again(job: JobState) -> JobState:
    other = JobState()
    other.deserialize(json.loads(json.dumps(job.serialize())))
    return other


# -- the document


def test_a_job_has_the_documented_keys_and_names_its_format(flow: Flow) -> None:
    plain = job_with_everything(flow).serialize()
    assert set(plain) >= DOCUMENTED
    assert (plain["_type"], plain["format"]) == ("JobState", 1)
    assert all(record["_type"] == "ExecutionRecord" for record in plain["execution_history"])
    assert all(plain[key] for key in DOCUMENTED), "the test wants something in every place"


def test_a_job_loads_completely_and_the_document_is_not_changed(flow: Flow) -> None:
    job = job_with_everything(flow)
    plain = json.loads(json.dumps(job.serialize()))
    before = copy.deepcopy(plain)
    other = JobState()
    other.deserialize(plain)
    assert plain == before
    assert json.loads(json.dumps(other.serialize())) == before
    for name in ("flow_id", "job_id", "status", "current_routine_id", "routine_states", "pause_points", "checkpoint"):
        assert getattr(other, name) == getattr(job, name)
    for name in ("pending_tasks", "deferred_events", "shared_data", "shared_log", "output_log", "metadata"):
        assert getattr(other, name) == getattr(job, name)
    for name in ("created_at", "updated_at"):
        assert abs(getattr(other, name) - getattr(job, name)) <= timedelta(microseconds=1)
    assert other.checkpoint == {"at": "a"}


def test_the_history_comes_back_with_kinds_numbers_and_causes(flow: Flow) -> None:
    job = job_with_everything(flow)
    flow.resume(job)
    over(job)
    rows, found = ([row(record) for record in one.execution_history] for one in (job, again(job)))
    assert found == rows
    assert ("a", "start", "start", {"key": ["value"]}, 1, None) in rows
    assert ("a", "start", "custom", {"mine": True}, 2, None) in rows
    assert [cause for _, name, kind, _, _, cause in rows if (name, kind) == ("out", "event")][:3] == [1, 1, 1]
    times = [record.timestamp for record in again(job).execution_history]
    assert times == sorted(times)


def row(record: Any) -> tuple[Any, ...]:
    return (record.routine_id, record.event_name, record.kind, record.data, record.seq, record.cause)


def test_a_retry_and_an_error_come_back_as_such(flow: Flow) -> None:
    flow.set_error_handler(ErrorHandler("retry", 1, 0.0))
    chain(flow, ("a", Node(raises(ValueError("it broke")))))
    job = over(flow.start("a"), "failed")
    found = again(job).execution_history
    assert [record.kind for record in found] == ["start", "retry", "error"]
    assert (found[1].data["attempt"], found[2].data["error_type"]) == (1, "ValueError")
    assert "Traceback" in found[2].data["traceback"]
    assert again(job).ended_at is not None
    state = again(job).get_routine_state("a")
    assert state is not None
    assert datetime.fromisoformat(state["error_time"]).utcoffset() == timedelta(0)


def test_every_time_that_is_saved_is_utc_with_offset(flow: Flow) -> None:
    plain = job_with_everything(flow).serialize()
    times = [plain["created_at"], plain["updated_at"]]
    times += [
        row["timestamp"] for key in ("execution_history", "pause_points", "deferred_events") for row in plain[key]
    ]
    times += [row["timestamp"] for key in ("shared_log", "output_log") for row in plain[key]]
    assert {datetime.fromisoformat(text).utcoffset() for text in times} == {timedelta(0)}


def test_a_serialized_job_and_the_job_are_independent(flow: Flow) -> None:
    job = job_with_everything(flow)
    plain = job.serialize()
    before = copy.deepcopy(plain)
    job.update_shared_data("rows", 5)
    job.metadata["owner"]["name"] = "you"
    job.pause_points[0]["reason"] = "another"
    flow.resume(job)
    over(job)
    assert plain == before
    _spoil(plain)
    assert job.entry_params == {"key": ["value"]}
    assert job.execution_history[0].data == {"key": ["value"]}
    assert again(job).serialize() == job.serialize()


def test_a_loaded_job_shares_nothing_with_its_document(flow: Flow) -> None:
    plain = json.loads(json.dumps(job_with_everything(flow).serialize()))
    before = copy.deepcopy(plain)
    job = JobState()
    job.deserialize(plain)
    _spoil(plain)
    assert json.loads(json.dumps(job.serialize())) == before


def _spoil(value: Any) -> None:
    """Change everything in a document, at any depth."""
    if isinstance(value, dict):
        for item in value.values():
            _spoil(item)
        value["spoilt"] = True
    elif isinstance(value, list):
        for item in value:
            _spoil(item)
        value.append("spoilt")


@pytest.mark.parametrize("status", ["pending", "running", "paused", "completed", "failed", "cancelled"])
def test_every_status_comes_back(status: str) -> None:
    job = JobState("f")
    job.status = status
    assert again(job).status == status
    assert repr(again(job)) == repr(job)


def test_a_fresh_job_is_needed_to_load_into(flow: Flow) -> None:
    job = job_with_everything(flow)
    with pytest.raises(ValueError, match="is run by a flow; load into a fresh"):
        job.deserialize(job.serialize())


def test_a_job_that_cannot_be_loaded_leaves_the_fresh_one_as_it_was() -> None:
    job = JobState("mine")
    before = job.serialize()
    with pytest.raises(ValueError, match=r"^job\.output_log: a list is needed"):
        job.deserialize({**JobState("other").serialize(), "output_log": {}})
    assert job.serialize() == before


# -- files


def test_a_file_is_indented_utf8_json(tmp_path: Path, flow: Flow) -> None:
    path = tmp_path / "new" / "directory" / "job.json"
    job = job_with_everything(flow)
    job.save(path)
    text = path.read_text(encoding="utf-8")
    assert "größe" in text
    assert text.startswith('{\n  "_type": "JobState",\n')
    assert json.loads(text) == json.loads(json.dumps(job.serialize()))
    assert JobState.load(path).serialize() == JobState.load(str(path)).serialize() == again(job).serialize()


def test_a_missing_file_raises_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        JobState.load(tmp_path / "none.json")


@pytest.mark.parametrize("wrong", [object(), {1, 2}, b"bytes", datetime(2026, 1, 1), 1j])
def test_data_that_json_cannot_hold_is_a_type_error_that_names_the_place_and_the_old_file_stays(
    wrong: object, tmp_path: Path
) -> None:
    path = tmp_path / "job.json"
    job = JobState("f")
    job.save(path)
    before = path.read_bytes()
    for n in range(3):
        job.append_to_shared_log({"n": n, "value": wrong if n == 2 else None})
    with pytest.raises(TypeError, match=rf"^Job {job.job_id} cannot be saved: shared_log\[2\]: "):
        job.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["job.json"]


def test_a_recursive_value_raises_type_error(tmp_path: Path) -> None:
    job = JobState("f")
    job.shared_data["loop"] = job.shared_data
    with pytest.raises(TypeError, match="cannot be saved: shared_data"):
        job.save(tmp_path / "job.json")


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (None, "null"), (True, "true"), (2.5, "2.5"), (float("nan"), "NaN"), (-0.0, "-0.0")]
)
@pytest.mark.parametrize("place", ["shared_data", "shared_log[1]", "routine_states", "execution_history[0]"])
def test_keys_that_are_the_same_in_json_are_refused_where_they_are_and_the_old_file_stays(
    tmp_path: Path, place: str, one: object, other: object
) -> None:
    job = JobState("f")
    job.save(tmp_path / "job.json")
    before = (tmp_path / "job.json").read_bytes()
    value = {"rows": [({one: "a", other: "b"},)]}
    if place == "shared_data":
        job.update_shared_data("k", value)
    elif place == "routine_states":
        job.update_routine_state("r", value)
    elif place == "execution_history[0]":
        job.record_execution("r", "e", value)
    else:
        job.append_to_shared_log({})
        job.append_to_shared_log(value)
    with pytest.raises(TypeError, match=r"cannot be saved: .*the same in JSON") as refused:
        job.save(tmp_path / "job.json")
    assert f"cannot be saved: {place}: a dict has the keys {one!r} and {other!r}" in str(refused.value)
    assert (tmp_path / "job.json").read_bytes() == before


def test_keys_that_are_not_strings_load_as_strings(tmp_path: Path) -> None:
    job = JobState("f")
    job.shared_data = {"k": {1: "a", 2.5: "b", None: "c", False: "d", "1.0": "e"}}
    job.save(tmp_path / "job.json")
    assert JobState.load(tmp_path / "job.json").shared_data == {
        "k": {"1": "a", "2.5": "b", "null": "c", "false": "d", "1.0": "e"}
    }


def test_half_a_pair_of_surrogates_as_in_some_file_names_survives_a_file(tmp_path: Path) -> None:
    job = JobState("f")
    job.shared_data = {"file": "caf\udce9.txt", "both": "🚀", "key \ud83d": 1}
    job.save(tmp_path / "job.json")
    assert JobState.load(tmp_path / "job.json").shared_data == job.shared_data


def test_nan_and_infinity_survive_saving(tmp_path: Path) -> None:
    job = JobState("f")
    job.shared_data = {"inf": float("inf"), "minus": float("-inf"), "big": 10**4000, "tiny": 5e-324, "": ""}
    job.save(tmp_path / "job.json")
    assert JobState.load(tmp_path / "job.json").shared_data == job.shared_data


def test_a_job_can_be_saved_at_any_time_by_a_handler_too(tmp_path: Path, flow: Flow) -> None:
    def save(node: Node, data: Data) -> None:
        node.ctx.job_state.save(tmp_path / f"{node.ctx.routine_id}.json")

    chain(flow, ("a", Node(in_turn(save, emits(2)))), ("b", Node(in_turn(save, pass_on))), ("c", Node(save)))
    over(flow.start("a"))
    for name in "abc":
        saved = JobState.load(tmp_path / f"{name}.json")
        assert saved.status == "running"
        assert names(saved)[0] == ("a", "start")
