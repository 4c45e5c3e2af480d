"""Access tokens, read from a file of `name token` lines and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from .guard import Denial, is_loopback

COOKIE = "routilux_token"
SHORTEST = 16
_NEEDED = (
    "This dashboard asks for a token: send it as 'Authorization: Bearer TOKEN', or open the page once with "
    "?token=TOKEN at the end of its address."
)
_WRONG = "The token is not one of this dashboard's: look at the file that --tokens names."


class BadTokens(ValueError):
    """An unusable token file; the message says where and why."""


class Tokens:
    """The accepted tokens. Only their digests are kept.

    >>> tokens = Tokens({"lab": "correct horse battery"})
    >>> tokens.name_of("correct horse battery"), tokens.name_of("wrong"), tokens.name_of(None)
    ('lab', None, None)
    """

    def __init__(self, tokens: dict[str, str]) -> None:
        self._digests = {name: _digest(token) for name, token in tokens.items()}

    @classmethod
    def read(cls, path: Path) -> Tokens:
        """Read tokens from a file of `name token` lines; `#` begins a comment. Raises `BadTokens`."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadTokens(f"The tokens cannot be read from {str(path)!r}: {error}") from None
        found: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            where = f"{path}, line {number}"
            if len(words) != 2:
                raise BadTokens(f"{where}: write 'name token', such as 'lab {'x' * SHORTEST}…'")
            if len(words[1]) < SHORTEST or not words[1].isascii():
                raise BadTokens(f"{where}: a token has at least {SHORTEST} characters, all ASCII")
            if words[0] in found:
                raise BadTokens(f"{where}: {words[0]!r} has a token already")
            found[words[0]] = words[1]
        if not found:
            raise BadTokens(f"There is no token in {str(path)!r}: write lines 'name token'")
        return cls(found)

    def name_of(self, token: str | None) -> str | None:
        """The name that the token belongs to, or `None`."""
        if token is None:
            return None
        digest = _digest(token)
        found = None
        for name, known in self._digests.items():  # compare all of them, so that timing reveals nothing
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def refuse(self, environ: dict[str, Any]) -> Denial | None:
        """Return why a request is refused, or `None`. Local requests need no token, unless a local proxy forwards
        them."""
        if is_loopback(environ.get("REMOTE_ADDR", "")) and "HTTP_X_FORWARDED_FOR" not in environ:
            return None
        token = _bearer(environ) or _cookie(environ)
        if self.name_of(token) is not None:
            return None
        return Denial(401, "A token is needed", _NEEDED if token is None else _WRONG)

    def admit(self, environ: dict[str, Any]) -> tuple[str, str] | None:
        """For a page opened with a valid `?token=`, return the URL to redirect to and the cookie to set."""
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        token = dict(query).get("token")
        if environ["REQUEST_METHOD"] != "GET" or token is None or self.name_of(token) is None:
            return None
        rest = urlencode([(name, text) for name, text in query if name != "token"])
        path = "/" + environ.get("PATH_INFO", "/").lstrip("/").encode("latin-1", "replace").decode("utf-8", "replace")
        secure = "; Secure" if environ.get("HTTP_X_FORWARDED_PROTO") == "https" else ""
        cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}"
        return quote(path) + (f"?{rest}" if rest else ""), cookie


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _bearer(environ: dict[str, Any]) -> str | None:
    kind, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def _cookie(environ: dict[str, Any]) -> str | None:
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None
