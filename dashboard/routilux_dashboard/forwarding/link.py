"""One connection to a server's namespace for programs: Engine.IO and Socket.IO over a websocket.

python-socketio's client starts a thread for each message it receives, and its send queue is unbounded. Here sending
waits for the network, and a silent server can be distinguished from a slow one.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import websocket

from ..protocol import Problem
from ..protocol.programs import PROGRAMS, SILENT_SECONDS, Hello

CONNECT_SECONDS = 5.0
_CONNECT, _DISCONNECT, _EVENT, _CONNECT_ERROR = 0, 1, 2, 4
_PING, _PONG, _CLOSE = "2", "3", "1"
_POLICY_VIOLATION, _TOO_BIG = 1008, 1009
_encode = msgspec.msgpack.Encoder().encode


class _Packet(msgspec.Struct):
    """A Socket.IO packet."""

    type: int
    nsp: str
    data: Any = None


_decode = msgspec.msgpack.Decoder(_Packet).decode


class NotConnected(Exception):
    """There is no connection, or it ended; the message says why."""


class ConnectionRejected(NotConnected):
    """The server rejected this program, or is not a routilux server; retrying soon does not help."""


class SocketLink:
    """A connection, made by the constructor. One thread calls `send`, another one `receive`.

    All methods raise `NotConnected`; the constructor raises `ConnectionRejected` with the server's reason.
    """

    def __init__(self, url: str, hello: Hello) -> None:
        self._socket = _open(url, hello)
        try:
            self._join(hello)
        except BaseException:
            self.release()
            raise
        self._socket.settimeout(SILENT_SECONDS)

    def _join(self, hello: Hello) -> None:
        opened = self._receive()
        if not (isinstance(opened, str) and opened.startswith("0{")):
            raise ConnectionRejected("the address belongs to something other than a Socket.IO server")
        self._send_packet(_CONNECT, hello)
        packet = self._next_packet()
        if packet.type != _CONNECT:
            reason = packet.data.get("message") if isinstance(packet.data, dict) else packet.data
            raise ConnectionRejected(str(reason or "the server does not accept programs"))

    def send(self, event: str, message: Any) -> None:
        """Send an event; waits for the network, at most `SILENT_SECONDS` without progress."""
        self._send_packet(_EVENT, [event, message])

    def receive(self) -> tuple[str, Any]:
        """The next event and its message; waits at most `SILENT_SECONDS` for data."""
        while True:
            packet = self._next_packet()
            if packet.type == _EVENT and isinstance(packet.data, list) and packet.data:
                return str(packet.data[0]), packet.data[1] if len(packet.data) > 1 else None
            if packet.type == _DISCONNECT:
                raise NotConnected("the server ended the connection")

    def close(self) -> None:
        """End the connection at once. May be called by any thread, and repeatedly."""
        own = self._socket.sock
        if own is not None:
            with contextlib.suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Free the socket, once no thread sends or receives."""
        with contextlib.suppress(OSError):
            self._socket.shutdown()

    def _next_packet(self) -> _Packet:
        while True:
            data = self._receive()
            if data == _PING:
                self._call(lambda: self._socket.send(_PONG))
            elif data == _CLOSE:
                raise NotConnected("the server closed the connection")
            elif isinstance(data, bytes):
                try:
                    packet = _decode(data)
                except msgspec.MsgspecError as error:
                    raise NotConnected(f"the server sent an invalid packet: {error}") from None
                if packet.nsp == PROGRAMS:
                    return packet

    def _receive(self) -> str | bytes:
        while True:
            code, data = self._call(lambda: self._socket.recv_data(control_frame=True))
            match code:
                case websocket.ABNF.OPCODE_TEXT:
                    return bytes(data).decode("utf-8", "replace")
                case websocket.ABNF.OPCODE_BINARY:
                    return bytes(data)
                case websocket.ABNF.OPCODE_CLOSE:
                    raise _closing_error(data)

    def _send_packet(self, kind: int, data: Any) -> None:
        blob = _encode({"type": kind, "nsp": PROGRAMS, "data": data})
        self._call(lambda: self._socket.send_binary(blob))

    @staticmethod
    def _call(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except websocket.WebSocketTimeoutException:
            raise NotConnected(f"the server was silent for {SILENT_SECONDS:g} s") from None
        except (OSError, websocket.WebSocketException) as error:
            raise NotConnected(str(error) or type(error).__name__) from None


def websocket_url(url: str) -> str:
    """The websocket address of the server at `url`.

    >>> websocket_url("http://dash.example:5000/")
    'ws://dash.example:5000/socket.io/?EIO=4&transport=websocket'

    Raises `ValueError` for anything but an http(s) address.
    """
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if scheme is None or not parts.hostname or port == -1 or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            f"{url!r} is not the address of a server; write http://HOST:PORT, such as http://127.0.0.1:5000"
        )
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/socket.io/?EIO=4&transport=websocket"


def _open(url: str, hello: Hello) -> Any:
    headers = [] if hello.token is None else [f"Authorization: Bearer {hello.token}"]
    try:
        return websocket.create_connection(
            websocket_url(url), timeout=CONNECT_SECONDS, header=headers, suppress_origin=True, enable_multithread=True,
            sockopt=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
        )  # fmt: skip
    except websocket.WebSocketBadStatusException as error:
        raise ConnectionRejected(_refusal_text(error)) from None
    except (OSError, websocket.WebSocketException) as error:
        raise NotConnected(str(error) or type(error).__name__) from None


def _closing_error(data: bytes) -> NotConnected:
    """The error for a closing frame: the server disconnected this program for a reason, or it is shutting down."""
    status, reason = int.from_bytes(data[:2], "big"), data[2:].decode("utf-8", "replace")
    if status in (_POLICY_VIOLATION, _TOO_BIG):
        return ConnectionRejected(f"the server disconnected this program: {reason}")
    return NotConnected("the server closed the connection")


def _refusal_text(error: Any) -> str:
    """The reason of a server that refused to upgrade the connection: its problem document, or just the status."""
    try:
        problem = msgspec.json.decode(error.resp_body or b"", type=Problem)
    except msgspec.MsgspecError:
        return f"the server answered with status {error.status_code}"
    return f"{problem.title}: {problem.detail}"
