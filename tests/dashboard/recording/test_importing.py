"""An imported recording equals its source: the same state at any moment, and the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routilux_dashboard.payloads.mask import Mask
from routilux_dashboard.protocol import DataValue, LogRow, OutputRow, RoutineState
from routilux_dashboard.recording import jsonl
from routilux_dashboard.recording.content import RecordingBuilder
from routilux_dashboard.recording.importing import ImportTarget, JobDiffers, import_recording
from routilux_dashboard.segments.history_query import HistoryQuery
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.store import Store
from tests.dashboard.recording.made_up import JOB_ID, START_NS, a_run

EVERYTHING = HistoryQuery(limit=1_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as made:
        yield made


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """Another store, with a job in it."""
    with Store(f"sqlite:///{tmp_path / 'source.db'}") as made:
        assert made.put(list(a_run(40)))
        assert made.flush()
        yield made


def test_a_store_is_an_import_target(store: Store) -> None:
    shelter: ImportTarget = store
    assert shelter.last_segments([JOB_ID]) == {}


def test_an_imported_job_equals_its_source_at_every_moment(source: Store, store: Store) -> None:
    imported = import_recording(jsonl.write(source.segments(JOB_ID)), store)
    assert imported.fresh
    assert imported.summary.job_id == JOB_ID
    for seq in range(source.playback(JOB_ID).seq + 1):
        assert store.playback(JOB_ID, seq=seq).job() == source.playback(JOB_ID, seq=seq).job()
    for ms in range(0, 45, 3):
        at_ns = START_NS + ms * 1_000_000 + 2_000_000
        assert store.playback(JOB_ID, t_ns=at_ns).job() == source.playback(JOB_ID, t_ns=at_ns).job()
    assert store.history(JOB_ID, EVERYTHING) == source.history(JOB_ID, EVERYTHING)
    assert store.log(JOB_ID, EVERYTHING) == source.log(JOB_ID, EVERYTHING)
    assert store.playback(JOB_ID).metrics() == source.playback(JOB_ID).metrics()
    assert list(store.segments(JOB_ID)) == list(source.segments(JOB_ID))


def test_the_same_job_is_recognised_and_another_one_is_refused(source: Store, store: Store) -> None:
    whole = b"".join(jsonl.write(source.segments(JOB_ID)))
    assert import_recording([whole], store).fresh
    assert not import_recording([whole], store).fresh
    masked = jsonl.write(source.segments(JOB_ID), Mask(["i"]))
    for other in (masked, jsonl.write(a_run(39)), jsonl.write(a_run(41)), jsonl.write(a_run(40, 5))):
        with pytest.raises(JobDiffers, match=f"Job '{JOB_ID}' is already in the store"):
            import_recording(other, store)
    assert list(store.segments(JOB_ID)) == list(source.segments(JOB_ID))


def test_an_imported_job_that_had_not_ended_is_lost(store: Store) -> None:
    import_recording(jsonl.write(a_run(20, ended=False)), store)
    assert store.summary(JOB_ID).status == "lost"


def test_a_job_with_renumbered_names_is_the_same_job(store: Store) -> None:
    def renumbered(segment: Segment) -> Segment:
        replace = msgspec.structs.replace
        sources = [replace(source, number=source.number + 7) for source in segment.sources]
        records = replace(segment.records, source=[number + 7 for number in segment.records.source])
        return replace(segment, sources=sources, records=records)

    assert import_recording(jsonl.write(a_run(10)), store).fresh
    assert not import_recording(jsonl.write(map(renumbered, a_run(10))), store).fresh


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_nothing_of_an_invalid_file_is_stored(data: st.DataObject, store: Store) -> None:
    whole = b"".join(jsonl.write(a_run(9, ended=False)))
    at = data.draw(st.integers(0, len(whole) - 2))
    spoilt = data.draw(st.sampled_from([whole[:at], whole[:at] + b"\x00" + whole[at + 1 :]]))
    with pytest.raises(jsonl.InvalidRecording):
        import_recording([spoilt], store)
    assert store.last_segments([JOB_ID]) == {}


def test_a_file_that_is_too_large_is_refused(store: Store) -> None:
    with pytest.raises(jsonl.InvalidRecording, match="more than 1,000 bytes"):
        import_recording(jsonl.write(a_run(100)), store, limit=1_000)


_ids = count(1)
_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(data=st.data())
def test_any_imported_job_can_be_shown(data: st.DataObject, store: Store) -> None:
    """A value anywhere in a file is replaced by junk: the file is refused, or the job is there and can be read."""
    job_id = f"{JOB_ID}-{next(_ids)}"
    rows = {"log": [LogRow(1, "", {"a": 1}, False)], "outputs": [OutputRow(1, "", "sink", "made", [1], False)]}
    stored = {"states": {"sink": RoutineState({"n": 1}, False)}, "data": {"key": DataValue([1], False)}}
    made = [msgspec.structs.replace(segment, job_id=job_id) for segment in a_run(5)]
    made[-1] = msgspec.structs.replace(made[-1], **rows, **stored)
    lines = [json.loads(line) for line in b"".join(jsonl.write(made)).splitlines()]
    place: Any = data.draw(st.sampled_from(lines))
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if data.draw(st.booleans()) or not isinstance(place[key], dict | list) or not place[key]:
            break
        place = place[key]
    place[key] = data.draw(_junk)
    try:
        job_id = import_recording((json.dumps(line).encode() + b"\n" for line in lines), store).summary.job_id
    except jsonl.InvalidRecording:
        return
    playback = store.playback(job_id)
    shown = [
        playback.keyframe(), playback.job(), playback.metrics(), playback.actions(), store.summary(job_id),
        store.history(job_id, EVERYTHING), store.log(job_id, EVERYTHING), store.outputs(job_id, EVERYTHING),
        *(store.playback(job_id, seq=seq).job() for seq in range(playback.seq + 1)),
    ]  # fmt: skip
    msgspec.json.encode(shown)
    msgspec.msgpack.encode(shown)
    content = RecordingBuilder(1_000_000)
    for segment in store.segments(job_id):
        content.add(segment)
    assert content.parts(1_000_000)
