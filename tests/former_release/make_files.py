"""Writes the files that later releases must be able to read: `python -m tests.former_release.make_files FOLDER`.

It uses the public API, REST and the socket only, so it runs with the packages of any release: put their `engine` and
`dashboard` folders into `PYTHONPATH`. The README in this folder says which release wrote the files that are kept.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from routilux import Flow, JobState
from routilux_dashboard import Dashboard, connect
from tests.former_release.flows import OrderLedger, builtin_flow, orders_flow

WAIT = 30.0


def main(folder: str) -> None:
    """Write every file."""
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    write_saved_jobs(path)
    (path / "builtin_flow.json").write_text(json.dumps(builtin_flow().serialize(), indent=1), encoding="utf-8")
    (path / "orders_flow.json").write_text(json.dumps(orders_flow().serialize(), indent=1), encoding="utf-8")
    write_store_and_recordings(path)
    write_wire(path)


def write_saved_jobs(path: Path) -> None:
    """A job that completed, one that is paused with activations in its queue, and one saved while a handler ran."""
    flow = orders_flow()
    ended(flow, flow.start("source")).save(path / "job_completed.json")
    paused = flow.start("source", {"pause": True})
    until(lambda: paused.status == "paused")
    paused.save(path / "job_paused.json")
    flow.cancel(paused)
    OrderLedger.gate.clear()
    OrderLedger.entered.clear()
    running = flow.start("source")
    OrderLedger.entered.wait(WAIT)
    running.save(path / "job_running.json")
    OrderLedger.gate.set()
    ended(flow, running)


def write_store_and_recordings(path: Path) -> None:
    """A store with a completed, a failed, a cancelled and a lost job; two of them as recordings."""
    file = path / "jobs.db"
    flow = orders_flow()
    with Dashboard(flow, port=0, store=file) as dashboard:
        done = ended(flow, flow.start("source", {"count": 100, "seconds": 0.06}))  # long enough for checkpoints
        failed = ended(flow, flow.start("source", {"count": "many"}))
        cancelled = flow.start("source", {"pause": True})
        until(lambda: cancelled.status == "paused")
        flow.cancel(cancelled, reason="no longer needed", by="tests")
        ended(flow, cancelled)
        for job in (done, failed, cancelled):
            until_stored(file, job.job_id, len(job.execution_history))
        jobs = {"completed": done.job_id, "failed": failed.job_id, "cancelled": cancelled.job_id}
        for name in ("completed", "failed"):
            url = f"{dashboard.url}/api/v1/jobs/{jobs[name]}/recording.jsonl"
            with urllib.request.urlopen(url) as answer:
                (path / f"recording_{name}.jsonl.gz").write_bytes(gzip.compress(answer.read(), mtime=0))
    command = [sys.executable, "-m", "tests.former_release.make_files", "--abandon", str(file)]
    jobs["lost"] = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    (path / "store_jobs.json").write_text(json.dumps(jobs, indent=1), encoding="utf-8")
    compact(file)
    (path / "jobs.db.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    file.unlink()


def abandon_job(file: Path) -> None:
    """Start a job and end the process while it runs."""
    flow = orders_flow()
    dashboard = Dashboard(flow, port=0, store=file)
    dashboard.start()
    OrderLedger.gate.clear()
    OrderLedger.entered.clear()
    job = flow.start("source")
    OrderLedger.entered.wait(WAIT)
    until_stored(file, job.job_id, len(job.execution_history))
    print(job.job_id, flush=True)
    os._exit(0)


def write_wire(path: Path) -> None:
    """The messages between a program and a server, of one job from the greeting to its end."""
    flow = orders_flow()
    with Dashboard(port=0, store="none") as dashboard:
        tap = Tap(dashboard.url)
        with connect(tap.url, flow, name="former release") as connection:
            job = ended(flow, flow.start("source", {"seconds": 0.03}))  # long enough for several segments
            assert connection.flush(WAIT)
            until(lambda: any(b"heard" in message for _, message in tap.messages))
        tap.close()
    messages = [{"from": side, "message": message} for side, message in tap.messages]
    blob = msgspec.msgpack.encode({"job_id": job.job_id, "messages": messages})
    (path / "wire.msgpack.gz").write_bytes(gzip.compress(blob, mtime=0))


class Tap:
    """Passes one websocket between a program and its server, and keeps the binary messages of both."""

    def __init__(self, url: str) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self._server = ("127.0.0.1", int(url.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        program, _ = self._listener.accept()
        server = socket.create_connection(self._server)
        for name, source, target in (("program", program, server), ("server", server, program)):
            threading.Thread(target=self._pass, args=(name, source, target), daemon=True).start()

    def _pass(self, name: str, source: socket.socket, target: socket.socket) -> None:
        buffer, open_ = b"", False
        while data := source.recv(65_536):
            buffer += data
            if not open_ and b"\r\n\r\n" in buffer:
                buffer, open_ = buffer.partition(b"\r\n\r\n")[2], True
            while open_ and (frame := read_frame(buffer)):
                code, payload, buffer = frame
                if code == 2:
                    self.messages.append((name, payload))
            target.sendall(data)


def read_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The opcode and payload of the first websocket frame, and what follows it; `None` if it is not there whole."""
    if len(data) < 2:
        return None
    size, start = data[1] & 127, 2
    if size >= 126:
        start = 4 if size == 126 else 10
        if len(data) < start:
            return None
        size = struct.unpack(">H" if size == 126 else ">Q", data[2:start])[0]
    masked = data[1] & 128
    mask = data[start : start + 4] if masked else b"\0\0\0\0"
    start += 4 if masked else 0
    if len(data) < start + size:
        return None
    payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data[start : start + size]))
    return data[0] & 15, payload, data[start + size :]


def ended(flow: Flow, job: JobState) -> JobState:
    """Wait until the job has ended."""
    JobState.wait_for_completion(flow, job, timeout=WAIT)
    return job


def until(condition: Any) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def until_stored(file: Path, job_id: str, records: int) -> None:
    """Wait until so many records of a job are in the store, and its summary."""

    def stored() -> bool:
        with sqlite3.connect(file) as connection:
            found = connection.execute("SELECT seq, n, played FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
        connection.close()
        return found is not None and found[0] >= records and found[1] == found[2]

    until(stored)


def compact(file: Path) -> None:
    """Have everything in the database's one file."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    for left in (f"{file}-wal", f"{file}-shm"):
        Path(left).unlink(missing_ok=True)


if __name__ == "__main__":
    if sys.argv[1] == "--abandon":
        abandon_job(Path(sys.argv[2]))
    main(sys.argv[1])
