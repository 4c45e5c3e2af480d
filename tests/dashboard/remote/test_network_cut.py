"""The network is cut, stalls or drops packets: every record is stored once, in order."""

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
from tests.dashboard.remote.wires import namespace, proxy
from tests.waiting import eventually

CUTS = int(os.environ.get("KILLS", "6"))
RECORDS = int(os.environ.get("KILL_RECORDS", "30000"))
DROPS = max(1, CUTS // 10)


@pytest.mark.timeout(120 + 20 * CUTS)
def test_every_record_is_stored_once_though_connections_are_cut_in_the_middle(tmp_path: Path) -> None:
    chance, flow = random.Random(CUTS), paced()
    with ServerProcess(tmp_path / "jobs.db") as server:
        with proxy(server.port) as wire, connect(wire.url, flow) as connection:
            eventually(lambda: connection.state.connected)
            job = flow.start("source", {"count": RECORDS, "rate": RECORDS // CUTS})
            for _ in range(CUTS):
                passed = wire.passed + chance.randrange(200_000)
                eventually(lambda least=passed: wire.passed >= least or connection.state.waiting == 0)  # type: ignore[misc]
                wire.cut()
                eventually(lambda: not connection.state.connected)
                eventually(lambda: connection.state.connected)
            assert JobState.wait_for_completion(flow, job, timeout=300)
            assert connection.flush(60), connection.state
        server.stop()
    check_whole(tmp_path / "jobs.db", job.job_id, RECORDS)


def test_a_stalled_connection_is_dropped_by_both_sides_and_the_job_continues(tmp_path: Path) -> None:
    flow = paced()
    with ServerProcess(tmp_path / "jobs.db") as server:
        with proxy(server.port) as wire, connect(wire.url, flow) as connection:
            job = flow.start("source", {"count": 12_000, "rate": 1000})
            eventually(lambda: connection.flush(1) and get(server, f"/jobs/{job.job_id}")["seq"] > 100)
            wire.stall()
            eventually(lambda: get(server, f"/jobs/{job.job_id}")["status"] == "lost", within=20)
            eventually(lambda: not connection.state.connected, within=20)
            wire.flow()
            assert JobState.wait_for_completion(flow, job, timeout=60)
            assert connection.flush(60), connection.state
        server.stop()
    check_whole(tmp_path / "jobs.db", job.job_id, 12_000)


@pytest.mark.timeout(120 + 20 * CUTS)
def test_every_record_is_stored_once_though_packets_are_dropped(tmp_path: Path) -> None:
    flow, chance = paced(), random.Random(CUTS)
    with namespace() as net, ServerProcess(tmp_path / "jobs.db", address=net.address, prefix=net.prefix) as server:
        with connect(server.url, flow) as connection:
            eventually(lambda: connection.state.connected)
            job = flow.start("source", {"count": RECORDS, "rate": RECORDS // (16 * DROPS)})
            for drop in range(DROPS):
                time.sleep(chance.uniform(0.2, 1.0))  # a random moment is the point
                net.drop()
                if drop % 2:
                    time.sleep(chance.uniform(0.2, 3.0))
                else:
                    eventually(lambda: not connection.state.connected, within=30)
                net.pass_on()
                eventually(lambda: connection.state.connected, within=30)
            assert JobState.wait_for_completion(flow, job, timeout=300)
            assert connection.flush(60), connection.state
        server.stop()
    check_whole(tmp_path / "jobs.db", job.job_id, RECORDS)
