"""`routilux serve`, and `routilux run --dashboard URL`, from the command line."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from routilux_dashboard import Dashboard
from routilux_dashboard.fold.checkpoints import with_figures
from routilux_dashboard.store import Store
from routilux_dashboard.times import SECOND
from tests.dashboard.commands import call, start
from tests.dashboard.peers import ask, get
from tests.dashboard.remote.processes import ServerProcess
from tests.dashboard.store.made_up import MadeUpJob
from tests.waiting import eventually

TARGET = "tests.dashboard.remote.program:paced"
WANTED = ("--param", "count=50", "--param", "rate=100000")


def test_run_sends_its_job_to_a_server_and_ends_when_that_has_all_of_it(tmp_path: Path) -> None:
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server:
        called = call("run", TARGET, *WANTED, "--dashboard", server.url)
        assert called.code == 0, called.err
        word, _, url = called.out.strip().partition(": ")
        assert (word, url.startswith(f"{server.url}/jobs/")) == ("Dashboard", True)
        shown = get(server, f"/jobs/{url.rpartition('/')[2]}")
        assert (shown["status"], shown["counts"]["events"]) == ("completed", 50)


def test_run_takes_its_token_from_the_environment(tmp_path: Path) -> None:
    with Dashboard(port=0, store="none", tokens={"lab": "0123456789abcdef"}) as server:
        called = call("run", TARGET, *WANTED, "--dashboard", server.url, ROUTILUX_TOKEN="0123456789abcdef")
        assert (called.code, len(get(server, "/jobs")["jobs"])) == (0, 1)


def test_run_works_without_the_server_and_reports_unsent_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routilux_dashboard.cli.run.SEND_SECONDS", 0.2)
    called = call("run", TARGET, *WANTED, "--dashboard", "http://127.0.0.1:9")
    assert called.code == 0
    assert "Not all of it was sent" in called.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--dashboard", "ftp://example.org"), "not the address of a server"),
        (("--dashboard", "http://127.0.0.1:9", "--store", "x.db"), "server's own"),
        (("--dashboard", "http://user:secret@127.0.0.1:9"), "not the address of a server"),
        (("--dashboard", "nowhere"), "HOST:PORT"),
    ],
)
def test_an_invalid_dashboard_address_is_a_usage_error(arguments: tuple[str, ...], words: str) -> None:
    called = call("run", TARGET, *WANTED, *arguments)
    assert (called.code, words in called.err) == (2, True), called.err


def test_serve_runs_jobs_of_its_targets_on_request_and_cancels_them_at_its_end(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "jobs.db", TARGET) as server:
        answer = ask(server, "POST", "/api/v1/flows/paced/jobs", {"params": {"count": 100_000, "rate": 100}})
        assert answer.status == 201
        job_id = answer.json["job_id"]
        eventually(lambda: get(server, f"/jobs/{job_id}")["status"] == "running")
        server.stop()
        server.start()
        shown = get(server, f"/jobs/{job_id}")
        assert (shown["status"], shown["control"]["by"]) == ("cancelled", "routilux serve")


def test_serve_takes_options_for_retention(tmp_path: Path) -> None:
    place = tmp_path / "jobs.db"
    with Store(str(place)) as store:
        for number in range(3):
            job = MadeUpJob(f"job-{number}", created_ns=number * SECOND)
            store.import_segments(with_figures(job.segments(10)))
    with ServerProcess(place, "--store-jobs", "2", "--store-days", "none", "--store-gigabytes", "0.5") as server:
        eventually(lambda: [job["job_id"] for job in get(server, "/jobs")["jobs"]] == ["job-2", "job-1"])


def test_sigterm_ends_it_as_ctrl_c_does(tmp_path: Path) -> None:
    process = start("serve", "--port", "0", "--store", str(tmp_path / "jobs.db"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline().startswith(b"Dashboard: http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no.such:flow",), "no.such"),
        (("--store", "mysql://host/db"), "mysql"),
        (("--mask", " "), "empty"),
        (("--store-days", "0"), "above 0"),
        (("--store-jobs", "many"), "'none'"),
        (("--store-gigabytes", "nan"), "above 0"),
        (("--host", "nowhere.invalid"), "no such name"),
    ],
)
def test_invalid_arguments_of_serve_are_usage_errors(arguments: tuple[str, ...], words: str) -> None:
    called = call("serve", "--port", "0", *arguments)
    assert (called.code, words in called.err) == (2, True), called.err


def test_a_mask_hides_values_wherever_the_job_runs(tmp_path: Path) -> None:
    with Dashboard(port=0, store=tmp_path / "jobs.db") as server:
        called = call("run", TARGET, *WANTED, "--mask", "rate", "--dashboard", server.url)
        job_id = called.out.strip().rpartition("/")[2]
        assert get(server, f"/jobs/{job_id}")["params"] == {"count": 50, "rate": "•••"}
