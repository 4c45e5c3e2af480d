"""JSON text of payloads: whether it is valid and shallow enough, and what replaces it if not."""

from __future__ import annotations

from typing import Any

import msgspec

from .preview import preview

MAX_NESTING = 200
MAX_PAYLOAD = 256 * 1024
"""The most bytes of a payload; the dashboard's own are previews far below that."""
NOTHING = b"null"


def problem_of(data: bytes) -> str | None:
    """Why `data` is not a valid payload (not JSON, too large, too deeply nested); `None` if it is.

    >>> problem_of(b'{"a": [1, 2]}') is None, problem_of(b"{")
    (True, 'it is not JSON')
    """
    if len(data) > MAX_PAYLOAD:
        return f"it has {len(data):,} bytes, and the limit is {MAX_PAYLOAD:,}"
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it is not JSON"
    except RecursionError:
        return f"it is nested more than {MAX_NESTING} deep"
    return nesting_problem(value) if may_be_deep(data) else None


def may_be_deep(data: bytes) -> bool:
    """Whether JSON has so many brackets that its nesting must be checked."""
    return data.count(b"[") + data.count(b"{") > MAX_NESTING


def nesting_problem(value: Any, limit: int = MAX_NESTING) -> str | None:
    """The text of `problem_of` if a value is nested too deeply, else `None`."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return None
    return f"it is nested more than {limit} deep"


def on_one_line(data: bytes) -> bytes:
    """JSON without line breaks, which have no meaning between values."""
    return data.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in data or b"\r" in data else data


def bounded(value: Any) -> Any:
    """The value, or a preview of it if it is nested too deeply for a reader."""
    return preview(value)[0] if nesting_problem(value) else value


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    return [inner for inner in value if isinstance(inner, dict | list)] if isinstance(value, list) else []
