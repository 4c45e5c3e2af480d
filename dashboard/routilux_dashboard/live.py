"""Socket.IO on `/live`: who watches what, frames to those who keep up, keyframes to those who fell behind.

Everything here runs in the server's thread, but `wake`. `pump` is the one place from which
frames and keyframes are sent, so their order is that of the monitor's ticks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any, TypeVar

import msgspec
from flask import Flask
from flask_socketio import SocketIO

from .framing import WEBSOCKET
from .guard import MAX_MESSAGE
from .hub import Hub, Signal
from .monitor import Monitor
from .packet import NAMESPACE, MsgspecPacket
from .protocol import Ack, AckReply, LiveError, Subscribe, Unsubscribe
from .subscription import BACKLOG, Client, Subscription

FRAME_SECONDS = 0.05
HEARTBEAT_SECONDS = 1.0
"""How often the pump runs when nothing happens, so that clients see that it lives."""
PING_SECONDS = 4
PING_TIMEOUT = 10
"""A peer of which nothing is heard for the sum of both is gone."""
CALM_SECONDS = 0.5
"""How long the pump goes on at full pace after the last change: messages of the list wait for one another."""
CONNECT_SECONDS = 5.0
"""A websocket that has not joined the namespace by then is cut."""
SETTLE_SECONDS = 1.0
MAX_SUBSCRIPTIONS = 8
JOBS = "jobs"
"""What an `ack` calls the list of jobs."""

log = logging.getLogger("routilux_dashboard.live")
log.setLevel(logging.WARNING)  # python-socketio tells each packet at INFO

S = TypeVar("S", bound=msgspec.Struct)


class _Rejected(Exception):
    """What a client sent cannot be served; the reply says why."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.reply = LiveError(status, title, detail)


class Live:
    """The live half of a running dashboard: `pump` is what its hub runs, `wake` what its monitor calls."""

    def __init__(self, application: Flask, monitor: Monitor, hub: Hub) -> None:
        self._monitor = monitor
        self._hub = hub
        self._clients: dict[str, Client] = {}
        self._woken = True  # what happened before the start is to be told
        self._busy_until = 0.0
        self._ticked = Signal()
        self._ticked_at = 0.0
        self._interval = FRAME_SECONDS
        self._looked_at = 0.0
        self.pumped_at = 0.0
        self._socketio = SocketIO(
            application,
            async_mode=hub.async_mode,
            serializer=MsgspecPacket,
            transports=["websocket"],
            namespaces=[NAMESPACE],
            async_handlers=False,  # in the order of arrival; none of them waits for anything
            cors_allowed_origins=[],  # the gate has checked, and sends no headers for other origins
            max_http_buffer_size=MAX_MESSAGE,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_TIMEOUT,
            monitor_clients=False,  # reading from a silent peer times out by itself
            logger=log,
            engineio_logger=log,
        )
        self._server = self._socketio.server
        hub.adopt(self._server.eio)
        self._listen()

    def _listen(self) -> None:
        # Straight to python-socketio: the request context that Flask-SocketIO makes for each event is not needed here.
        for event, handler in (("subscribe", self._subscribe), ("unsubscribe", self._unsubscribe), ("ack", self._ack)):
            self._server.on(event, partial(self._answer, handler), namespace=NAMESPACE)
        self._server.on("*", self._unknown, namespace=NAMESPACE)
        self._server.on("connect", self._joined, namespace=NAMESPACE)
        self._server.on("disconnect", self._left, namespace=NAMESPACE)
        self._server.eio.on("connect", self._opened)
        self._server.eio.on("message", self._received)

    # -- from any thread

    def wake(self) -> None:
        """Something happened that is to be told at once."""
        if not self._woken:
            self._woken = True
            self._hub.publish(_nothing)

    # -- the pump

    def pump(self) -> float | None:
        """Tick the monitor if it is time, send what is due; return the seconds until the next time."""
        now = time.monotonic()
        if now >= self._ticked_at + self._pause():
            self._tick(now)
        self._send_keyframes(now)
        if now >= self._looked_at + HEARTBEAT_SECONDS:
            self._looked_at = now
            self._cut_laggards(now)
        pause = self._pause()
        return None if pause == inf else max(0.0, self._ticked_at + pause - time.monotonic())

    def settle(self) -> None:
        """Wait until what the engine has announced is in the monitor's figures: a frame's time at most, as a rule."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._woken and (left := deadline - time.monotonic()) > 0:
            self._ticked.wait(left)

    def _pause(self) -> float:
        if self._woken or self._ticked_at < self._busy_until or self._is_something_running():
            return self._interval
        return HEARTBEAT_SECONDS if self._clients else inf

    def _is_something_running(self) -> bool:
        return any(not job.closed and job.job_state.status == "running" for job in self._monitor.jobs())

    def _tick(self, now: float) -> None:
        self._ticked_at = now
        self._woken = False  # before the tick: what comes meanwhile is for the next
        tick = self._monitor.tick()
        if tick.frames or tick.jobs is not None:
            self._busy_until = now + CALM_SECONDS
        for frame in tick.frames:
            self._send("frame", frame, frame.job_id, frame.frame, now)
        if tick.jobs is not None:
            self._send("jobs", tick.jobs, None, 0, now)
        self._interval = max(FRAME_SECONDS, 2 * (time.monotonic() - now))  # at least half of the time is the others'
        self.pumped_at = time.time() * 1000
        self._ticked.fire()

    def _send(self, event: str, message: Any, job_id: str | None, frame: int, now: float) -> None:
        watching = [(client, client.watched[job_id]) for client in self._clients.values() if job_id in client.watched]
        self._emit(
            event,
            message,
            [
                each.sid
                for each, subscription in watching
                if subscription.offer(frame, now, clogged=self._clogged(each))
            ],
        )

    def _send_keyframes(self, now: float) -> None:
        due: dict[str | None, list[tuple[Client, Subscription]]] = {}
        for client in self._clients.values():
            for job_id, subscription in client.watched.items():
                if subscription.wants_keyframe and not self._clogged(client):
                    due.setdefault(job_id, []).append((client, subscription))
        for job_id, watching in due.items():
            self._send_keyframe(job_id, watching, now)

    def _send_keyframe(self, job_id: str | None, watching: list[tuple[Client, Subscription]], now: float) -> None:
        sids = [client.sid for client, _ in watching]
        frame = 0
        if job_id is None:
            self._emit("jobs", self._monitor.jobs_full(), sids)
        else:
            try:
                keyframe = self._monitor.job(job_id).keyframe()
            except KeyError:  # dropped meanwhile; the list of jobs says so
                for client, _ in watching:
                    client.watched.pop(job_id, None)
                return
            frame = keyframe.frame
            self._emit("keyframe", keyframe, sids)
        for _, subscription in watching:
            subscription.restart(frame, now)

    def _emit(self, event: str, message: Any, sids: list[str]) -> None:
        if sids:  # one call, so that the message is encoded once for all of them
            self._socketio.emit(event, message, namespace=NAMESPACE, to=sids)

    # -- clients that do not keep up

    def _backlog(self, client: Client) -> int:
        socket = self._server.eio.sockets.get(client.transport_id)
        return 0 if socket is None else int(socket.queue.qsize())

    def _clogged(self, client: Client) -> bool:
        return self._backlog(client) >= BACKLOG

    def _cut_laggards(self, now: float) -> None:
        for client in list(self._clients.values()):
            fault = client.fault(now, self._backlog(client))
            if fault is not None:
                log.warning("A client of the dashboard is cut: %s", fault)
                client.websocket.cut(fault)

    # -- connections

    def _opened(self, transport_id: str, environ: dict[str, Any]) -> None:
        self._server._handle_eio_connect(transport_id, environ)
        self._hub.later(CONNECT_SECONDS, partial(self._cut_unless_joined, transport_id))

    def _cut_unless_joined(self, transport_id: str) -> None:
        environ = self._server.environ.get(transport_id, {})
        if WEBSOCKET in environ and self._server.manager.sid_from_eio_sid(transport_id, NAMESPACE) is None:
            environ[WEBSOCKET].cut(f"it has not joined {NAMESPACE}")

    def _joined(self, sid: str, environ: dict[str, Any], _auth: object = None) -> None:
        transport_id = self._server.manager.eio_sid_from_sid(sid, NAMESPACE)
        self._clients[sid] = Client(sid, transport_id, environ[WEBSOCKET])
        self._hub.publish(_nothing)

    def _left(self, sid: str, _reason: str) -> None:
        client = self._clients.pop(sid, None)
        if client is not None:
            self._hub.later(CONNECT_SECONDS, partial(self._cut_unless_joined, client.transport_id))

    def _received(self, transport_id: str, data: object) -> None:
        try:
            self._server._handle_eio_message(transport_id, data)
        except (ValueError, TypeError, LookupError) as error:
            log.info("A client of the dashboard is cut: %s", error)
            environ = self._server.environ.get(transport_id, {})
            if WEBSOCKET in environ:
                environ[WEBSOCKET].cut(f"malformed: {error}")

    # -- events

    def _answer(self, handler: Callable[[Client, Any], Any], sid: str, *arguments: object) -> Any:
        client = self._clients.get(sid)
        try:
            if client is None or len(arguments) != 1:
                raise _Rejected(422, "One object expected", f"{len(arguments)} arguments came; send one object.")
            return handler(client, arguments[0])
        except _Rejected as rejected:
            return rejected.reply

    def _unknown(self, event: str, _sid: str, *_: object) -> LiveError:
        known = "subscribe, unsubscribe and ack"
        return LiveError(404, "Unknown event", f"There is no event {event[:200]!r}; there are {known}.")

    def _subscribe(self, client: Client, message: object) -> tuple[None]:
        wanted = _read(message, Subscribe)
        job_id = _watched(wanted.job_id, jobs=wanted.jobs)
        if job_id is not None:
            self._find(job_id)
        if job_id not in client.watched and len(client.watched) >= MAX_SUBSCRIPTIONS:
            raise _Rejected(429, "Too many subscriptions", f"A client watches {MAX_SUBSCRIPTIONS} things at most.")
        client.watched.setdefault(job_id, Subscription()).begin_again()
        self._hub.publish(_nothing)
        return (None,)

    def _find(self, job_id: str) -> None:
        """Raise unless there is such a job."""
        self.settle()  # it may have started a moment ago
        try:
            self._monitor.job(job_id)
        except KeyError:
            raise _Rejected(
                404, "Unknown job", f"There is no job {job_id[:200]!r}; it may have been dropped."
            ) from None

    def _unsubscribe(self, client: Client, message: object) -> tuple[None]:
        unwanted = _read(message, Unsubscribe)
        client.watched.pop(_watched(unwanted.job_id, jobs=unwanted.jobs), None)
        return (None,)

    def _ack(self, client: Client, message: object) -> AckReply:
        ack = _read(message, Ack)
        if ack.job_id is not None:
            subscription = client.watched.get(None if ack.job_id == JOBS else ack.job_id)
            if subscription is not None:
                # Messages of the list have no numbers: an acknowledgement is for all that were sent.
                subscription.acknowledge(None if ack.job_id == JOBS else ack.frame)
                if subscription.wants_keyframe:
                    self._hub.publish(_nothing)
        return AckReply(time.time() * 1000, self.pumped_at)


def _read(message: object, shape: type[S]) -> S:
    try:
        return msgspec.convert(message, shape)
    except msgspec.ValidationError as error:
        raise _Rejected(422, f"Not a {shape.__name__}", f"{error}. See routilux_dashboard/protocol.py.") from None


def _watched(job_id: str | None, *, jobs: bool) -> str | None:
    if jobs == (job_id is not None):
        raise _Rejected(422, "One thing to watch expected", 'Send either {"job_id": "…"} or {"jobs": true}.')
    return job_id


def _nothing() -> None:
    """What is published to have the pump run."""
