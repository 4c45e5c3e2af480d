"""Socket.IO packets as MessagePack, encoded and validated by msgspec, in the form the browser's parser expects."""

from __future__ import annotations

from typing import Any

import msgspec
from socketio import packet

from ..protocol.programs import PROGRAMS
from .encoding import to_msgpack

NAMESPACE = "/live"
NAMESPACES = (NAMESPACE, PROGRAMS)
_RESERVED = ("connect", "disconnect")


class _Received(msgspec.Struct):
    """A packet from a client. Other members (the browser's `options`) are ignored."""

    type: int
    nsp: str
    data: Any = None
    id: int | None = None


def _undefined(_code: int, _data: memoryview) -> None:
    """Decode JavaScript's `undefined`, the only extension that the browser's encoder uses."""


_decoder = msgspec.msgpack.Decoder(_Received, ext_hook=_undefined)


class MsgspecPacket(packet.Packet):  # type: ignore[misc]
    """A packet of the live protocol. Decoding raises `ValueError` for a packet that clients may not send."""

    uses_binary_events = False

    def encode(self) -> bytes:
        shape = {"type": self.packet_type, "nsp": self.namespace or "/", "data": self.data, "id": self.id}
        return to_msgpack({name: value for name, value in shape.items() if value is not None})

    def decode(self, encoded_packet: bytes | str) -> None:
        if not isinstance(encoded_packet, bytes):
            raise ValueError("text where MessagePack is expected: use socket.io-msgpack-parser")
        received = _decoder.decode(encoded_packet)
        if received.nsp not in NAMESPACES:
            raise ValueError(f"namespace {received.nsp!r}: there are {' and '.join(map(repr, NAMESPACES))} only")
        _check(received)
        self.packet_type, self.namespace = received.type, received.nsp
        self.data, self.id = received.data, received.id


def _check(received: _Received) -> None:
    match received:
        case _Received(type=packet.CONNECT | packet.DISCONNECT):
            return
        case _Received(type=packet.EVENT, data=[str(name), *_]) if name not in _RESERVED:
            return
    raise ValueError(f"a packet of type {received.type}: clients connect, disconnect and send named events")
