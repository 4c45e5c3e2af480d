"""Merge strategies: what a handler gets of what its slot has received in its job."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import ErrorHandler, Flow, Slot
from tests.engine.parts import DEADLINE, Data, FlowMaker, Node, chain, emits, over

ROWS = st.lists(
    st.dictionaries(st.sampled_from("xyz"), st.integers() | st.lists(st.integers()), min_size=1), max_size=8
)


def collected(flow: Flow, rows: list[Data], merge: Any) -> list[Data]:
    """What the handler of a slot with that strategy gets for each of the rows, in order."""
    got = list[Data]()

    def send(node: Node, data: Data) -> None:
        for row in rows:
            node.emit("out", **row)

    flow.max_workers = 1
    chain(flow, ("a", Node(send)), ("b", Node(lambda node, data: got.append(data), merge=merge)))
    over(flow.start("a"))
    return got


def test_override_passes_the_new_data_only(flow: Flow) -> None:
    assert collected(flow, [{"x": 1}, {"y": 2}, {"x": 3}], "override") == [{"x": 1}, {"y": 2}, {"x": 3}]


def test_append_passes_the_list_of_all_values_for_the_keys_of_the_new_data(flow: Flow) -> None:
    assert collected(flow, [{"x": 1}, {"x": 2, "y": 5}, {"y": [6]}], "append") == [
        {"x": [1]},
        {"x": [1, 2], "y": [5]},
        {"y": [5, [6]]},
    ]


def test_a_merge_function_receives_old_and_new_data_and_its_result_is_kept(flow: Flow) -> None:
    seen = list[tuple[Data, Data]]()

    def total(old: Data, new: Data) -> Data:
        seen.append((old, new))
        return {"x": old.get("x", 0) + new["x"]}

    assert collected(flow, [{"x": 1}, {"x": 2}, {"x": 4}], total) == [{"x": 1}, {"x": 3}, {"x": 7}]
    assert seen == [({}, {"x": 1}), ({"x": 1}, {"x": 2}), ({"x": 3}, {"x": 4})]


@pytest.mark.parametrize("word", ["replace", "", "APPEND", None])
def test_any_other_strategy_overrides(flow: Flow, word: Any) -> None:
    assert collected(flow, [{"x": 1}, {"y": 2}], word) == [{"x": 1}, {"y": 2}]


@given(rows=ROWS, strategy=st.sampled_from(["sequential", "concurrent"]))
def test_appending_keeps_every_value_in_order(rows: list[Data], strategy: str) -> None:
    flow = Flow("flow", strategy)
    got = collected(flow, rows, "append")
    flow.shutdown()
    assert len(got) == len(rows)
    for n, (row, data) in enumerate(zip(rows, got, strict=True)):
        assert data == {key: [earlier[key] for earlier in rows[: n + 1] if key in earlier] for key in row}


def test_merged_data_is_separate_for_each_job(flow: Flow) -> None:
    got = list[Data]()
    chain(
        flow,
        ("a", Node(lambda node, data: node.emit("out", **data))),
        ("b", Node(lambda node, data: got.append(data), merge="append")),
    )
    for x in (1, 2):
        over(flow.execute("a", {"x": x}))
    assert got == [{"x": [1]}, {"x": [2]}]


def test_merged_data_is_separate_for_concurrent_jobs(flow: Flow) -> None:
    got: dict[str, list[Data]] = {"p": [], "q": []}
    together = threading.Barrier(2)

    def send(node: Node, data: Data) -> None:
        together.wait(DEADLINE)
        for n in range(50):
            node.emit("out", job=data["job"], n=n)

    chain(
        flow,
        ("a", Node(send)),
        ("b", Node(lambda node, data: got[data["job"][0]].append(data), merge="append")),
    )
    jobs = [flow.start("a", {"job": name}) for name in "pq"]
    for job in jobs:
        over(job)
    for name, rows in got.items():
        assert max(len(row["n"]) for row in rows) == 50
        assert all(set(row["job"]) == {name} for row in rows)


def test_appending_from_many_workers_loses_nothing(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=8)
    got = list[Data]()
    chain(flow, ("a", Node(emits(200))), ("b", Node(lambda node, data: got.append(data), merge="append")))
    over(flow.start("a"))
    longest = max(got, key=lambda data: len(data["n"]))
    assert sorted(longest["n"]) == list(range(200))
    assert sorted(len(data["n"]) for data in got) == list(range(1, 201))


def test_a_handler_cannot_change_the_stored_list(flow: Flow) -> None:
    sizes = list[int]()

    def greedy(node: Node, data: Data) -> None:
        sizes.append(len(data["n"]))
        data["n"].clear()

    flow.max_workers = 1
    chain(flow, ("a", Node(emits(4))), ("b", Node(greedy, merge="append")))
    over(flow.start("a"))
    assert sizes == [1, 2, 3, 4]


def test_a_merge_function_that_raises_is_an_error_of_its_handler(flow: Flow) -> None:
    def refuse(old: Data, new: Data) -> Data:
        if new["n"] == 1:
            raise ValueError("cannot merge")
        return new

    got = list[int]()
    node = Node(lambda node, data: got.append(data["n"]), merge=refuse)
    node.set_error_handler(ErrorHandler("continue"))
    flow.max_workers = 1
    chain(flow, ("a", Node(emits(3))), ("b", node))
    job = over(flow.start("a"))
    assert got == [0, 2]
    assert [record.data["error"] for record in job.execution_history if record.kind == "error_continued"] == [
        "cannot merge"
    ]


@pytest.mark.parametrize("merged", [None, [1], 5])
def test_a_merge_function_must_return_a_dict(flow: Flow, merged: Any) -> None:
    got = list[Data]()
    chain(flow, ("a", Node(emits(2))), ("b", Node(lambda node, data: got.append(data), merge=lambda old, new: merged)))
    job = over(flow.execute("a"), "failed")
    error = next(record.data for record in job.execution_history if record.kind == "error")
    assert (error["slot"], error["error_type"]) == ("input", "TypeError")
    assert error["error"].startswith("The merge function <lambda> gave ")
    assert error["error"].endswith(": a dict is needed")
    assert got == []


def test_the_entry_slot_merges_within_its_job_only(flow: Flow) -> None:
    got = list[Data]()
    flow.add_routine(Node(lambda node, data: got.append(data), merge="append"), "a")
    over(flow.execute("a", {"x": 1}))
    over(flow.execute("a", {"x": 2}))
    assert got == [{"x": [1]}, {"x": [2]}]


def test_a_slot_alone_keeps_its_own_data() -> None:
    got = list[Data]()
    slot = Slot("alone", None, lambda **data: got.append(data), "append")
    slot.receive({"x": 1})
    slot.receive({"x": 2, "y": 3})
    assert got == [{"x": [1]}, {"x": [1, 2], "y": [3]}]


def test_the_two_slots_of_a_routine_keep_their_data_apart(flow: Flow) -> None:
    got = list[Data]()
    flow.max_workers = 1
    flow.add_routine(Node(emits(2)), "a")
    flow.add_routine(Node(lambda node, data: got.append(data), merge="append"), "b")
    flow.connect("a", "out", "b", "input")
    flow.connect("a", "out", "b", "trigger")
    over(flow.start("a"))
    assert got == [{"n": [0]}, {"n": [0]}, {"n": [0, 1]}, {"n": [0, 1]}]
