"""A flow as plain data: structure and configuration, whole, and nothing of any run."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from routilux import ErrorHandler, Flow, JobState
from tests.engine.parts import names, over
from tests.engine.saving.moving import copied
from tests.engine.saving.routines import Sorter

FlowMaker = Callable[..., Flow]


def chain_of_one_class(*ids: str) -> Flow:
    """Routines of one class in a row: their events and slots have the same names (D4)."""
    flow = Flow("chain")
    for routine_id in ids:
        flow.add_routine(Sorter(), routine_id)
    for source, target in pairwise(ids):
        flow.connect(source, "out", target, "input", {"data": "data", "x": "y"})
    return flow


def whole() -> Flow:
    flow = chain_of_one_class("a", "b", "c")
    flow.connect("a", "rest", "c", "input")
    flow.connect("a", "out", "b", "input")
    flow.set_execution_strategy("concurrent", 7)
    flow.set_error_handler(ErrorHandler("retry", retryable_exceptions=(KeyError,), is_critical=True))
    flow.routines["b"].set_as_optional()
    flow.routines["c"].set_config(limit=3)
    flow.execution_timeout = 12.5
    flow.history_limit = 50
    return flow


def test_a_flow_has_the_documented_keys_names_its_format_and_holds_no_job() -> None:
    flow = whole()
    over(flow.execute("a", {"secret": "of a job"}))
    flow.shutdown()
    plain = flow.serialize()
    documented = {"_type", "flow_id", "execution_strategy", "max_workers", "error_handler", "routines", "connections"}
    assert documented | {"_paused"} <= set(plain)
    assert (plain["_type"], plain["format"], plain["flow_id"]) == ("Flow", 1, "chain")
    assert "job_state" not in plain
    assert "secret" not in json.dumps(plain)


def test_a_flow_loads_completely_and_the_document_is_not_changed() -> None:
    flow = whole()
    plain = json.loads(json.dumps(flow.serialize()))
    before = copy.deepcopy(plain)
    other = Flow()
    other.deserialize(plain)
    assert plain == before
    assert json.loads(json.dumps(other.serialize())) == before
    assert (other.flow_id, other.execution_strategy, other.max_workers) == ("chain", "concurrent", 7)
    assert (other.execution_timeout, other.history_limit) == (12.5, 50)
    assert other.error_handler is not None
    assert other.error_handler.retryable_exceptions == (KeyError,)
    assert list(other.routines) == ["a", "b", "c"]


def test_connections_of_routines_of_one_class_come_back_between_the_same_routines() -> None:
    flow = whole()
    other = copied(flow)
    ends = [flow.connection_ends(connection) for connection in flow.connections]
    assert [other.connection_ends(connection) for connection in other.connections] == ends
    assert [connection.param_mapping for connection in other.connections] == [
        connection.param_mapping for connection in flow.connections
    ]
    assert [flow.connection_id(connection) for connection in flow.connections] == [
        other.connection_id(connection) for connection in other.connections
    ]


def test_a_disconnected_connection_is_not_loaded() -> None:
    flow = chain_of_one_class("a", "b", "c")
    flow.connections[0].disconnect()
    other = copied(flow)
    assert [other.connection_ends(connection) for connection in other.connections] == [("b", "out", "c", "input")]


def test_a_loaded_flow_runs_like_the_original() -> None:
    flow = chain_of_one_class("a", "b", "c", "d")
    histories = [names(over(each.execute("a", {"data": 1}))) for each in (flow, copied(flow), copied(copied(flow)))]
    assert histories == [[("a", "start"), *((each, "out") for each in "abcd"), ("a", "completed")]] * 3


def test_a_routine_that_is_in_the_flow_twice_comes_back_as_two_of_the_same_making() -> None:
    flow = Flow("twice")
    routine = Sorter()
    for routine_id in ("one", "two"):
        flow.add_routine(routine, routine_id)
    other = copied(flow)
    assert other.routines["one"] is not other.routines["two"]
    assert json.loads(json.dumps(other.serialize())) == json.loads(json.dumps(flow.serialize()))


def test_loading_an_empty_flow_empties_the_target() -> None:
    flow = chain_of_one_class("a", "b")
    version = flow.structure_version
    flow.deserialize(Flow("empty").serialize())
    assert (flow.flow_id, flow.routines, flow.connections) == ("empty", {}, [])
    assert flow.structure_version > version
    with pytest.raises(ValueError, match="'a' not found"):
        flow.execute("a")


def test_unknown_keys_are_ignored() -> None:
    plain = whole().serialize() | {"from_the_future": {"_type": "Anything"}}
    plain["routines"]["a"]["colour"] = "red"
    other = Flow()
    other.deserialize(plain)
    assert "from_the_future" not in other.serialize()


def test_a_sequential_flow_always_loads_with_one_worker() -> None:
    other = Flow()
    other.deserialize({**Flow("f").serialize(), "max_workers": 9})
    assert other.max_workers == 1


CHANGES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda plain: plain.update(_type="JobState"), r"^flow\._type: 'Flow' is needed, not 'JobState'"),
    (lambda plain: plain.update(format=2), r"^flow\.format: format 1 \(a newer version.*\) is needed, not 2"),
    (lambda plain: plain.update(format=True), r"^flow\.format"),
    (lambda plain: plain.update(execution_strategy="parallel"), r"^flow\.execution_strategy: 'sequential' or"),
    (lambda plain: plain.update(routines=[]), r"^flow\.routines: an object"),
    (lambda plain: plain["routines"]["b"].pop("_type"), r"^flow\.routines\['b'\]\._type: a text"),
    (lambda plain: plain["routines"]["b"]["_slots"]["input"].update(name="other"), r"_slots\['input'\]\.name: 'input'"),
    (lambda plain: plain["routines"]["b"]["_events"]["out"].update(name="in"), r"_events\['out'\]\.name: 'out'"),
    (lambda plain: plain["routines"]["b"]["_slots"]["input"].update(merge_strategy=5), r"merge_strategy: a text"),
    (lambda plain: plain["connections"][0].update(_source_routine_id="x"), r"^flow\.connections\[0\]: .*routine 'x'"),
    (lambda plain: plain["connections"][1].update(_source_event_name="x"), r"^flow\.connections\[1\]: .*event 'x'"),
    (lambda plain: plain["connections"][2].update(_target_routine_id="x"), r"^flow\.connections\[2\]: .*routine 'x'"),
    (lambda plain: plain["connections"][3].update(_target_slot_name="x"), r"^flow\.connections\[3\]: .*slot 'x'"),
    (lambda plain: plain["connections"][0].update(param_mapping={"a": 1}), r"param_mapping\['a'\]: a text"),
    (lambda plain: plain["error_handler"].update(retryable_exceptions=["os:system"]), r"retryable_exceptions\[0\]"),
    (lambda plain: plain.update(execution_timeout=float("nan")), r"^flow\.execution_timeout: .*not nan"),
    (lambda plain: plain.update(max_workers=10**400), r"^flow\.max_workers: .*a huge number"),
]


@pytest.mark.parametrize(("change", "error"), CHANGES, ids=[error for _, error in CHANGES])
def test_an_invalid_flow_is_rejected_with_the_path_and_changes_nothing(
    change: Callable[[dict[str, Any]], object], error: str
) -> None:
    plain = json.loads(json.dumps(whole().serialize()))
    change(plain)
    flow = chain_of_one_class("x", "y")
    before = flow.serialize()
    with pytest.raises(ValueError, match=error):
        flow.deserialize(plain)
    assert flow.serialize() == before
    over(flow.execute("x"))


def test_a_callable_is_rejected_instead_of_a_dict() -> None:
    with pytest.raises(ValueError, match=r"^flow: an object with text keys is needed, not list"):
        Flow().deserialize([])  # type: ignore[arg-type]


def test_generated_ids_are_kept_so_that_a_saved_job_finds_its_routines() -> None:
    flow = Flow()
    generated = [flow.add_routine(Sorter()) for _ in range(3)]
    flow.connect(generated[0], "out", generated[1], "input")
    other = copied(flow)
    assert (other.flow_id, list(other.routines)) == (flow.flow_id, generated)
    assert [routine._id for routine in other.routines.values()] == generated
    job = over(flow.execute(generated[0]))
    flow.pause(job)
    moved = JobState()
    moved.deserialize(json.loads(json.dumps(job.serialize())))
    over(other.resume(moved))
