"""The listening socket, bound before the server runs so that a busy port is reported at once."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

BACKLOG = 128


class CannotListen(OSError):
    """The server can't listen on the given address; the message says what to do."""


def listen(host: str, port: int) -> socket.socket:
    """Open a non-blocking listening socket on `host` (a name or an address) and `port` (0: a free one).

    Raises `CannotListen` if the port is in use or not permitted, or `host` is not on this machine.
    """
    family, address = _resolve(host, port)
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        _set_options(server)
        server.bind(address)
        server.listen(BACKLOG)
    except OSError as error:
        server.close()
        raise CannotListen(error.errno, _explain(error, host, port)) from error
    server.setblocking(False)
    return server


def url_of(host: str, port: int) -> str:
    """The URL at which a browser on this machine reaches a server bound to `host`.

    >>> url_of("0.0.0.0", 5000), url_of("::1", 80)
    ('http://127.0.0.1:5000', 'http://[::1]:80')
    """
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    if not 0 <= port <= 65535:
        raise CannotListen(errno.EINVAL, f"Cannot listen on port {port}: a port is a number from 0 to 65535.")
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        text = f"Cannot listen on {host!r}: no such name or address. Use 127.0.0.1, or 0.0.0.0 for every interface."
        raise CannotListen(errno.EADDRNOTAVAIL, text) from error
    family, _, _, _, address = found[0]
    return family, address


def _set_options(server: socket.socket) -> None:
    # Not SO_REUSEPORT, which would let two servers silently share a port. On Windows, SO_REUSEADDR does the same.
    if os.name == "posix":
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _explain(error: OSError, host: str, port: int) -> str:
    where = f"Cannot listen on {url_of(host, port).removeprefix('http://')}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where}: the port is in use. Stop what uses it, or take another port (0 takes a free one)."
        case errno.EACCES:
            return f"{where}: ports below 1024 need more rights. Take another port (0 takes a free one)."
        case errno.EADDRNOTAVAIL:
            return f"{where}: this machine has no such address. Use 127.0.0.1, or 0.0.0.0 for every interface."
    return f"{where}: {error.strerror or error}."
