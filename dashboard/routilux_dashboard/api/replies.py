"""Wire shapes as JSON replies, and bodies as wire shapes."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from flask import Response, request

from ..server.encoding import to_json
from .problems import Refused

S = TypeVar("S", bound=msgspec.Struct)


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """`value` as JSON."""
    return encoded(to_json(value), status, **headers)


def encoded(json: bytes, status: int = 200, **headers: str) -> Response:
    """JSON that is of now, and not to be kept by anybody."""
    response = Response(json, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    for name, text in headers.items():
        response.headers[name] = text
    return response


def body(shape: type[S]) -> S:
    """The request's body; an empty one is an object without members. `Refused` (400, 422) says what is wrong."""
    try:
        return msgspec.json.decode(request.get_data() or b"{}", type=shape)
    except msgspec.ValidationError as error:
        fields = ", ".join(repr(name) for name in shape.__struct_fields__)
        raise Refused(422, "Unexpected body", f"{error}. Members are: {fields}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "Not JSON", f"The body cannot be read: {error}. Send a JSON object.") from None
