"""Servers in processes of their own, whose memory is looked at from outside."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.dashboard.peers import ask, get
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent.parent
IN_THE_PROGRAM = """
import json, sys, threading
from routilux_dashboard import Dashboard
from tests.dashboard.flows import chain
from tests.stress.ticking import ticking
with Dashboard(chain(), ticking(), port=0, **json.loads(sys.argv[1])) as dashboard:
    print("Dashboard:", dashboard.url, flush=True)
    threading.Event().wait()
"""
SENDING = """
import sys, threading
from routilux_dashboard import connect
from tests.dashboard.flows import chain
from tests.stress.ticking import ticking
with connect(sys.argv[1], chain(), ticking()):
    threading.Event().wait()
"""
SERVING = "from routilux_dashboard.cli import main; main()"


class ServerProcess:
    """A server elsewhere on this machine."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid

    def resident_mib(self) -> float:
        """Its memory now."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize() / 2**20

    def settled_mib(self) -> float:
        """The least that it has within half a second, in which what was done last is put away."""
        least, end = self.resident_mib(), time.monotonic() + 0.5
        while time.monotonic() < end:
            time.sleep(0.05)
            least = min(least, self.resident_mib())
        return least

    def run_job(self, records: int, within: float) -> None:
        """A job of `chain` with so many emissions, until it has ended and all of it is stored."""
        path = f"/api/v1/jobs/{self.start_job('chain', {'count': records})}"

        def is_stored() -> bool:
            job = ask(self, "GET", path).json
            return bool(job["ended_at"]) and ask(self, "GET", f"{path}/at?seq={job['seq']}").status == 200

        eventually(is_stored, within=within, what="the job has ended and is stored")

    def start_job(self, flow_id: str, params: dict[str, Any], within: float = 60) -> str:
        """Start a job; its id. On a machine with too much to do its program may be out of reach for a while."""

        def is_started() -> str:
            answer = ask(self, "POST", f"/api/v1/flows/{flow_id}/jobs", {"params": params})
            assert answer.status == 201, answer.body
            return str(answer.json["job_id"])

        return eventually(is_started, within=within, what="the job is started")


@contextmanager
def program(source: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program that runs until the block is left."""
    command = [sys.executable, "-c", source, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def started(process: subprocess.Popen[str]) -> ServerProcess:
    """The server, once it says where it is."""
    assert process.stdout is not None
    word, _, url = process.stdout.readline().strip().partition(": ")
    assert word == "Dashboard", word
    return ServerProcess(url.rstrip("/"), process.pid)


@contextmanager
def in_the_program(**options: Any) -> Iterator[ServerProcess]:
    """A program with a dashboard in it."""
    with program(IN_THE_PROGRAM, json.dumps(options)) as process:
        yield started(process)


@contextmanager
def of_its_own(store: Path) -> Iterator[ServerProcess]:
    """`routilux serve`, and a program that sends to it."""
    with program(SERVING, "serve", "--port", "0", "--store", str(store)) as process:
        server = started(process)
        with program(SENDING, server.url):
            eventually(lambda: len(get(server, "/flows")["flows"]) == 2, within=30, what="the program has joined")
            yield server
