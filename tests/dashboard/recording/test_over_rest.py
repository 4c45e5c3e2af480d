"""Recordings over REST and from the command line: masked values and size limits."""

from __future__ import annotations

import base64
import json
import re
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from routilux import Flow, JobState, Routine
from routilux_dashboard import Dashboard
from routilux_dashboard.recording import jsonl
from routilux_dashboard.recording.html import LEAST
from routilux_dashboard.store import Store
from routilux_dashboard.times import iso_ns
from tests.dashboard.commands import call
from tests.dashboard.peers import ask, get
from tests.dashboard.recording.made_up import JOB_ID, a_run
from tests.waiting import eventually
from tools import frontend

ROOT = Path(__file__).resolve().parents[3]
SECRET = "correct horse battery staple"
PART = re.compile(rb'data-part="(\w+)"[^>]*>([^<]*)<')


class Teller(Routine):
    """Tells a secret under several names."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.tell)
        self.define_event("told", ["user", "password", "api_token"])

    def tell(self) -> None:
        self.emit("told", user="ann", password=SECRET, api_token=SECRET)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Dashboard, str]]:
    """A dashboard that hides passwords, and a job of it that has ended."""
    frontend.build(ROOT)
    flow = Flow("secrets")
    flow.add_routine(Teller(), "teller")
    with Dashboard(flow, port=0, store=tmp_path / "runs.db", mask=["password"]) as dashboard:
        job_state = flow.start("teller")
        assert JobState.wait_for_completion(flow, job_state, timeout=30)
        eventually(lambda: get(dashboard, f"/jobs/{job_state.job_id}")["ended_at"])
        yield dashboard, job_state.job_id


def test_a_mask_applies_to_jobs_in_memory(tmp_path: Path) -> None:
    frontend.build(ROOT)
    flow = Flow("secrets")
    flow.add_routine(Teller(), "teller")
    with Dashboard(flow, port=0, store="none") as dashboard:
        job_state = flow.start("teller")
        assert JobState.wait_for_completion(flow, job_state, timeout=30)
        path = f"/jobs/{job_state.job_id}/recording.html"
        assert SECRET.encode() in unpacked(body_of(dashboard, path))
        assert SECRET.encode() not in unpacked(body_of(dashboard, f"{path}?mask=token&mask=password"))


def test_a_job_that_is_lost_is_lost_in_its_recording(tmp_path: Path) -> None:
    frontend.build(ROOT)
    with Store(str(tmp_path / "runs.db")) as store:
        store.put(list(a_run(30, ended=False)))
    with Dashboard(port=0, store=tmp_path / "runs.db") as dashboard:
        shown = get(dashboard, f"/jobs/{JOB_ID}")
        assert (shown["status"], shown["last_sign"] is None) == ("lost", False)
        began = time.time() * 1000
        page = body_of(dashboard, f"/jobs/{JOB_ID}/recording.html")
        (keyframe,) = (json.loads(part) for name, part in parts_of(page) if name == b"keyframe")
        assert {name: keyframe["job"][name] for name in ("status", "last_sign", "counts", "control")} == {
            name: shown[name] for name in ("status", "last_sign", "counts", "control")
        }
        assert iso_ns(shown["last_sign"]) / 1e6 < began <= keyframe["at"], "since then until it was made"


def test_an_imported_job_is_listed_with_its_figures(tmp_path: Path) -> None:
    with Dashboard(port=0, store=tmp_path / "runs.db") as dashboard:
        taken = ask(
            dashboard, "POST", "/api/v1/recordings", b"".join(jsonl.write(a_run(20_000, 100))),
            {"Content-Type": "application/x-ndjson"},
        )  # fmt: skip
        assert taken.status == 201, taken.body
        assert [job["counts"] for job in get(dashboard, "/jobs")["jobs"]] == [taken.json["counts"]]


def body_of(dashboard: Dashboard, path: str, status: int = 200) -> bytes:
    answer = ask(dashboard, "GET", f"/api/v1{path}")
    assert answer.status == status, answer.body
    return answer.body


def parts_of(page: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, zlib.decompress(base64.b64decode(text), 31)) for name, text in PART.findall(page)]


def unpacked(page: bytes) -> bytes:
    return b"".join(part for _, part in parts_of(page))


@pytest.mark.parametrize("form", ["jsonl", "html"])
def test_a_request_masks_values_besides_those_the_server_masks(form: str, served: tuple[Dashboard, str]) -> None:
    dashboard, job_id = served
    path = f"/jobs/{job_id}/recording.{form}"
    for query in ("", "?mask=token", "?mask=nothing&mask=TOKEN", "?mask=a_,%20en"):
        found = body_of(dashboard, path + query)
        found = unpacked(found) if form == "html" else found
        assert (SECRET.encode() in found) is (not query), query
        assert b'"password":"' + "•••".encode() + b'"' in found


def test_the_export_command_masks_values(served: tuple[Dashboard, str], tmp_path: Path) -> None:
    dashboard, job_id = served
    path = tmp_path / "run.jsonl"
    done = call("export", job_id, "-o", str(path), "--mask", "token", "--mask", "user", "--server", dashboard.url)
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert lines[0]["masked"] == ["password", "token", "user"]
    assert [line["data"] for line in lines if line["type"] == "record" and line["event_name"] == "told"] == [
        {"user": "•••", "password": "•••", "api_token": "•••"}
    ]


@pytest.mark.parametrize(
    "query", [f"limit={LEAST - 1}", "limit=much", f"mask={'x' * 1_001}", "mask=a&" * 101 + "mask=b", "mask="]
)
def test_what_cannot_be_is_refused(query: str, served: tuple[Dashboard, str]) -> None:
    dashboard, job_id = served
    body_of(dashboard, f"/jobs/{job_id}/recording.html?{query}", 400)


def test_a_smaller_file_can_be_requested(served: tuple[Dashboard, str]) -> None:
    dashboard, job_id = served
    page = body_of(dashboard, f"/jobs/{job_id}/recording.html?limit={LEAST}")
    assert b'"limit":%d' % LEAST in unpacked(page)
    assert b"<html" in page
