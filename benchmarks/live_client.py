"""A live client that draws nothing: it subscribes to one job, acknowledges every frame and notes its delay.

It runs in a process of its own, as a browser does: `python -m benchmarks.live_client URL JOB_ID`. It prints `ready`
after the first snapshot, and the delays as JSON once its input ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import websocket

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def live_client(url: str, job_id: str) -> Iterator[dict[str, list[float]]]:
    """Run a client subscribed to a job. The dict is filled at exit: seconds of delay of `frames` and `changes`."""
    delays: dict[str, list[float]] = {}
    command = [sys.executable, "-m", "benchmarks.live_client", url, job_id]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"The client got no snapshot of job {job_id}")
        yield delays
        process.stdin.close()
        delays.update(json.loads(process.stdout.readlines()[-1]))


def main(url: str, job_id: str) -> None:
    """Acknowledge frames until the input ends, then print the delays."""
    peer = websocket.create_connection(url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket")
    peer.send_binary(msgspec.msgpack.encode({"type": 0, "nsp": "/live"}))
    _send(peer, "subscribe", {"job_id": job_id})
    frames: list[float] = []
    changes: list[float] = []
    threading.Thread(target=_close_at_end_of_input, args=(peer,), daemon=True).start()
    last_change = None
    try:
        while data := peer.recv():
            now = time.time()
            if data == "2":
                peer.send("3")
            if not isinstance(data, bytes) or (packet := msgspec.msgpack.decode(data))["type"] != 2:
                continue
            name, message = packet["data"]
            _send(peer, "ack", {"job_id": job_id, "frame": message["frame"]})
            since = message["job"]["control"]["since"]
            if name == "frame":
                frames += [now - _seconds(record["timestamp"]) for record in message.get("records", ())]
                changes += [now - _seconds(since)] if since != last_change else []
            else:
                print("ready", flush=True)
            last_change = since
    except (OSError, websocket.WebSocketException):
        pass
    print(json.dumps({"frames": frames, "changes": changes}), flush=True)


def _close_at_end_of_input(peer: websocket.WebSocket) -> None:
    sys.stdin.read()
    peer.close()


def _send(peer: websocket.WebSocket, name: str, message: dict[str, Any]) -> None:
    peer.send_binary(msgspec.msgpack.encode({"type": 2, "nsp": "/live", "data": [name, message]}))


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


if __name__ == "__main__":
    main(*sys.argv[1:])
