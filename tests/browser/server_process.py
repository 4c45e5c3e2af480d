"""A server in a process of its own, which a test can freeze, as `routilux demo` starts it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class ServerProcess:
    """A running `routilux demo`; `url` is its job's page."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.url = url
        self._process = process

    def freeze(self) -> None:
        """Stop it from running, as a debugger or a busy machine would; its sockets stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it run again."""
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def demo_process(*arguments: str) -> Iterator[ServerProcess]:
    """`routilux demo`, on a free port, until the block is left."""
    program = "from routilux_dashboard.cli import main; main()"
    command = [sys.executable, "-c", program, "demo", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            word, _, url = process.stdout.readline().strip().partition(": ")
            assert word == "Dashboard"
            yield ServerProcess(process, url)
        finally:
            process.kill()
