"""Encode values as JSON for REST or MessagePack for the websocket. No payload makes encoding fail.

Previews are plain already, but user-supplied names (routine ids, event names, reasons) may hold text that UTF-8
cannot encode or integers over 64 bits. A second, slower attempt replaces them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

_to_json = msgspec.json.Encoder().encode
_to_msgpack = msgspec.msgpack.Encoder().encode


def to_json(value: Any) -> bytes:
    """Encode a wire shape or plain data as JSON.

    >>> to_json({"name": "a\\udcff"})
    b'{"name":"a?"}'
    """
    return _encode(_to_json, value)


def to_msgpack(value: Any) -> bytes:
    """Encode a wire shape or plain data as MessagePack."""
    return _encode(_to_msgpack, value)


def _encode(encode: Callable[[Any], bytes], value: Any) -> bytes:
    try:
        return encode(value)
    except (UnicodeEncodeError, OverflowError, TypeError):
        return encode(_plain(msgspec.to_builtins(value, enc_hook=_name_of)))


def _plain(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case int() if not -(2**63) <= value < 2**64:
            return str(value)
        case dict():
            return {_plain(key if isinstance(key, str) else repr(key)): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
    return value


def _name_of(value: object) -> str:
    return f"<{type(value).__module__}.{type(value).__qualname__}>"
