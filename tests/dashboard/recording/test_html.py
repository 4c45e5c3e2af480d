"""The contents of an HTML recording, byte by byte, and its limits. tests/browser tests the page."""

from __future__ import annotations

import base64
import json
import os
import random
import re
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.protocol import LogRow
from routilux_dashboard.recording import html
from routilux_dashboard.recording.content import RecordingBuilder
from routilux_dashboard.recording.film_parts import CHAPTERS
from routilux_dashboard.recording.html import LEAST, PageMissing, html_file
from routilux_dashboard.recording.parts import Part
from routilux_dashboard.recording.row_parts import BLOCK
from routilux_dashboard.segments.segment import RunSums, Segment, Sums
from routilux_dashboard.times import SECOND
from tests.dashboard.recording.made_up import JOB_ID, a_run

ROOM = 1_000_000
PART = re.compile(rb'<script type="application/gzip" data-part="(\w+)"[^>]*>([A-Za-z0-9+/=]*)</script>')
replace = msgspec.structs.replace


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A front end of one line."""
    (tmp_path / "recording.html").write_text("<title>x</title><!--data--><script>y</script>")
    (tmp_path / "licenses.md").write_text("# Licences")
    return tmp_path


def value_of(part: Part) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(part.text), 31))


def parts_of(segments: Iterator[Segment] | list[Segment], room: int = ROOM, **options: Any) -> dict[str, list[Any]]:
    """The contents of the parts, by name."""
    content = RecordingBuilder(room)
    for segment in segments:
        content.add(segment)
    found: dict[str, list[Any]] = {}
    for part in content.parts(room, **options):
        found.setdefault(part.name, []).append(value_of(part))
    return found


def noisy(segments: Iterator[Segment], size: int = 60) -> Iterator[Segment]:
    """With payloads that no compression makes much smaller."""
    noise = random.Random(1)
    for segment in segments:
        payloads = [f'"{noise.randbytes(size).hex()}"'.encode() for _ in segment.records.data]
        yield replace(segment, records=replace(segment.records, data=payloads))


def test_the_file_is_the_page_with_the_run_in_it(dist: Path) -> None:
    file = b"".join(html_file(a_run(7), dist=dist))
    assert file.startswith(b"<title>x</title><script type=")
    assert file.endswith(b"<script>y</script>")
    names = [name.decode() for name, _ in PART.findall(file)]
    assert names[:3] == ["licenses", "about", "keyframe"]
    rest = re.sub(PART, b"", file)
    assert rest.split() == b"<title>x</title> <script>y</script>".split()  # nothing of the run is outside


def test_the_page_mentions_records_that_are_only_counted() -> None:
    segments = list(a_run(20, 5))
    first, second, third, *rest = segments
    sums = Sums({1: 5}, [RunSums(1, 0, 5, 250_000, 50_000, 50_000)])
    gap = replace(third, n=second.n, lost=5, sums=sums)
    rest = [replace(segment, n=n) for n, segment in enumerate(rest, 3)]
    (about,) = parts_of([first, gap, *rest], missing=["One more."])["about"]
    assert about["missing"][0] == "One more."
    assert about["missing"][1].startswith("5 records are only counted: ")
    assert parts_of(segments)["about"][0]["missing"] == []


def test_every_record_is_in_it_with_its_names_and_payload() -> None:
    found = parts_of(a_run(2 * BLOCK + 10, 500))
    sources = found["sources"][0]
    rows = [(block["first"], len(block["source"])) for block in found["records"]]
    assert rows == [(1, BLOCK), (BLOCK + 1, BLOCK), (2 * BLOCK + 1, 11)]
    assert [len(block["data"]) for block in found["payloads"]] == [BLOCK, BLOCK, 11]
    first, last = found["records"][0], found["records"][-1]
    assert sources[first["source"][0]] == ["source", "trigger", "start"]
    assert sources[last["source"][-1]] == ["source", "item", "event"]
    assert found["payloads"][-1]["data"][-1] == {"i": 2 * BLOCK + 11}
    assert (last["cause"][-1], last["cut"]) == (1, [])


def test_the_keyframe_is_the_jobs_final_state() -> None:
    playback = Playback()
    for segment in a_run(40):
        playback.add(segment)
    (keyframe,) = parts_of(a_run(40))["keyframe"]
    expected = json.loads(msgspec.json.encode(playback.keyframe()))
    del expected["frame"], keyframe["frame"]  # depends on how often the job was shown
    assert keyframe == expected


def test_a_given_keyframe_replaces_the_one_from_the_segments() -> None:
    playback = Playback()
    for segment in a_run(40):
        playback.add(segment)
    better = replace(playback.keyframe(), seq=99)
    found = parts_of(a_run(40), keyframe=better, missing=["The rest."])
    assert found["keyframe"][0]["seq"] == 99
    assert found["about"][0]["missing"] == ["The rest."]
    assert found["about"][0]["job_id"] == JOB_ID


def test_payloads_are_previews_that_a_browser_can_show() -> None:
    (payloads,) = parts_of(a_run(0, payload={"n": 2**60, "text": "x" * 900}))["payloads"]
    assert payloads["data"] == [{"n": str(2**60), "text": "x" * 500}]


def test_records_without_rows_leave_a_gap() -> None:
    def gapped() -> Iterator[Segment]:
        for segment in a_run(11):
            if segment.n == 1:
                yield segment
            else:
                rows = replace(segment, after_seq=segment.after_seq + 5, seq=segment.seq + 5, lost=5 * (segment.n == 2))
                yield rows

    found = parts_of(gapped())
    assert [(block["first"], len(block["source"])) for block in found["records"]] == [(1, 3), (9, 9)]


# -- too large


def test_the_oldest_payloads_are_dropped_first_and_counts_stay_exact() -> None:
    found = parts_of(noisy(a_run(30_000, 1_000)), room=1_000_000)
    (about,) = found["about"]
    (left_out,) = about["left_out"]
    held = sum(len(block["data"]) for block in found["payloads"])
    assert left_out["what"] == "payloads"
    assert left_out["first"] == 1
    assert left_out["count"] == left_out["last"] == 30_001 - held
    assert found["payloads"][0]["first"] == left_out["last"] + 1
    assert sum(len(block["source"]) for block in found["records"]) == 30_001
    assert found["keyframe"][0]["job"]["counts"]["events"] == 30_000


def test_rows_are_dropped_when_all_payloads_are_gone() -> None:
    log = [LogRow(n, "", random.Random(n).randbytes(40).hex(), False) for n in range(1, 3_001)]
    segments = [replace(segment, log=log if segment.final else []) for segment in noisy(a_run(30_000, 1_000))]
    found = parts_of(segments, room=60_000)
    gone = {row["what"]: row for row in found["about"][0]["left_out"]}
    assert set(gone) >= {"payloads", "log", "records"}
    assert "payloads" not in found
    assert gone["records"]["last"] + sum(len(block["source"]) for block in found["records"]) == 30_001
    assert found["keyframe"][0]["log"]["total"] == 3_000


@pytest.mark.parametrize("limit", [LEAST, 3_000_000])
def test_the_file_is_not_larger_than_its_limit(limit: int, dist: Path) -> None:
    (dist / "recording.html").write_bytes(b"<!--data-->" + b" " * 800_000)
    assert limit * 0.9 < sum(map(len, html_file(noisy(a_run(40_000, 1_000)), limit=limit, dist=dist))) <= limit


def test_building_takes_little_more_memory_than_the_file(dist: Path) -> None:
    records = int(os.environ.get("RECORDS", "12000"))

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            assert sum(map(len, html_file(noisy(a_run(count, 500), 200), limit=LEAST, dist=dist))) <= LEAST
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(records) < 3 * LEAST


# -- the film


def test_the_film_leads_from_keyframe_to_frame_to_the_end() -> None:
    found = parts_of(a_run(12_000, 100))["film"]
    assert len(found) >= 3  # 12 seconds of the job
    whole = Playback()
    moments = {}
    for segment in a_run(12_000, 100):
        whole.add(segment)
        moments[segment.seq] = json.loads(msgspec.json.encode(whole.job()))
    last = found[-1]
    assert [last["keyframe"], *last["frames"]][-1]["seq"] == 12_001
    for chapter in found:
        state = chapter["keyframe"]
        routines = dict(state["routines"])
        for frame in [None, *chapter["frames"]]:
            if frame is not None:
                assert frame["frame"] == state["frame"] + 1
                routines.update(frame.get("routines", {}))
                state = frame
            then = moments[state["seq"]]
            assert (state["job"]["counts"], routines) == (then["counts"], then["routines"])


def test_the_film_has_no_rows_and_the_flow_only_when_it_changed() -> None:
    film = parts_of(a_run(12_000, 100))["film"]
    assert [chapter["keyframe"]["flow"] is None for chapter in film] == [False, *([True] * (len(film) - 1))]
    for chapter in film:
        assert (chapter["keyframe"]["records"], chapter["keyframe"]["series"]["points"]) == ([], [])
        assert all("records" not in frame for frame in chapter["frames"])


def test_a_long_job_has_fewer_moments_and_says_so() -> None:
    def slow() -> Iterator[Segment]:
        for segment in a_run(1_000, 1):
            yield replace(segment, at_ns=segment.at_ns + segment.n * 6 * SECOND)

    found = parts_of(slow())
    assert 1 < len(found["film"]) <= CHAPTERS
    (left_out,) = found["about"][0]["left_out"]
    assert left_out["what"] == "frames"
    assert left_out["count"] + sum(1 + len(chapter["frames"]) for chapter in found["film"]) == 1_001


# -- refused


def test_a_limit_too_small_for_the_page_is_refused(dist: Path) -> None:
    with pytest.raises(ValueError, match=r"limit=1000 bytes is too small.*at least 2,000,000"):
        html_file(a_run(3), limit=1_000, dist=dist)


def test_a_job_without_segments_is_refused(dist: Path) -> None:
    with pytest.raises(ValueError, match="nothing to record"):
        html_file([], dist=dist)


def test_a_missing_front_end_is_reported_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PageMissing, match=r"python -m tools\.frontend"):
        html_file(a_run(3), dist=tmp_path)


def test_a_long_job_keeps_the_connection_alive(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "BREAK_SECONDS", -1.0)
    pieces = list(html_file(a_run(40, 4), dist=dist))
    assert pieces[1:11] == [b"\n"] * 10
    assert b"".join(pieces).count(b"data-part") == b"".join(html_file(a_run(40, 4), dist=dist)).count(b"data-part")
