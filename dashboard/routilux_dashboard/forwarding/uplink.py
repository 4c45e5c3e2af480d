"""The uplink: one thread that connects, sends the segments in the outbox, and reconnects when the connection breaks."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from ..protocol import FlowDefinition
from ..protocol.programs import (
    ASKED_AT_ONCE,
    BEAT_SECONDS,
    MAX_SEGMENTS,
    WINDOW,
    CommandResult,
    Heartbeat,
    Hello,
    KnownSegments,
)
from .link import ConnectionRejected, NotConnected, SocketLink
from .outbox import Outbox

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0
REJECTED_PAUSE = 15.0
"""Seconds between two attempts, at first and at most; and after the server rejected this program."""
log = logging.getLogger("routilux_dashboard")


class UplinkState(NamedTuple):
    """Whether there is a connection, and if not, why."""

    connected: bool
    reason: str


class Uplink:
    """One thread that sends, and for each connection one that receives.

    `_condition` guards `_pending` and the count of bytes in flight, which both threads change.

    Args:
        hello: makes the first message of a connection.
        definitions: returns the current flows.
        command: called with each command, in the receiving thread.
    """

    def __init__(
        self,
        url: str,
        hello: Callable[[], Hello],
        outbox: Outbox,
        definitions: Callable[[], list[FlowDefinition]],
        command: Callable[[Any], None],
    ) -> None:
        self._url = url
        self._hello = hello
        self._outbox = outbox
        self._definitions = definitions
        self._command = command
        self._condition = threading.Condition()
        self._pending = True
        self._closing = False
        self._link: SocketLink | None = None
        self._broken = ""
        self._rejected = False
        self._in_flight = 0
        self._results: deque[CommandResult] = deque()
        self._sent_flows: dict[str, FlowDefinition] = {}
        self.state = UplinkState(False, "not connected yet")
        self._thread = threading.Thread(target=self._run, name="routilux-uplink", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 8.0) -> None:
        """Close the connection and end the threads."""
        self._closing = True
        link = self._link
        if link is not None:
            link.close()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def wake(self) -> None:
        """There is something to send."""
        with self._condition:
            self._pending = True
            self._condition.notify_all()

    def reply(self, result: CommandResult) -> None:
        """Send the result of a command, after everything that waits."""
        self._results.append(result)
        self.wake()

    # -- the thread

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._closing:
            try:
                self._run_connection()
                pause = FIRST_PAUSE
            except ConnectionRejected as error:
                self._set_disconnected(str(error))
                pause = REJECTED_PAUSE
            except NotConnected as error:
                pause = FIRST_PAUSE if self.state.connected else min(2 * pause, LONGEST_PAUSE)
                self._set_disconnected(str(error))
            except Exception:
                log.exception("A fault while sending to %s; retrying", self._url)
                pause = LONGEST_PAUSE
            self._rest(pause * random.uniform(0.7, 1.3))

    def _set_disconnected(self, reason: str) -> None:
        if self.state.reason != reason and not self._closing:
            log.warning("Not connected to %s; jobs wait in memory until it can be reached: %s", self._url, reason)
        self.state = UplinkState(False, reason)

    def _rest(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._condition:
            self._condition.wait_for(lambda: self._closing, max(0.0, deadline - time.monotonic()))

    def _run_connection(self) -> None:
        """Run one connection until it ends. Raises the reason."""
        link = self._link = SocketLink(self._url, self._hello())
        self._broken, self._rejected, self._in_flight = "", False, 0
        self._sent_flows.clear()
        self._outbox.connection_made()
        reader = threading.Thread(target=self._receive, args=(link,), name="routilux-receiver", daemon=True)
        reader.start()
        try:
            log.info("Connected to %s", self._url)
            self.state = UplinkState(True, "")
            self._send_until_broken(link)
        finally:
            link.close()
            reader.join()
            link.release()
            self._link = None

    def _send_until_broken(self, link: SocketLink) -> None:
        beat_at = 0.0
        while not self._closing:
            with self._condition:
                self._condition.wait_for(lambda: self._pending, max(0.0, beat_at - time.monotonic()))
                self._pending = False
            if self._broken:
                raise self._error()
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + BEAT_SECONDS
                link.send("beat", Heartbeat(time.time_ns()))
                self._send_flows(link)
            self._send_all(link)

    def _error(self) -> NotConnected:
        kind = ConnectionRejected if self._rejected else NotConnected
        return kind(self._broken)

    def _send_all(self, link: SocketLink) -> None:
        while job_ids := self._outbox.to_query(ASKED_AT_ONCE):
            link.send("jobs", job_ids)
        while self._in_flight < WINDOW - MAX_SEGMENTS and (blobs := self._outbox.next(MAX_SEGMENTS)):
            with self._condition:
                self._in_flight += sum(map(len, blobs))
            link.send("segments", blobs)
        while self._results:
            link.send("answer", self._results.popleft())

    def _send_flows(self, link: SocketLink) -> None:
        """Send the flows that changed since they were last sent."""
        for definition in self._definitions():
            if self._sent_flows.get(definition.flow_id) is not definition:
                self._sent_flows[definition.flow_id] = definition
                link.send("flow", definition)

    # -- the receiving thread

    def _receive(self, link: SocketLink) -> None:
        try:
            while True:
                self._received(*link.receive())
        except NotConnected as error:
            self._rejected = isinstance(error, ConnectionRejected)
            self._broken = str(error)
        except Exception as error:
            log.exception("A fault in a message from %s", self._url)
            self._broken = f"it sent an invalid message: {error}"
        link.close()
        self.wake()

    def _received(self, event: str, message: Any) -> None:
        match event:
            case "have":
                self._outbox.have(msgspec.convert(message, KnownSegments))
            case "kept":
                self._outbox.kept(msgspec.convert(message, dict[str, int]))
            case "again":
                self._outbox.again(msgspec.convert(message, dict[str, int]))
            case "refused":
                self._outbox.refuse(msgspec.convert(message, dict[str, str]))
            case "taken":
                with self._condition:
                    self._in_flight -= msgspec.convert(message, int)
                self.wake()
            case "order":
                self._command(message)
