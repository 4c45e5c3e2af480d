"""Request checks: host names, origins, rates and sizes. Pure functions and no sockets.

They defend against a page of another site that posts to this server or opens a websocket (its Origin is not the
Host), a foreign name that resolves to this machine (DNS rebinding: its Host is not ours), and a client that floods
the server or never stops sending.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

MAX_BODY = 1_000_000
"""Bytes in a request body."""
MAX_RECORDING = 2_000_000_000
"""Bytes in an imported recording; it is spooled to a file, not held in memory."""
MAX_MESSAGE = 64 * 1024
"""Bytes in one websocket message from a browser."""
MESSAGES_A_SECOND = 200
MESSAGE_BURST = 400
"""Messages that a client may send in a burst before `MESSAGES_A_SECOND` applies."""

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>\d{1,5}))?", re.ASCII)
_SAME_SITE = ("same-origin", "none")

SECURITY_HEADERS: tuple[tuple[str, str], ...] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


class Denial(NamedTuple):
    """Why a request is refused: an HTTP status, a title and what to do about it."""

    status: int
    title: str
    detail: str


def content_security_policy(host: str) -> str:
    """The policy of every response; `host` is the checked Host header, for browsers whose 'self' omits websockets."""
    return (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
        f"connect-src 'self' ws://{host} wss://{host}"
    )


def host_name(host: str) -> str | None:
    """The name in a Host header, in lower case, without port and brackets; `None` if the header is malformed.

    >>> host_name("LocalHost:5000"), host_name("[::1]:80"), host_name("a,b")
    ('localhost', '::1', None)
    """
    match = _HOST.fullmatch(host.lower())
    return match["name"].strip("[]").rstrip(".") if match else None


def is_loopback(host: str) -> bool:
    """Whether a socket bound to `host` can be reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Names:
    """The host names that this server answers to."""

    def __init__(self, bound: str, allowed: Iterable[str] = ()) -> None:
        names = (*_LOCAL_NAMES, bound, *allowed)
        self._names = {host_name(name) or name.strip("[]").lower() for name in names} - {"", "0.0.0.0", "::"}

    def refuse_host(self, host: str, local_address: str) -> Denial | None:
        """Return why the Host header is refused, or `None`. `local_address` is the address the client connected to:
        a browser that was given an address was not tricked by a name."""
        name = host_name(host)
        if name is not None and (name in self._names or name == local_address.lower()):
            return None
        return Denial(
            403,
            "Unknown host",
            f"This dashboard does not answer to the name {host[:200]!r}. If it is yours, name it: "
            f"Dashboard(..., allowed_hosts=[{(name or 'name.example')[:200]!r}]).",
        )


def refuse_origin(origin: str | None, host: str, fetch_site: str | None) -> Denial | None:
    """Return why a request from another site's page is refused, or `None`. Clients other than browsers send neither
    header and are allowed.

    >>> refuse_origin("http://localhost:5000", "localhost:5000", None) is None
    True
    """
    own = origin is None or _origin_host(origin) == host.lower()
    if own and (fetch_site is None or fetch_site in _SAME_SITE):
        return None
    return Denial(
        403,
        "Another site's page",
        f"Only the dashboard's own pages may ask for this; this was asked from {(origin or fetch_site or '')[:200]!r} "
        f"for {host[:200]!r}. Open the dashboard itself.",
    )


def _origin_host(origin: str) -> str | None:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return None
    return parts.netloc if parts.scheme in ("http", "https") else None


class TokenBucket:
    """Allows `rate` messages a second, with bursts of up to `burst`.

    >>> bucket = TokenBucket(rate=1, burst=2, clock=lambda: 0.0)
    >>> bucket.take(), bucket.take(), bucket.take()
    (True, True, False)
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._counted_at = clock()

    def take(self) -> bool:
        """Return whether another message may pass now; if so, count it."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
