"""Jobs, flows, stores, recordings and messages of a former release can still be read, and its jobs resumed."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import websocket

from routilux import Flow, JobState, builtin_routines
from routilux_dashboard import Dashboard
from routilux_dashboard.protocol import FlowDefinition
from routilux_dashboard.protocol.programs import CommandResult, Heartbeat, Hello, KnownSegments
from routilux_dashboard.segments.segment import Segment
from tests.dashboard.peers import ask, get, websocket_url
from tests.former_release.flows import BAD_ORDER, ORDERS, builtin_flow, orders_flow
from tests.waiting import eventually

FILES = Path(__file__).parent / "release_0_1_0"
TOTALS = {str(number): number * 12.5 for number in range(1, ORDERS + 1) if number != BAD_ORDER}
NAMES = {"order", "priced"}
EVENTS = Counter({("source", "order"): ORDERS, ("pricer", "priced"): ORDERS - 1})


def emitted(job: JobState) -> Counter[tuple[str, str]]:
    counted = Counter((record.routine_id, record.event_name) for record in job.execution_history)
    return Counter({key: counted[key] for key in EVENTS})


def plain(name: str) -> Any:
    return json.loads((FILES / name).read_text(encoding="utf-8"))


# -- saved jobs ----------------------------------------------------------------------------------------------------


def test_a_completed_job_has_its_history_data_log_and_outputs() -> None:
    job = JobState.load(FILES / "job_completed.json")
    assert (job.status, job.flow_id, len(job.execution_history)) == ("completed", "orders", 2 * ORDERS + 2)
    assert emitted(job) == EVENTS
    assert job.get_shared_data("totals") == TOTALS
    assert [entry["booked"] for entry in job.get_shared_log()] == [int(number) for number in TOTALS]
    assert [entry["data"]["total"] for entry in job.output_log] == list(TOTALS.values())
    assert job.get_routine_state("pricer") == {"status": "error_continued", "error": "order 7 has no price"}


@pytest.mark.parametrize(
    ("name", "status", "records"), [("job_paused.json", "paused", ORDERS + 1), ("job_running.json", "running", 41)]
)
def test_a_job_saved_before_its_end_is_resumed_and_completes(name: str, status: str, records: int) -> None:
    job = JobState.load(FILES / name)
    assert (job.status, len(job.execution_history)) == (status, records)
    flow = orders_flow()
    assert flow.resume(job) is job
    assert JobState.wait_for_completion(flow, job, timeout=30)
    assert job.status == "completed"
    assert job.get_shared_data("totals") == TOTALS
    assert emitted(job) == EVENTS
    assert len(job.output_log) == len(TOTALS)


def test_a_paused_job_has_its_activations_and_the_reason_of_its_pause() -> None:
    job = JobState.load(FILES / "job_paused.json")
    assert [(task["slot_routine_id"], task["slot_name"]) for task in job.pending_tasks] == [("pricer", "order")] * 20
    assert [point["reason"] for point in job.pause_points] == ["stock check"]


# -- saved flows ---------------------------------------------------------------------------------------------------


def loaded(name: str) -> Flow:
    flow = Flow()
    flow.deserialize(plain(name))
    return flow


def test_a_flow_with_every_builtin_routine_equals_the_present_one() -> None:
    flow, present = loaded("builtin_flow.json"), builtin_flow()
    assert {type(routine).__name__ for routine in flow.routines.values()} == set(builtin_routines.__all__)
    for routine_id, routine in present.routines.items():
        assert type(flow.routines[routine_id]) is type(routine)
        assert flow.routines[routine_id].config() == routine.config()
    ends = [flow.connection_ends(connection) for connection in flow.connections]
    assert ends == [("transformer", "output", "flattener", "input")]


def test_a_loaded_flow_runs_and_resumes_a_job_of_its_time() -> None:
    flow = loaded("orders_flow.json")
    job = flow.resume(JobState.load(FILES / "job_paused.json"))
    assert JobState.wait_for_completion(flow, job, timeout=30)
    assert (job.status, job.get_shared_data("totals")) == ("completed", TOTALS)


# -- the store -----------------------------------------------------------------------------------------------------


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    """A dashboard on a copy of the store."""
    file = tmp_path / "jobs.db"
    file.write_bytes(gzip.decompress((FILES / "jobs.db.gz").read_bytes()))
    with Dashboard(port=0, store=file) as dashboard:
        yield dashboard


def test_a_store_lists_its_jobs_with_their_statuses_and_the_one_of_a_dead_process_as_lost(dashboard: Dashboard) -> None:
    expected = {job_id: status for status, job_id in plain("store_jobs.json").items()}

    def listed() -> bool:
        return {job["job_id"]: job["status"] for job in get(dashboard, "/jobs")["jobs"]} == expected

    eventually(listed, what="the jobs are listed with their statuses")


def test_a_stored_job_has_its_history_data_log_outputs_and_errors(dashboard: Dashboard) -> None:
    path = f"/jobs/{plain('store_jobs.json')['completed']}"
    job = get(dashboard, path)
    assert (job["status"], job["flow_id"]) == ("completed", "orders")
    history = get(dashboard, f"{path}/history?limit=1000")
    assert (history["total"], len(history["records"])) == (202, 202)
    prices = [record["data"]["price"] for record in history["records"] if record["event_name"] == "order"]
    assert prices == [number * 10 for number in range(1, 101)]
    assert get(dashboard, f"{path}/log")["total"] == get(dashboard, f"{path}/outputs")["total"] == 99
    rest = [(each["routine_id"], each["event_name"]) for each in history["records"] if each["event_name"] not in NAMES]
    assert rest == [("source", "start"), ("pricer", "error_continued"), ("source", "completed")]


def test_a_stored_job_is_shown_as_it_was_at_any_record(dashboard: Dashboard) -> None:
    path = f"/jobs/{plain('store_jobs.json')['completed']}"
    for seq in (1, 50, 101, 202):
        shown = get(dashboard, f"{path}/at?seq={seq}")
        assert shown["seq"] == seq
    figures = get(dashboard, f"{path}/metrics")["routines"]
    assert [figures[name]["completed"] for name in ("source", "pricer", "ledger")] == [1, 99, 99]


# -- recordings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "records"), [("completed", 202), ("failed", 2)])
def test_a_recording_is_imported_and_equals_the_stored_job(name: str, records: int, tmp_path: Path) -> None:
    recording = gzip.decompress((FILES / f"recording_{name}.jsonl.gz").read_bytes())
    job_id = plain("store_jobs.json")[name]
    with Dashboard(port=0, store=tmp_path / "new.db") as dashboard:
        answer = ask(dashboard, "POST", "/api/v1/recordings", recording, {"Content-Type": "application/x-ndjson"})
        assert (answer.status, answer.json["job_id"], answer.json["status"]) == (201, job_id, name)
        assert get(dashboard, f"/jobs/{job_id}/history")["total"] == records


def test_a_recording_of_a_job_that_the_store_of_its_time_has_is_found_identical(dashboard: Dashboard) -> None:
    recording = gzip.decompress((FILES / "recording_completed.jsonl.gz").read_bytes())
    answer = ask(dashboard, "POST", "/api/v1/recordings", recording, {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200


# -- messages of connected programs --------------------------------------------------------------------------------


def wire() -> tuple[str, list[tuple[str, bytes]]]:
    found = msgspec.msgpack.decode(gzip.decompress((FILES / "wire.msgpack.gz").read_bytes()))
    return found["job_id"], [(each["from"], each["message"]) for each in found["messages"]]


def test_every_message_of_a_former_program_and_server_has_its_present_shape() -> None:
    job_id, messages = wire()
    seen: Counter[str] = Counter()
    for side, message in messages:
        packet = msgspec.msgpack.decode(message)
        if packet["type"] == 0:
            if side == "program":
                assert msgspec.convert(packet["data"], Hello).version == 1
            continue
        event, *data = packet["data"]
        seen[event] += 1
        match event:
            case "beat":
                assert msgspec.convert(data[0], Heartbeat).now_ns > 0
            case "flow":
                assert msgspec.convert(data[0], FlowDefinition).flow_id == "orders"
            case "have":
                assert msgspec.convert(data[0], KnownSegments).jobs == {job_id: 0}
            case "answer":
                msgspec.convert(data[0], CommandResult)
            case "segments":
                assert {msgspec.msgpack.decode(each, type=Segment).job_id for each in data[0]} == {job_id}
    assert seen.keys() >= {"beat", "heard", "flow", "jobs", "have", "segments", "taken", "kept"}


def test_a_server_takes_the_job_of_a_former_program(tmp_path: Path) -> None:
    job_id, messages = wire()
    with Dashboard(port=0, store=tmp_path / "new.db") as dashboard:
        peer = websocket.create_connection(websocket_url(dashboard), timeout=20)
        try:
            for side, message in messages:
                packet = msgspec.msgpack.decode(message)
                if side == "server":
                    continue
                if packet["type"] == 0:  # the clock is part of the greeting, and would be years behind one day
                    packet["data"]["now_ns"] = time.time_ns()
                    message = msgspec.msgpack.encode(packet)  # noqa: PLW2901
                peer.send_binary(message)
                if packet["type"] == 0 or packet["data"][0] == "jobs":
                    wait_for_answer(peer, "have" if packet["type"] == 2 else None)
            path = f"/jobs/{job_id}"
            eventually(lambda: ask(dashboard, "GET", f"/api/v1{path}").status == 200, what="the job is shown")
            eventually(lambda: get(dashboard, path)["status"] == "completed", what="the job has ended")
            assert get(dashboard, f"{path}/history")["total"] == 2 * ORDERS + 2
            assert get(dashboard, f"{path}/outputs")["total"] == len(TOTALS)
        finally:
            peer.close()


def wait_for_answer(peer: websocket.WebSocket, event: str | None) -> None:
    """Read until the server has sent the event, or accepted the greeting."""
    while True:
        data = peer.recv()
        if not isinstance(data, bytes):
            continue
        packet = msgspec.msgpack.decode(data)
        if packet["type"] == 0 if event is None else packet["type"] == 2 and packet["data"][0] == event:
            return
