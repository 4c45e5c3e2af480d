"""Socket.IO on `/programs`: receive jobs from connected programs. Runs in the server's thread and never blocks.

Messages go to the ingest thread; its replies come back through `Hub.publish`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from socketio.exceptions import ConnectionRefusedError as Refused

from ..jobs.job_table import JobTable
from ..protocol import FlowDefinition
from ..protocol.programs import (
    ASKED_AT_ONCE,
    MAX_NAME,
    MAX_PROGRAM_MESSAGE,
    PROGRAMS,
    VERSION,
    WINDOW,
    Command,
    CommandResult,
    Heartbeat,
    Hello,
)
from ..server.hub import Hub
from ..server.tokens import Tokens
from ..server.websocket_limits import WEBSOCKET
from ..sources.programs import FLOWS_KEPT, Program, Programs
from .holding import Connected
from .segment_ingest import Clerk

LOOK_SECONDS = 0.5
UNREAD = 256
"""Messages queued for a program that does not read before it is disconnected."""
KEY_LENGTH = 32
MOST_PROGRAMS = 500
log = logging.getLogger("routilux_dashboard")
T = TypeVar("T")


class _Improper(Exception):
    """A program sent an invalid message; the text says why."""


class _Peer:
    """A program's connection."""

    def __init__(self, intake: Intake, sid: str, transport_id: str, websocket: Any, program: Program) -> None:
        self.sid = sid
        self.transport_id = transport_id
        self.program = program
        self.under_way = 0
        self.connected = Connected(self)
        self._intake = intake
        self._websocket = websocket

    # -- any thread

    def tell(self, event: str, message: Any) -> None:
        self._intake.publish(partial(self.tell_now, event, message))

    def cut(self, reason: str) -> None:
        self._intake.publish(partial(self._cut, reason))

    # -- the server's thread

    def tell_now(self, event: str, message: Any) -> None:
        if event == "taken":
            self.under_way -= message
        self._intake.emit(self.sid, event, message)

    def _cut(self, reason: str) -> None:
        log.warning("The program %s is cut: %s", self.program.origin, reason)
        self._websocket.cut(reason)


class Intake:
    """Admits programs, validates their messages and checks that they are alive.

    Args:
        server: python-socketio's server.
        tokens: the tokens programs must present, or `None`.
    """

    def __init__(
        self, server: Any, hub: Hub, job_table: JobTable, programs: Programs, clerk: Clerk, tokens: Tokens | None
    ) -> None:
        self._server = server
        self._hub = hub
        self._job_table = job_table
        self._programs = programs
        self._clerk = clerk
        self._tokens = tokens
        self._peers: dict[str, _Peer] = {}
        self._by_key: dict[str, _Peer] = {}
        self._handlers: dict[str, Callable[[_Peer, Any], None]] = {
            "flow": self._flow,
            "jobs": self._jobs,
            "segments": self._segments,
            "beat": self._beat,
            "answer": self._answer,
        }
        clerk.on_kept = self._kept
        server.on("connect", self._joined, namespace=PROGRAMS)
        server.on("disconnect", self._left, namespace=PROGRAMS)
        server.on("*", self._received, namespace=PROGRAMS)

    # -- any thread

    def publish(self, call: Callable[[], object]) -> None:
        self._hub.publish(call)

    def _kept(self, key: str, numbers: dict[str, int]) -> None:
        """Tell a program that these segments are committed."""
        self._hub.publish(lambda: self._tell_kept(key, numbers))

    # -- the server's thread

    def begin(self) -> None:
        """Start checking the programs periodically."""
        self._hub.later(LOOK_SECONDS, self._look)

    def emit(self, sid: str, event: str, message: Any) -> None:
        if sid in self._peers:
            self._server.emit(event, message, namespace=PROGRAMS, to=sid)

    def _tell_kept(self, key: str, numbers: dict[str, int]) -> None:
        peer = self._by_key.get(key)
        if peer is not None:
            self.emit(peer.sid, "kept", numbers)

    def _look(self) -> None:
        self._hub.later(LOOK_SECONDS, self._look)
        for program in self._programs.silent(time.time_ns()):
            program.give_up_orders("is not heard of any more")
            self._clerk.lose(program)
        self._programs.forget([each for each in self._programs.all() if each.lost and not each.connected])
        for peer in list(self._peers.values()):
            socket = self._server.eio.sockets.get(peer.transport_id)
            if socket is not None and socket.queue.qsize() > UNREAD:
                peer.connected.cut("it does not read what it is sent")
        self._clerk.look([peer.connected for peer in self._peers.values()])

    # -- connections

    def _joined(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        """Admit a program, or raise the exception that python-socketio sends as a refusal."""
        greeting = self._greeting(auth)
        key = hashlib.sha256(greeting.key.encode("utf-8", "replace")).hexdigest()
        if len(self._by_key) >= MOST_PROGRAMS and key not in self._by_key:
            raise Refused(f"{MOST_PROGRAMS} programs are connected; more are not taken")
        now_ns = time.time_ns()
        program = self._programs.get_or_create(key, greeting.origin, now_ns)
        program.origin = greeting.origin
        program.ahead_ns = greeting.now_ns - now_ns
        before = self._by_key.get(key)
        if before is not None:
            before.connected.cut("the program has connected anew")
        transport_id = self._server.manager.eio_sid_from_sid(sid, PROGRAMS)
        websocket = environ[WEBSOCKET]
        websocket.allow(MAX_PROGRAM_MESSAGE)
        peer = self._peers[sid] = self._by_key[key] = _Peer(self, sid, transport_id, websocket, program)
        self._programs.joined(program)
        program.connect(lambda order: self._hub.publish(lambda: self._order(peer, order)))
        self._heard(program)

    def _greeting(self, auth: object) -> Hello:
        try:
            greeting = msgspec.convert(auth, Hello)
        except msgspec.ValidationError as error:
            raise Refused(f"The greeting is not understood: {error}") from None
        if greeting.version != VERSION:
            raise Refused(
                f"The program speaks version {greeting.version}, this server {VERSION}: use the same routilux-dashboard"
            )
        if self._tokens is not None and self._tokens.name_of(greeting.token) is None:
            raise Refused(
                "The token is not one of this server's"
                if greeting.token
                else "This server asks programs for a token: connect(url, token=…), or ROUTILUX_TOKEN"
            )
        if len(greeting.key) < KEY_LENGTH or not 0 < len(greeting.origin) <= MAX_NAME:
            raise Refused(f"A key of {KEY_LENGTH} characters and an origin of at most {MAX_NAME} are needed")
        return greeting

    def _left(self, sid: str, _reason: str) -> None:
        peer = self._peers.pop(sid, None)
        if peer is not None and self._by_key.get(peer.program.key) is peer:
            del self._by_key[peer.program.key]
            peer.connected.is_cut = True
            peer.program.disconnect()

    # -- incoming messages

    def _received(self, event: str, sid: str, *arguments: object) -> None:
        peer = self._peers.get(sid)
        if peer is None or peer.connected.is_cut:
            return
        handler = self._handlers.get(event)
        try:
            if handler is None or len(arguments) != 1:
                raise _Improper(f"there is no event {event[:60]!r} with {len(arguments)} arguments")
            handler(peer, arguments[0])
        except _Improper as error:
            peer.connected.cut(str(error))
            return
        self._heard(peer.program)

    def _heard(self, program: Program) -> None:
        program.heard_ns = time.time_ns()
        if program.lost:
            program.lost = False
            self._clerk.find(program)

    def _flow(self, peer: _Peer, message: Any) -> None:
        definition = _as(message, FlowDefinition)
        flows = peer.program.flows
        surplus = len(flows) >= FLOWS_KEPT and definition.flow_id not in flows
        if surplus or not 0 < len(definition.flow_id) <= MAX_NAME:
            raise _Improper(f"a program has at most {FLOWS_KEPT} flows, with ids of at most {MAX_NAME} characters")
        flows[definition.flow_id] = definition

    def _jobs(self, peer: _Peer, message: Any) -> None:
        job_ids = _as(message, list[str])
        if len(job_ids) > ASKED_AT_ONCE:
            raise _Improper(f"{len(job_ids)} jobs are asked for at once; {ASKED_AT_ONCE} may be")
        self._clerk.ask(peer.connected, job_ids)

    def _segments(self, peer: _Peer, message: Any) -> None:
        blobs = _as(message, list[bytes])
        peer.under_way += sum(map(len, blobs))
        if peer.under_way > WINDOW:
            raise _Improper(f"more than {WINDOW} bytes of segments before they were taken")
        self._clerk.take(peer.connected, blobs)

    def _beat(self, peer: _Peer, message: Any) -> None:
        beat = _as(message, Heartbeat)
        peer.program.ahead_ns = beat.now_ns - time.time_ns()
        peer.tell_now("heard", None)

    def _answer(self, peer: _Peer, message: Any) -> None:
        peer.program.answered(_as(message, CommandResult), self._job_table.has)

    def _order(self, peer: _Peer, order: Command) -> None:
        self.emit(peer.sid, "order", order)


def _as(message: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(message, shape)
    except msgspec.ValidationError as error:
        raise _Improper(f"what it sends is not understood: {error}") from None
