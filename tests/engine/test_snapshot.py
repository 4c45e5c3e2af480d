"""Copies that later changes do not reach: of states and shared data, for who reads while handlers write."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import Flow, JobState, Routine
from tests.engine.parts import DEADLINE, Data, Node

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


def shares_containers(one: Any, other: Any) -> bool:
    """Whether a change of `one` could show in `other`."""

    def containers(value: Any) -> set[int]:
        found = {id(value)} if isinstance(value, (list, dict, set)) else set()
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
        return found.union(*(containers(item) for item in inner))

    return bool(containers(one) & containers(other))


@given(VALUES)
def test_a_snapshot_of_shared_data_is_equal_and_shares_nothing(value: Any) -> None:
    job = JobState()
    job.update_shared_data("k", value)
    kept = job.snapshot_data("k")
    assert kept == value
    assert not shares_containers(kept, value)
    assert job.get_shared_data("k") is value


@given(st.dictionaries(st.text(), VALUES, max_size=3))
def test_a_snapshot_of_a_state_is_equal_and_shares_nothing(state: dict[str, Any]) -> None:
    job = JobState()
    job.update_routine_state("a", state)
    assert job.snapshot_state("a") == state
    assert not shares_containers(job.snapshot_state("a"), job.routine_states["a"])
    assert not shares_containers(job.routine_states["a"], state)


@given(VALUES)
def test_a_record_is_equal_to_its_payload_and_shares_nothing(value: Any) -> None:
    job = JobState()
    job.record_execution("a", "e", {"value": value})
    assert job.execution_history[0].data == {"value": value}
    assert not shares_containers(job.execution_history[0].data, {"value": value})


def test_a_missing_value_is_none() -> None:
    job = JobState()
    assert job.snapshot_state("a") is None
    assert job.snapshot_data("k") is None


def test_objects_of_other_classes_are_not_copied() -> None:
    class Mine:
        pass

    mine = Mine()
    job = JobState()
    job.update_shared_data("k", {"rows": [mine]})
    assert job.snapshot_data("k")["rows"][0] is mine


def test_recursive_containers_keep_their_shape() -> None:
    job = JobState()
    ring: dict[str, Any] = {"rows": []}
    ring["rows"].append((ring,))
    job.update_shared_data("k", ring)
    kept = job.snapshot_data("k")
    assert kept is not ring
    assert kept["rows"][0][0] is kept


def test_a_shared_container_is_shared_in_the_copy() -> None:
    job = JobState()
    twin: list[int] = []
    job.update_shared_data("k", [twin, twin])
    kept = job.snapshot_data("k")
    assert kept[0] is kept[1]
    assert kept[0] is not twin


def test_taking_snapshots_while_a_handler_changes_the_value_is_safe(hasty_switches: None) -> None:
    job = JobState()
    value: dict[str, Any] = {"rows": [], "by": {}}
    job.update_shared_data("k", value)
    stop = threading.Event()

    def change() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            value["rows"].append([n])
            value["by"][n] = {n}
            if n % 50 == 0:
                value["rows"].clear()
                value["by"].clear()

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(300):
            kept = job.snapshot_data("k")
            assert all(len(row) == 1 for row in kept["rows"])
    finally:
        stop.set()
        changing.join(DEADLINE)


class Trap(type):
    """Every operation on its classes raises."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(f"asked for {name}")


class Unhashable(type):
    """Its classes have no hash."""

    __hash__ = None  # type: ignore[assignment]


class Unspeakable(Routine):
    """A routine without a text."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("kind", [Trap, Unhashable])
def test_no_code_of_a_payloads_classes_runs(kind: type) -> None:
    trapped = kind("Trapped", (), {})()
    got: list[Any] = []

    def send(node: Node, data: Data) -> None:
        node.emit("out", value=trapped, rows=[trapped])

    flow = Flow("trapped")
    flow.add_routine(Node(send), "a")
    flow.add_routine(Node(lambda node, data: got.append(data["value"])), "b")
    flow.connect("a", "out", "b", "input")
    job = flow.execute("a")
    assert job.status == "completed"
    assert got == [trapped]
    (record,) = [record for record in job.execution_history if record.event_name == "out"]
    assert record.data["rows"][0] is trapped


def test_a_part_of_a_flow_is_copied_as_text() -> None:
    job = JobState()
    routine = Node()
    job.record_execution("a", "e", {"routine": routine, "mute": Unspeakable()})
    kept = job.execution_history[0].data
    assert kept["routine"] == str(routine)
    assert "Unspeakable object" in kept["mute"]
