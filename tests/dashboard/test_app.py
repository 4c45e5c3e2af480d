"""`Dashboard`: wiring, starting, stopping, what it leaves as it was."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from pathlib import Path

import pytest

from routilux import JobState
from routilux_dashboard import CannotListen, Dashboard
from tests.dashboard.flows import chain, gated
from tests.dashboard.peers import address, ask, get, live
from tests.waiting import eventually


def test_starting_and_stopping_twice_is_harmless_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    dashboard = Dashboard(chain(), port=0)
    dashboard.stop()
    assert dashboard.start() is dashboard
    url = dashboard.url
    assert dashboard.start().url == url
    assert get(dashboard, "/jobs")["jobs"] == []
    dashboard.stop()
    dashboard.stop()
    assert capfd.readouterr() == ("", "")


def test_a_port_in_use_is_told_at_once_with_what_to_do() -> None:
    with Dashboard(chain(), port=0) as first:
        _, port = address(first)
        with pytest.raises(CannotListen, match=rf"127\.0\.0\.1:{port}.*in use.*another port") as told:
            Dashboard(chain(), port=port).start()
        assert isinstance(told.value, OSError)
        assert get(first, "/jobs")["jobs"] == [], "the first is not disturbed"


def test_a_failed_start_leaves_nothing_behind() -> None:
    threads, interval = threading.active_count(), sys.getswitchinterval()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        dashboard = Dashboard(chain(), port=taken.getsockname()[1])
        for _ in range(3):
            with pytest.raises(CannotListen):
                dashboard.start()
    assert (threading.active_count(), sys.getswitchinterval()) == (threads, interval)
    with dashboard:
        assert get(dashboard, "/jobs")["jobs"] == []


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("nowhere.invalid", 0, "no such name"), ("203.0.113.1", 0, "no such address"), ("127.0.0.1", 70000, "65535")],
)
def test_a_place_that_is_none_is_told(host: str, port: int, words: str) -> None:
    with pytest.raises(CannotListen, match=words):
        Dashboard(chain(), host=host, port=port).start()


def test_a_restart_comes_back_to_the_same_port_at_once() -> None:
    dashboard = Dashboard(chain(), port=0)
    urls = set()
    for _ in range(5):
        with dashboard:
            urls.add(dashboard.url)
            assert ask(dashboard, "GET", "/api/v1/jobs").status == 200
    assert len(urls) == 1


def test_two_dashboards_run_side_by_side() -> None:
    flow, other = chain(), chain(flow_id="other")
    with Dashboard(flow, port=0) as one, Dashboard(other, port=0) as two, live(one) as watcher, live(two) as second:
        job, another = flow.execute("emitter", {"count": 5}), other.execute("emitter", {"count": 7})
        assert watcher.call("subscribe", {"job_id": job.job_id}) is None
        assert watcher.call("subscribe", {"job_id": another.job_id})["status"] == 404
        assert second.call("subscribe", {"job_id": another.job_id}) is None
        assert watcher.wait_for_status(job.job_id, "completed")["job"]["counts"]["events"] == 5
        assert second.wait_for_status(another.job_id, "completed")["job"]["counts"]["events"] == 7


def test_jobs_from_before_the_start_are_seen_those_that_ran_already_too() -> None:
    flow, collector = gated()
    running = flow.start("emitter", {"count": 1})
    dashboard = Dashboard(flow, port=0)
    ended = chain(flow_id="ended")
    dashboard.watch(ended)
    done = ended.execute("emitter", {"count": 4})
    with dashboard:
        assert get(dashboard, f"/jobs/{running.job_id}")["status"] == "running"
        assert get(dashboard, f"/jobs/{done.job_id}")["counts"]["events"] == 4
        collector.gate.set()
        eventually(lambda: get(dashboard, f"/jobs/{running.job_id}")["status"] == "completed")


def test_what_ran_while_the_server_was_stopped_is_there_afterwards() -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard:
        pass
    job = flow.execute("emitter", {"count": 30})
    with dashboard:
        assert get(dashboard, f"/jobs/{job.job_id}")["counts"]["events"] == 30


def test_only_the_newest_jobs_are_kept() -> None:
    flow = chain()
    with Dashboard(flow, port=0, keep_jobs=3) as dashboard:
        jobs = [flow.execute("emitter", {"count": 1}) for _ in range(5)]
        kept = [job["job_id"] for job in get(dashboard, "/jobs")["jobs"]]
        assert kept == [job.job_id for job in jobs[:1:-1]]
        assert ask(dashboard, "GET", f"/api/v1/jobs/{jobs[0].job_id}").status == 404


def test_the_switch_interval_is_shorter_while_it_runs_and_restored() -> None:
    before = sys.getswitchinterval()
    with Dashboard(chain(), port=0):
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == before
    with Dashboard(chain(), port=0, switch_interval=None):
        assert sys.getswitchinterval() == before


def test_a_switch_interval_that_somebody_else_set_meanwhile_stays() -> None:
    before = sys.getswitchinterval()
    try:
        with Dashboard(chain(), port=0):
            sys.setswitchinterval(0.01)
        assert sys.getswitchinterval() == pytest.approx(0.01)
    finally:
        sys.setswitchinterval(before)


def test_waiting_ends_when_another_thread_stops() -> None:
    dashboard = Dashboard(chain(), port=0)
    dashboard.wait()
    dashboard.start()
    waiting = threading.Thread(target=dashboard.wait)
    waiting.start()
    dashboard.stop()
    waiting.join(5)
    assert not waiting.is_alive()


def test_listening_to_others_than_this_machine_warns(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), Dashboard(chain(), host="0.0.0.0", port=0) as dashboard:
        assert "anyone who reaches port" in caplog.text
        assert dashboard.url.startswith("http://127.0.0.1:")
        assert get(dashboard, "/jobs")["jobs"] == []
    caplog.clear()
    with Dashboard(chain(), port=0):
        assert caplog.text == ""


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_listens_on_ipv6_too() -> None:
    try:
        dashboard = Dashboard(chain(), host="::1", port=0).start()
    except CannotListen:
        pytest.skip("this machine has no ::1")
    with dashboard:
        assert dashboard.url.startswith("http://[::1]:")
        assert ask(dashboard, "GET", "/api/v1/jobs").status == 200


def test_two_flows_of_one_id_are_told_apart_at_once() -> None:
    dashboard = Dashboard(chain())
    with pytest.raises(ValueError, match="'chain'"):
        dashboard.watch(chain())


def test_thirty_restarts_with_jobs_and_clients_leave_threads_and_descriptors_as_they_were() -> None:
    flow = chain()
    dashboard = Dashboard(flow, port=0)

    def once() -> None:
        with dashboard, live(dashboard) as client:
            job = flow.execute("emitter", {"count": 20})
            assert client.call("subscribe", {"job_id": job.job_id}) is None
            client.wait_for_status(job.job_id, "completed")
            get(dashboard, f"/jobs/{job.job_id}/history")

    def held() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    once()
    before = held()
    for _ in range(30):
        once()
    assert held() == before


def test_a_job_is_not_disturbed_by_stopping() -> None:
    flow, collector = gated()
    with Dashboard(flow, port=0):
        job = flow.start("emitter", {"count": 2})
    collector.gate.set()
    assert JobState.wait_for_completion(flow, job, timeout=10)
    assert job.status == "completed"
