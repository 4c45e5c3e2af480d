"""Programs that die or hang: their jobs are lost within ten seconds; a program that comes back continues."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from routilux_dashboard import Dashboard
from tests.dashboard.peers import Server, ask, get, live
from tests.dashboard.remote.processes import ServerProcess, program
from tests.waiting import eventually

WITHIN = 10.0
LOADED = 5.0
"""What a loaded machine may need on top of it."""


def job_of(server: Server, job_id: str) -> Any:
    return get(server, f"/jobs/{job_id}")


def has_begun(server: Server, job_id: str) -> bool:
    """Whether some of it is in the store."""
    answer = ask(server, "GET", f"/api/v1/jobs/{job_id}/history?limit=1")
    return answer.status == 200 and answer.json["total"] > 50


def test_jobs_of_dead_frozen_and_hanging_programs_are_lost_and_a_thawed_one_continues(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slow = ("--count", "4000", "--rate", "300")
    with (
        Dashboard(port=0, store=tmp_path / "jobs.db") as server,
        program(server.url, *slow, "--name", "dying") as dying,
        program(server.url, *slow, "--name", "freezing") as freezing,
        program(server.url, *slow, "--name", "hanging", "--hang-at", "150") as hanging,
        program(server.url, "--count", "5", "--stay") as leaving,
        live(server) as watcher,
    ):
        done, *_ = [leaving.line() for _ in range(3)]
        assert job_of(server, done)["rerunnable"]
        dead, frozen, stuck = jobs = dying.line(), freezing.line(), hanging.line()
        for job_id in jobs:
            eventually(lambda job_id=job_id: has_begun(server, job_id))  # type: ignore[misc]
            assert watcher.call("subscribe", {"job_id": job_id}) is None
        assert job_of(server, dead)["origin"].startswith("dying @ ")
        assert watcher.call("subscribe", {"job_id": done}) is None
        leaving.kill()
        dying.kill()
        freezing.freeze()
        began, now = time.monotonic(), datetime.now(UTC)
        for job_id in jobs:
            message = watcher.wait_for_status(job_id, "lost", within=WITHIN + LOADED)
            assert message["job"]["last_sign"] is not None
        assert time.monotonic() - began >= 5, "a program that is quiet for a moment is not given up"
        for job_id in jobs:
            shown = job_of(server, job_id)
            assert shown["status"] == "lost"
            assert job_id == stuck or abs((datetime.fromisoformat(shown["last_sign"]) - now).total_seconds()) < 4
            answer = ask(server, "POST", f"/api/v1/jobs/{job_id}/pause", {})
            assert answer.status == 409, answer.body
            assert answer.json["detail"].startswith(f"The program {shown['origin']} is not "), "its name as it is"
            then = get(server, f"/jobs/{job_id}/at?t={time.time_ns() // 1_000_000}")
            assert (then["status"], then["last_sign"]) == ("lost", shown["last_sign"])
            assert get(server, f"/jobs/{job_id}/at?seq={shown['seq']}")["status"] == "running"
        eventually(lambda: not job_of(server, done)["rerunnable"], what="a job of a program that has gone")
        listed = {job["job_id"]: job for job in get(server, "/jobs")["jobs"]}
        assert (listed[done]["status"], listed[done]["rerunnable"]) == ("completed", False)
        told = [record.getMessage() for record in caplog.records if "its jobs are lost" in record.getMessage()]
        assert len(told) == 3, "of a program whose jobs have ended none is lost"
        sent = job_of(server, dead)["seq"]
        assert get(server, f"/jobs/{dead}/history?limit=1000")["last"] == sent > 50
        freezing.thaw()
        eventually(lambda: job_of(server, frozen)["status"] != "lost")
        assert job_of(server, frozen)["last_sign"] is None
        assert freezing.line() == "ended completed"
        assert freezing.line() == "sent"
        shown = job_of(server, frozen)
        assert (shown["status"], shown["counts"]["events"]) == ("completed", 4000)
        assert job_of(server, dead)["status"] == "lost"


def test_a_new_server_shows_jobs_of_dead_programs_as_lost_and_continues_the_others(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "jobs.db")
    slow = ("--count", "6000", "--rate", "300")
    with server, program(server.url, *slow) as dying, program(server.url, *slow) as living:
        dead, alive = dying.line(), living.line()
        for job_id in (dead, alive):
            eventually(lambda job_id=job_id: has_begun(server, job_id))  # type: ignore[misc]
        server.kill()
        dying.kill()
        server.start()
        eventually(lambda: job_of(server, alive)["status"] == "running" and has_begun(server, alive))
        eventually(lambda: job_of(server, dead)["status"] == "lost", within=WITHIN + LOADED)
        assert job_of(server, dead)["last_sign"] is not None
        assert [job["status"] for job in get(server, "/jobs")["jobs"] if job["job_id"] == dead] == ["lost"]
        assert living.line() == "ended completed"
        assert living.line() == "sent"
        assert job_of(server, alive)["counts"]["events"] == 6000


def test_jobs_of_a_dashboards_own_program_are_lost_when_that_has_died(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "jobs.db", "tests.dashboard.remote.program:paced") as server:
        answer = ask(server, "POST", "/api/v1/flows/paced/jobs", {"params": {"count": 100_000, "rate": 1000}})
        assert answer.status == 201
        job_id = answer.json["job_id"]
        eventually(lambda: get(server, f"/jobs/{job_id}/history?limit=1")["total"] > 1500)
        server.kill()
        server.start()
        eventually(lambda: job_of(server, job_id)["status"] == "lost", within=WITHIN + LOADED)
        assert job_of(server, job_id)["last_sign"] is not None
