"""Connections to a server elsewhere: `connect` sends this program's jobs there, and takes commands from there.

    engine threads ──► journals ──► recorder ──put──► outbox ──next──► uplink ──► SocketLink ──► server
                       (bounded)    one thread        bounded,         one thread
                                                      thins
         the engine ◄── CommandRunner ◄── commands ◄── the receiving thread (one a connection)

States of a connection
    connecting ── joined ──► connected ── broken ──► resting (0.2 to 3 s, 15 s if rejected) ──► connecting
    Jobs run on in every state; their segments wait in the outbox until the server has stored them.

States of a job in the outbox
    queued ── "jobs" ──► queried ── "have" says how far the server is ──► open: segments are sent in order
    open ── "kept" n ──► segments up to n are dropped ("taken" only opens the window for more bytes)
    queried ── "have" 0, but the first segment was dropped long ago ──► recorded again from a new first segment
    queried ── "refused" ──► nothing more of the job is queued
    A new connection sets every job back to queued. So each segment is stored exactly once and in order, whatever
    breaks: the server skips numbers that it has and asks for those that it lacks ("again").

When `backlog_bytes` wait, the outbox drops payloads, the oldest first; then rows, which become sums; then it has no
room, and the journals sum up the rest. Counters stay exact throughout.

Locks: `Outbox._lock` and `Uplink._condition`. Each is held for moments, and neither while the other one is taken or the
network is used. The outbox calls back (`wake`, `restart`, `refused`) without its lock. No engine thread takes either.
"""

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
from ..protocol import FlowDefinition
from ..protocol.programs import MAX_NAME, VERSION, Hello
from ..sources.batch_loop import BatchLoop
from .commands import CommandRunner
from .link import websocket_url
from .outbox import Outbox
from .uplink import Uplink

BACKLOG_BYTES = 64 * 1024 * 1024
KEEP_JOBS, KEEP_RECORDS = 50, 100_000
"""How many ended jobs, and records of theirs, stay in memory: they can be run again, and a completed one continue."""
CLOSE_SECONDS = 5.0
log = logging.getLogger("routilux_dashboard")


class ConnectionState(NamedTuple):
    """The state of a `ServerConnection`.

    Attributes:
        connected: whether there is a connection.
        reason: why there is none.
        waiting: segments that wait until the server has stored them.
        waiting_bytes: how much memory they take.
        thinned: how many segments lost payloads, because there was no room.
    """

    connected: bool
    reason: str
    waiting: int
    waiting_bytes: int
    thinned: int


class ServerConnection:
    """Sends this program's jobs to a server elsewhere; made by `connect`."""

    def __init__(
        self,
        url: str,
        *flows: Flow,
        token: str | None = None,
        name: str | None = None,
        backlog_bytes: int = BACKLOG_BYTES,
        mask: Iterable[str] = (),
    ) -> None:
        websocket_url(url)  # raises for an invalid address
        self.url = url
        self._token = token
        self._key = secrets.token_hex(32)
        self._origin = origin_of(name or program_name())
        self._outbox = Outbox(backlog_bytes, self._wake_uplink, self._restart, self._refused)
        self._recorder = BatchLoop(origin=self._origin, mask=Mask(mask), keep_jobs=KEEP_JOBS, keep_records=KEEP_RECORDS)
        self._commands = CommandRunner(self._recorder, self._reply)
        self._uplink = Uplink(url, self._hello, self._outbox, self._definitions, self._commands.received)
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
        """The current state."""
        return ConnectionState(*self._uplink.state, *self._outbox.state)

    def watch(self, flow: Flow) -> None:
        """Send the jobs of `flow` too, including running ones. Raises `ValueError` for a second flow of the same id."""
        self._recorder.watch(flow)

    def url_of_job(self, job_id: str) -> str:
        """The address of a job's page."""
        return f"{self.url.rstrip('/')}/jobs/{job_id}"

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until the server has stored everything that happened until now; False if `timeout` seconds are not
        enough."""
        self._recorder.flush()
        return self._outbox.wait_empty(timeout)

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Send what waits, for at most `timeout` seconds, and close the connection. Running jobs continue."""
        if self._closed or self._process != os.getpid():  # a forked child does not own the connection
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

    # -- called by the parts

    def _why(self) -> str:
        return self._uplink.state.reason or "the timeout was too short"

    def _hello(self) -> Hello:
        return Hello(VERSION, self._key, self._origin, time.time_ns(), self._token)

    def _definitions(self) -> list[FlowDefinition]:
        return [flow.definition() for flow in self._recorder.flows()]

    def _wake_uplink(self) -> None:
        self._uplink.wake()

    def _reply(self, answer: object) -> None:
        self._uplink.reply(answer)  # type: ignore[arg-type]

    def _restart(self, job_id: str) -> None:
        self._recorder.restart(job_id, self._outbox.forget)

    def _refused(self, job_id: str, reason: str) -> None:
        log.warning("%s refused job %s: %s", self.url, job_id, reason)


def connect(
    url: str,
    *flows: Flow,
    token: str | None = None,
    name: str | None = None,
    backlog_bytes: int = BACKLOG_BYTES,
    mask: Iterable[str] = (),
) -> ServerConnection:
    """Send the jobs of `flows` to the server at `url`, and run its commands.

    Returns at once, even if the server can't be reached yet: everything that happens is queued, and sent exactly once
    when it can. The engine never waits for the connection, which has threads of its own.

    Args:
        url: where `routilux serve` (or a `Dashboard`) listens, such as `http://127.0.0.1:5000`.
        flows: their jobs are sent, including those that already run, and the server can start new ones.
        token: required if the server was started with tokens.
        name: this program's name on the pages; by default the script's name.
        backlog_bytes: how much may wait in memory. Beyond it payloads are dropped, the oldest first, then rows;
            counters stay exact.
        mask: a name or names of keys whose values never leave the program, such as "password".

    Raises `ValueError` for an invalid address and for two flows of the same id, `TypeError` for anything but a flow.

    >>> from routilux import Flow
    >>> with connect("http://127.0.0.1:9", Flow("census")) as connection:
    ...     connection.state.connected
    False
    """
    return ServerConnection(url, *flows, token=token, name=name, backlog_bytes=backlog_bytes, mask=mask)


def program_name() -> str:
    """The default name of this program: its script, or its package."""
    script = Path(sys.argv[0] if sys.argv and sys.argv[0] else "python")
    return script.parent.name if script.stem == "__main__" else script.stem


def origin_of(name: str) -> str:
    """The program's name, host and process id."""
    return f"{name} @ {socket.gethostname()}:{os.getpid()}"[:MAX_NAME]
