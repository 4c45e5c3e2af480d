"""`routilux import`: a recording taken into the store of a server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from routilux_dashboard import Dashboard
from routilux_dashboard.recording import jsonl
from tests.dashboard.commands import PROGRAM, StandIn, call, call_on_terminal, problem, says, stand_in
from tests.dashboard.peers import get, live
from tests.dashboard.recording.made_up import JOB_ID, a_run
from tests.waiting import eventually

EMPTY: dict[str, Any] = {"jobs": [], "next": None, "counts": {}}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    path.write_bytes(b"".join(jsonl.write(a_run(3_000, 100))))
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Dashboard]:
    with Dashboard(port=0, store=tmp_path / "runs.db") as running:
        yield running


def test_a_job_is_taken_in_and_is_as_it_was(server: Dashboard, recording: Path) -> None:
    done = call("import", str(recording), "--server", server.url)
    assert (done.code, done.err) == (0, "")
    assert f"Job {JOB_ID} of " in done.out
    assert f"is here now: {server.url}/jobs/{JOB_ID}" in done.out
    assert get(server, f"/jobs/{JOB_ID}")["counts"]["events"] == 3_000
    again = recording.with_name("again.jsonl")
    assert call("export", JOB_ID, "-o", str(again), "--server", server.url).code == 0
    assert again.read_bytes().splitlines()[1:] == recording.read_bytes().splitlines()[1:]


def test_what_was_here_already_is_said_to_be(server: Dashboard, recording: Path) -> None:
    first, second = (call("import", str(recording), "--json", "--server", server.url).json for _ in range(2))
    size = recording.stat().st_size
    assert first == {
        "job_id": JOB_ID, "flow_id": get(server, f"/jobs/{JOB_ID}")["flow_id"], "status": "completed", "new": True,
        "bytes": size,
    }  # fmt: skip
    assert second == {**first, "new": False}
    assert "was here already" in call("import", str(recording), "--server", server.url).out


@pytest.mark.parametrize("piped", [True, False])
def test_a_dash_is_stdin(server: Dashboard, recording: Path, piped: bool) -> None:
    command = [*PROGRAM, "import", "-", "--server", server.url]
    if piped:
        done = subprocess.run(command, input=recording.read_bytes(), capture_output=True, timeout=60, check=False)
    else:
        with recording.open("rb") as file:
            done = subprocess.run(command, stdin=file, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert get(server, f"/jobs/{JOB_ID}")["counts"]["events"] == 3_000


def test_a_list_that_is_open_hears_of_it(server: Dashboard, recording: Path) -> None:
    with live(server) as client:
        client.call("subscribe", {"jobs": True})
        assert call("import", str(recording), "--server", server.url).code == 0

        def told() -> list[Any]:
            lists = [message for name, message in list(client.messages) if name == "jobs" and not message["full"]]
            return [job for message in lists for job in message["jobs"] if job["job_id"] == JOB_ID]

        eventually(told)
        assert told()[0]["counts"] == get(server, f"/jobs/{JOB_ID}")["counts"]
        assert call("import", str(recording), "--server", server.url).code == 0
    assert len(told()) == 1
    assert server._job_table.jobs() == []


@pytest.mark.parametrize("content", [b"", b"this is no recording\n", b"{}\n"])
def test_what_is_no_recording_is_refused_in_a_line(server: Dashboard, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes(content)
    done = call("import", str(path), "--server", server.url)
    assert (done.code, done.out) == (1, "")
    assert "(422)" in done.err
    assert get(server, "/jobs")["jobs"] == []


def test_a_server_without_a_store_says_so(recording: Path) -> None:
    with Dashboard(port=0, store="none") as dashboard:
        done = call("import", str(recording), "--server", dashboard.url)
    assert (done.code, "has none" in done.err) == (1, True)


@pytest.mark.parametrize("name", ["none.jsonl", "", "no\0name"])
def test_a_file_that_cannot_be_read_is_told_before_anything_is_asked(tmp_path: Path, name: str) -> None:
    with stand_in(says(EMPTY)) as (url, asked):
        done = call("import", f"{tmp_path}/{name}", "--server", url)
    assert (done.code, asked) == (2, [])
    assert "cannot be read" in done.err


def test_whoever_may_not_ask_is_told_before_much_is_sent(recording: Path) -> None:
    with stand_in(problem(401, "A token is needed", "Show one.")) as (url, asked):
        done = call("import", str(recording), "--server", url)
    assert (done.code, "ROUTILUX_TOKEN" in done.err) == (1, True)
    assert [method for method, _, _ in asked] == ["GET"]


def test_a_server_that_goes_away_in_between_is_told(recording: Path) -> None:
    def hangs_up(peer: StandIn) -> None:
        peer.close_connection = True

    with stand_in(says(EMPTY), hangs_up) as (url, asked):
        done = call("import", str(recording), "--server", url)
    assert (done.code, done.out) == (4, "")
    assert [method for method, _, _ in asked] == ["GET", "POST"], "what changes something is asked once"


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_on_a_terminal_a_bar_shows_how_far_it_is(server: Dashboard, recording: Path) -> None:
    seen = call_on_terminal("import", str(recording), "--server", server.url, columns=100)
    assert seen.code == 0
    assert "━" in seen.out
    assert "is here now" in seen.out
