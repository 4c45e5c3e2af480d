"""Receiving jobs while the store is slow, full or unreadable; and noticing silent programs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from routilux_dashboard import Dashboard, connect
from routilux_dashboard.segments.segment import Records
from routilux_dashboard.sources.programs import SILENT_NS, Programs
from routilux_dashboard.store.errors import StoreFailed
from routilux_dashboard.store.store import Store
from routilux_dashboard.times import SECOND
from tests.dashboard.flows import chain
from tests.dashboard.peers import ask, get
from tests.dashboard.remote.intruder import first_segment, intruder
from tests.dashboard.remote.program import paced
from tests.dashboard.remote.whole import check_whole
from tests.waiting import eventually


@pytest.fixture
def moody_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that takes what it is given at every third attempt only."""
    put, calls = Store.put, [0]

    def moody(store: Store, *segments: Any, **rest: Any) -> bool:
        calls[0] += 1
        return calls[0] % 3 == 0 and put(store, *segments, **rest)

    monkeypatch.setattr(Store, "put", moody)


def test_pages_stay_live_while_the_store_is_full_and_it_gets_everything_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow, count = paced(), 3000
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, connect(server.url, flow) as connection:
        eventually(lambda: connection.state.connected)
        with monkeypatch.context() as full:
            full.setattr(Store, "has_room", property(lambda _: False))
            full.setattr(Store, "put", lambda *_, **__: False)
            job = flow.start("source", {"count": count, "rate": 3000})
            eventually(lambda: ask(server, "GET", f"/api/v1/jobs/{job.job_id}").status == 200)
            eventually(lambda: get(server, f"/jobs/{job.job_id}")["status"] == "completed")
            assert get(server, f"/jobs/{job.job_id}")["counts"]["events"] == count
            assert connection.state.waiting > 0, "nothing is kept for good yet"
        assert connection.flush(20), connection.state
    check_whole(tmp_path / "jobs.db", job.job_id, count)


def test_a_store_that_sometimes_has_no_room_gets_everything_in_order(tmp_path: Path, moody_store: None) -> None:
    flow, count = paced(), 6000
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, connect(server.url, flow) as connection:
        job = flow.start("source", {"count": count, "rate": 3000})
        eventually(lambda: job.status == "completed")
        assert connection.flush(40), connection.state
    check_whole(tmp_path / "jobs.db", job.job_id, count)


def test_this_programs_own_jobs_are_stored_whole_though_the_store_refuses_now_and_then(
    tmp_path: Path, moody_store: None
) -> None:
    flow, count = paced(), 6000
    with Dashboard(flow, port=0, store=tmp_path / "jobs.db") as dashboard:
        job = flow.execute("source", {"count": count, "rate": 5000})
        store = dashboard._serving._store  # type: ignore[union-attr]
        assert store is not None
        eventually(lambda: _status(store, job.job_id) == "completed", within=20)
    check_whole(tmp_path / "jobs.db", job.job_id, count)


def _status(store: Store, job_id: str) -> str:
    try:
        return store.summary(job_id).status
    except LookupError:
        return "not there yet"


@contextmanager
def unreadable() -> Iterator[None]:
    """The store cannot be read, of any server of this process."""

    def fail(*_: Any) -> Any:
        raise StoreFailed("the disk is on fire")

    with pytest.MonkeyPatch.context() as broken:
        for name in ("last_segments", "owner", "playback"):
            broken.setattr(Store, name, fail)
        yield


def test_jobs_are_shown_while_the_store_cannot_be_read_and_kept_once_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = str(uuid.uuid4())
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, intruder(server.url) as peer:
        with unreadable():
            assert peer.ask(mine) == {"jobs": {}, "refused": {}, "unread": [mine]}
            peer.send_segments(first_segment(mine))
            assert peer.wait_for("taken")
            assert get(server, f"/jobs/{mine}")["counts"]["events"] == 3
            with intruder(server.url) as other:
                assert other.ask(mine) == {"jobs": {}, "refused": {}, "unread": []}
        said = [record.getMessage() for record in caplog.records]
        assert said == ["Jobs of programs elsewhere are shown, and wait there to be kept: the disk is on fire"]
        events = peer.all_until("have")
        assert events[-1] == ("have", {"jobs": {mine: 0}, "refused": {}, "unread": []})
        assert "kept" not in dict(events)
        peer.send_segments(first_segment(mine))
        assert peer.wait_for("kept") == {mine: 1}
        assert get(server, f"/jobs/{mine}")["counts"]["events"] == 3
        assert [row["seq"] for row in get(server, f"/jobs/{mine}/history")["records"]] == [1, 2, 3]


def test_a_job_shown_unread_is_replaced_by_the_stored_one(tmp_path: Path) -> None:
    job_id = str(uuid.uuid4())
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, intruder(server.url, key="k" * 32) as honest:
        honest.ask(job_id)
        honest.send_segments(first_segment(job_id))
        assert honest.wait_for("kept") == {job_id: 1}
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, intruder(server.url) as other:
        with unreadable():
            assert other.ask(job_id)["unread"] == [job_id]
            other.send_segments(first_segment(job_id, seq=1, records=Records([0], [1], [0], [b"{}"])))
            assert other.wait_for("taken")
            assert get(server, f"/jobs/{job_id}")["seq"] == 1
            with intruder(server.url, key="k" * 32) as honest:
                assert honest.ask(job_id)["unread"] == []
        assert other.wait_for("have")["refused"] == {job_id: "another program has sent a job of this id"}
        other.send_segments(first_segment(job_id))  # segments in flight are skipped
        assert other.wait_for("taken")
        eventually(lambda: get(server, f"/jobs/{job_id}")["seq"] == 3)
        with intruder(server.url, key="k" * 32) as honest:
            assert honest.ask(job_id)["jobs"] == {job_id: 1}
        assert [row["seq"] for row in get(server, f"/jobs/{job_id}/history")["records"]] == [1, 2, 3]


def test_a_program_continues_after_the_last_stored_segment_once_the_store_can_be_read(tmp_path: Path) -> None:
    job_id, first = str(uuid.uuid4()), first_segment("")
    second = msgspec.structs.replace(first, n=2, after_seq=3, seq=6, beginning=None, flow=None, sources=[])
    first, second = (msgspec.structs.replace(each, job_id=job_id) for each in (first, second))
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, intruder(server.url, key="k" * 32) as peer:
        peer.ask(job_id)
        peer.send_segments(first, second)
        eventually(lambda: peer.wait_for("kept") == {job_id: 2})
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, intruder(server.url, key="k" * 32) as peer:
        with unreadable():
            assert peer.ask(job_id)["unread"] == [job_id]
            peer.send_segments(first)
            assert peer.wait_for("taken")
            assert get(server, f"/jobs/{job_id}")["seq"] == 3
        assert peer.wait_for("have")["jobs"] == {job_id: 2}
        eventually(lambda: get(server, f"/jobs/{job_id}")["seq"] == 6)


def test_two_programs_cannot_send_one_job(tmp_path: Path) -> None:
    job_id = str(uuid.uuid4())
    with (
        Dashboard(port=0, store=tmp_path / "jobs.db") as server,
        intruder(server.url) as one,
        intruder(server.url) as other,
    ):
        assert one.ask(job_id)["jobs"] == other.ask(job_id)["jobs"] == {job_id: 0}
        one.send_segments(first_segment(job_id))
        assert one.wait_for("kept") == {job_id: 1}
        other.send_segments(first_segment(job_id, n=2))
        assert other.wait_for("refused") == {job_id: "another program has sent a job of this id"}


def test_a_program_is_shown_beside_a_damaged_store_and_kept_whole_when_that_is_moved(tmp_path: Path) -> None:
    flow, count, path = paced(), 3000, tmp_path / "jobs.db"
    path.write_bytes(b"This is no database.\n" * 500)
    with Dashboard(port=0, store=path) as server, connect(server.url, flow) as connection:
        job = flow.start("source", {"count": count, "rate": 3000})
        eventually(lambda: job.job_id in [each["job_id"] for each in get(server, "/jobs")["jobs"]])
        eventually(lambda: get(server, f"/jobs/{job.job_id}")["status"] == "completed")
        assert get(server, f"/jobs/{job.job_id}")["counts"]["events"] == count
        assert connection.state.waiting > 0, "nothing is kept for good yet"
        path.rename(tmp_path / "damaged.db")
        eventually(lambda: connection.flush(1), within=40)
    check_whole(path, job.job_id, count)


def test_a_gap_is_requested_again_and_a_repeated_segment_counts_once(tmp_path: Path) -> None:
    mine = str(uuid.uuid4())
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, intruder(server.url) as peer:
        peer.ask(mine)
        first = first_segment(mine)
        second, third = (
            msgspec.structs.replace(first, n=n, after_seq=3 * (n - 1), seq=3 * n, beginning=None, flow=None, sources=[])
            for n in (2, 3)
        )
        peer.send_segments(first, third)
        assert peer.wait_for("again") == {mine: 1}
        peer.send_segments(first, second, third, second)
        eventually(lambda: get(server, f"/jobs/{mine}")["seq"] == 9)
        assert get(server, f"/jobs/{mine}")["counts"]["events"] == 9
        assert [row["seq"] for row in get(server, f"/jobs/{mine}/history")["records"]] == list(range(1, 10))


def test_only_the_newest_ended_or_lost_jobs_of_programs_stay_in_memory(tmp_path: Path) -> None:
    flow = chain()
    with Dashboard(port=0, store=tmp_path / "jobs.db", keep_jobs=3) as server, connect(server.url, flow) as connection:
        jobs = [flow.execute("emitter", {"count": 200}) for _ in range(8)]
        assert connection.flush()
        job_table, clerk = server._job_table, server._serving._clerk  # type: ignore[union-attr]
        eventually(lambda: len(job_table.jobs()) == 3 and not job_table._live)
        eventually(lambda: len(clerk._held) == 3, what="the others are in the store only")
        for job in jobs:
            assert get(server, f"/jobs/{job.job_id}")["counts"]["events"] == 200


def test_a_completed_job_that_continues_elsewhere_is_shown_running(tmp_path: Path) -> None:
    flow = chain()
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server, connect(server.url, flow) as connection:
        job = flow.execute("emitter", {"count": 3})
        assert connection.flush()
        eventually(lambda: server._job_table.job(job.job_id).is_final)
        flow.cancel(job, reason="not wanted after all")
        eventually(lambda: get(server, f"/jobs/{job.job_id}")["status"] == job.status == "cancelled")
        assert connection.flush()
    with Dashboard(port=0, store=tmp_path / "jobs.db") as later:
        assert get(later, f"/jobs/{job.job_id}")["status"] == "cancelled"


# -- silence


def test_a_program_is_lost_once_after_eight_seconds_of_silence() -> None:
    programs = Programs()
    program = programs.get_or_create("key", "one @ host:1", 0)
    assert programs.get_or_create("key", "one @ host:1", 5) is program
    for now in range(0, SILENT_NS, SECOND):
        assert programs.silent(now) == []
    assert programs.silent(SILENT_NS) == [program]
    assert programs.silent(SILENT_NS + SECOND) == []
    assert program.lost


def test_a_server_that_was_suspended_gives_programs_time_to_report_again() -> None:
    programs = Programs()
    program = programs.get_or_create("key", "one @ host:1", 0)
    assert programs.silent(SECOND) == []
    woken = 3600 * SECOND
    assert programs.silent(woken) == []
    assert programs.silent(woken + SECOND) == []
    found = [now for now in range(woken + SECOND, woken + SILENT_NS, SECOND) if programs.silent(now)]
    assert program.lost
    assert found[0] >= woken + 4 * SECOND


def test_programs_without_jobs_are_forgotten() -> None:
    programs = Programs()
    programs.forget([programs.get_or_create("key", "one @ host:1", 0)])
    assert programs.all() == []
