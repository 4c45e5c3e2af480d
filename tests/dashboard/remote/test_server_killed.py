"""A server is killed again and again while a program runs: nothing is lost, and nothing stored twice."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from routilux import JobState
from routilux_dashboard import connect
from tests.dashboard.peers import get
from tests.dashboard.remote.processes import ServerProcess
from tests.dashboard.remote.program import paced
from tests.dashboard.remote.whole import check_whole
from tests.waiting import eventually

KILLS = int(os.environ.get("KILLS", "4"))
RECORDS = int(os.environ.get("KILL_RECORDS", "30000"))


@pytest.mark.timeout(60 + 20 * KILLS)
def test_every_record_is_stored_once_in_order_though_the_server_is_killed_again_and_again(tmp_path: Path) -> None:
    store, chance = tmp_path / "jobs.db", random.Random(KILLS)
    flow, server = paced(), ServerProcess(tmp_path / "jobs.db")
    with server, connect(server.url, flow, name="survivor") as connection:
        eventually(lambda: connection.state.connected)
        job = flow.start("source", {"count": RECORDS, "rate": RECORDS // (1 + 2 * KILLS)})
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.0, 0.8))  # a random moment is the point
            server.kill()
            time.sleep(chance.uniform(0.0, 0.5))
            server.start()
        assert JobState.wait_for_completion(flow, job, timeout=300)
        assert connection.flush(60), connection.state
        eventually(lambda: get(server, f"/jobs/{job.job_id}")["status"] == "completed")
        shown = get(server, f"/jobs/{job.job_id}")
        assert (shown["status"], shown["seq"], shown["counts"]["events"]) == ("completed", RECORDS + 2, RECORDS)
        server.stop()
    check_whole(store, job.job_id, RECORDS)


def test_a_server_that_lost_a_job_gets_it_again_with_exact_counters(tmp_path: Path) -> None:
    flow, server = paced(), ServerProcess("none")
    with server, connect(server.url, flow) as connection:
        job = flow.start("source", {"count": 6000, "rate": 2000})
        eventually(lambda: get(server, f"/jobs/{job.job_id}")["seq"] > 100)
        server.kill()
        server.start()
        assert JobState.wait_for_completion(flow, job, timeout=60)
        assert connection.flush(20)
        eventually(lambda: get(server, f"/jobs/{job.job_id}")["status"] == "completed")
        shown = get(server, f"/jobs/{job.job_id}")
        assert (shown["status"], shown["seq"], shown["counts"]["events"]) == ("completed", 6002, 6000)
        assert shown["routines"]["sink"]["done"] == 6000
