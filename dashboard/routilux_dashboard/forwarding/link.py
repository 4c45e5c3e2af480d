"""One connection to a server: Engine.IO and Socket.IO over a websocket, as its namespace for programs wants it.

python-socketio's client starts a thread for each message that it receives and queues without a
bound what it sends; here sending waits for the network, and a silent server is told from a slow one.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import websocket

from ..program_protocol import PROGRAMS, SILENT_SECONDS, Greeting
from ..protocol import Problem

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
    """There is no connection, or none any more; the message says why."""


class ConnectionRejected(NotConnected):
    """The server does not want this program, or is none; trying again soon does not help."""


class SocketLink:
    """A connection, made by the constructor. One thread calls `send`, another one `receive`.

    Raises `NotConnected`, and `ConnectionRejected` with the server's words.
    """

    def __init__(self, url: str, greeting: Greeting) -> None:
        self._socket = _open(url, greeting)
        try:
            self._join(greeting)
        except BaseException:
            self.release()
            raise
        self._socket.settimeout(SILENT_SECONDS)

    def _join(self, greeting: Greeting) -> None:
        opened = self._receive()
        if not (isinstance(opened, str) and opened.startswith("0{")):
            raise ConnectionRejected("what answers is no Socket.IO server")
        self._send_packet(_CONNECT, greeting)
        packet = self._next_packet()
        if packet.type != _CONNECT:
            said = packet.data.get("message") if isinstance(packet.data, dict) else packet.data
            raise ConnectionRejected(str(said or "the server does not take programs"))

    def send(self, event: str, message: Any) -> None:
        """Send an event; waits for the network. Raises `NotConnected` when nothing moves for `SILENT_SECONDS`."""
        self._send_packet(_EVENT, [event, message])

    def receive(self) -> tuple[str, Any]:
        """The next event. Raises `NotConnected` when the connection ends, or nothing came for `SILENT_SECONDS`."""
        while True:
            packet = self._next_packet()
            if packet.type == _EVENT and isinstance(packet.data, list) and packet.data:
                return str(packet.data[0]), packet.data[1] if len(packet.data) > 1 else None
            if packet.type == _DISCONNECT:
                raise NotConnected("the server has ended the connection")

    def close(self) -> None:
        """End the connection now, whatever is under way. Any thread, more than once."""
        own = self._socket.sock
        if own is not None:
            with contextlib.suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the socket back, once nobody sends or receives any more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown()

    def _next_packet(self) -> _Packet:
        while True:
            data = self._receive()
            if data == _PING:
                self._do(lambda: self._socket.send(_PONG))
            elif data == _CLOSE:
                raise NotConnected("the server has closed the connection")
            elif isinstance(data, bytes):
                try:
                    packet = _decode(data)
                except msgspec.MsgspecError as error:
                    raise NotConnected(f"the server sent what is no packet: {error}") from None
                if packet.nsp == PROGRAMS:
                    return packet

    def _receive(self) -> str | bytes:
        while True:
            code, data = self._do(lambda: self._socket.recv_data(control_frame=True))
            match code:
                case websocket.ABNF.OPCODE_TEXT:
                    return bytes(data).decode("utf-8", "replace")
                case websocket.ABNF.OPCODE_BINARY:
                    return bytes(data)
                case websocket.ABNF.OPCODE_CLOSE:
                    raise _farewell(data)

    def _send_packet(self, kind: int, data: Any) -> None:
        blob = _encode({"type": kind, "nsp": PROGRAMS, "data": data})
        self._do(lambda: self._socket.send_binary(blob))

    @staticmethod
    def _do(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except websocket.WebSocketTimeoutException:
            raise NotConnected(f"the server is silent for {SILENT_SECONDS:g} s") from None
        except (OSError, websocket.WebSocketException) as error:
            raise NotConnected(str(error) or type(error).__name__) from None


def websocket_url(url: str) -> str:
    """Where the server at `url` takes websockets.

    >>> websocket_url("http://dash.example:5000/")
    'ws://dash.example:5000/socket.io/?EIO=4&transport=websocket'

    Raises `ValueError` for what is no http(s) address.
    """
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if scheme is None or not parts.hostname or port == -1 or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"{url!r} is no server's address; write http://HOST:PORT, such as http://127.0.0.1:5000")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/socket.io/?EIO=4&transport=websocket"


def _open(url: str, greeting: Greeting) -> Any:
    headers = [] if greeting.token is None else [f"Authorization: Bearer {greeting.token}"]
    try:
        return websocket.create_connection(
            websocket_url(url), timeout=CONNECT_SECONDS, header=headers, suppress_origin=True, enable_multithread=True,
            sockopt=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
        )  # fmt: skip
    except websocket.WebSocketBadStatusException as error:
        raise ConnectionRejected(_said(error)) from None
    except (OSError, websocket.WebSocketException) as error:
        raise NotConnected(str(error) or type(error).__name__) from None


def _farewell(data: bytes) -> NotConnected:
    """What a closing frame means: that the server has had enough of this program, or that it goes."""
    status, reason = int.from_bytes(data[:2], "big"), data[2:].decode("utf-8", "replace")
    if status in (_POLICY_VIOLATION, _TOO_BIG):
        return ConnectionRejected(f"the server has cut this program: {reason}")
    return NotConnected("the server has closed the connection")


def _said(error: Any) -> str:
    """What a server says that does not upgrade: a problem's words, or the status alone."""
    try:
        problem = msgspec.json.decode(error.resp_body or b"", type=Problem)
    except msgspec.MsgspecError:
        return f"the server answered with status {error.status_code}"
    return f"{problem.title}: {problem.detail}"
