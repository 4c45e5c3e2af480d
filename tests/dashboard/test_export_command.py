"""`routilux export`: the file is there as a whole or not at all."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from routilux_dashboard import Dashboard
from tests.dashboard.commands import StandIn, call, call_on_terminal, parts_in, problem, says, stand_in, start
from tests.dashboard.flows import chain
from tests.dashboard.peers import ask, get
from tests.waiting import eventually

JOB = "0123456789-0123456789-0123456789-012"
assert len(JOB) == 36
CONTENT = b"<!doctype html>" + b"x" * 300_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_recording_is_written_to_a_file_named_after_the_job(folder: Path) -> None:
    with stand_in(says(CONTENT)) as (url, asked):
        done = call("export", JOB, "--server", url)
    assert done == (0, f"routilux-01234567.html ({len(CONTENT):,} bytes)\n", "")
    assert (folder / "routilux-01234567.html").read_bytes() == CONTENT
    assert [path for _, path, _ in asked] == [f"/api/v1/jobs/{JOB}/recording.html"]
    assert [path.name for path in folder.iterdir()] == ["routilux-01234567.html"]


@pytest.mark.parametrize(
    ("options", "wanted", "path"),
    [
        (["--format", "jsonl"], "jsonl", "routilux-01234567.jsonl"),
        (["-o", "run.jsonl"], "jsonl", "run.jsonl"),
        (["-o", "run"], "html", "run"),
        (["-o", "run.jsonl", "--format", "html"], "html", "run.jsonl"),
        (["-o", "."], "html", "routilux-01234567.html"),
    ],
)
def test_format_and_place_may_be_said(folder: Path, options: list[str], wanted: str, path: str) -> None:
    with stand_in(says(b"it")) as (url, asked):
        told = call("export", JOB, *options, "--json", "--server", url).json
    assert told == {"job_id": JOB, "format": wanted, "path": path, "bytes": 2}
    assert asked[0][1].endswith(f"recording.{wanted}")
    assert (folder / path).read_bytes() == b"it"


def test_what_is_secret_and_how_large_the_file_may_be_is_asked_of_the_server(folder: Path) -> None:
    with stand_in(says(b"it")) as (url, asked):
        options = ["--mask", "password", "--mask", "api key", "--limit", "5000000"]
        assert call("export", JOB, *options, "--server", url).code == 0
        assert call("export", JOB, "--format", "jsonl", "--limit", "5000000", "--server", url).code == 2
    assert [path for _, path, _ in asked] == [
        f"/api/v1/jobs/{JOB}/recording.html?mask=password%2Capi+key&limit=5000000"
    ]


def test_a_file_that_is_there_is_left_alone_unless_forced(folder: Path) -> None:
    mine = folder / "run.html"
    mine.write_text("mine")
    with stand_in(says(CONTENT)) as (url, asked):
        done = call("export", JOB, "-o", "run.html", "--server", url)
        assert (done.code, done.out) == (2, "")
        assert "--force" in done.err
        assert asked == []
        assert mine.read_text() == "mine"
        assert call("export", JOB, "-o", "run.html", "--force", "--server", url).code == 0
    assert mine.read_bytes() == CONTENT
    assert parts_in(folder) == []


def test_a_file_that_somebody_makes_meanwhile_is_left_alone(folder: Path) -> None:
    mine = folder / "run.html"

    def meanwhile(peer: StandIn) -> None:
        mine.write_text("theirs")
        says(CONTENT)(peer)

    with stand_in(meanwhile) as (url, _):
        assert call("export", JOB, "-o", "run.html", "--server", url).code == 2
    assert mine.read_text() == "theirs"
    assert parts_in(folder) == []


def broken(peer: StandIn) -> None:
    says(CONTENT, Content_Length=str(len(CONTENT) + 1))(peer)


def broken_chunk(peer: StandIn) -> None:
    peer.send_response(200)
    peer.send_header("Transfer-Encoding", "chunked")
    peer.end_headers()
    peer.wfile.write(b"%x\r\n%b\r\n" % (len(CONTENT), CONTENT))


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (broken, 4, "broke before the end"),
        (broken_chunk, 4, "broke before the end"),
        (problem(404, "Unknown job", "There is no such job."), 1, "Unknown job (404)"),
    ],
)
def test_a_recording_that_breaks_off_leaves_nothing(folder: Path, answer: Any, code: int, words: str) -> None:
    old = folder / "run.html"
    old.write_text("old")
    with stand_in(answer) as (url, _):
        done = call("export", JOB, "-o", "run.html", "--force", "--server", url)
        assert done.code == code
        assert words in done.err
        assert call("export", JOB, "-o", "new.html", "--server", url).code == code
    assert old.read_text() == "old"
    assert [path.name for path in folder.iterdir()] == ["run.html"]


def test_a_streamed_recording_without_a_length_is_written(folder: Path) -> None:
    def chunked(peer: StandIn) -> None:
        broken_chunk(peer)
        peer.wfile.write(b"0\r\n\r\n")

    with stand_in(chunked) as (url, _):
        assert call("export", JOB, "--server", url).code == 0
    assert (folder / "routilux-01234567.html").read_bytes() == CONTENT


def test_places_that_cannot_be_written_are_told(folder: Path) -> None:
    with stand_in(says(CONTENT)) as (url, asked):
        done = call("export", JOB, "-o", "no/such/folder/run.html", "--server", url)
        assert (done.code, asked) == (2, [])
        assert "cannot be written" in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="the device that is always full is Linux's")
def test_a_full_disk_is_told() -> None:
    with (
        stand_in(says(CONTENT)) as (url, _),
        Path("/dev/full").open("wb") as full,
        start("export", JOB, "-o", "-", "--server", url, stdout=full, stderr=subprocess.PIPE) as process,
    ):
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"No space left" in err
    assert b"Traceback" not in err


def test_a_dash_is_stdout(folder: Path) -> None:
    with stand_in(says(CONTENT)) as (url, _):
        with start(
            "export", JOB, "-o", "-", "--server", url, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, CONTENT, b"")
        assert call("export", JOB, "-o", "-", "--json", "--server", url).code == 2
    assert list(folder.iterdir()) == []


def test_a_file_has_the_rights_that_files_here_have(folder: Path) -> None:
    (folder / "usual").touch()
    with stand_in(says(CONTENT)) as (url, _):
        call("export", JOB, "-o", "run.html", "--server", url)
    usual, mine = (stat.S_IMODE((folder / name).stat().st_mode) for name in ("usual", "run.html"))
    assert mine == usual


def test_on_a_terminal_a_bar_shows_how_far_it_is(folder: Path) -> None:
    with stand_in(says(CONTENT)) as (url, _):
        seen = call_on_terminal("export", JOB, "--server", url, columns=100)
    assert seen.code == 0
    assert "━" in seen.out
    assert json.dumps("kB") not in seen.out
    assert f"routilux-01234567.html ({len(CONTENT):,} bytes)" in seen.out


def test_names_of_files_are_made_of_harmless_characters(folder: Path) -> None:
    nasty = "../\x1b[2J"
    jobs: dict[str, Any] = {"jobs": [{"job_id": nasty}], "next": None, "counts": {}}
    with stand_in(says(jobs), says(CONTENT)) as (url, _):
        assert call("export", nasty, "--server", url).code == 0
    assert [path.name for path in folder.iterdir()] == ["routilux-_____2J.html"]


def test_ctrl_c_leaves_nothing(folder: Path) -> None:
    going_on = threading.Event()

    def slow(peer: StandIn) -> None:
        peer.send_response(200)
        peer.send_header("Content-Length", "1000000")
        peer.end_headers()
        peer.wfile.write(CONTENT)
        going_on.wait(30)

    with stand_in(slow) as (url, _), start("export", JOB, "--server", url, stderr=subprocess.PIPE) as process:
        eventually(lambda: sum((folder / name).stat().st_size for name in parts_in(folder)) > 0)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        going_on.set()
    assert process.returncode == 1
    assert b"Traceback" not in err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("store", ["none", "store.sqlite"])
def test_what_is_exported_is_the_servers_recording_and_can_be_imported_elsewhere(folder: Path, store: str) -> None:
    flow = chain()
    with Dashboard(flow, port=0, store=store) as dashboard:
        job_state = flow.start("emitter", {"count": 500, "text": "</script>ü"})
        eventually(lambda: get(dashboard, f"/jobs/{job_state.job_id}")["ended_at"])
        for form in ("jsonl", "html"):
            done = call("export", job_state.job_id[:8], "--format", form, "--server", dashboard.url)
            assert done.code == 0, done.err
    lines = [json.loads(line) for line in (folder / f"routilux-{job_state.job_id[:8]}.jsonl").read_bytes().splitlines()]
    assert lines[0]["job_id"] == job_state.job_id
    assert b"<html" in (folder / f"routilux-{job_state.job_id[:8]}.html").read_bytes()[:2000]
    with Dashboard(port=0, store="elsewhere.sqlite") as elsewhere:
        body = (folder / f"routilux-{job_state.job_id[:8]}.jsonl").read_bytes()
        answer = ask(elsewhere, "POST", "/api/v1/recordings", body, {"Content-Type": "application/x-ndjson"})
        assert answer.status == 201, answer.body
        shown = call("show", job_state.job_id[:8], "--json", "--server", elsewhere.url).json
        assert (shown["status"], shown["counts"]["events"]) == ("completed", 500)
        records = call("history", job_state.job_id[:8], "--json", "--limit", "1000", "--server", elsewhere.url).lines
        assert [record["seq"] for record in records] == list(range(1, shown["seq"] + 1))
        then = call("show", job_state.job_id[:8], "--json", "--at", "100", "--server", elsewhere.url).json
        assert (then["seq"], then["status"]) == (100, "running")
