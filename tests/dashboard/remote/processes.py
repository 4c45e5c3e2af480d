"""Servers and programs in processes of their own, which a test kills, stops and restarts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.dashboard.commands import PROGRAM

ROOT = Path(__file__).resolve().parents[3]


class ServerProcess:
    """`routilux serve`, always on the same port and store."""

    def __init__(
        self, store: str | Path, *options: str, address: str = "127.0.0.1", prefix: tuple[str, ...] = ()
    ) -> None:
        self.port = free_port()
        options = ("--host", address, *options)
        self._command = [*prefix, *PROGRAM, "serve", "--port", str(self.port), "--store", str(store), *options]
        self._process: subprocess.Popen[str] | None = None
        self.url = f"http://{address}:{self.port}"

    def start(self) -> ServerProcess:
        """Start it, and wait until it serves."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("Dashboard: ")
        return self

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ctrl-C."""
        self._end(signal.SIGINT)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()

    def __enter__(self) -> ServerProcess:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.kill()


class ProgramProcess:
    """A program that sends its jobs: `tests.dashboard.remote.program`, with these arguments."""

    def __init__(self, url: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.dashboard.remote.program", url, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ.copy()
        )
        self.pid = self._process.pid

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def say(self, line: str) -> None:
        """Give it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(30)

    def wait(self, timeout: float = 60) -> int:
        """Let it end by itself; its exit code."""
        return self._process.wait(timeout)

    def close(self) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with closing(pipe):
                pass


@contextmanager
def program(url: str, *arguments: str) -> Iterator[ProgramProcess]:
    """A program that is gone when the block is left."""
    process = ProgramProcess(url, *arguments)
    try:
        yield process
    finally:
        process.close()


def free_port() -> int:
    """A free port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as found:
        port: int = found.getsockname()[1]
        return port
