"""Segments put into a store are there once and are read unchanged, in a file and in PostgreSQL."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from routilux_dashboard.fold.checkpoints import with_figures
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.segments.cut import cut_at_seq, cut_at_time
from routilux_dashboard.segments.history_query import HistoryQuery
from routilux_dashboard.segments.segment import Records, Segment, SourceName
from routilux_dashboard.segments.thin import drop_rows
from routilux_dashboard.store import BadLocation, Store, StoreFailed, chunks
from routilux_dashboard.store.database import Database
from tests.dashboard.store.conftest import OpenStore
from tests.dashboard.store.made_up import MadeUpJob
from tests.waiting import eventually


def put(store: Store, segments: list[Segment]) -> None:
    """Put segments one by one, with figures if the job's first is among them, and wait until they are safe."""
    pairs = with_figures(segments) if segments[0].n == 1 else ((segment, None) for segment in segments)
    for segment, figures in pairs:
        assert store.put([segment], [figures] if figures is not None else [])
    assert store.flush(60)


def played(segments: list[Segment], seq: int | None = None, t_ns: int | None = None) -> Playback:
    """A job by its segments up to a moment, without a store."""
    playback = Playback()
    for segment in segments:
        part = cut_at_seq(segment, seq) if seq is not None else segment
        part = cut_at_time(segment, t_ns) if t_ns is not None else part
        playback.add(part)
        if part is not segment:
            break
    return playback


@pytest.mark.parametrize("rows", [1, 7, 256, 1000])
def test_segments_are_read_as_they_were_put(place: str, open_store: OpenStore, rows: int) -> None:
    segments = list(MadeUpJob().segments(1_500 if rows > 1 else 150, rows))
    store = open_store(place)
    put(store, segments)
    assert list(store.segments("job-1")) == segments
    assert list(store.segments("job-1", after_n=segments[-2].n)) == segments[-1:]


def test_segments_put_one_by_one_are_merged_into_full_chunks(place: str, open_store: OpenStore) -> None:
    store, job = open_store(place), MadeUpJob()
    for _ in range(120):
        store.put([job.next(5)])
        store.flush()
    with store._database.reading() as connection:
        text = "SELECT COUNT(*), SUM(last - first + 1) FROM chunks WHERE kind = 0"
        chunks, rows = connection.exec_driver_sql(text).one()
    assert rows == 600
    assert chunks < 40
    assert [record.seq for record in store.history("job-1", HistoryQuery(limit=1000)).records] == list(range(1, 601))


def test_large_payloads_make_small_chunks(place: str, open_store: OpenStore) -> None:
    store, job = open_store(place), MadeUpJob(padding=f',"much":"{"x" * 20_000}"')
    segments = list(job.segments(300, 100))
    put(store, segments)
    with store._database.reading() as connection:
        largest = connection.exec_driver_sql("SELECT MAX(LENGTH(data)) FROM chunks WHERE kind = 0").scalar_one()
    assert largest < 400_000
    assert list(store.segments("job-1")) == segments


def test_a_segment_put_twice_is_stored_once(place: str, open_store: OpenStore) -> None:
    segments = list(MadeUpJob().segments(100))
    store = open_store(place)
    put(store, segments[:6])
    put(store, segments[3:])
    put(store, segments)
    assert list(store.segments("job-1")) == segments
    assert store.last_segments(["job-1", "another"]) == {"job-1": 10}
    assert store.health.lost == 0


def test_thinned_records_of_other_programs_are_counted_apart_from_lost_ones(place: str, open_store: OpenStore) -> None:
    store = open_store(place)
    for job_id, owner in (("own", ""), ("distant", "a digest")):
        job = MadeUpJob(job_id)
        assert store.put([job.next(10), drop_rows(job.next(10)), job.next(10)], owner=owner)
        assert store.put([drop_rows(job.next(7))])
        assert store.flush(60)
    assert (store.health.lost, store.health.thinned) == (17, 17)
    later = MadeUpJob("later")
    later.next(10)
    assert store.put([drop_rows(later.next(10))], owner="a digest")  # refused: this is the store's doing
    assert store.flush(60)
    assert store.health.thinned == 17


def test_done_is_called_once_the_segments_are_safe(place: str, open_store: OpenStore) -> None:
    store, safe = open_store(place), threading.Event()
    kept: list[dict[str, int]] = []

    def done() -> None:
        kept.append(store.last_segments(["job-1"]))
        safe.set()

    store.put(list(MadeUpJob().segments(50)), done=done)
    assert safe.wait(60)
    assert kept == [{"job-1": 5}]


def raise_something() -> None:
    raise ValueError("raised")


def test_a_done_callback_may_raise(place: str, open_store: OpenStore) -> None:
    store, job = open_store(place), MadeUpJob()
    store.put([job.next()], done=raise_something)
    store.put([job.next()])
    assert store.flush(60)
    assert store.last_segments(["job-1"]) == {"job-1": 2}


def without(struct: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(struct, **changes)


SPOILS: dict[str, Any] = {
    "a gap": lambda segment: without(segment, n=segment.n + 1),
    "a seq that counts back": lambda segment: without(segment, after_seq=0, seq=10),
    "records without times": lambda segment: without(segment, records=Records([0] * 10, [], [0] * 10, [b"1"] * 10)),
    "a text that no database holds": lambda segment: without(
        segment,
        beginning=without(MadeUpJob().next().beginning, flow_id="a\x00b\ud800"),
    ),
}


@pytest.mark.parametrize("spoilt", SPOILS)
def test_an_unstorable_segment_of_one_job_harms_no_other(place: str, open_store: OpenStore, spoilt: str) -> None:
    store, job, other = open_store(place), MadeUpJob(), MadeUpJob("job-2")
    first, second = job.next(), job.next()
    others = list(other.segments(100))
    store.put([first, others[0]])
    store.put([SPOILS[spoilt](second)])
    put(store, others[1:])
    assert list(store.segments("job-2")) == others
    assert store.last_segments(["job-1"]) == {"job-1": 1}
    assert store.health.state == "ok"
    assert store.health.lost > 0
    put(store, [second])  # as it should have been
    assert store.last_segments(["job-1"]) == {"job-1": 2}


def test_a_job_is_shown_as_it_was_at_any_record_and_time(place: str, open_store: OpenStore) -> None:
    job = MadeUpJob()
    segments = list(job.segments(900, 13))
    store = open_store(place)
    put(store, segments)
    for seq in (0, 1, 12, 13, 14, 500, 899, 900):
        assert store.playback("job-1", seq=seq).job() == played(segments, seq).job()
    for seq in (1, 444, 900):
        t_ns = job.time_of(seq) + 1
        assert store.playback("job-1", t_ns=t_ns).job() == played(segments, t_ns=t_ns).job()
    now = store.playback("job-1")
    assert (now.job(), now.states(), now.data()) == (played(segments).job(), *_rest(segments))
    with pytest.raises(LookupError, match="no record 901: it has 900"):
        store.playback("job-1", seq=901)


def _rest(segments: list[Segment]) -> tuple[Any, Any]:
    playback = played(segments)
    return playback.states(), playback.data()


def test_a_job_as_it_was_is_read_from_the_last_checkpoint(place: str, open_store: OpenStore) -> None:
    segments = list(MadeUpJob().segments(100_000, 5_000))
    store = open_store(place)
    put(store, segments)
    with store._database.reading() as connection:
        marks = [row[0] for row in connection.exec_driver_sql("SELECT seq FROM checkpoints ORDER BY n")]
    assert len(marks) >= 3
    assert marks[-1] == 100_000
    seq = marks[1] + 1
    assert store.playback("job-1", seq=seq).job() == played(segments, seq).job()


def test_a_number_with_a_new_name_keeps_the_old_name_in_older_rows(place: str, open_store: OpenStore) -> None:
    job = MadeUpJob()
    first, second, third = job.next(), job.next(), job.next()
    swapped = [SourceName(0, "sink", "Done", "event"), SourceName(1, "source", "item", "event")]
    second.sources = swapped
    store = open_store(place)
    put(store, [first, second])
    put(open_store(place), [third])  # another process continues
    shown = [(record.routine_id, record.seq % 2) for record in store.history("job-1", HistoryQuery()).records]
    assert shown[1:10] == [("sink" if seq % 2 else "source", seq % 2) for seq in range(2, 11)]
    assert shown[10:] == [("source" if seq % 2 else "sink", seq % 2) for seq in range(11, 31)]


def test_segments_put_without_figures_are_folded_in_the_background(place: str, open_store: OpenStore) -> None:
    segments, store = list(MadeUpJob().segments(500)), open_store(place)
    first, figures = next(with_figures(segments))
    assert store.put([first], [figures])
    for part in (segments[1:20], segments[20:]):
        assert all(store.put([segment]) for segment in part)
        assert store.flush(60)
        counts = played(segments[: part[-1].n]).summary.counts
        eventually(lambda: store.summary("job-1").counts == counts, within=60, what="the counts")  # noqa: B023
    eventually(lambda: not store.is_unfolded("job-1"), within=60, what="all is folded")
    assert store.playback("job-1").job() == played(segments).job()


def test_jobs_that_an_older_version_left_unfolded_are_folded_when_the_store_opens(
    place: str, open_store: OpenStore
) -> None:
    segments = list(MadeUpJob().segments(500))
    with Store(place) as store:
        for segment in segments:
            assert store.put([segment])
        assert store.flush(60)
    database = Database(place)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE jobs SET summary = NULL, played = 0")
    database.close()
    store = open_store(place)
    expected = played(segments).summary.counts
    eventually(lambda: store.summary("job-1").counts == expected, within=60, what="the counts are right")


def test_log_and_outputs_are_read_by_range_and_text(place: str, open_store: OpenStore) -> None:
    store = open_store(place)
    put(store, list(MadeUpJob().segments(1_000)))
    page = store.log("job-1", HistoryQuery(after=97, limit=3))
    assert ([row.n for row in page.entries], page.first, page.last, page.total) == ([98, 99, 100], 1, 100, 100)
    assert [row.n for row in store.log("job-1", HistoryQuery(before=50, limit=2)).entries] == [48, 49]
    assert [row.n for row in store.log("job-1", HistoryQuery(q="line 77")).entries] == [77]
    outputs = store.outputs("job-1", HistoryQuery(after=10, before=13))
    assert [row.data for row in outputs.outputs] == [{"value": 11}, {"value": 12}]


def test_a_message_is_followed_to_its_causes_and_effects(place: str, open_store: OpenStore) -> None:
    store = open_store(place)
    put(store, list(MadeUpJob().segments(1_000)))
    causes = store.causes("job-1", 777)
    assert ([record.seq for record in causes.records], causes.complete) == ([1, 776, 777], True)
    effects = store.effects("job-1", 100)
    assert [(run.routine_id, run.slot, run.outcome) for run in effects.runs] == [("sink", "item", "error_continued")]
    assert ([record.seq for record in effects.records], effects.complete) == ([101], True)
    assert len(store.effects("job-1", 1).records) == 500
    with pytest.raises(LookupError, match="no record 1001"):
        store.effects("job-1", 1001)


def test_reading_an_unknown_job_raises_lookup_error(place: str, open_store: OpenStore) -> None:
    store = open_store(place)
    for read in (store.summary, store.playback, lambda job_id: list(store.segments(job_id))):
        with pytest.raises(LookupError, match="Job 'unknown' is not in the store"):
            read("unknown")


def test_an_import_equals_its_source(place: str, open_store: OpenStore, tmp_path: Any) -> None:
    segments = list(MadeUpJob().segments(3_000, 100))
    source, target = open_store(tmp_path / "source.db"), open_store(place)
    put(source, segments)
    target.import_segments(with_figures(source.segments("job-1")))
    assert list(target.segments("job-1")) == segments
    assert target.playback("job-1").job() == source.playback("job-1").job()
    assert target.summary("job-1") == source.summary("job-1")


def test_a_jobs_owner_is_the_one_that_put_it_first(place: str, open_store: OpenStore) -> None:
    store, job = open_store(place), MadeUpJob()
    assert store.owner("job-1") is None
    store.put([job.next()], owner="ann")
    store.put([job.next()], owner="ben")
    store.flush()
    assert store.owner("job-1") == "ann"


def test_put_returns_false_when_the_queue_is_full(place: str) -> None:
    store = Store(place)  # and unknown writes
    segment = MadeUpJob(padding=f',"much":"{"x" * 60_000}"').next(1_000)
    taken = 0
    while store.has_room:
        assert store.put([segment])
        taken += 1
        assert taken < 10
    assert not store.put([segment])
    assert store.health.waiting == taken * 1_505


def test_an_unsupported_location_is_refused() -> None:
    with pytest.raises(BadLocation, match="'mysql' is not supported; use a path, sqlite or postgresql"):
        Store("mysql://host/name")


def test_reading_a_missing_store_says_so(tmp_path: Any) -> None:
    store = Store(str(tmp_path / "gone" / "jobs.db"))
    with pytest.raises(StoreFailed, match="cannot be opened; check that its folder exists"):
        store.jobs()


def test_rows_in_memory_are_few_though_payloads_are_large(place: str, open_store: OpenStore) -> None:
    store, job = open_store(place), MadeUpJob(padding=f',"much":"{"x" * 60_000}"')
    segments = [job.next(2) for _ in range(60)]
    put(store, segments)
    tail = store._writer._batches._jobs["job-1"]._records
    assert tail.count() * 60_000 < 2 * chunks.BYTES
    assert list(store.segments("job-1")) == segments
