"""JSON lines are read as they were written; anything else is refused, with the line."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.payloads.json_text import MAX_NESTING, MAX_PAYLOAD
from routilux_dashboard.payloads.mask import Mask
from routilux_dashboard.protocol import OUTCOMES, DataValue, LogRow, OutputRow, RoutineState
from routilux_dashboard.recording import jsonl
from routilux_dashboard.recording.open_segment import MAX_LINES
from routilux_dashboard.recording.read_lines import MAX_LINE, MAX_NAMES
from routilux_dashboard.segments.segment import JobStart, Records, Segment
from tests.dashboard.recording.made_up import JOB_ID, a_flow, a_run, jobs

replace = msgspec.structs.replace
WHOLE = b"".join(jsonl.write(a_run()))
LINES = WHOLE.splitlines(keepends=True)
OTHER_FILES = [b"", b"\n\n", b"PK\x03\x04", b"<!doctype html>", b"[]", b"{}", LINES[1], b"\x00" * 9]
LONG = int(os.environ.get("RECORDS", "12000"))
"""Records of a long job; RECORDS=300000 makes it as long as the proof wants."""
PIECES = st.sampled_from([b"\n", b'"', b"{}", b"1e400", b"null"])


def parsed(recording: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recording.splitlines()]


def altered(type_: str, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The recording with its first line of a type changed."""
    lines = parsed(WHOLE)
    index = next(i for i, line in enumerate(lines) if line["type"] == type_)
    change(lines[index])
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


# -- as it was


@given(jobs())
def test_a_recording_is_read_as_it_was_written(job: list[Segment]) -> None:
    assert list(jsonl.read(jsonl.write(job))) == job


@given(jobs(), st.integers(1, 70))
def test_the_pieces_of_a_file_may_be_of_any_size(job: list[Segment], size: int) -> None:
    whole = b"".join(jsonl.write(job))
    assert list(jsonl.read(whole[i : i + size] for i in range(0, len(whole), size))) == job


def test_every_line_is_one_thing_and_says_which() -> None:
    lines = parsed(WHOLE)
    assert [line["type"] for line in lines[:8]] == [
        "recording", "beginning", "flow", "source", "source", "target", "target", "record",
    ]  # fmt: skip
    assert lines[0]["job_id"] == JOB_ID
    records = [line for line in lines if line["type"] == "record"]
    assert [(line["seq"], line["routine_id"], line["event_name"], line["data"]) for line in records][:2] == [
        (1, "source", "trigger", {"i": 1}),
        (2, "source", "item", {"i": 2}),
    ]
    assert {line["outcome"] for line in lines if line["type"] == "run"} == {OUTCOMES[0]}
    assert lines[-1] == {"type": "end", "lines": len(lines) - 1, "segments": 3}


def test_a_payload_with_line_breaks_is_still_one_line() -> None:
    job = list(a_run(0))
    job[0] = replace(job[0], records=replace(job[0].records, data=[b'{\n"a":\r\n [1]}']))
    (again,) = jsonl.read(jsonl.write(job))
    assert json.loads(again.records.data[0]) == {"a": [1]}


@pytest.mark.parametrize(
    "data", [b"{", b"\xff", b"nothing", b"1 2", b"[" * 5000, b"[" * 300 + b"]" * 300, b'"' + b"x" * MAX_PAYLOAD + b'"']
)
def test_invalid_payloads_are_left_out_and_the_recording_is_sound(data: bytes) -> None:
    job = [replace(segment, records=replace(segment.records, data=[data])) for segment in a_run(0)]
    (again,) = jsonl.read(jsonl.write(job))
    assert (again.records.data, again.records.cut) == ([b"null"], [0])


def test_a_job_without_segments_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to record"):
        list(jsonl.write([]))


# -- masked


def test_a_mask_leaves_no_secret_in_the_file() -> None:
    secret = "hunter2"
    job = list(a_run(3, payload={"user": "ann", "deep": [{"DB_Password": secret}]}))
    held = {"password": secret, "port": 1}
    schema = {"type": "object", "properties": {"password": {"type": "string", "default": secret}}}
    job[0] = replace(
        job[0],
        beginning=JobStart("made-up", "here", job[0].beginning.created_at, "source", held),  # type: ignore[union-attr]
        flow=a_flow(schema),
        entries=[replace(entry, data={**entry.data, "password": secret}) for entry in job[0].entries],
        log=[LogRow(1, "", held, False)],
        outputs=[OutputRow(1, "", "sink", "made", held, False)],
        states={"sink": RoutineState(held, False)},
        data={"the password": DataValue(secret, False), "more": DataValue(held, False)},
    )
    assert secret.encode() in b"".join(jsonl.write(job))
    masked = b"".join(jsonl.write(job, Mask(["password"])))
    assert secret.encode() not in masked
    assert parsed(masked)[0]["masked"] == ["password"]
    first, *_ = jsonl.read([masked])
    assert json.loads(first.records.data[0])["user"] == "ann"
    assert first.flow is not None
    assert first.flow.entries[0].parameters["properties"]["password"]["type"] == "string"


# -- refused


def test_a_file_that_ends_too_early_is_refused_wherever_it_ends() -> None:
    for end in range(len(WHOLE) - 1):
        with pytest.raises(jsonl.InvalidRecording, match=r"^line \d+: "):
            list(jsonl.read([WHOLE[:end]]))


@pytest.mark.parametrize("gone", range(len(LINES) - 1))
def test_a_file_that_lacks_a_line_is_refused(gone: int) -> None:
    with pytest.raises(jsonl.InvalidRecording, match=r"^line \d+: "):
        list(jsonl.read(LINES[:gone] + LINES[gone + 1 :]))


@given(st.data())
def test_any_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    spoilt = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(spoilt)))
        stop = min(len(spoilt), start + data.draw(st.integers(0, 40)))
        spoilt[start:stop] = data.draw(st.binary(max_size=12) | PIECES)
    with suppress(jsonl.InvalidRecording):
        for segment in jsonl.read([bytes(spoilt)]):
            msgspec.json.encode(segment)


@given(st.data())
def test_any_altered_line_is_read_or_refused(data: st.DataObject) -> None:
    lines = parsed(WHOLE)
    line = data.draw(st.sampled_from(lines))
    key = data.draw(st.sampled_from(sorted(line)))
    line[key] = data.draw(
        st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
        | st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
    )  # fmt: skip
    with suppress(jsonl.InvalidRecording):
        list(jsonl.read(json.dumps(line).encode() + b"\n" for line in lines))


@pytest.mark.parametrize(
    ("type_", "key", "value", "why"),
    [
        ("recording", "format", 2, "newer routilux-dashboard"),
        ("recording", "job_id", "", r"at `\$.job_id`"),
        ("recording", "job_id", "a\nb", r"at `\$.job_id`"),
        ("record", "seq", 5, "record 2 is out of order: the next one is 6"),
        ("record", "seq", -1, r"at `\$.seq`"),
        ("record", "seq", 2**64, "it is not a line"),
        ("record", "cause", 1, "cannot be caused by 1"),
        ("record", "source", 77, "source 77 has not been named"),
        ("record", "routine_id", "other", "source -1 is not"),
        ("record", "time_ns", 2**63, "it is not a line"),
        ("record", "more", 1, "unknown field `more`"),
        ("run", "outcome", "won", "unknown outcome 'won'"),
        ("run", "duration_ns", -5, r"at `\$.duration_ns`"),
        ("run", "target", 9, "target 9 has not been named"),
        ("segment", "n", 2, "Segment 2 does not follow segment 0"),
        ("segment", "after_seq", 1, "its first record is 1, not 2"),
        ("segment", "lost", 4, "after_seq is 0.* after record 0 and 4 lost ones"),
        ("segment", "seq", 9, "do not end at 9"),
        ("segment", "facts", {}, r"\$.facts"),
        ("beginning", "flow_id", "a\x00b", r"at `\$.flow_id`"),
        ("beginning", "params", {"n": 2**70}, "segment 1 has a value that cannot be stored"),
        ("entry", "data", {"status": "running", "n": -(2**64)}, "segment 1 has a value that cannot be stored"),
        ("beginning", "created_at", "yesterday", "created_at is not a time: 'yesterday'"),
        ("flow", "flow", {"flow_id": 1}, r"\$.flow"),
        ("end", "lines", 3, "3 lines and 3 segments were written"),
        ("target", "type", "mystery", "Invalid value 'mystery'"),
    ],
)
def test_an_invalid_value_is_refused_with_the_reason(type_: str, key: str, value: Any, why: str) -> None:
    recording = altered(type_, lambda line: line.update({key: value}))
    number = next(i for i, line in enumerate(parsed(recording), 1) if line.get(key) == value)
    with pytest.raises(jsonl.InvalidRecording, match=why) as refused:
        list(jsonl.read([recording]))
    said = int(str(refused.value).split(":")[0].removeprefix("line "))
    assert said >= number  # that line, or the end of its segment, where it shows


@pytest.mark.parametrize(
    "start", [b"", b"\n\n", b"PK\x03\x04", b"<!doctype html>", b"[]", b"{}", LINES[1], b"\x00" * 9]
)
def test_another_file_is_refused(start: bytes) -> None:
    with pytest.raises(jsonl.InvalidRecording, match=r"^line \d+: "):
        list(jsonl.read([start]))


def test_a_second_recording_in_the_same_file_is_refused() -> None:
    with pytest.raises(jsonl.InvalidRecording, match="ended with the previous line"):
        list(jsonl.read([WHOLE, WHOLE]))
    with pytest.raises(jsonl.InvalidRecording, match="a second recording begins here"):
        list(jsonl.read([*LINES[:4], *LINES]))


def test_deep_nesting_is_refused_and_not_followed() -> None:
    deep = b"[" * (MAX_NESTING + 10) + b"]" * (MAX_NESTING + 10)
    for inner in (deep, b"[" * 2_000_000):
        recording = WHOLE.replace(b'{"i":1}', inner)
        with pytest.raises(jsonl.InvalidRecording, match=r"nested|JSON"):
            list(jsonl.read([recording]))


def forever(piece: bytes, first: bytes = b"") -> Iterator[bytes]:
    yield first
    while True:
        yield piece


@pytest.mark.parametrize(
    ("first", "piece", "why"),
    [
        (b"", b"x" * 65536, f"longer than {MAX_LINE:,} bytes"),
        (b"".join(LINES[:7]), LINES[-4], f"more than {MAX_LINES:,} lines|next one"),
        (b"".join(LINES[:7]), b'{"type":"log","n":1,"timestamp":"","entry":null}\n' * 100, f"{MAX_LINES:,} lines"),
    ],
)
def test_an_endless_file_is_refused_before_memory_is_full(first: bytes, piece: bytes, why: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(jsonl.InvalidRecording, match=why):
            list(jsonl.read(forever(piece, first)))
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_LINE
    finally:
        tracemalloc.stop()


def test_endless_names_are_refused() -> None:
    segment = next(line for line in LINES if b'"type":"segment"' in line)

    def named() -> Iterator[bytes]:
        yield b"".join(LINES[:3])
        for number in range(MAX_NAMES + 2):
            yield b'{"type":"source","number":%d,"routine_id":"a","event_name":"b","kind":"event"}\n' % number
            if number % 40_000 == 39_999:
                yield segment.replace(b'"n":1,', b'"n":%d,' % (number // 40_000 + 1)).replace(b'"seq":3', b'"seq":0')

    with pytest.raises(jsonl.InvalidRecording, match=f"more than {MAX_NAMES:,} sources"):
        for _ in jsonl.read(named()):
            pass


# -- streamed


def test_writing_and_reading_take_the_memory_of_a_segment_however_long_the_job_is() -> None:
    def peak(records: int) -> int:
        tracemalloc.start()
        try:
            read = jsonl.read(jsonl.write(a_run(records, 500)))
            assert sum(len(segment.records.source) for segment in read) == records + 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    short, long = peak(2_000), peak(LONG)
    assert long < 1.5 * short


def test_records_keep_their_columns_of_the_same_length() -> None:
    for segment in jsonl.read([WHOLE]):
        rows: Records = segment.records
        assert len({len(rows.source), len(rows.time_ns), len(rows.cause), len(rows.data)}) == 1
