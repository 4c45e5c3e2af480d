"""Jobs that are too old, too many or too large are removed, unless they are alive."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from routilux_dashboard.fold.checkpoints import with_figures
from routilux_dashboard.store import Retention, Store
from routilux_dashboard.times import SECOND
from tests.dashboard.store.conftest import OpenStore
from tests.dashboard.store.made_up import MadeUpJob
from tests.dashboard.store.test_jobs import Clock, chunks_of_others
from tests.waiting import eventually

DAY = 86_400 * SECOND


def fill(store: Store, ended: int, records: int = 600) -> MadeUpJob:
    """Put a live job, then some that have ended, each put before the next; returns the live one."""
    live = MadeUpJob("live")
    store.put([live.next()])
    assert store.flush(60)
    for number in range(ended):
        for segment in MadeUpJob(f"ended-{number}").segments(records, 200):
            store.put([segment])
        assert store.flush(60)
    return live


def kept(store: Store) -> set[str]:
    return {job.job_id for job in store.jobs().jobs}


def test_the_newest_jobs_are_kept_by_count(place: str, open_store: OpenStore) -> None:
    store = open_store(place, retention=Retention(jobs=3))
    live = fill(store, 6)
    store.clean()
    eventually(
        lambda: kept(store) == {"live", "ended-3", "ended-4", "ended-5"}, what="the three newest and the live one"
    )
    eventually(lambda: chunks_of_others(store) == 0, within=60, what="nothing of the others is left")
    store.put([live.next()])
    assert store.flush(60)
    assert store.summary("live").seq == 20


def test_old_jobs_are_removed_unless_they_are_alive(place: str, open_store: OpenStore) -> None:
    clock = Clock()
    store = open_store(place, retention=Retention(days=2), now_ns=clock)
    fill(store, 2)
    clock.now_ns += DAY
    store.import_segments(with_figures(MadeUpJob("new").segments(10)))
    clock.now_ns += DAY + SECOND
    store.clean()
    eventually(lambda: kept(store) == {"live", "new"}, within=60, what="the old ones are gone")


def test_the_oldest_jobs_are_removed_by_size(place: str, open_store: OpenStore) -> None:
    store = open_store(place, retention=Retention(gigabytes=100e-6))
    fill(store, 8)
    with store._database.reading() as connection:
        sizes: dict[str, int] = {row[0]: row[1] for row in connection.exec_driver_sql("SELECT job_id, size FROM jobs")}
    assert sum(sizes.values()) > 100_000
    store.clean()
    eventually(lambda: len(kept(store)) < 8, within=60, what="the first are gone")
    eventually(lambda: chunks_of_others(store) == 0, within=60, what="nothing of the others is left")
    left = kept(store)
    assert {"live", "ended-7"} <= left
    assert sum(sizes[job_id] for job_id in left) <= 100_000


def test_lost_jobs_are_removed_by_age(place: str, open_store: OpenStore) -> None:
    with Store(place) as store:
        store.put([MadeUpJob().next()])
    clock = Clock()
    store = open_store(place, retention=Retention(days=1), now_ns=clock)
    assert kept(store) == {"job-1"}
    clock.now_ns = time.time_ns() + 2 * DAY
    store.clean()
    eventually(lambda: kept(store) == set(), within=60, what="the lost job is gone")


def test_a_file_shrinks_after_jobs_are_deleted(tmp_path: object, open_store: OpenStore) -> None:
    store = open_store(f"{tmp_path}/jobs.db")
    job = MadeUpJob(padding=f',"much":"{"x" * 2_000}"')
    store.import_segments(with_figures(job.segments(3_000, 500)))
    file = Path(f"{tmp_path}/jobs.db")
    before = file.stat().st_size
    assert before > 4_000_000
    store.delete("job-1")
    eventually(lambda: file.stat().st_size < before / 3, within=60, what="the file is smaller")


@pytest.mark.parametrize("wrong", [{"days": 0}, {"jobs": -1}, {"gigabytes": 0.0}])
def test_a_retention_limit_must_be_positive(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be above 0, or None for no limit"):
        Retention(**wrong)  # type: ignore[arg-type]
