"""Payloads as JSON text: whether they can be trusted to be that, and what is in the file in their place if not."""

from __future__ import annotations

from typing import Any

import msgspec

from .preview import preview

MAX_NESTING = 200
MAX_PAYLOAD = 256 * 1024
"""Bytes of one payload; the engine's are cut to a preview far below that."""
NOTHING = b"null"


def problem_of(data: bytes) -> str | None:
    """Why `data` is no payload: not JSON, too large or nested too deeply; `None` when it is one.

    >>> problem_of(b'{"a": [1, 2]}') is None, problem_of(b"{")
    (True, 'it is not JSON')
    """
    if len(data) > MAX_PAYLOAD:
        return f"it has {len(data):,} bytes, and at most {MAX_PAYLOAD:,} are taken"
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it is not JSON"
    except RecursionError:
        return f"it is nested more than {MAX_NESTING} deep"
    return nesting_problem(value) if may_be_deep(data) else None


def may_be_deep(data: bytes) -> bool:
    """Whether JSON has so many brackets that its nesting must be looked at."""
    return data.count(b"[") + data.count(b"{") > MAX_NESTING


def nesting_problem(value: Any, limit: int = MAX_NESTING) -> str | None:
    """Whether a value is nested too deeply, as `problem_of` says it."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return None
    return f"it is nested more than {limit} deep"


def on_one_line(data: bytes) -> bytes:
    """JSON without line breaks: in JSON they are between values only, and mean nothing."""
    return data.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in data or b"\r" in data else data


def bounded(value: Any) -> Any:
    """A value that a reader takes: itself, or a preview when it is nested too deeply."""
    return preview(value)[0] if nesting_problem(value) else value


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    return [inner for inner in value if isinstance(inner, dict | list)] if isinstance(value, list) else []
