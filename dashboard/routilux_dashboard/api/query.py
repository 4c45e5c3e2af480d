"""Reading the parameters of a query; what is not understood is refused, never guessed."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

from .problems import Refused

_MOST = 2**53


def only(*names: str) -> None:
    """Refuse (400) parameters that are not among `names`."""
    for name in request.args:
        if name not in names:
            known = ", ".join(names) or "none"
            raise Refused(400, "Unknown parameter", f"{request.path} has no parameter {name!r}; it has: {known}.")


def later(*names: str) -> None:
    """Refuse (400) parameters that are promised and not there yet."""
    for name in names:
        if name in request.args:
            raise Refused(400, "Not there yet", f"{name!r} cannot be filtered by yet; read the range without it.")


def number(name: str, default: int | None = None, *, least: int = 0, most: int = _MOST) -> int | None:
    """The whole number that parameter `name` has; `Refused` (400) outside `least` to `most`."""
    text = request.args.get(name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    if value is None or not least <= value <= most:
        raise Refused(400, "Bad number", f"{name}={text[:80]!r}: a whole number from {least} to {most} is needed.")
    return value


def limit(default: int, most: int) -> int:
    """How many rows at most."""
    return number("limit", default, least=1, most=most) or default


def words(name: str, known: Iterable[str]) -> set[str]:
    """The words of a parameter, separated by commas or given several times; empty when it is not there."""
    found = {word for text in request.args.getlist(name) for word in text.split(",") if word}
    allowed = list(known)
    for word in sorted(found):
        if word not in allowed:
            raise Refused(400, f"Unknown {name}", f"{name}={word[:80]!r}: one of {', '.join(allowed)} is needed.")
    return found
