"""`connect`: this program's jobs on a server elsewhere."""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from routilux import Flow

from ..payloads.mask import Mask
from ..program_protocol import MAX_NAME, VERSION, Greeting
from ..protocol import FlowDefinition
from ..sources.batch_loop import Recorder
from .commands import CommandRunner
from .link import websocket_url
from .outbox import Outbox
from .uplink import Uplink

BACKLOG_BYTES = 64 * 1024 * 1024
KEEP_JOBS, KEEP_RECORDS = 50, 100_000
"""Jobs that have ended, and records of theirs, that stay in memory for "run again" and for what goes on."""
CLOSE_SECONDS = 5.0
log = logging.getLogger("routilux_dashboard")


class ConnectionState(NamedTuple):
    """How a `ServerConnection` is.

    `reason` says why it is not `connected`. `waiting` segments of jobs (`waiting_bytes`) are held until the
    server has them for good; `thinned` of all there were had to leave payloads out.
    """

    connected: bool
    reason: str
    waiting: int
    waiting_bytes: int
    thinned: int


class ServerConnection:
    """This program's jobs, sent to a server elsewhere; made by `connect`, which says more."""

    def __init__(
        self,
        url: str,
        *flows: Flow,
        token: str | None = None,
        name: str | None = None,
        backlog_bytes: int = BACKLOG_BYTES,
        mask: Iterable[str] = (),
    ) -> None:
        websocket_url(url)  # what is no address is told at once
        self.url = url
        self._token = token
        self._key = secrets.token_hex(32)
        self._origin = origin_of(name or program_name())
        self._outbox = Outbox(backlog_bytes, self._wake_uplink, self._begin_again, self._refused)
        self._recorder = Recorder(origin=self._origin, mask=Mask(mask), keep_jobs=KEEP_JOBS, keep_records=KEEP_RECORDS)
        self._commands = CommandRunner(self._recorder, self._reply)
        self._uplink = Uplink(url, self._greet, self._outbox, self._definitions, self._commands.received)
        self._closed = False
        self._process = os.getpid()
        try:
            for flow in flows:
                self._recorder.watch(flow)
        except BaseException:
            self._recorder.release()
            raise
        self._recorder.start(self._outbox)
        self._uplink.start()
        atexit.register(self.close)

    @property
    def state(self) -> ConnectionState:
        """How it is now."""
        return ConnectionState(*self._uplink.state, *self._outbox.state)

    def watch(self, flow: Flow) -> None:
        """Send the jobs of `flow` too, those under way included. Raises `ValueError` for a second flow of its id."""
        self._recorder.watch(flow)

    def url_of_job(self, job_id: str) -> str:
        """Where the page of the job with id `job_id` is."""
        return f"{self.url.rstrip('/')}/jobs/{job_id}"

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until the server has everything that has happened until now, for good; whether it has, within
        `timeout` seconds."""
        self._recorder.take_soon()
        return self._outbox.wait_empty(timeout)

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Send what waits, for at most `timeout` seconds, and end the connection. Jobs under way run on, unseen."""
        if self._closed or self._process != os.getpid():  # a forked child has no part in it
            return
        self._closed = True
        atexit.unregister(self.close)
        self._recorder.stop()
        if not self._outbox.wait_empty(timeout if self._uplink.state.connected else 0.0):
            waiting = self._outbox.state.segments
            log.warning("%d segments of jobs were not sent to %s: %s", waiting, self.url, self._why())
        self._uplink.stop()
        self._commands.stop()
        self._recorder.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # -- what its parts ask of one another

    def _why(self) -> str:
        return self._uplink.state.reason or "there was no time"

    def _greet(self) -> Greeting:
        return Greeting(VERSION, self._key, self._origin, time.time_ns(), self._token)

    def _definitions(self) -> list[FlowDefinition]:
        return [flow.definition() for flow in self._recorder.flows()]

    def _wake_uplink(self) -> None:
        self._uplink.wake()

    def _reply(self, answer: object) -> None:
        self._uplink.reply(answer)  # type: ignore[arg-type]

    def _begin_again(self, job_id: str) -> None:
        self._recorder.begin_again(job_id, self._outbox.forget)

    def _refused(self, job_id: str, reason: str) -> None:
        log.warning("%s does not take job %s: %s", self.url, job_id, reason)


def connect(
    url: str,
    *flows: Flow,
    token: str | None = None,
    name: str | None = None,
    backlog_bytes: int = BACKLOG_BYTES,
    mask: Iterable[str] = (),
) -> ServerConnection:
    """Send the jobs of `flows` to the server at `url`, from threads of its own, and take orders from there.

    Returns at once, also when the server is not there (yet): what happens meanwhile waits, and is sent,
    every entry exactly once, when it is. The engine never waits for it.

    Args:
        url: where `routilux serve` (or a `Dashboard`) listens, such as `http://127.0.0.1:5000`.
        flows: watched from now on; jobs of them that run already are sent too, and new ones can be started there.
        token: what the server asks of programs, when it was given tokens.
        name: what this program is called in the pages; the script's name if unsaid.
        backlog_bytes: what may wait in memory. Beyond it payloads go first, the oldest before the others, then
            rows; counters stay exact.
        mask: names (or one) of keys whose values never leave the program, such as "password".

    Raises `ValueError` for what is no address, and for two flows of one id; `TypeError` for what is no flow.

    >>> from routilux import Flow
    >>> with connect("http://127.0.0.1:9", Flow("census")) as connection:
    ...     connection.state.connected
    False
    """
    return ServerConnection(url, *flows, token=token, name=name, backlog_bytes=backlog_bytes, mask=mask)


def program_name() -> str:
    """What this program is called if nobody says so: its script, or its package."""
    script = Path(sys.argv[0] if sys.argv and sys.argv[0] else "python")
    return script.parent.name if script.stem == "__main__" else script.stem


def origin_of(name: str) -> str:
    """Where this program runs, and what it is called."""
    return f"{name} @ {socket.gethostname()}:{os.getpid()}"[:MAX_NAME]
