"""Requests as calls: the query and the body are checked against the call's struct, and errors name the values accepted.

Anything that isn't understood is rejected, never guessed: 400 for the query and for a body that is no JSON, 422 for
a body of another shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from flask import Request
from msgspec import inspect

from ..protocol.call import JSON, Call, Moment, field_types, query_fields
from .problems import RequestError

C = TypeVar("C", bound=Call[Any])


def parse(call: type[C], places: dict[str, Any], request: Request) -> C:
    """The call that a request makes. `places` are the values in its path. Raises `RequestError`."""
    query = query_fields(call)
    for name in request.args:
        if name not in query:
            known = ", ".join(query) or "none"
            raise RequestError(400, "Unknown parameter", f"{request.path} has no parameter {name!r}; it has: {known}.")
    values = {name: _value(name, type_, request.args.getlist(name)) for name, type_ in query.items()}
    given = {name: value for name, value in values.items() if value is not None}
    if "body" in call.__struct_fields__ and call.endpoint.accepts == JSON:
        given["body"] = _body(field_types(call)["body"], request.get_data())
    return call(**places, **given)


def _value(name: str, type_: Any, texts: list[str]) -> Any:
    """A parameter's value; `None` if it isn't given, or is an empty text."""
    if not texts:
        return None
    info = inspect.type_info(type_)
    info = info.type if isinstance(info, inspect.Metadata) else info
    return _PARSERS[type(info)](name, info, texts)


def _number(name: str, info: inspect.IntType, texts: list[str]) -> int:
    text = texts[0]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not (info.ge or 0) <= number <= (info.le or number):
        detail = f"{name}={text[:80]!r}: a whole number from {info.ge} to {info.le} is needed."
        raise RequestError(400, "Bad number", detail)
    return number


def _text(name: str, info: inspect.StrType, texts: list[str]) -> str | None:
    text = texts[0]
    if info.max_length is None:
        return text
    if len(text) > info.max_length:
        detail = f"{name} has {len(text)} characters; at most {info.max_length} are read."
        raise RequestError(400, "Too long", detail)
    return text or None


def _word(name: str, info: inspect.LiteralType, texts: list[str]) -> str:
    if texts[0] not in info.values:
        known = ", ".join(map(str, info.values))
        raise RequestError(400, f"Unknown {name}", f"{name}={texts[0][:80]!r}: one of {known} is needed.")
    return texts[0]


def _several(name: str, info: inspect.VarTupleType, texts: list[str]) -> tuple[str, ...]:
    """Words, which may also be separated by commas in one text, or names, which the handler separates."""
    match info.item_type:
        case inspect.LiteralType() as item:
            words = {word for text in texts for word in text.split(",")}
            return tuple(_word(name, item, [word]) for word in sorted(words))
        case inspect.StrType(max_length=longest, pattern=pattern):
            if not all(re.search(pattern or "", text) for text in texts):
                raise RequestError(400, "No name", f"{name} is empty: one name at least is needed, or leave it out.")
            if len(texts) > (info.max_length or 0) or any(len(text) > (longest or 0) for text in texts):
                detail = f"{name} is read at most {info.max_length} times, with up to {longest:,} characters."
                raise RequestError(400, "Too long", detail)
    return tuple(texts)


def _moment(name: str, _info: inspect.CustomType, texts: list[str]) -> Moment:
    try:
        return Moment(texts[0])
    except (ValueError, OverflowError):
        needed = "ISO 8601 (2026-01-31T12:00:00Z) or milliseconds since the epoch is needed"
        raise RequestError(400, "Bad time", f"{name}={texts[0][:80]!r}: {needed}.") from None


_PARSERS: dict[type[inspect.Type], Callable[[str, Any, list[str]], Any]] = {
    inspect.IntType: _number,
    inspect.StrType: _text,
    inspect.LiteralType: _word,
    inspect.VarTupleType: _several,
    inspect.CustomType: _moment,
}


def _body(shape: Any, content: bytes) -> Any:
    """The request's body; an empty one is an object without members."""
    try:
        return msgspec.json.decode(content or b"{}", type=shape)
    except msgspec.ValidationError as error:
        fields = ", ".join(repr(name) for name in shape.__struct_fields__)
        raise RequestError(422, "Unexpected body", f"{error}. Members are: {fields}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(400, "Not JSON", f"The body cannot be read: {error}. Send a JSON object.") from None
