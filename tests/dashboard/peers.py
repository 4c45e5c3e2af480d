"""Peers of a real server: a program that asks over HTTP, a live client, and sockets that misbehave."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec
import websocket

JSON = {"Content-Type": "application/json"}
CONNECT = msgspec.msgpack.encode({"type": 0, "nsp": "/live"})


class Server(Protocol):
    """Whatever serves: a dashboard of this process, or one of another."""

    @property
    def url(self) -> str: ...


class Answer(NamedTuple):
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def address(dashboard: Server) -> tuple[str, int]:
    """Where a dashboard listens."""
    parts = urlsplit(dashboard.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def ask(
    dashboard: Server, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request; a body that is no bytes is sent as JSON."""
    with closing(http.client.HTTPConnection(*address(dashboard), timeout=20)) as connection:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, {**(JSON if body is not None else {}), **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


def get(dashboard: Server, path: str) -> Any:
    """What `GET /api/v1…` answers, which must be a success."""
    answer = ask(dashboard, "GET", f"/api/v1{path}")
    assert answer.status == 200, answer.body
    return answer.json


class LiveClient:
    """Subscribes as a browser does, and acknowledges unless told otherwise. Keeps messages in their order."""

    def __init__(self, dashboard: Server, *, acknowledges: bool = True) -> None:
        self.messages: list[tuple[str, Any]] = []
        self.acknowledges = acknowledges
        self.lost = threading.Event()
        self._answers: dict[int, Any] = {}
        self._changed = threading.Condition()
        self._socket = websocket.create_connection(websocket_url(dashboard), timeout=20)
        self._socket.send_binary(CONNECT)
        self._reader = threading.Thread(target=self._read, name="live client")
        self._joined = threading.Event()
        self._reader.start()
        assert self._joined.wait(10)

    def _read(self) -> None:
        try:
            while data := self._socket.recv():
                self._take(data)
        except (OSError, websocket.WebSocketException):
            pass
        finally:
            self.lost.set()

    def _take(self, data: bytes | str) -> None:
        if isinstance(data, str):
            if data == "2":
                self._socket.send("3")
            return
        packet = msgspec.msgpack.decode(data)
        if packet["type"] == 0:
            self._joined.set()
            return
        with self._changed:
            if packet["type"] == 3:
                self._answers[packet["id"]] = packet["data"]
            else:
                self.messages.append(tuple(packet["data"]))
            self._changed.notify_all()
        if packet["type"] == 2 and self.acknowledges:
            self.acknowledge(packet["data"][1])

    def acknowledge(self, message: Any) -> None:
        """Say that a message has been shown."""
        with suppress(OSError, websocket.WebSocketException):
            ack = {"job_id": message.get("job_id", "jobs"), "frame": message.get("frame", 0)}
            self._socket.send_binary(event("ack", ack))

    def call(self, name: str, message: Any, within: float = 10.0) -> Any:
        """Send an event; what the server answers."""
        number = next(_numbers)
        self._socket.send_binary(event(name, message, number))
        with self._changed:
            assert self._changed.wait_for(lambda: number in self._answers, within), f"no answer within {within} s"
            (answer,) = self._answers.pop(number)
            return answer

    def wait(self, condition: Callable[[list[tuple[str, Any]]], Any], within: float = 20.0) -> Any:
        """Wait until `condition(messages)` is true, and return what it gave."""
        found: Any = None

        def holds() -> bool:
            nonlocal found
            found = condition(self.messages)
            return bool(found)

        with self._changed:
            assert self._changed.wait_for(holds, within), f"not within {within} s: {self.messages[-1:]!r}"
        return found

    def wait_for_status(self, job_id: str, status: str, within: float = 20.0) -> Any:
        """The first message that shows the job in that status."""

        def shows(messages: list[tuple[str, Any]]) -> Any:
            own = [message for name, message in messages if name != "jobs" and message["job_id"] == job_id]
            return next((message for message in own if message["job"]["status"] == status), None)

        return self.wait(shows, within)

    def of(self, *names: str) -> list[Any]:
        """The messages of these events so far."""
        return [message for name, message in list(self.messages) if name in names]

    def close(self) -> None:
        if self._socket.sock is not None:
            with suppress(OSError):
                self._socket.sock.shutdown(socket.SHUT_RDWR)
        self._reader.join(10)
        self._socket.shutdown()  # type: ignore[no-untyped-call]


_numbers = itertools.count()


@contextmanager
def live(dashboard: Server, *, acknowledges: bool = True) -> Iterator[LiveClient]:
    """A live client that goes at the end."""
    client = LiveClient(dashboard, acknowledges=acknowledges)
    try:
        yield client
    finally:
        client.close()


def websocket_url(dashboard: Server) -> str:
    host, port = address(dashboard)
    return f"ws://{host}:{port}/socket.io/?EIO=4&transport=websocket"


@contextmanager
def raw_websocket(dashboard: Server, *, join: bool = True, **options: Any) -> Iterator[websocket.WebSocket]:
    """A websocket that does only what the test says; with `join`, it is in the namespace already."""
    peer = websocket.create_connection(websocket_url(dashboard), timeout=20, **options)
    own = peer.sock  # `peer` forgets it when it fails
    try:
        assert peer.recv_data()[1].startswith(b"0{")
        if join:
            peer.send_binary(CONNECT)
            assert msgspec.msgpack.decode(peer.recv_data()[1])["type"] == 0
        yield peer
    finally:
        if own is not None:
            own.close()


def event(name: str, message: Any, number: int | None = None) -> bytes:
    """An event as it goes over the wire; with a number, it is to be answered."""
    packet = {"type": 2, "nsp": "/live", "data": [name, message]}
    return msgspec.msgpack.encode(packet if number is None else {**packet, "id": number})


def closing_words(peer: websocket.WebSocket) -> tuple[int, str]:
    """Read until the server closes: the status and the reason that it gives."""
    while True:
        frame = peer.recv_frame()  # type: ignore[no-untyped-call]
        if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(frame.data[:2], "big"), frame.data[2:].decode()


@contextmanager
def raw_connection(dashboard: Server, data: bytes = b"") -> Iterator[socket.socket]:
    """A TCP connection on which `data` has been sent."""
    with closing(socket.create_connection(address(dashboard), timeout=20)) as connection:
        connection.sendall(data)
        yield connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed its side (everything before that is read)."""
    connection.settimeout(0.01)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True
