"""Invalid segments are refused, and change nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.protocol import LogRow
from routilux_dashboard.segments.check import SegmentRefused, check_payloads
from routilux_dashboard.segments.segment import Entry, Records, RunningNow, RunSums, Segment, Sums
from tests.dashboard.flows import chain
from tests.dashboard.tapes import Tape, wired

EXAMPLES = int(os.environ.get("PLAYBACK_EXAMPLES", "15")) * 10
"""Segments that are spoilt at random."""

Change = Callable[[Segment], Any]


@pytest.fixture(scope="module")
def film() -> list[Segment]:
    """Segments of a job of 30 events."""
    flow = chain()
    emitter = flow.routines["emitter"]
    tape = Tape(flow)
    emit = emitter.emit

    def emit_and_take(event: str, **data: Any) -> None:
        emit(event, **data)
        if data["i"] % 10 == 9:
            tape.take()

    emitter.emit = emit_and_take  # type: ignore[method-assign, assignment]
    flow.execute("emitter", {"count": 30})
    return tape.finish()


def _set(**values: Any) -> Change:
    def change(segment: Segment) -> None:
        for name, value in values.items():
            setattr(segment, name, value)

    return change


def _rows(part: str, **values: Any) -> Change:
    """Change the first row of columns."""

    def change(segment: Segment) -> None:
        for name, value in values.items():
            getattr(getattr(segment, part), name)[0] = value

    return change


def _do(act: Change) -> Change:
    return act


def _entry(kind: str, data: dict[str, Any], number: int = 1_000) -> Change:
    return _do(lambda segment: segment.entries.append(Entry(number, segment.at_ns, kind, "emitter", data)))


WRONG: dict[str, tuple[Change, str]] = {
    "a gap": (_set(n=9), "does not follow segment 1"),
    "another job": (_set(job_id="other"), "belongs to job"),
    "records missing before": (_set(after_seq=40), "after_seq is 40"),
    "wrong seq": (_set(seq=10**15), "seq is 1000000000000000"),
    "negative lost": (_set(lost=-1), "after_seq"),
    "runs missing before": (_set(after_run=10**9), "after_run"),
    "a negative time": (_set(at_ns=-1), "at_ns is -1"),
    "a status of its own": (lambda segment: setattr(segment.facts, "status", "lost"), "'lost' is not a status"),
    "a column too short": (lambda segment: segment.records.cause.pop(), "different lengths"),
    "a run too many": (lambda segment: segment.runs.target.append(0), "different lengths"),
    "an unknown source": (_rows("records", source=77), "Unknown source number 77"),
    "a time beyond all": (_rows("records", time_ns=2**70), "time of a record"),
    "a cause to come": (_rows("records", cause=10**6), "cause of a record"),
    "an invalid index in cut": (lambda segment: segment.records.cut.append(10**6), "index in cut"),
    "no JSON": (lambda segment: segment.records.data.__setitem__(-1, b"{"), "is not JSON"),
    "an unknown target": (
        lambda segment: segment.running.append(RunningNow("", "", 1, 55)),
        "Unknown target number 55",
    ),
    "a sum of an unknown source": (_set(sums=Sums({66: 0})), "Unknown source number 66"),
    "a sum too large": (_set(sums=Sums({0: 5})), "more emissions"),
    "a negative sum": (_set(sums=Sums({}, [RunSums(0, 0, -5, 0, 0, 0)])), "after_run"),
    "an entry again": (_entry("custom", {}, number=1), "does not follow entry"),
    "a status that there is not": (_entry("status", {"status": "fine"}), "Invalid enum value"),
    "an invalid number": (_entry("output", {"n": "many"}), "Expected `int`"),
    "dropped without end": (_entry("dropped", {"routines": {"emitter": 2**80}}), "<= 2\\^53|9007199254740992"),
    "a retry without a date": (_entry("retry", {"attempt": 1, "max_retries": 2}), "due_ns"),
    "log rows out of order": (_set(log=[LogRow(2, "", None, False), LogRow(1, "", None, False)]), "order"),
    "log rows from nowhere": (_set(log=[LogRow(-2, "", None, False)]), "number of a row"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_segment_is_refused_with_the_reason_and_changes_nothing(film: list[Segment], name: str) -> None:
    change, reason = WRONG[name]
    playback = Playback()
    playback.add(film[0])
    before = (playback.checkpoint(), playback.keyframe())
    wrong = wired(film[1])
    change(wrong)
    with pytest.raises(SegmentRefused, match=reason):
        playback.add(wrong)
    assert (playback.checkpoint(), playback.keyframe()) == before
    for segment in film[1:]:
        assert playback.add(segment)
    assert playback.summary.seq == 32


def test_a_first_segment_needs_the_start_and_the_flow(film: list[Segment]) -> None:
    playback = Playback()
    with pytest.raises(SegmentRefused, match="must have beginning and flow"):
        playback.add(msgspec.structs.replace(film[0], beginning=None))
    with pytest.raises(SegmentRefused, match="does not follow segment 0"):
        playback.add(film[1])
    with pytest.raises(LookupError, match="No segment has been added"):
        playback.keyframe()
    assert (playback.n, playback.seq) == (0, 0)


def test_a_segment_that_was_added_before_is_skipped(film: list[Segment]) -> None:
    playback = Playback()
    assert [playback.add(segment) for segment in (*film, *film)] == [True] * len(film) + [False] * len(film)
    assert playback.summary.seq == 32


def test_every_payload_can_be_checked() -> None:
    check_payloads(Records(data=[b"{}", b"[1]", b"null"]))
    for wrong in (b"", b"{", b"1,2", b"\xff", b'"\xff"', b'"a', b"NaN", b"1e999", b"9" * 5_000, b"[" * 100_000):
        with pytest.raises(SegmentRefused, match="payload of record 1"):
            check_payloads(Records(data=[b"{}", wrong]))


@pytest.mark.parametrize("at", [0, 1, 2**62, 2**63 - 1])
def test_a_clock_that_is_far_off_is_cheap_and_can_be_shown(film: list[Segment], at: int) -> None:
    playback = Playback()
    playback.add(film[0])
    for segment in map(wired, film[1:]):
        segment.at_ns = at
        segment.records.time_ns = [at] * len(segment.records.time_ns)
        segment.runs.start_ns = [at] * len(segment.runs.start_ns)
        segment.runs.duration_ns = [0] * len(segment.runs.start_ns)
        playback.add(segment)
    shown = playback.keyframe(at)
    assert (shown.seq, shown.job.counts.queued) == (32, 0)
    assert sum(point.events for point in shown.series.points) == 30
    msgspec.msgpack.encode(shown)


_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=10,
)


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_altered_segment_is_refused_or_folded(film: list[Segment], data: st.DataObject) -> None:
    """A segment from the wire with a part replaced by junk is refused, or folds into a state that can be shown."""
    plain = msgspec.to_builtins(film[1], builtin_types=(bytes,))
    place: Any = plain
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(min(len(place), 3)))
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()) or not isinstance(place[key], dict | list) or not place[key]:
            place[key] = data.draw(_junk)
            break
        place = place[key]
    playback = Playback()
    playback.add(film[0])
    before = playback.checkpoint()
    try:
        segment = msgspec.msgpack.decode(msgspec.msgpack.encode(plain), type=Segment)
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return
    try:
        added = playback.add(segment)
    except SegmentRefused:
        assert playback.checkpoint() == before
        return
    assert added or segment.n <= 1
    msgspec.msgpack.encode(playback.keyframe())
    Playback.restore(playback.checkpoint()).keyframe()
    playback.metrics()
