"""Commands to programs elsewhere: they run there, or are refused with the program's reason."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from routilux import Flow, JobState
from routilux_dashboard import Dashboard, connect
from routilux_dashboard.forwarding.connection import ServerConnection
from routilux_dashboard.protocol.programs import CommandResult
from routilux_dashboard.sources import programs
from tests.dashboard import peers
from tests.dashboard.flows import Gated, chain, gated
from tests.dashboard.peers import ask, get, live
from tests.waiting import eventually


def post(server: Dashboard, path: str, body: Any = None) -> peers.Answer:
    return ask(server, "POST", f"/api/v1{path}", body if body is not None else {})


def known(server: Dashboard, job: JobState | str) -> str:
    """The job's id, once the server has it."""
    job_id = job if isinstance(job, str) else job.job_id
    eventually(lambda: ask(server, "GET", f"/api/v1/jobs/{job_id}").status == 200)
    return job_id


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Dashboard]:
    with Dashboard(port=0, store=tmp_path / "jobs.db") as dashboard:
        yield dashboard


@pytest.fixture
def held(server: Dashboard) -> Iterator[tuple[Flow, Gated, ServerConnection]]:
    """A flow of this program whose handler the test holds, sent to the server."""
    flow, gate = gated()
    with connect(server.url, flow, name="held") as connection:
        eventually(lambda: connection.state.connected)
        yield flow, gate, connection
        gate.gate.set()


def test_pause_step_resume_and_cancel_of_a_job_elsewhere(
    server: Dashboard, held: tuple[Flow, Gated, ServerConnection]
) -> None:
    flow, gate, _ = held
    job = flow.start("emitter", {"count": 5})
    assert gate.taken.acquire(timeout=10)
    job_id = known(server, job)
    with live(server) as watcher:
        assert watcher.call("subscribe", {"job_id": job_id}) is None
        answer = post(server, f"/jobs/{job_id}/pause", {"reason": "lunch"})
        assert answer.status == 202, answer.body
        assert job.control.action == "pause"
        assert (job.control.reason, job.control.by) == ("lunch", "dashboard (127.0.0.1)")
        gate.gate.set()
        watcher.wait_for_status(job_id, "paused")
        shown = get(server, f"/jobs/{job_id}")
        assert (shown["control"]["action"], shown["control"]["state"], shown["control"]["kept"]) == (
            "pause",
            "effective",
            4,
        )
        assert post(server, f"/jobs/{job_id}/step").status == 202
        eventually(lambda: get(server, f"/jobs/{job_id}")["routines"]["collector"]["done"] == 2)
        eventually(lambda: get(server, f"/jobs/{job_id}")["status"] == "paused")
        assert post(server, f"/jobs/{job_id}/resume").status == 202
        watcher.wait_for_status(job_id, "completed")
    answer = post(server, f"/jobs/{job_id}/resume")
    assert answer.status == 409
    assert "completed" in answer.json["detail"]
    actions = [(row["action"], row["state"]) for row in get(server, f"/jobs/{job_id}/actions")]
    assert ("pause", "effective") in actions
    assert ("resume", "effective") in actions


def test_the_program_refuses_as_an_engine_here_would(
    server: Dashboard, held: tuple[Flow, Gated, ServerConnection]
) -> None:
    flow, gate, _ = held
    job = flow.start("emitter", {"count": 2})
    assert gate.taken.acquire(timeout=10)
    job_id = known(server, job)
    answer = post(server, f"/jobs/{job_id}/resume")
    assert (answer.status, job.control.refusals["resume"] in answer.json["detail"].lower()) == (409, True)
    assert post(server, f"/jobs/{job_id}/cancel", {"reason": "enough"}).status == 202
    gate.gate.set()
    eventually(lambda: get(server, f"/jobs/{job_id}")["status"] == "cancelled")


def test_a_job_started_elsewhere_is_shown_at_once(
    server: Dashboard, held: tuple[Flow, Gated, ServerConnection]
) -> None:
    held[1].gate.set()
    assert [each["flow_id"] for each in get(server, "/flows")["flows"]] == ["chain"]
    answer = post(server, "/flows/chain/jobs", {"params": {"count": 3}})
    assert answer.status == 201, answer.body
    job_id = answer.json["job_id"]
    assert answer.json["origin"].startswith("held @ ")
    eventually(lambda: get(server, f"/jobs/{job_id}")["status"] == "completed")
    assert get(server, f"/jobs/{job_id}")["counts"]["events"] == 3
    answer = post(server, "/flows/chain/jobs", {"params": {"count": "three"}})
    assert (answer.status, "integer" in answer.json["detail"]) == (422, True)
    answer = post(server, "/flows/chain/jobs", {"entry": "unknown"})
    assert (answer.status, "unknown" in answer.json["detail"]) == (422, True)
    again = post(server, "/flows/chain/jobs", {"again": job_id})
    assert again.status == 201, again.body
    eventually(lambda: get(server, f"/jobs/{again.json['job_id']}")["counts"]["events"] == 3)


def test_again_uses_the_very_objects_of_the_program_that_ran_the_job(server: Dashboard) -> None:
    marker, flow = object(), chain()
    with connect(server.url, flow), connect(server.url, chain()):
        job = flow.execute("emitter", {"count": 1, "text": marker})
        again = post(server, "/flows/chain/jobs", {"again": known(server, job)})
        assert again.status == 201, again.body
        assert again.json["origin"] == get(server, f"/jobs/{job.job_id}")["origin"]
        assert again.json["params"]["text"] == "<object>"


def test_of_two_programs_with_flows_of_one_id_both_are_shown_and_the_newest_starts(server: Dashboard) -> None:
    one, two = chain(), chain()
    with connect(server.url, one, name="older") as older:
        eventually(lambda: older.state.connected and "chain" in [f["flow_id"] for f in get(server, "/flows")["flows"]])
        with connect(server.url, two, name="newer") as newer:
            jobs = [known(server, flow.execute("emitter", {"count": 2})) for flow in (one, two)]
            eventually(lambda: newer.flush(1))
            origins = [get(server, f"/jobs/{job_id}")["origin"].split(" @ ")[0] for job_id in jobs]
            assert origins == ["older", "newer"]
            started = post(server, "/flows/chain/jobs", {"params": {"count": 1}})
            assert started.json["origin"].startswith("newer @ ")
        eventually(lambda: [each.connected for each in server._programs.all()].count(True) == 1)
        started = post(server, "/flows/chain/jobs", {"params": {"count": 1}})
        assert started.json["origin"].startswith("older @ ")
    eventually(lambda: get(server, "/flows")["flows"] == [])


def test_a_disconnected_program_gets_no_commands(server: Dashboard) -> None:
    flow, gate = gated()
    with connect(server.url, flow) as connection:
        job = flow.start("emitter", {"count": 2})
        assert gate.taken.acquire(timeout=10)
        job_id = known(server, job)
        connection.flush()
    eventually(lambda: not server._programs.all()[0].connected)
    answer = post(server, f"/jobs/{job_id}/pause")
    assert (answer.status, "not connected" in answer.json["detail"]) == (409, True)
    answer = post(server, "/flows/chain/jobs", {"again": job_id})
    assert answer.status in (404, 422)
    gate.gate.set()
    assert JobState.wait_for_completion(flow, job, timeout=10)


def test_a_program_that_does_not_answer_delays_no_other_request(
    server: Dashboard, monkeypatch: pytest.MonkeyPatch, held: tuple[Flow, Gated, ServerConnection]
) -> None:
    monkeypatch.setattr(programs, "ANSWER_SECONDS", 0.5)
    flow, gate, connection = held
    job = flow.start("emitter", {"count": 2})
    assert gate.taken.acquire(timeout=10)
    job_id = known(server, job)
    let_go = threading.Event()
    monkeypatch.setattr(
        connection._commands, "_control", lambda order: CommandResult(order.id, text=str(let_go.wait(20)))
    )
    answer = post(server, f"/jobs/{job_id}/pause")
    let_go.set()
    assert (answer.status, "not answered within" in answer.json["detail"]) == (409, True)


def test_a_server_shows_its_own_flows_and_those_of_programs(tmp_path: Path) -> None:
    own, theirs, same = chain(flow_id="own"), chain(flow_id="theirs"), chain(flow_id="own")
    with Dashboard(own, port=0, store="none") as server, connect(server.url, theirs, same) as connection:
        eventually(lambda: {"own", "theirs"} == {flow["flow_id"] for flow in get(server, "/flows")["flows"]})
        started = post(server, "/flows/own/jobs", {"params": {"count": 1}})
        assert started.json["origin"] == server._job_table.origin, "its own flow comes first"
        job = theirs.execute("emitter", {"count": 60})
        assert connection.flush()
        page = get(server, f"/jobs/{known(server, job)}/history?limit=1000")
        assert (page["last"], page["total"]) == (62, 62)
        assert page["records"][-1]["seq"] == 62, "without a store, the newest are in memory"
