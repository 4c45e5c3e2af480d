"""Derive a JSON Schema of an entry's parameters from its handler's signature."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from ..payloads.preview import preview

Schema = dict[str, Any]

_WORDS: dict[object, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    UUID: {"type": "string", "format": "uuid"},
}
_UNIONS = (typing.Union, types.UnionType)


def parameters(handler: Callable[..., Any] | None) -> Schema:
    """JSON Schema of a handler's parameters: names, types, defaults, and which ones are required.

    `additionalProperties` says whether the handler accepts other names. A type that JSON Schema
    can't express is left open.

    >>> def walk(root: str, depth: int = 3): ...
    >>> parameters(walk)["properties"]
    {'root': {'type': 'string'}, 'depth': {'type': 'integer', 'default': 3}}
    >>> parameters(walk)["required"], parameters(walk)["additionalProperties"]
    (['root'], False)
    """
    known = _parameters(handler)
    named = [p for p in known if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    only_collects = bool(known) and not named
    if only_collects or [p.name for p in known] == ["data"]:  # the engine passes it the whole dict
        return _object({}, [], others=True)
    properties = {p.name: _property(p) for p in named}
    required = [p.name for p in named if p.default is p.empty]
    return _object(properties, required, others=any(p.kind is p.VAR_KEYWORD for p in known))


def _object(properties: dict[str, Schema], required: list[str], *, others: bool) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": others}
    return {**schema, "required": required} if required else schema


def _parameters(handler: Callable[..., Any] | None) -> list[inspect.Parameter]:
    if handler is None:
        return []
    for evaluate in (True, False):  # annotations may use names that exist only for type checkers
        try:
            return list(inspect.signature(handler, eval_str=evaluate).parameters.values())
        except Exception:
            continue
    return []


def _property(parameter: inspect.Parameter) -> Schema:
    schema = dict(_schema(parameter.annotation))
    if parameter.default is not parameter.empty:
        shown, cut = preview(parameter.default)
        if not cut:
            schema["default"] = shown
    return schema


def _schema(annotation: Any) -> Schema:
    if isinstance(annotation, str):  # it could not be evaluated
        return next((schema for word, schema in _WORDS.items() if getattr(word, "__name__", "") == annotation), {})
    if annotation is None:
        return _WORDS[type(None)]
    is_class = isinstance(annotation, type) and typing.get_origin(annotation) is None
    return _class(annotation) if is_class else _special(annotation)


def _special(annotation: Any) -> Schema:
    """A choice, or a container of something."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _schema(args[0])
    if origin is typing.Literal:
        return {"enum": [preview(value)[0] for value in args]}
    if origin in _UNIONS:
        return {"anyOf": [_schema(choice) for choice in args]}
    return _generic(origin, args)


def _class(cls: type) -> Schema:
    if cls in _WORDS:
        return _WORDS[cls]
    if issubclass(cls, Enum):
        return {"enum": [preview(member.value)[0] for member in cls]}
    if issubclass(cls, PurePath):
        return {"type": "string"}
    return _generic(cls, ())


def _generic(origin: Any, args: tuple[Any, ...]) -> Schema:
    if not isinstance(origin, type) or origin is inspect.Parameter.empty:
        return {}
    if issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(args[1])} if len(args) == 2 else {"type": "object"}
    if issubclass(origin, Sequence | set | frozenset):
        alike = len(args) == 1 or (len(args) == 2 and args[1] is Ellipsis)
        return {"type": "array", "items": _schema(args[0])} if alike else {"type": "array"}
    return {}
