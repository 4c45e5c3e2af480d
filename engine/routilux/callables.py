"""Callables as plain data: what is saved says what it was; only a user's own functions come back."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from .documents import Part
from .known_classes import find_function


def callable_to_plain(value: Callable[..., Any]) -> dict[str, Any]:
    """A dict with `_type: "callable"` that describes `value`."""
    plain: dict[str, Any] = {"_type": "callable"}
    if isinstance(value, MethodType):
        owner = type(value.__self__).__name__
        return plain | {
            "callable_type": "method",
            "class_name": owner,
            "method_name": value.__name__,
            "object_id": None,
        }
    if isinstance(value, FunctionType):
        return plain | {"callable_type": "function", "module": value.__module__, "name": value.__qualname__}
    name = getattr(value, "__name__", type(value).__name__)
    return plain | {"callable_type": "builtin", "name": name if isinstance(name, str) else type(value).__name__}


def callable_from_plain(plain: dict[str, Any]) -> Callable[..., Any] | None:
    """The function meant, if a file may name it (see `known_classes.find_function`), else `None`."""
    if plain.get("callable_type") != "function":
        return None
    module, name = plain.get("module"), plain.get("name")
    return find_function(f"{module}:{name}") if isinstance(module, str) and isinstance(name, str) else None


def to_plain(value: Any) -> Any:
    """`value` with its callables made plain, at any depth of dicts, lists and tuples."""
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if callable(value) and not isinstance(value, type):
        return callable_to_plain(value)
    return value


def restored(part: Part) -> Any:
    """As `from_plain`, for a part of a document; `ValueError` when it is nested too deeply."""
    try:
        return from_plain(part.copy())
    except RecursionError:
        raise ValueError(f"{part.path}: it is nested too deeply") from None


def from_plain(value: Any) -> Any:
    """What `to_plain` made plain; a callable that cannot be found again becomes `None`."""
    if isinstance(value, dict):
        if value.get("_type") == "callable":
            return callable_from_plain(value)
        return {key: from_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    return value
