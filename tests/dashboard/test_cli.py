"""The command line, as a person runs it: in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import eventually

PROGRAM = """
import os
from routilux import ErrorHandler, Flow, Routine

class Work(Routine):
    def __init__(self):
        super().__init__()
        self.define_slot("trigger", handler=self.go)
    def go(self, how="well", seconds=0.0):
        context = self.get_execution_context()
        os.write(1, f"working {how}\\n".encode())  # whole, though others write too
        context.sleep(seconds)
        if how == "badly":
            raise ValueError("no good")
        if how == "cancelled":
            context.flow.cancel(context.job_state, wait=False)
        if how == "paused":
            context.flow.pause(context.job_state, wait=False)

flow = Flow("work")
flow.add_routine(Work(), "work")
two = Flow("two")
two.add_routine(Work(), "a")
two.add_routine(Work(), "b")
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return str(path)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-c", "from routilux_dashboard.cli import main; main()", *arguments]


def routilux(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on until the test ends it."""
    with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


# -- run


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ([], 0, "completed"),
        (["--param", 'how="badly"'], 1, "failed (2 records): work: no good"),
        (["--param", 'how="cancelled"'], 3, "cancelled"),
        (["--param", 'how="paused"'], 1, "paused itself"),
    ],
)
def test_the_exit_code_says_how_the_job_ended(program: str, params: list[str], code: int, words: str) -> None:
    done = routilux("run", f"{program}:flow", *(params or ["--param", "seconds=0"]))
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert "working" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere:flow"], "No module named 'nowhere'"),
        (["{program}:nothing"], "'flow'"),
        (["{program}:two"], "'a', 'b'"),
        (["{program}:flow", "--entry", "x"], "no entry 'x'"),
        (["{program}:flow", "--param", "seconds"], "KEY=JSON"),
        (["{program}:flow", "--param", "how=text"], "not JSON"),
        (["{program}:flow", "--param", "hwo=1"], "'hwo'"),
        (["{program}:flow", "--dashboard", "everywhere"], "HOST:PORT"),
        (["{program}:flow", "--dashboard", "127.0.0.1:99999"], "HOST:PORT"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_is_told_in_a_line_and_exits_with_2(program: str, arguments: list[str], words: str) -> None:
    done = routilux("run", *(text.format(program=program) for text in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "working" not in done.stdout


def test_a_busy_port_is_told_in_a_line_and_exits_with_2(program: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, another in (
            (["run", f"{program}:flow", "--dashboard", f"127.0.0.1:{port}"], "(--dashboard 127.0.0.1:N)"),
            (["demo", "--port", str(port)], "(--port N; make demo PORT=N)"),
            (["serve", "--port", str(port)], "(--port N)"),
        ):
            done = routilux(*arguments)
            assert done.returncode == 2
            assert "in use" in done.stderr
            assert done.stderr.endswith(f"{another}\n")
            assert len(done.stderr.splitlines()) == 1


def test_a_host_that_is_none_is_told_without_a_word_of_ports() -> None:
    done = routilux("serve", "--host", "203.0.113.1", "--port", "0")
    assert (done.returncode, "no such address" in done.stderr, "--port" in done.stderr) == (2, True, False)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_the_job_and_exits_with_3(program: str, how: signal.Signals) -> None:
    with running("run", f"{program}:flow", "--param", "seconds=60") as process:
        assert line(process).startswith("working")
        process.send_signal(how)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "cancelled" in err
    assert "Traceback" not in err


def test_a_run_can_be_watched_and_steered(program: str) -> None:
    with running("run", f"{program}:flow", "--param", "seconds=60", "--dashboard", "127.0.0.1:0") as process:
        lines = {line(process), line(process)}
        url = next(text.removeprefix("Dashboard: ") for text in lines if text.startswith("Dashboard: "))
        base, _, job_id = url.rpartition("/jobs/")
        api = f"{base}/api/v1/jobs/{job_id}"
        assert fetch(api)["status"] == "running"
        urllib.request.urlopen(urllib.request.Request(f"{api}/cancel", method="POST"), timeout=10).close()
        process.communicate(timeout=20)
    assert process.returncode == 3


# -- demo


def test_the_demo_prints_where_it_is_once_it_can_be_opened_and_ends_cleanly_on_ctrl_c() -> None:
    with running("demo", "--port", "0", "--pace", "0.05") as process:
        url = line(process).removeprefix("Dashboard: ")
        assert line(process) == "Press Ctrl-C to stop."
        base, _, job_id = url.rpartition("/jobs/")
        job = eventually(lambda: (j := fetch(f"{base}/api/v1/jobs/{job_id}"))["counts"]["events"] > 10 and j)
        assert job["flow_id"] == "stdlib-census"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_demos_are_listed() -> None:
    done = routilux("demo", "--list")
    assert done.returncode == 0
    assert done.stdout.startswith("stdlib-census ")


def test_an_unknown_demo_is_told_with_those_there_are() -> None:
    done = routilux("demo", "nothing")
    assert done.returncode == 2
    assert "'nothing'" in done.stderr
    assert "stdlib-census" in done.stderr


def test_help_and_version_are_there() -> None:
    assert "demo" in routilux("--help").stdout
    assert "KEY=JSON" in routilux("run", "--help").stdout
    assert routilux("--version").stdout.startswith("routilux, version ")
