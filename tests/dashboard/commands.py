"""Commands that ask a server: called as a person or a program calls them, and a server that answers as a test says."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from routilux_dashboard.cli import main

PROGRAM = [sys.executable, "-W", "error", "-c", "from routilux_dashboard.cli import main; main()"]


class Called(NamedTuple):
    """What a command has said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one line of JSON."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[Any]:
        """Its lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def call(*arguments: str, **environment: str) -> Called:
    """Call `routilux …` in this process, without a terminal."""
    known = {
        "ROUTILUX_SERVER": None,
        "ROUTILUX_TOKEN": None,
        "COLUMNS": None,
        "FORCE_COLOR": None,
        "TTY_COMPATIBLE": None,
    }
    done = CliRunner(env={**known, **environment}).invoke(main, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Called(done.exit_code, done.stdout, done.stderr)


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Call it in a process of its own."""
    return subprocess.Popen([*PROGRAM, *arguments], stdin=subprocess.DEVNULL, **options)


def call_on_terminal(
    *arguments: str, columns: int = 80, on_sight: Callable[[str], object] = lambda seen: None
) -> Called:
    """Call it in a process whose output is a terminal of so many columns, and see everything that arrives there.

    `on_sight` is told what has arrived so far, whenever something does.
    """
    ours, theirs = pty.openpty()
    known = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    size = {"COLUMNS": str(columns), "LINES": "50", "TERM": "xterm-256color"}
    with start(*arguments, stdout=theirs, stderr=theirs, env={**known, **size}) as process:
        os.close(theirs)
        seen = bytearray()
        try:
            while part := os.read(ours, 65536):
                seen += part
                on_sight(seen.decode(errors="replace"))
        except OSError:  # the other side is closed
            pass
        finally:
            os.close(ours)
    return Called(process.returncode, seen.decode(), "")


# -- a server that is not as it should be

Answer = Callable[["StandIn"], None]


class StandIn(BaseHTTPRequestHandler):
    """Answers each request with the next thing that the test has prepared, the last one again and again."""

    answers: list[Answer]
    asked: list[tuple[str, str, Mapping[str, str]]]
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        self.asked.append((self.command, self.path, dict(self.headers)))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.close_connection = True
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(self)

    do_GET = do_POST = handle_any

    def log_message(self, format: str, *args: Any) -> None:
        pass


def says(
    body: bytes | dict[str, Any], status: int = 200, content_type: str = "application/json", **headers: str
) -> Answer:
    """An answer; `Content_Length` may be told wrongly."""

    def answer(peer: StandIn) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        peer.send_response(status)
        known = {"Content_Type": content_type, "Content_Length": str(len(content)), **headers}
        for name, text in known.items():
            peer.send_header(name.replace("_", "-"), text)
        peer.send_header("Connection", "close")  # or the client sends its next request into a socket being closed
        peer.end_headers()
        peer.wfile.write(content)

    return answer


def problem(status: int, title: str, detail: str) -> Answer:
    """An answer as the dashboard refuses."""
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return says(told, status, "application/problem+json")


@contextmanager
def stand_in(*answers: Answer) -> Iterator[tuple[str, list[tuple[str, str, Mapping[str, str]]]]]:
    """A server of such answers: where it is, and what it has been asked."""
    asked: list[tuple[str, str, Mapping[str, str]]] = []
    kind = type("ThisStandIn", (StandIn,), {"answers": list(answers), "asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def parts_in(folder: Path) -> list[str]:
    """Unfinished files."""
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]
