"""Socket.IO on `/live`: subscriptions, frames for clients that keep up, and keyframes for those that fell behind.

Everything here except `wake` runs in the server's thread. Only `pump` sends frames and keyframes, so they go out in
the order of the job table's ticks.
"""

from __future__ import annotations

import contextlib
import logging
import time
from functools import partial
from math import inf
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from ..jobs.job_table import JobTable
from ..protocol import Dropped, LiveError
from ..protocol.programs import MAX_PROGRAM_MESSAGE
from ..server.hub import Hub, NotAnswered, Signal
from ..server.packet import NAMESPACE, NAMESPACES, MsgspecPacket
from ..server.websocket_limits import WEBSOCKET
from ..store import StoreFailed
from .delivery import BACKLOG, Client, Subscription
from .requests import Desk, unknown_job

FRAME_SECONDS = 0.05
HEARTBEAT_SECONDS = 1.0
"""How often the pump runs when nothing happens, so that clients can tell it is alive."""
PING_SECONDS = 4
PING_TIMEOUT = 10
"""A peer that stays silent for the sum of `PING_SECONDS` and this is disconnected."""
CALM_SECONDS = 0.5
"""How long the pump keeps its full rate after the last change: updates of the job list are batched."""
CONNECT_SECONDS = 5.0
"""A websocket that has not joined a namespace by then is disconnected."""
SETTLE_SECONDS = 1.0
NO_PICTURE = LiveError(500, "No picture", "This job cannot be shown; the server's log says why.")

log = logging.getLogger("routilux_dashboard.live")
log.setLevel(logging.WARNING)  # python-socketio logs every packet at INFO
log.addFilter(lambda record: record.msg != "%s is not connected to namespace %s")  # disconnected, still sending


class Live:
    """The live half of a running dashboard: the hub runs `pump`, and the job table calls `wake`."""

    def __init__(self, application: Flask, job_table: JobTable, hub: Hub) -> None:
        self._job_table = job_table
        self._hub = hub
        self._clients: dict[str, Client] = {}
        self._desk = Desk(job_table, lambda: self.pumped_at)
        self._woken = True  # report what happened before the start
        self._told_at = 0.0
        self._ticked = Signal()
        self._ticked_at = 0.0
        self._interval = FRAME_SECONDS
        self._looked_at = 0.0
        self.pumped_at = 0.0
        self.frames = 0
        """Frames made so far, with or without subscribers."""
        self._socketio = SocketIO(
            application,
            async_mode=hub.async_mode,
            serializer=MsgspecPacket,
            transports=["websocket"],
            namespaces=list(NAMESPACES),
            async_handlers=False,  # handle events in the order of arrival; no handler blocks
            cors_allowed_origins=[],  # the gate has checked the origin, and sends no CORS headers
            max_http_buffer_size=MAX_PROGRAM_MESSAGE,  # browsers get a much lower limit: `websocket_limits`
            ping_interval=PING_SECONDS,
            ping_timeout=PING_TIMEOUT,
            monitor_clients=False,  # reads from a silent peer time out anyway
            logger=log,
            engineio_logger=log,
        )
        self._server = self._socketio.server
        hub.adopt(self._server.eio)
        self._listen()

    def _listen(self) -> None:
        # Register with python-socketio directly: the request context that Flask-SocketIO makes per event isn't needed.
        self._server.on("*", self._asked, namespace=NAMESPACE)
        self._server.on("connect", self._joined, namespace=NAMESPACE)
        self._server.on("disconnect", self._left, namespace=NAMESPACE)
        self._server.eio.on("connect", self._opened)
        self._server.eio.on("message", self._received)

    @property
    def clients(self) -> int:
        """The number of connected browsers."""
        return len(self._clients)

    @property
    def server(self) -> Any:
        """python-socketio's server, for other namespaces."""
        return self._server

    # -- from any thread

    def wake(self) -> None:
        """Have the pump report a change at once."""
        if not self._woken:
            self._woken = True
            self._hub.publish(_nothing)

    # -- the pump

    def pump(self) -> float | None:
        """Tick if one is due, send changes and keyframes, and return the seconds until the next tick."""
        now = time.monotonic()
        if now >= self._due_at():
            self._tick(now)
        self._send_keyframes(now)
        if now >= self._looked_at + HEARTBEAT_SECONDS:
            self._looked_at = now
            self._cut_laggards(now)
        due = self._due_at()
        return None if due == inf else max(0.0, due - time.monotonic())

    def farewell(self) -> None:
        """Send the final changes before the server stops."""
        now = time.monotonic()
        self._tick(now)
        for client in self._clients.values():
            if None in client.watched:
                client.watched[None].begin_again()  # deltas of the list are batched; a keyframe is not
        self._send_keyframes(now)

    def settle(self) -> None:
        """Wait until the job table has processed the changes announced so far: usually one frame interval at most."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._woken and (left := deadline - time.monotonic()) > 0:
            self._ticked.wait(left)

    def _due_at(self) -> float:
        """When the next tick is due: at once after a change, but at most 20 times a second."""
        if self._woken:
            return self._told_at + self._interval
        if self._told_at + CALM_SECONDS > self._ticked_at or self._is_something_running():
            return self._ticked_at + self._interval
        return self._ticked_at + HEARTBEAT_SECONDS if self._clients else inf

    def _is_something_running(self) -> bool:
        return any(not job.is_final and job.summary.status == "running" for job in self._job_table.jobs())

    def _tick(self, now: float) -> None:
        began = time.thread_time()
        self._ticked_at = now
        self._woken = False  # before the tick: a change during it belongs to the next
        tick = self._job_table.tick()
        if tick.frames or tick.jobs is not None:
            self._told_at = now
        self.frames += len(tick.frames)
        for frame in tick.frames:
            self._send("frame", frame, frame.job_id, frame.frame, now)
        if tick.jobs is not None:
            self._send("jobs", tick.jobs, None, 0, now)
            for job_id in tick.jobs.removed if self._job_table.archive is None else ():  # else the store has it
                self._drop(job_id, self._watching(job_id), unknown_job(job_id))
        self._interval = max(FRAME_SECONDS, 2 * (time.thread_time() - began))  # leave others half the CPU time
        self.pumped_at = time.time() * 1000
        self._ticked.fire()

    def _send(self, event: str, message: Any, job_id: str | None, frame: int, now: float) -> None:
        watching = self._watching(job_id)
        ready = [each.sid for each, watch in watching if watch.offer(frame, now, clogged=self._clogged(each))]
        self._emit(event, message, ready)

    def _send_keyframes(self, now: float) -> None:
        due: dict[str | None, list[tuple[Client, Subscription]]] = {}
        for client in self._clients.values():
            for job_id, subscription in client.watched.items():
                if subscription.wants_keyframe and not self._clogged(client):
                    due.setdefault(job_id, []).append((client, subscription))
        for job_id, watching in due.items():
            self._send_keyframe(job_id, watching, now)

    def _send_keyframe(self, job_id: str | None, watching: list[tuple[Client, Subscription]], now: float) -> None:
        try:
            event, message, frame = self._everything(job_id)
        except KeyError:
            self._drop(job_id, watching, unknown_job(str(job_id)))
            return
        except Exception:
            log.exception("No keyframe of job %s could be made; who watches it is told nothing more of it", job_id)
            self._drop(job_id, watching, NO_PICTURE)
            return
        self._emit(event, message, [client.sid for client, _ in watching])
        for _, subscription in watching:
            subscription.restart(frame, now)

    def _drop(self, job_id: str | None, watching: list[tuple[Client, Subscription]], why: LiveError) -> None:
        """End the given subscriptions to a job and tell the clients why."""
        for client, _ in watching:
            client.watched.pop(job_id, None)
        if job_id is not None:
            dropped = Dropped(job_id, why.status, why.title, why.detail)
            self._emit("dropped", dropped, [client.sid for client, _ in watching])

    def _watching(self, job_id: str | None) -> list[tuple[Client, Subscription]]:
        return [(each, each.watched[job_id]) for each in self._clients.values() if job_id in each.watched]

    def _everything(self, job_id: str | None) -> tuple[str, Any, int]:
        """The full state of a job, or of the list: the event, its message and the frame number."""
        if job_id is None:
            return "jobs", self._job_table.jobs_full(), 0
        keyframe = self._job_table.job(job_id).keyframe()
        return "keyframe", keyframe, keyframe.frame

    def _emit(self, event: str, message: Any, sids: list[str]) -> None:
        if sids:  # one call, so that the message is encoded once for all clients
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

    # -- requests from clients

    def _asked(self, event: str, sid: str, *arguments: object) -> Any:
        client = self._clients.get(sid)
        if client is None:
            return None
        if event == "subscribe":
            self.settle()  # the job may have only just started
            self._look_for(arguments)
        reply = self._desk.answer(client, event, arguments)
        if client.is_waiting:
            self._hub.publish(_nothing)
        return reply

    def _look_for(self, arguments: tuple[object, ...]) -> None:
        """Load a job that is only in the store, so that it can be shown."""
        archive = self._job_table.archive
        match arguments:
            case ({"job_id": str(job_id)},) if archive is not None and not self._job_table.has(job_id):
                with contextlib.suppress(LookupError, StoreFailed, NotAnswered):
                    self._hub.run_native(lambda: archive.find(job_id))

    # -- connections

    def _opened(self, transport_id: str, environ: dict[str, Any]) -> None:
        self._server._handle_eio_connect(transport_id, environ)
        self._hub.later(CONNECT_SECONDS, partial(self._cut_unless_joined, transport_id))

    def _cut_unless_joined(self, transport_id: str) -> None:
        environ = self._server.environ.get(transport_id, {})
        joined = any(self._server.manager.sid_from_eio_sid(transport_id, name) is not None for name in NAMESPACES)
        if WEBSOCKET in environ and not joined:
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


def _nothing() -> None:
    """Do nothing; publishing this makes the pump run."""
