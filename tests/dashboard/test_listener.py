"""The listening socket."""

from __future__ import annotations

import socket
import sys

import pytest

from routilux_dashboard.server.listener import CannotListen, listen, url_of


def test_small_answers_are_not_held_back_and_the_port_is_shared_with_nobody() -> None:
    with listen("127.0.0.1", 0) as server:
        assert server.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert not server.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        with pytest.raises(CannotListen, match="in use"):
            listen("127.0.0.1", server.getsockname()[1])


def test_port_0_takes_a_free_one() -> None:
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        assert one.getsockname()[1] != other.getsockname()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="ports below 1024 need no rights there")
def test_a_port_that_needs_rights_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", denied)
    with pytest.raises(CannotListen, match="below 1024 need more rights"):
        listen("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("", "http://127.0.0.1:5000"),
        ("0.0.0.0", "http://127.0.0.1:5000"),
        ("::", "http://[::1]:5000"),
        ("box.example", "http://box.example:5000"),
    ],
)
def test_the_address_can_be_opened_on_this_machine(host: str, url: str) -> None:
    assert url_of(host, 5000) == url
