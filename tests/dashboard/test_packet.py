"""Packets and values as bytes: what the browser's parser takes, and what is not taken from clients. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.protocol import LiveError
from routilux_dashboard.server.encoding import to_json, to_msgpack
from routilux_dashboard.server.packet import MsgspecPacket
from routilux_dashboard.server.websocket_limits import GuardedFrames

CONNECT, DISCONNECT, EVENT, ACK = 0, 1, 2, 3


def test_an_event_goes_out_as_the_browsers_parser_expects_it() -> None:
    sent = MsgspecPacket(EVENT, ["frame", LiveError(404, "a", "b")], "/live").encode()
    shape = {"type": 2, "nsp": "/live", "data": ["frame", {"status": 404, "title": "a", "detail": "b"}]}
    assert msgspec.msgpack.decode(sent) == shape


def test_members_that_are_not_there_are_left_out() -> None:
    assert msgspec.msgpack.decode(MsgspecPacket(DISCONNECT, namespace="/live").encode()) == {"type": 1, "nsp": "/live"}


def test_what_the_browser_adds_is_ignored_and_undefined_is_none() -> None:
    undefined = b"\xd4\x00\x00"
    received = b"\x84" + b"".join(
        msgspec.msgpack.encode(key) + value
        for key, value in {"type": b"\x00", "nsp": b"\xa5/live", "data": undefined, "options": b"\x80"}.items()
    )
    packet = MsgspecPacket(encoded_packet=received)
    assert (packet.packet_type, packet.namespace, packet.data, packet.id) == (CONNECT, "/live", None, None)


@given(st.binary(max_size=200))
def test_no_bytes_make_decoding_do_anything_but_decode_or_refuse(data: bytes) -> None:
    try:
        packet = MsgspecPacket(encoded_packet=data or b"\0")
    except ValueError:
        return
    assert packet.packet_type in (CONNECT, DISCONNECT, EVENT)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
    max_leaves=20,
))  # fmt: skip
def test_whatever_a_value_holds_it_can_be_sent(value: Any) -> None:
    to_json(value)
    to_msgpack(value)


@pytest.mark.parametrize(
    "value", [{None: 1}, {(1, 2): 3}, {"at": object()}, [2**200, "\ud800"], {"\ud800": {"x": set}}]
)
def test_what_has_no_place_in_json_is_replaced(value: Any) -> None:
    assert to_json(value)
    assert to_msgpack(value)


@given(st.binary(max_size=300), st.tuples(*[st.integers(0, 255)] * 4), st.integers(0, 50))
def test_unmasking_at_once_gives_what_unmasking_byte_by_byte_gives(
    data: bytes, mask: tuple[int, int, int, int], offset: int
) -> None:
    expected = bytes(byte ^ mask[(offset + place) % 4] for place, byte in enumerate(data))
    assert GuardedFrames._apply_mask(data, mask, len(data), offset) == expected
