"""Sends what waits in the backlog, in one thread: connects, comes back after every break, tells that it lives."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from ..program_protocol import ASKED_AT_ONCE, BEAT_SECONDS, MAX_SEGMENTS, WINDOW, Answer, Beat, Greeting, Have
from ..protocol import FlowDefinition
from .link import ConnectionRejected, NotConnected, SocketLink
from .outbox import Outbox

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0
REJECTED_PAUSE = 15.0
"""Seconds between two attempts, at first and at most; and after the server has refused this program."""
log = logging.getLogger("routilux_dashboard")


class UplinkState(NamedTuple):
    """Whether there is a connection, and why there is none."""

    connected: bool
    reason: str


class Uplink:
    """One thread that sends, and one for each connection that receives.

    `definitions` gives the flows as they are now; `order` is called with each order that comes, by the
    receiving thread. `_condition` guards what both threads share and is held for moments only.
    """

    def __init__(
        self,
        url: str,
        greet: Callable[[], Greeting],
        backlog: Outbox,
        definitions: Callable[[], list[FlowDefinition]],
        order: Callable[[Any], None],
    ) -> None:
        self._url = url
        self._greet = greet
        self._outbox = backlog
        self._definitions = definitions
        self._order = order
        self._condition = threading.Condition()
        self._pending = True
        self._closing = False
        self._link: SocketLink | None = None
        self._broken = ""
        self._rejected = False
        self._under_way = 0
        self._answers: deque[Answer] = deque()
        self._told_flows: dict[str, FlowDefinition] = {}
        self.state = UplinkState(False, "not connected yet")
        self._thread = threading.Thread(target=self._run, name="routilux-uplink", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 8.0) -> None:
        """End the connection and the threads."""
        self._closing = True
        link = self._link
        if link is not None:
            link.close()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def wake(self) -> None:
        """There may be something to send."""
        with self._condition:
            self._pending = True
            self._condition.notify_all()

    def reply(self, answer: Answer) -> None:
        """Answer an order, after what waits to be sent."""
        self._answers.append(answer)
        self.wake()

    # -- the thread

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._closing:
            try:
                self._serve()
                pause = FIRST_PAUSE
            except ConnectionRejected as error:
                self._say(f"{error}")
                pause = REJECTED_PAUSE
            except NotConnected as error:
                pause = FIRST_PAUSE if self.state.connected else min(2 * pause, LONGEST_PAUSE)
                self._say(f"{error}")
            except Exception:
                log.exception("A fault while sending to %s; it is tried again", self._url)
                pause = LONGEST_PAUSE
            self._rest(pause * random.uniform(0.7, 1.3))

    def _say(self, reason: str) -> None:
        if self.state.reason != reason and not self._closing:
            log.warning("Jobs are not sent to %s for now, and are kept until they are: %s", self._url, reason)
        self.state = UplinkState(False, reason)

    def _rest(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._condition:
            self._condition.wait_for(lambda: self._closing, max(0.0, deadline - time.monotonic()))

    def _serve(self) -> None:
        """One connection, from its beginning to its end. Raises what ended it."""
        link = self._link = SocketLink(self._url, self._greet())
        self._broken, self._rejected, self._under_way = "", False, 0
        self._told_flows.clear()
        self._outbox.connection_made()
        reader = threading.Thread(target=self._read, args=(link,), name="routilux-receiver", daemon=True)
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
                link.send("beat", Beat(time.time_ns()))
                self._tell_flows(link)
            self._send_all(link)

    def _error(self) -> NotConnected:
        kind = ConnectionRejected if self._rejected else NotConnected
        return kind(self._broken)

    def _send_all(self, link: SocketLink) -> None:
        while job_ids := self._outbox.to_ask(ASKED_AT_ONCE):
            link.send("jobs", job_ids)
        while self._under_way < WINDOW - MAX_SEGMENTS and (blobs := self._outbox.next(MAX_SEGMENTS)):
            with self._condition:
                self._under_way += sum(map(len, blobs))
            link.send("segments", blobs)
        while self._answers:
            link.send("answer", self._answers.popleft())

    def _tell_flows(self, link: SocketLink) -> None:
        """Send the flows that have changed since they were sent."""
        for definition in self._definitions():
            if self._told_flows.get(definition.flow_id) is not definition:
                self._told_flows[definition.flow_id] = definition
                link.send("flow", definition)

    # -- the receiving thread

    def _read(self, link: SocketLink) -> None:
        try:
            while True:
                self._received(*link.receive())
        except NotConnected as error:
            self._rejected = isinstance(error, ConnectionRejected)
            self._broken = str(error)
        except Exception as error:
            log.exception("A fault with what %s has sent", self._url)
            self._broken = f"what it sends is not understood: {error}"
        link.close()
        self.wake()

    def _received(self, event: str, message: Any) -> None:
        match event:
            case "have":
                self._outbox.have(msgspec.convert(message, Have))
            case "kept":
                self._outbox.kept(msgspec.convert(message, dict[str, int]))
            case "again":
                self._outbox.again(msgspec.convert(message, dict[str, int]))
            case "refused":
                self._outbox.refuse(msgspec.convert(message, dict[str, str]))
            case "taken":
                with self._condition:
                    self._under_way -= msgspec.convert(message, int)
                self.wake()
            case "order":
                self._order(message)
