"""Cutting and splitting segments."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routilux import Flow
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.segments.cut import PAST, cut_at_seq, cut_at_time, split
from routilux_dashboard.segments.segment import Segment
from tests.dashboard.flows import chain
from tests.dashboard.tapes import Tape
from tests.engine.parts import Node
from tests.waiting import eventually


def play(*segments: Segment) -> Playback:
    playback = Playback()
    for segment in segments:
        playback.add(segment)
    return playback


def told(count: int = 20) -> list[Segment]:
    """A job that logs, stores, sends out and emits in turn, in one segment."""
    flow = Flow("telling")

    def work(node: Node, data: dict[str, Any]) -> None:
        job = node.ctx.job_state
        for i in range(count):
            job.append_to_shared_log({"i": i})
            node.send_output("row", i=i)
            job.update_routine_state("a", {"i": i})
            job.update_shared_data("i", i)
            node.emit("out", i=i)

    flow.add_routine(Node(work), "a")
    flow.add_routine(Node(), "b")
    flow.connect("a", "out", "b", "input")
    tape = Tape(flow)
    flow.execute("a")
    return tape.finish()


def test_a_cut_has_the_log_and_outputs_of_that_moment() -> None:
    (segment,) = told()
    for i in range(20):
        shown = play(cut_at_seq(segment, i + 2)).keyframe()
        assert [row.entry["i"] for row in shown.log.rows] == list(range(i + 1))
        assert [row.data["i"] for row in shown.outputs.rows] == list(range(i + 1))
        assert (shown.log.total, shown.outputs.total) == (i + 1, i + 1)
        assert [record.data.get("i") for record in shown.records[1:]] == list(range(i + 1))


def test_a_stored_value_is_in_every_cut_from_the_moment_it_was_stored() -> None:
    (segment,) = told()
    assert play(cut_at_seq(segment, 20)).data() == {}
    assert play(cut_at_seq(segment, 21)).data() == {"i": {"value": 19, "cut": False}}
    assert play(segment).data() == {"i": {"value": 19, "cut": False}}


def test_a_job_in_the_past_refuses_controls_with_the_reason() -> None:
    (segment,) = told()
    job = play(cut_at_seq(segment, 5)).job()
    assert (job.status, job.ended_at, job.rerunnable) == ("running", None, True)
    assert set(job.control.refusals.values()) == {PAST}
    assert job.updated_at < play(segment).job().updated_at


def test_a_cut_before_the_first_record_has_no_rows() -> None:
    (segment,) = told()
    job = play(cut_at_seq(segment, 0)).job()
    assert (job.seq, job.status, job.counts.events, job.counts.running) == (0, "pending", 0, 0)


def test_cutting_beyond_a_segment_returns_it_and_before_it_is_refused() -> None:
    (segment,) = told()
    assert cut_at_seq(segment, segment.seq + 1) is segment
    assert cut_at_time(segment, segment.at_ns) is segment
    later = msgspec.structs.replace(segment, after_seq=100, seq=100 + segment.seq, lost=10)
    with pytest.raises(LookupError, match="Record 95 has no row"):
        cut_at_seq(later, 95)
    with pytest.raises(LookupError, match="Record 5 is in an earlier segment"):
        cut_at_seq(later, 5)
    assert cut_at_seq(later, 100).seq == 100


@given(st.floats(-0.1, 1.1))
@settings(max_examples=60, deadline=None)
def test_a_cut_at_a_time_has_the_records_and_runs_until_then(share: float) -> None:
    (segment,) = told()
    times = segment.records.time_ns
    t_ns = times[0] + round(share * (times[-1] - times[0]))
    part = cut_at_time(segment, t_ns)
    assert part.seq == sum(at <= t_ns for at in times)
    runs = segment.runs
    assert len(part.runs.target) == sum(s + d <= t_ns for s, d in zip(runs.start_ns, runs.duration_ns, strict=True))
    job = play(part).job()
    assert job.counts.events == sum(at <= t_ns for at in times[1:-1])
    if times[1] <= t_ns <= times[-3]:
        assert job.counts.running == 1


@pytest.mark.parametrize("rows", [1, 7, 1_000])
def test_the_parts_of_a_split_segment_add_up_to_it(rows: int) -> None:
    (segment,) = told()
    parts = split(segment, rows)
    assert [part.n for part in parts] == list(range(1, len(parts) + 1))
    assert max(len(part.records.source) for part in parts) <= rows
    assert max(len(part.runs.target) for part in parts) <= rows
    for column in ("source", "time_ns", "cause", "data"):
        assert [v for part in parts for v in getattr(part.records, column)] == getattr(segment.records, column)
    for column in ("target", "start_ns", "duration_ns", "outcome", "cause"):
        assert [v for part in parts for v in getattr(part.runs, column)] == getattr(segment.runs, column)
    assert [entry for part in parts for entry in part.entries] == segment.entries
    assert [row for part in parts for row in part.log] == segment.log
    assert [row for part in parts for row in part.outputs] == segment.outputs
    assert [part.final for part in parts].count(True) == 1
    assert play(*parts).job() == play(segment).job()


def test_a_cut_has_the_control_of_that_moment() -> None:
    flow = Flow("asked")
    gate = threading.Event()

    def work(node: Node, data: dict[str, Any]) -> None:
        for i in range(3):
            node.emit("out", i=i)
        assert gate.wait(10)

    flow.add_routine(Node(work), "a")
    flow.add_routine(Node(lambda node, data: node.emit("out")), "b")
    flow.connect("a", "out", "b", "input")
    tape = Tape(flow)
    job = flow.start("a")
    eventually(lambda: job.read_history(0, 0).total == 4, what="three events")
    tape.take()
    flow.pause(job, "lunch", by="ann", wait=False)
    gate.set()
    eventually(lambda: job.status == "paused", what="a pause")
    flow.resume(job, by="bob")
    segments = tape.finish()
    whole = play(*segments)
    assert [note["state"] for note in whole.actions()] == ["draining", "effective", "requested", "effective"]
    moments = [play(segments[0], cut_at_time(segments[1], note_at)).job() for note_at in _told_at(segments[1])]
    assert [(m.status, m.control.action, m.control.state, m.control.by) for m in moments] == [
        ("running", "pause", "draining", "ann"),
        ("paused", "pause", "effective", "ann"),
        ("paused", "resume", "requested", "bob"),
        ("running", "resume", "effective", "bob"),
    ]
    assert moments[1].control.kept == 3


def _told_at(segment: Segment) -> list[int]:
    return [entry.time_ns - segment.ahead_ns for entry in segment.entries if entry.kind == "control"]


def test_a_long_history_is_cut_at_the_right_record() -> None:
    flow = chain()
    tape = Tape(flow)
    flow.execute("emitter", {"count": 12_000})
    segments = tape.finish()
    place = next(place for place, segment in enumerate(segments) if segment.seq >= 6_001)
    job = play(*segments[:place], cut_at_seq(segments[place], 6_001)).job()
    assert (job.seq, job.counts.events) == (6_001, 6_000)
    assert (job.routines["collector"].done, job.routines["collector"].queued) == (0, 6_000)
    assert job.routines["emitter"].status == "running"
