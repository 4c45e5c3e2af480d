"""Capturing a job: nothing of its journal is lost, nothing secret leaves, and no payload's code is run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import pairwise
from typing import Any, NoReturn

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routilux import Flow, JobState
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.jobs.job_table import JobTable
from routilux_dashboard.payloads.encoder import LARGEST, PayloadEncoder
from routilux_dashboard.payloads.mask import Mask
from routilux_dashboard.payloads.preview import preview
from routilux_dashboard.protocol import OUTCOMES
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.sources import capturing
from tests.dashboard.flows import chain
from tests.dashboard.tapes import Tape
from tests.engine.parts import Node
from tests.waiting import eventually


def captured(*payloads: Any, mask: Mask | None = None, **options: Any) -> tuple[JobState, list[Segment]]:
    """A job that emitted these payloads as `data`, and its segments."""

    def emit_all(node: Node, data: dict[str, Any]) -> None:
        for payload in payloads:
            node.emit("out", data=payload)

    flow = Flow("emitting", **options)
    flow.add_routine(Node(emit_all), "node")
    tape = Tape(flow, *([mask] if mask else []))
    return flow.execute("node"), tape.finish()


def records(segments: list[Segment]) -> list[Any]:
    """The payloads of all records, decoded."""
    return [msgspec.json.decode(data) for segment in segments for data in segment.records.data]


def emitted(segments: list[Segment]) -> list[Any]:
    """What the routine emitted."""
    return [payload["data"] for payload in records(segments) if "data" in payload]


def cut(segments: list[Segment]) -> int:
    return sum(len(segment.records.cut) for segment in segments)


# -- nothing is lost


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_segments_put_together_are_the_journal(counts: list[int]) -> None:
    flow = Flow("emitting")
    tape = Tape(flow)

    def work(node: Node, data: dict[str, Any]) -> None:
        for count in counts:
            for i in range(count):
                node.emit("out", i=i, text="x" * i)
            tape.take()

    flow.add_routine(Node(work), "a")
    flow.add_routine(Node(), "b")
    flow.connect("a", "out", "b", "input")
    job = flow.execute("a")
    segments = tape.finish()
    history = job.read_history(0, 10_000).records
    names = {source.number: source for segment in segments for source in segment.sources}
    rows = [
        (names[number].routine_id, names[number].event_name, names[number].kind, data, at, cause or None)
        for segment in segments
        for number, data, at, cause in zip(*_columns(segment), strict=True)
    ]
    expected = [(r.routine_id, r.event_name, r.kind, r.data, r.time_ns, r.cause) for r in history]
    assert rows == expected
    assert [segment.n for segment in segments] == list(range(1, len(segments) + 1))
    assert all(later.after_seq == before.seq for before, later in pairwise(segments))
    assert sum(len(segment.runs.target) for segment in segments) == sum(counts) + 1


def _columns(segment: Segment) -> tuple[list[int], list[Any], list[int], list[int]]:
    rows = segment.records
    return rows.source, [msgspec.json.decode(data) for data in rows.data], rows.time_ns, rows.cause


def test_a_silent_job_gives_nothing() -> None:
    flow = chain()
    tape = Tape(flow)
    flow.execute("emitter", {"count": 3})
    assert tape.finish()
    assert tape.take() == []


def test_a_long_batch_comes_in_segments_of_at_most_5_000_records() -> None:
    flow = chain()
    tape = Tape(flow)
    flow.execute("emitter", {"count": 12_345})
    segments = tape.finish()
    assert max(len(segment.records.source) for segment in segments) <= capturing.ROWS
    assert max(len(segment.runs.target) for segment in segments) <= capturing.ROWS
    assert segments[-1].seq == 12_347
    assert sum(len(segment.runs.target) for segment in segments) == 12_346
    assert [segment.final for segment in segments] == [False] * (len(segments) - 1) + [True]


@pytest.mark.parametrize("limit", [0, 10, 1_000])
def test_what_left_a_limited_history_is_in_the_sums_exactly(limit: int) -> None:
    flow = chain(history_limit=limit)
    job = flow.execute("emitter", {"count": 5_000})
    tape = Tape(flow)
    job.add_hook(tape)
    playback = Playback()
    for segment in tape.finish():
        playback.add(segment)
    assert sum(segment.lost for segment in tape.segments) == 5_002
    shown = playback.job()
    assert (shown.seq, shown.counts.events, shown.routines["collector"].done) == (5_002, 5_000, 5_000)
    assert shown.connections["emitter.item->collector.item"].count == 5_000
    assert playback.metrics()["flow"]["total_events"] == 5_000


def test_what_is_never_read_in_time_is_in_the_sums_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routilux.journal.journal.UNREAD_BOUND", 100)
    flow = chain(history_limit=10)
    tape = Tape(flow)
    flow.execute("emitter", {"count": 5_000})
    playback = Playback()
    for segment in tape.finish():
        playback.add(segment)
    assert 4_000 < sum(segment.lost for segment in tape.segments) < 5_002
    shown = playback.job()
    assert (shown.seq, shown.counts.events, shown.routines["collector"].done) == (5_002, 5_000, 5_000)
    assert shown.counts.queued == 0


def test_a_take_that_fails_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = chain()
    tape = Tape(flow)
    flow.execute("emitter", {"count": 10})
    for name in ("control_of", "entries_of", "log_rows", "encode_rows"):
        with monkeypatch.context() as broken:
            broken.setattr(capturing, name, lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                tape.take()
    (segment,) = tape.finish()
    assert (segment.n, segment.seq, len(segment.records.data), segment.final) == (1, 12, 12, True)
    assert len(segment.runs.target) == 11
    assert {source.event_name for source in segment.sources} >= {"item", "start"}


def test_a_job_under_way_is_captured_with_what_was_before() -> None:
    flow = Flow("late")
    gate, begun = threading.Event(), threading.Event()

    def work(node: Node, data: dict[str, Any]) -> None:
        job = node.ctx.job_state
        for i in range(20):
            node.emit("out", i=i)
            job.append_to_shared_log({"i": i})
        node.send_output("half", i=20)
        job.update_routine_state("a", {"half": True})
        job.update_shared_data("key", [1, 2])
        begun.set()
        assert gate.wait(10)
        node.emit("out", i=20)

    flow.add_routine(Node(work), "a")
    flow.add_routine(Node(), "b")
    flow.connect("a", "out", "b", "input")
    flow.start("a")
    assert begun.wait(10)
    tape, job_table = Tape(flow), JobTable()
    job_table.watch(flow)
    first = tape.take()
    assert first[0].facts.status == "running"
    assert [handler.routine_id for handler in first[0].running] == ["a"]
    assert (first[0].lost, len(first[0].log), len(first[0].outputs)) == (21, 20, 1)
    assert first[0].states["a"].state == {"half": True}
    assert first[0].data["key"].value == [1, 2]
    gate.set()
    playback = Playback()
    for segment in tape.finish():
        playback.add(segment)
    eventually(lambda: job_table.tick() is not None and job_table.jobs()[0].is_final, what="the end has been shown")
    live, shown = job_table.jobs()[0].view(), playback.job()
    assert (shown.seq, shown.counts, shown.status) == (live.seq, live.counts, live.status)
    assert {k: v.count for k, v in shown.connections.items()} == {k: v.count for k, v in live.connections.items()}
    assert playback.keyframe().log == job_table.jobs()[0].keyframe().log


def test_a_job_that_was_saved_and_goes_on_elsewhere_is_captured_whole() -> None:
    first = chain()
    job = first.start("emitter", {"count": 300})
    first.pause(job)
    moved = JobState()
    moved.deserialize(job.serialize())
    second = chain(history_limit=50)
    tape, job_table = Tape(second), JobTable()
    job_table.watch(second)
    second.resume(moved)
    assert JobState.wait_for_completion(second, moved, 10)
    playback = Playback()
    for segment in tape.finish():
        playback.add(segment)
    eventually(lambda: job_table.tick() is not None and job_table.jobs()[0].is_final, what="the end has been shown")
    live, shown = job_table.jobs()[0].view(), playback.job()
    assert (shown.job_id, shown.seq, shown.counts) == (live.job_id, live.seq, live.counts)
    assert (shown.status, shown.created_at, shown.params) == ("completed", live.created_at, {"count": 300})
    assert shown.routines["collector"].done == live.routines["collector"].done


# -- payloads


def trap(*_: object, **__: object) -> NoReturn:
    raise AssertionError("code of a payload was run")


class Trap:
    """Everything that could be asked of it is code of the payload."""

    __slots__ = ()
    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __getattribute__ = trap
    __class__ = property(trap)
    __dict__ = property(trap)


class TrapMeta(type):
    __getattribute__ = trap
    __instancecheck__ = __subclasscheck__ = trap


@dataclass
class Account:
    user: str
    password: str

    @property
    def secret(self) -> str:
        raise AssertionError("called")


class Colour(Enum):
    RED = 1


class Words(dict[str, Any]):
    items = keys = values = __iter__ = __len__ = __getitem__ = trap


class Text(str):
    __repr__ = __str__ = __len__ = __getitem__ = __iter__ = __eq__ = __format__ = trap
    __hash__ = str.__hash__


def test_plain_payloads_are_as_they_were() -> None:
    payloads = [1, "ä\n\u2028", None, True, 1.5, 10**30, [1, [2, {"a": "b"}]], {"x": {}}, "x" * 60_000, -0.0, 2**63]
    _, segments = captured(*payloads)
    assert emitted(segments) == payloads
    assert cut(segments) == 0


ODD: dict[str, Callable[[], Any]] = {
    "no number": lambda: float("nan"),
    "infinity": lambda: [1, float("-inf")],
    "surrogate": lambda: "a\ud800b",
    "surrogate key": lambda: {"a\ud800": 1},
    "bytes": lambda: b"bytes",
    "keys": lambda: {1: 2, None: 3, (1, 2): 4},
    "set": lambda: {1, 2},
    "datetime": lambda: datetime(2026, 1, 1, tzinfo=UTC),
    "enum": lambda: Colour.RED,
    "dataclass": lambda: Account("ann", "x"),
    "dict of a kind": lambda: Words(a=1),
    "text of a kind": lambda: Text("text"),
    "inner text of a kind": lambda: {"key": Text("text")},
    "key of a kind": lambda: {Text("key"): 1},
    "integer": lambda: 10**5_000,
}


@pytest.mark.parametrize("name", ODD)
def test_what_json_cannot_hold_is_kept_as_its_preview(name: str) -> None:
    payload = ODD[name]()
    _, segments = captured(1, payload, 2)
    assert emitted(segments) == [1, preview(payload)[0], 2]
    assert cut(segments) == preview(payload)[1]


def test_no_code_of_a_payload_is_run() -> None:
    stolen: Any = Trap()
    _, segments = captured(Trap(), [Trap()], {"a": {"b": Trap()}}, Account("ann", stolen))
    assert len(emitted(segments)) == 4
    odd = type.__call__(TrapMeta("Odd", (), {}))
    encoded, cut = PayloadEncoder(Mask(["password"])).encode([{"odd": odd}, {"password": odd}])
    assert encoded == [b'{"odd":"<tests.dashboard.test_capturing.Odd>"}', '{"password":"•••"}'.encode()]
    assert cut == []


def test_a_payload_that_holds_itself_is_cut() -> None:
    mine: list[Any] = [1]
    mine.append(mine)
    _, segments = captured(mine)
    assert emitted(segments) == [[1, "<holds itself>"]]
    assert cut(segments) == 1


def test_a_payload_that_is_nested_without_end_is_cut() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    _, segments = captured(deep)
    assert cut(segments) == 1


def test_huge_payloads_are_cut_and_cost_no_memory_to_speak_of() -> None:
    text = "x" * 50_000_000
    numbers = list(range(1_000_000))
    tower: list[Any] = ["tower"]
    for _ in range(12):
        tower = [tower] * 10
    _, segments = captured(*[text] * 200, {text: 1}, numbers, tower)
    assert cut(segments) == 203
    assert max(len(data) for segment in segments for data in segment.records.data) <= LARGEST
    assert emitted(segments)[0] == "x" * 2_000


def test_large_payloads_come_in_several_segments() -> None:
    _, segments = captured(*["x" * 60_000] * 400)
    assert all(sum(map(len, segment.records.data)) <= capturing.BYTES for segment in segments)
    assert emitted(segments) == ["x" * 60_000] * 400


def test_what_was_cut_is_shown_as_cut() -> None:
    _, segments = captured("x" * 100_000, "y" * 1_000, "z")
    playback = Playback()
    for segment in segments:
        playback.add(segment)
    shown = [(record.data["data"], record.cut) for record in playback.keyframe().records if "data" in record.data]
    assert shown == [("x" * 500, True), ("y" * 500, True), ("z", False)]


# -- masks


def test_nothing_that_is_masked_leaves_the_engine() -> None:
    flow = Flow("secrets")
    mask = Mask(["password", "TOKEN"])

    def work(node: Node, data: dict[str, Any]) -> None:
        job = node.ctx.job_state
        node.emit("out", user="ann", db_password="hunter2", nested=[{"api_token": {"deep": "hunter2"}}])
        node.emit("out", account=Account("ann", "hunter2"), many={"Password": b"hunter2"})
        node.send_output("login", password="hunter2")
        job.append_to_shared_log({"password": "hunter2"})
        job.update_routine_state("a", {"token": "hunter2"})
        job.update_shared_data("token", "hunter2")
        job.update_shared_data("login", Account("ann", "hunter2"))

    class Entry(Node):
        def run(self, password: str = "hunter2", **data: Any) -> None:
            super().run(**data)

    flow.add_routine(Entry(work), "a")
    tape = Tape(flow, mask)
    job_table = JobTable()
    job_table.watch(flow)
    job = flow.execute("a", {"password": "hunter2"})
    segments = tape.finish()
    assert b"hunter2" not in msgspec.json.encode(segments)
    playback = Playback()
    for segment in segments:
        playback.add(segment)
    assert playback.summary.params == {"password": "•••"}
    assert playback.data() == {
        "token": {"value": "•••", "cut": False},
        "login": {"value": {"user": "ann", "password": "•••"}, "cut": False},
    }
    assert job.entry_params == {"password": "hunter2"}


# -- what the engine says


def test_every_outcome_and_entry_is_there() -> None:
    flow = chain()
    tape = Tape(flow)
    flow.execute("emitter", {"count": 3})
    segments = tape.finish()
    outcomes = Counter(OUTCOMES[outcome] for segment in segments for outcome in segment.runs.outcome)
    assert outcomes == {"completed": 4}
    numbers = [entry.number for segment in segments for entry in segment.entries]
    assert numbers == list(range(1, len(numbers) + 1))
    said = [entry.data["status"] for segment in segments for entry in segment.entries if entry.kind == "status"]
    assert said == ["running", "completed"]
    assert segments[-1].facts.metrics is not None
    assert segments[-1].facts.ended_at is not None
    assert segments[0].beginning is not None
    assert segments[0].beginning.params == {"count": 3}
