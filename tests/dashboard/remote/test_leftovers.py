"""Starting and stopping servers and connections leaves no thread and no socket behind, and never hangs."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
import weakref
from pathlib import Path

import pytest

from routilux_dashboard import Dashboard, connect
from tests.dashboard.flows import chain, gated
from tests.dashboard.peers import get
from tests.waiting import eventually

OWN = ("routilux-timers", "routilux-worker")


def threads() -> list[str]:
    """Threads that are not the engine's."""
    return sorted(each.name for each in threading.enumerate() if not each.name.startswith(OWN))


def sockets() -> int:
    """Open sockets of this process."""
    found = 0
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - each may be gone the next moment
        try:
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")  # noqa: PTH115
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="sockets are counted in /proc")
def test_servers_and_connections_leave_no_threads_and_sockets(tmp_path: Path) -> None:
    flow = chain()
    flow.execute("emitter", {"count": 1})
    before, held = threads(), sockets()
    for number in range(3):
        with (
            Dashboard(chain(flow_id="own"), port=0, store=tmp_path / "jobs.db") as server,
            connect(server.url, flow) as connection,
        ):
            job = flow.execute("emitter", {"count": number})
            assert connection.flush()
            assert get(server, f"/jobs/{job.job_id}")["counts"]["events"] == number
    eventually(lambda: threads() == before, what="the threads of before")
    gc.collect()
    eventually(lambda: sockets() == held, what="the sockets of before")


def test_closing_without_a_server_is_quick_and_logs_the_unsent_segments(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flow, before = chain(), threads()
    connection = connect("http://127.0.0.1:9", flow)
    flow.execute("emitter", {"count": 1})
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        connection.close()
        connection.close()
    assert time.monotonic() - began < 3
    assert "not sent" in caplog.text
    assert threads() == before


def test_a_closed_connection_holds_no_job_and_the_engine_runs_on() -> None:
    flow, gate = gated()
    with connect("http://127.0.0.1:9", flow) as connection:
        job = flow.start("emitter", {"count": 2})
        assert gate.taken.acquire(timeout=10)
    reference = weakref.ref(connection._recorder)
    del connection
    gate.gate.set()
    eventually(lambda: job.status == "completed")
    eventually(lambda: gc.collect() is not None and reference() is None)


def test_a_restarted_dashboard_continues_storing(tmp_path: Path) -> None:
    flow, gate = gated()
    dashboard = Dashboard(flow, port=0, store=tmp_path / "jobs.db")
    with dashboard:
        job = flow.start("emitter", {"count": 3})
        assert gate.taken.acquire(timeout=10)
    gate.gate.set()
    eventually(lambda: job.status == "completed")
    with dashboard:
        eventually(lambda: get(dashboard, f"/jobs/{job.job_id}/history?limit=1")["total"] == 5)
    with Dashboard(port=0, store=tmp_path / "jobs.db") as later:
        shown = get(later, f"/jobs/{job.job_id}")
        assert (shown["status"], shown["seq"], shown["counts"]["events"]) == ("completed", 5, 3)
        assert [record["seq"] for record in get(later, f"/jobs/{job.job_id}/history")["records"]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("store", ["none", "jobs.db"])
def test_a_restarted_server_continues_with_programs_elsewhere(store: str, tmp_path: Path) -> None:
    flow, gate = gated()
    server = Dashboard(port=0, store=store if store == "none" else tmp_path / store)
    with server:
        connection = connect(server.url, flow)
        job = flow.start("emitter", {"count": 3})
        assert gate.taken.acquire(timeout=10)
        assert connection.flush()
    with connection:
        eventually(lambda: not connection.state.connected)
        with server:
            eventually(lambda: connection.state.connected)
            gate.gate.set()
            eventually(lambda: job.status == "completed")
            assert connection.flush()
            shown = get(server, f"/jobs/{job.job_id}")
            assert (shown["status"], shown["counts"]["events"]) == ("completed", 3)
            assert len(get(server, "/jobs")["jobs"]) == 1


def test_two_flows_of_one_id_cannot_be_sent_by_one_connection() -> None:
    before = threads()
    with pytest.raises(ValueError, match="'chain' is watched already"):
        connect("http://127.0.0.1:9", chain(), chain())
    assert threads() == before
