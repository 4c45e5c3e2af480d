"""The list of stored jobs: pages, filters and counts; which jobs are alive, ended or lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from routilux_dashboard.fold.checkpoints import with_figures
from routilux_dashboard.protocol import JobStatus
from routilux_dashboard.store import JobQuery, Store
from routilux_dashboard.times import SECOND, iso
from tests.dashboard.recording.made_up import START_NS
from tests.dashboard.store.conftest import OpenStore
from tests.dashboard.store.made_up import MadeUpJob
from tests.waiting import eventually

STATUSES: tuple[JobStatus, ...] = ("completed", "running", "failed", "cancelled", "paused")


@pytest.fixture
def filled(place: str, open_store: OpenStore) -> Store:
    """A store with twenty jobs, a second apart: `job-0` is the oldest; every fifth has each status."""
    store = open_store(place)
    for number in range(20):
        status = STATUSES[number % 5]
        flow = "100%_done" if number % 2 else "other"
        job = MadeUpJob(f"job-{number}", flow, created_ns=START_NS + number * SECOND)
        store.put([job.next(status=status, final=status in ("completed", "failed", "cancelled"))])
    assert store.flush(60)
    return store


def ids(store: Store, **wanted: Any) -> list[str]:
    return [job.job_id for job in store.jobs(JobQuery(**wanted)).jobs]


def test_the_newest_jobs_come_first_page_after_page(filled: Store) -> None:
    first = filled.jobs(JobQuery(limit=8))
    assert [job.job_id for job in first.jobs] == [f"job-{number}" for number in range(19, 11, -1)]
    assert first.more
    last = first.jobs[-1]
    second = filled.jobs(JobQuery(limit=50, after=(last.created_at, last.job_id)))
    assert [job.job_id for job in second.jobs] == [f"job-{number}" for number in range(11, -1, -1)]
    assert not second.more


def test_jobs_are_found_by_status_flow_and_text(filled: Store) -> None:
    assert ids(filled, statuses=["failed", "paused"], limit=3) == ["job-19", "job-17", "job-14"]
    assert ids(filled, flow="100%_done", limit=2) == ["job-19", "job-17"]
    assert ids(filled, q="JOB-1", statuses=["completed"]) == ["job-15", "job-10"]
    assert ids(filled, q="%_d", limit=1) == ["job-19"]  # and not anything that a pattern would match
    assert ids(filled, q="_o") == []
    assert ids(filled, q="job-1", without=[f"job-{number}" for number in range(10, 19)]) == ["job-19", "job-1"]


def test_counts_are_of_all_that_match(filled: Store) -> None:
    assert filled.jobs(JobQuery(limit=1)).counts == dict.fromkeys(STATUSES, 4)
    assert filled.jobs(JobQuery(flow="other", statuses=["failed"], limit=1)).counts == dict.fromkeys(STATUSES, 2)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ns = time.time_ns()

    def __call__(self) -> int:
        return self.now_ns


def test_a_job_whose_writer_died_is_lost_with_its_last_sign(place: str, open_store: OpenStore) -> None:
    job, clock = MadeUpJob(), Clock()
    writing = open_store(place)
    writing.put([job.next()])
    writing.put([MadeUpJob("ended").next(status="completed", final=True)])
    assert writing.flush(60)
    reading = open_store(place, now_ns=clock)
    assert reading.summary("job-1").status == "running"  # the other process is alive
    sign_ns = writing._writer._liveness.beat_ns
    clock.now_ns = sign_ns + 60 * SECOND  # a minute without a heartbeat
    summary = reading.summary("job-1")
    assert (summary.status, reading.jobs().counts) == ("lost", {"lost": 1, "completed": 1})
    assert summary.last_sign is not None
    assert summary.last_sign >= iso(sign_ns)
    assert [found.job_id for found in reading.jobs(JobQuery(["lost"])).jobs] == ["job-1"]
    playback = reading.playback("job-1")
    assert (playback.summary.status, playback.summary.last_sign) == ("lost", summary.last_sign)
    assert reading.playback("job-1", seq=5).summary.status != "lost"  # it was not then
    assert writing.summary("job-1").status == "running"


def test_a_job_is_lost_once_its_writer_has_stopped_and_continues_with_another(
    place: str, open_store: OpenStore
) -> None:
    job = MadeUpJob()
    with Store(place) as store:
        store.put([job.next()])
    store = open_store(place)
    assert store.summary("job-1").status == "lost"
    store.put([job.next()])
    assert store.flush(60)
    assert store.summary("job-1").status == "running"
    assert store.playback("job-1").summary.status == "running"


def test_a_job_released_by_its_writer_is_lost_until_more_of_it_comes(place: str, open_store: OpenStore) -> None:
    store, job = open_store(place), MadeUpJob()
    store.put([job.next()])
    assert store.flush(60)
    store.release_writer(["job-1"])
    summary = store.summary("job-1")
    assert (summary.status, summary.last_sign) == ("lost", iso(job.time_of(10) + 500_000))
    assert summary.control.refusals == store.playback("job-1").summary.control.refusals
    assert str(summary.last_sign) in str(summary.control.refusals["pause"]), "nothing can be asked of it"
    store.put([job.next()])
    assert store.flush(60)
    assert store.summary("job-1").status == "running"


def test_two_writers_leave_heartbeats(place: str, open_store: OpenStore) -> None:
    first, second = open_store(place), open_store(place)
    first.put([MadeUpJob("a").next()])
    second.put([MadeUpJob("b").next()])
    assert first.flush(60)
    assert second.flush(60)
    beaten = first._writer._liveness.beat_ns
    eventually(lambda: first._writer._liveness.beat_ns > beaten, within=60, what="a second sign of life")
    assert {job.status for job in first.jobs().jobs} == {"running"}
    assert {job.status for job in second.jobs().jobs} == {"running"}


def test_an_ended_job_can_be_deleted_and_a_live_one_cannot(place: str, open_store: OpenStore) -> None:
    store, ended, live = open_store(place), MadeUpJob("ended"), MadeUpJob("live")
    store.import_segments(with_figures(ended.segments(2_000, 100)))
    store.put([live.next()])
    assert store.flush(60)
    with pytest.raises(ValueError, match="Job 'live' is alive; cancel it first"):
        store.delete("live")
    store.delete("ended")
    assert ids(store) == ["live"]
    gone: Callable[[], bool] = lambda: chunks_of_others(store) == 0  # noqa: E731
    eventually(gone, within=60, what="its chunks are gone")
    store.import_segments(with_figures(MadeUpJob("ended").segments(100)))
    assert ids(store) == ["live", "ended"]
    assert store.summary("ended").seq == 100


def chunks_of_others(store: Store) -> int:
    """Chunks that belong to no job of the list."""
    with store._database.reading() as connection:
        text = "SELECT COUNT(*) FROM chunks WHERE job_no NOT IN (SELECT job_no FROM jobs WHERE status <> 'deleted')"
        count: int = connection.exec_driver_sql(text).scalar_one()
        return count
