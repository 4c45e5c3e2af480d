"""The server's thread: sockets, HTTP, websockets and one pump, on an eventlet hub of its own.

This is the only file that imports eventlet. Nothing is monkey-patched: other threads keep using ordinary sockets and
locks, never touch anything in here, and pass work only through `Hub.publish` (a deque and one byte in a socket pair).
A replacement for eventlet needs this interface: `start`, `stop`, `publish`, and, for code that runs in the server's
thread, `run_native`, `later` and `Signal`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn, TypeVar

from ..worker_pool import Natives
from .guard import MAX_MESSAGE
from .http_limits import UPGRADED, GuardedRequests
from .quiet import importing_quietly
from .websocket_limits import BufferedSocket, GuardedFrames, GuardedUpgrade

with importing_quietly():
    import eventlet
    import eventlet.event
    import eventlet.greenio
    import eventlet.hubs
    import eventlet.websocket
    import eventlet.wsgi
    from engineio.async_drivers import eventlet as driver

S = TypeVar("S")
T = TypeVar("T")
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]

log = logging.getLogger("routilux_dashboard")

MAX_CONNECTIONS = 1000
REQUEST_SECONDS = 30.0
"""From the moment a connection is idle to the response's last byte: bounds idle, half-open and slow-reading peers."""
NATIVE_SECONDS = 10.0
STOP_SECONDS = 1.0
GRACE_SECONDS = 0.3
"""How long `stop` lets requests in flight finish."""
FAULT_SECONDS = 1.0
LINGER_SECONDS = 0.5

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"


class NotAnswered(Exception):
    """A call in a native thread took longer than a request can wait; the call continues."""


class _Elapsed(Exception):
    """The pump has waited long enough."""


class Signal:
    """An event for code in the server's thread: waiting for it does not block other greenlets."""

    def __init__(self) -> None:
        self._event = eventlet.event.Event()

    def wait(self, timeout: float) -> None:
        """Wait for `fire`, at most `timeout` seconds."""
        with eventlet.Timeout(timeout, False):
            self._event.wait()

    def fire(self) -> None:
        """Wake every current waiter."""
        event, self._event = self._event, eventlet.event.Event()
        event.send()


class Hub:
    """One run of the server's thread; can be started and stopped once.

    `pump` runs in that thread at the start, after every `publish`, and again after the number of seconds it returned
    (`None`: not before the next `publish`).
    """

    async_mode = "eventlet"

    def __init__(self, name: str = "routilux-dashboard") -> None:
        self._name = name
        self._calls: deque[Callable[[], object]] = deque()
        self._armed = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._natives = Natives(name=f"{name}-native")
        self._patient = Natives(2, name=f"{name}-patient")
        self._greenlets: set[Any] = set()
        self._connections: set[Any] = set()

    # -- from any thread

    def start(
        self,
        listener: socket.socket,
        application: Application,
        pump: Callable[[], float | None],
        farewell: Callable[[], object] = lambda: None,
    ) -> None:
        """Serve `application` on `listener` (bound, non-blocking) from a new thread.

        `farewell` is called in that thread once no new connections are accepted; what it sends is still delivered.
        """
        self._pump = pump
        self._farewell = farewell
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._listener = eventlet.greenio.GreenSocket(listener)
        self._server = eventlet.wsgi.Server(
            listener, listener.getsockname(), application, protocol=_Protocol, max_http_version="HTTP/1.1",
            log_output=False, debug=False, socket_timeout=REQUEST_SECONDS,
        )  # fmt: skip
        self._server.under_way = set()
        _close_when_forked(self)
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def publish(self, call: Callable[[], object]) -> None:
        """Run `call()` in the server's thread soon, in the order published. Never blocks."""
        self._calls.append(call)
        if not self._armed:
            self._armed = True
            with contextlib.suppress(OSError):  # the hub has stopped, or a byte is already pending
                self._wake_writer.send(b"\0")

    def stop(self) -> None:
        """Close every connection and end the thread. Returns within about two seconds, whatever peers do."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        self._thread = None
        self._stopping = True
        self.publish(lambda: None)
        thread.join(2 * STOP_SECONDS)
        if thread.is_alive():
            log.warning("The dashboard's thread did not end within %s s; it is left to itself", 2 * STOP_SECONDS)

    # -- in the server's thread

    def run_native(self, call: Callable[[], T], seconds: float | None = None) -> T:
        """Run a blocking call in a native thread and wait for its result while other requests are served.

        Raises what `call` raises, or `NotAnswered` after `seconds` (default `NATIVE_SECONDS`). Calls that specify
        `seconds` have a separate pool, so that slow ones do not hold up the others: two run at a time.
        """
        patience = NATIVE_SECONDS if seconds is None else seconds
        done = eventlet.event.Event()
        future = (self._natives if seconds is None else self._patient).submit(call)
        future.add_done_callback(lambda _: self.publish(done.send))
        with eventlet.Timeout(patience, NotAnswered(f"No answer within {patience:g} s")):
            done.wait()
        return future.result()

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        """Run `call()` in `seconds`, unless the hub has stopped by then."""
        eventlet.hubs.get_hub().schedule_call_global(seconds, _guarded, call, None)

    def adopt(self, engineio_server: Any) -> None:
        """Make a Socket.IO server use this hub's websockets and greenlets, which end with the hub."""
        engineio_server._async = {
            **engineio_server._async,
            "thread": lambda target, args, kwargs: _Task(partial(self.spawn, target, *args, **kwargs)),
            "websocket": _Upgrade,
        }

    def spawn(self, target: Callable[..., object], *args: Any, **kwargs: Any) -> Any:
        """Start a greenlet; it is killed when the hub stops."""
        greenlet: Any = eventlet.spawn(target, *args, **kwargs)
        self._greenlets.add(greenlet)
        greenlet.link(self._greenlets.discard)
        return greenlet

    # -- the thread

    def _run(self) -> None:
        try:
            self.spawn(self._accept)
            while not self._stopping:
                self._wait(self._round())
        finally:
            self._close()

    def _round(self) -> float | None:
        self._armed = False  # before draining: a call published meanwhile wakes us again
        for _ in range(len(self._calls)):
            _guarded(self._calls.popleft(), None)
        return _guarded(self._pump, FAULT_SECONDS)

    def _wait(self, seconds: float | None) -> None:
        if self._stopping:  # set after the loop's check, while an earlier byte was still unread
            return
        if seconds is not None and seconds <= 0:
            eventlet.sleep(0)
            return
        try:
            eventlet.hubs.trampoline(self._wake_reader, read=True, timeout=seconds, timeout_exc=_Elapsed)
        except _Elapsed:
            return
        self._wake_reader.recv(4096)

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, address = self._listener.accept()
            except OSError:
                eventlet.sleep(0.05)  # the peer has gone, or no descriptors are left: the next accept may succeed
                continue
            if len(self._connections) >= MAX_CONNECTIONS:
                with contextlib.suppress(OSError):
                    connection.fd.send(_FULL)
                connection.close()
            else:
                self._connections.add(connection)
                self.spawn(self._serve, connection, address)
            eventlet.sleep(0)  # yield, even in a flood of connections

    def _serve(self, connection: Any, address: Any) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(REQUEST_SECONDS)
            self._server.process_request([address, connection, eventlet.wsgi.STATE_IDLE])
        except Exception:  # a peer's fault before the gate; only this connection ends
            log.debug("A connection from %s ended badly", address, exc_info=True)
        finally:
            self._connections.discard(connection)
            _shut_down(connection)
            connection.close()

    def _close(self) -> None:
        self._listener.close()
        _guarded(self._farewell, None)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._server.under_way and time.monotonic() < deadline:
            self._round()
            eventlet.sleep(0.002)
        eventlet.sleep(0)  # let websocket writers run
        for connection in list(self._connections):
            _shut_down(connection)  # so that no greenlet waits for its peer while it ends
        deadline = time.monotonic() + STOP_SECONDS
        while self._greenlets and time.monotonic() < deadline:
            for greenlet in list(self._greenlets):
                _guarded(greenlet.kill, None)
            eventlet.sleep(0)
        for connection in self._connections:  # accepted but never served
            connection.close()
        self._natives.stop(timeout=0.2)
        self._patient.stop(timeout=0.2)
        self._wake_reader.close()
        self._wake_writer.close()
        hub = eventlet.hubs.get_hub()
        hub.abort(wait=True)
        with contextlib.suppress(AttributeError):  # epoll holds a descriptor; select and poll do not
            hub.poll.close()

    def _forget(self) -> None:
        for sock in (self._listener, self._wake_reader, self._wake_writer, *self._connections):
            sock.close()
        self._thread = None


class _Task:
    """The thread-like object that python-engineio expects."""

    def __init__(self, spawn: Callable[[], Any]) -> None:
        self._spawn = spawn

    def start(self) -> None:
        self.join = self._spawn().wait


class _Protocol(GuardedRequests, eventlet.wsgi.HttpProtocol):  # type: ignore[misc]
    def set_deadline(self) -> Callable[[], object]:
        timer: Any = eventlet.hubs.get_hub().schedule_call_global(REQUEST_SECONDS, _shut_down, self.connection)
        return timer.cancel  # type: ignore[no-any-return]

    def take_turns(self) -> None:
        eventlet.sleep(0)


class _WebSocket(GuardedFrames, eventlet.websocket.RFC6455WebSocket):  # type: ignore[misc]
    def take_turns(self) -> None:
        eventlet.sleep(0)

    def fail(self, status: int, reason: str) -> NoReturn:
        raise eventlet.websocket.FailedConnectionError(status, reason)

    def drain(self) -> None:
        with eventlet.Timeout(LINGER_SECONDS, False):
            while self.socket.recv(MAX_MESSAGE):
                eventlet.sleep(0)


class _Upgrade(GuardedUpgrade, driver.WebSocketWSGI):  # type: ignore[misc]
    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        environ[UPGRADED]()
        return super().__call__(environ, start_response)

    def already_answered(self) -> None:
        eventlet.wsgi.WSGI_LOCAL.already_handled = True

    def websocket(self, environ: dict[str, Any]) -> _WebSocket:
        return _WebSocket(BufferedSocket(self._sock), environ, self.protocol_version, max_frame_length=MAX_MESSAGE)


def _guarded(call: Callable[[], T], on_error: S) -> T | S:
    """Return `call()`, or log its exception and return `on_error`."""
    try:
        return call()
    except Exception:
        log.exception("A fault in the dashboard's thread; it continues")
        return on_error


def _shut_down(connection: Any) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _close_when_forked(hub: Hub) -> None:
    """Close the sockets in a forked child, which must not hold the port. (A hook can't be removed, so it holds the hub
    weakly.)"""
    reference = weakref.ref(hub)

    def forget() -> None:
        if (running := reference()) is not None:
            running._forget()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)
