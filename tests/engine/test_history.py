"""The history: which records there are, in which order, and that it stays as it was."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from routilux import ErrorHandler, ExecutionRecord, Flow, JobState, Slot
from tests.engine.parts import Data, FlowMaker, Node, chain, emits, in_turn, names, over, pass_on, raises


def test_the_records_of_a_run_are_its_start_each_emission_and_its_end(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(2))), ("b", Node()))
    job = over(flow.execute("a", {"p": 1}))
    assert names(job) == [("a", "start"), ("a", "out"), ("a", "out"), ("a", "completed")]
    start, first, second, completed = job.execution_history
    assert start.data == {"p": 1}
    assert (first.data, second.data) == ({"n": 0}, {"n": 1})
    assert list(completed.data) == ["execution_time"]
    assert completed.data["execution_time"] > 0
    assert [record.kind for record in job.execution_history] == ["start", "event", "event", "completed"]
    assert [record.seq for record in job.execution_history] == [1, 2, 3, 4]


def test_an_emission_is_recorded_connected_or_not(flow: Flow) -> None:
    chain(flow, ("a", Node(in_turn(emits(1), emits(1, "loose")), events=("out", "loose"))), ("b", Node()))
    assert ("a", "loose") in names(over(flow.execute("a")))


def test_emitting_on_the_event_itself_delivers_but_writes_no_history(flow: Flow) -> None:
    got = list[Data]()

    def work(node: Node, data: Data) -> None:
        event = node.get_event("out")
        assert event is not None
        event.emit(x=1)

    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: got.append(data))))
    job = over(flow.execute("a"))
    assert got == [{"x": 1}]
    assert names(job) == [("a", "start"), ("a", "completed")]


def test_sequential_records_come_in_the_order_of_the_queue(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    chain(flow, ("a", Node(emits(3))), ("b", Node(pass_on)), ("c", Node()))
    job = flow.execute("a")
    assert [(record.routine_id, record.data.get("n")) for record in job.execution_history[1:-1]] == [
        ("a", 0),
        ("a", 1),
        ("a", 2),
        ("b", 0),
        ("b", 1),
        ("b", 2),
    ]


def test_a_record_precedes_its_effects(flow: Flow, hasty_switches: None) -> None:
    chain(flow, ("a", Node(emits(40))), ("b", Node(pass_on)), ("c", Node(pass_on)), ("d", Node()))
    job = over(flow.execute("a"))
    history = job.execution_history
    assert [record.seq for record in history] == list(range(1, len(history) + 1))
    by_seq = {record.seq: record for record in history}
    for record in history[1:-1]:
        assert record.cause is not None
        cause = by_seq[record.cause]
        assert cause.seq < record.seq
        assert cause.time_ns <= record.time_ns
        if record.routine_id in ("b", "c"):
            assert cause.data == record.data


def test_times_are_local_naive_and_in_order(flow: Flow) -> None:
    before = datetime.now()
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    job = over(flow.execute("a"))
    after = datetime.now()
    times = [record.timestamp for record in job.get_execution_history()]
    assert times == sorted(times)
    assert all(at.tzinfo is None for at in times)
    assert before - timedelta(milliseconds=5) <= times[0] <= times[-1] <= after + timedelta(milliseconds=5)


def test_the_history_can_be_filtered_by_routine(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(2))), ("b", Node(pass_on)), ("c", Node()))
    job = over(flow.execute("a"))
    assert [record.event_name for record in job.get_execution_history("b")] == ["out", "out"]
    assert job.get_execution_history(routine_id="a")[0].event_name == "start"
    assert job.get_execution_history("c") == []


@pytest.mark.parametrize("word", ["start", "completed", "error", "error_continued", "retry"])
def test_a_users_event_named_like_an_engine_record_has_another_kind(flow: Flow, word: str) -> None:
    chain(flow, ("a", Node(emits(1, word), events=("out", word))))
    job = over(flow.execute("a"))
    (event,) = [record for record in job.execution_history if record.kind == "event"]
    assert event.event_name == word
    assert event.data == {"n": 0}


# -- payloads stay as they were --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (lambda: [1, [2]], lambda payload: payload[1].append(3)),
        (lambda: {"k": {"deep": [1]}}, lambda payload: payload["k"]["deep"].append(2)),
        (lambda: ([1], [2]), lambda payload: payload[0].append(2)),
        (lambda: {1, 2}, lambda payload: payload.add(3)),
        (lambda: deque([[1]], maxlen=3), lambda payload: payload[0].append(2)),
        (lambda: defaultdict(list, {"k": [1]}), lambda payload: payload["k"].append(2)),
        (lambda: OrderedDict(k=[1]), lambda payload: payload["k"].append(2)),
        (lambda: Counter("ab"), lambda payload: payload.update("c")),
    ],
    ids=["list", "dict", "tuple", "set", "deque", "defaultdict", "OrderedDict", "Counter"],
)
def test_payloads_are_recorded_as_they_were_when_emitted(
    flow: Flow, make: Callable[[], Any], change: Callable[[Any], object]
) -> None:
    payload = make()
    chain(flow, ("a", Node(in_turn(lambda node, data: node.emit("out", payload=payload), lambda *_: change(payload)))))
    job = over(flow.execute("a"))
    assert payload != make()
    kept = job.execution_history[1].data["payload"]
    assert kept == make()
    assert type(kept) is type(payload)


def test_entry_parameters_are_recorded_as_they_were_at_the_start(flow: Flow) -> None:
    params = {"rows": [1], "n": 5}
    chain(flow, ("a", Node(lambda node, data: data["rows"].append(2))))
    job = over(flow.execute("a", params))
    params["n"] = 6
    assert params["rows"] == [1, 2]  # the handler got the caller's own list
    assert job.execution_history[0].data == {"rows": [1], "n": 5}
    assert job.entry_params == {"rows": [1], "n": 5}


def test_changing_a_record_does_not_change_queued_data(new_flow: FlowMaker) -> None:
    flow = new_flow("flow")
    got = list[Data]()

    def work(node: Node, data: Data) -> None:
        node.emit("out", x=1)
        node.ctx.job_state.execution_history[-1].data["x"] = 99

    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: got.append(data))))
    job = flow.execute("a")
    assert got == [{"x": 1}]
    assert job.execution_history[1].data == {"x": 1}


def test_receivers_do_not_see_each_others_changes(flow: Flow) -> None:
    got = list[Data]()

    def greedy(data: Data) -> None:
        got.append(dict(data))
        data.clear()

    source = Node(emits(1))
    flow.add_routine(source, "a")
    for n in range(3):
        node = Node()
        node.define_slot("whole", handler=greedy)
        flow.add_routine(node, f"b{n}")
        flow.connect("a", "out", f"b{n}", "whole")
    job = over(flow.execute("a"))
    assert got == [{"n": 0}] * 3
    assert job.execution_history[1].data == {"n": 0}


def test_parts_of_the_engine_in_a_payload_are_recorded_as_text(flow: Flow) -> None:
    def work(node: Node, data: Data) -> None:
        node.emit("out", flow_=node.ctx.flow, job_state=node.ctx.job_state, slot=Slot("s"), rows=[node])

    got = list[Data]()
    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: got.append(data))))
    job = over(flow.execute("a"))
    assert job.execution_history[1].data["flow_"] == "Flow[flow]"
    assert isinstance(job.execution_history[1].data["rows"][0], str)
    assert got[0]["flow_"] is flow
    assert got[0]["job_state"] is job


def test_a_recursive_payload_is_recorded(flow: Flow) -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    chain(flow, ("a", Node(lambda node, data: node.emit("out", ring=ring))))
    job = over(flow.execute("a"))
    kept = job.execution_history[1].data["ring"]
    assert kept is not ring
    assert kept[1] is kept


def test_a_payload_nested_deeper_than_python_can_follow_is_emitted_all_the_same(flow: Flow) -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    got = list[Data]()
    chain(flow, ("a", Node(lambda node, data: node.emit("out", x=deep))), ("b", Node(lambda _, data: got.append(data))))
    over(flow.execute("a"))
    assert got[0]["x"] is deep


def test_no_code_of_a_payload_is_run(flow: Flow) -> None:
    class Hostile:
        def __deepcopy__(self, memo: object) -> object:
            raise RuntimeError("copied")

        __copy__ = __reduce__ = __str__ = __repr__ = __deepcopy__  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("compared")

        def __hash__(self) -> int:
            raise RuntimeError("hashed")

        def __bool__(self) -> bool:
            raise RuntimeError("asked for its truth")

    hostile = Hostile()
    got = list[Data]()
    chain(
        flow,
        ("a", Node(lambda node, data: node.emit("out", x=hostile, rows=[hostile]))),
        ("b", Node(lambda node, data: got.append(data))),
    )
    job = over(flow.execute("a", {"h": hostile}))
    assert got[0]["x"] is hostile
    assert job.execution_history[1].data["rows"][0] is hostile


# -- reading by range ------------------------------------------------------------------------------------------------


def test_a_range_has_the_records_after_a_number(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(98))))
    job = over(flow.execute("a"))
    whole = job.read_history(0, 1000)
    assert (whole.first, whole.last, whole.total, len(whole.records)) == (1, 100, 100, 100)
    page = job.read_history(after=10, limit=5)
    assert [record.seq for record in page.records] == [11, 12, 13, 14, 15]
    assert [record.data for record in page.records] == [{"n": n} for n in range(9, 14)]
    assert [record.seq for record in job.read_history(98).records] == [99, 100]
    assert job.read_history(100).records == []
    assert job.read_history(5, 0).records == []
    assert len(job.read_history().records) == 100


def test_a_new_job_has_no_history() -> None:
    job = JobState("flow")
    assert job.execution_history == []
    assert job.get_execution_history() == []
    assert job.read_history().total == 0
    assert job.history_dropped == 0


def test_records_may_be_added_by_hand() -> None:
    job = JobState("flow")
    data = {"rows": [1]}
    job.record_execution("a", "custom", data)
    data["rows"].append(2)
    job.record_execution(routine_id="b", event_name="other", data={})
    assert names(job) == [("a", "custom"), ("b", "other")]
    assert job.execution_history[0].data == {"rows": [1]}
    assert job.execution_history[0].kind == "custom"


# -- the record by itself --------------------------------------------------------------------------------------------


def test_a_record_has_defaults_and_a_repr() -> None:
    before = datetime.now()
    record = ExecutionRecord()
    assert (record.routine_id, record.event_name, record.data) == ("", "", {})
    assert before - timedelta(milliseconds=5) <= record.timestamp <= datetime.now() + timedelta(milliseconds=5)
    at = datetime(2025, 1, 15, 10, 30, 0, 123456)
    made = ExecutionRecord("a", "out", {"x": 1}, at)
    assert made.timestamp == at
    assert repr(made) == f"ExecutionRecord[a.out@{at}]"
    assert ExecutionRecord().data is not ExecutionRecord().data


def test_completed_is_recorded_once_and_only_for_a_job_that_completed(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(3))), ("b", Node(raises(ValueError("no")))))
    job = over(flow.execute("a"), "failed")
    assert "completed" not in [event for _, event in names(job)]
    flow.set_error_handler(ErrorHandler("skip"))
    job = over(flow.execute("a"))
    assert [event for _, event in names(job)].count("completed") == 1
    assert names(job)[-1] == ("a", "completed")
