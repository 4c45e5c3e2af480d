"""Previews of payloads: plain JSON of bounded size, made without running a payload's code."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from itertools import islice
from math import isfinite, isnan
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

MAX_INT = 2**53 - 1
"""The largest integer that a browser's numbers can hold; larger ones are shown as text."""
_BYTES = 32
_SURROGATES = re.compile("[\ud800-\udfff]")
_SAFE_ZONES = (type(None), timezone, ZoneInfo)
_LISTS = (list, tuple, set, frozenset, deque)
_CONTAINERS = (dict, *_LISTS)
_TEXTUAL: dict[type, Callable[[Any], str]] = {date: date.isoformat, timedelta: str, Decimal: str, complex: str}
_PATHS = frozenset({PosixPath, WindowsPath, PurePosixPath, PureWindowsPath})

_mro = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__
_module = type.__dict__["__module__"].__get__
_qualname = type.__dict__["__qualname__"].__get__
_MISSING = object()

HIDDEN = "•••"
"""Replaces a hidden value."""


def preview(
    value: Any, *, text: int = 500, items: int = 50, depth: int = 6, hides: Callable[[str], bool] | None = None
) -> tuple[Any, bool]:
    """A copy of `value` that JSON can hold, and whether it was shortened.

    It has at most `text` characters of a string, `items` items of a container and `depth` nested containers; in all at
    most 4 × `items` values and, after 8 × `text` characters, a tenth of `text` of each further string. No method of
    `value` is called: no `__repr__`, `__str__`, `__eq__`, `__hash__` or property. A dataclass is shown by its stored
    fields, any other object by the name of its class. Bytes become text, and so do numbers that JSON or a browser can't
    hold; lone surrogates U+FFFD. If `hides` is true for a key or field, its value is not read and shown as `•••`.

    >>> preview({"name": "a" * 3, "sizes": (1, 2), 7: float("nan"), "at": object()})
    ({'name': 'aaa', 'sizes': [1, 2], '7': 'NaN', 'at': '<object>'}, False)
    >>> preview("abcdef", text=3)
    ('abc', True)
    """
    maker = _Preview(text, items, hides)
    return maker.show(value, depth), maker.cut


def safe_text(value: Any, limit: int = 500) -> str:
    """A string that JSON can hold, of at most `limit` characters; for any other value, the text of its preview.

    >>> safe_text("ab\\ud800c")
    'ab\ufffdc'
    """
    shown = _Preview(limit, 1).show(value, 1)
    return shown if type(shown) is str else str(shown)


class _Preview:
    """One preview in the making; counts how much may still be shown."""

    __slots__ = ("_hides", "_items", "_open", "_text", "_text_left", "_values_left", "cut")

    def __init__(self, text: int, items: int, hides: Callable[[str], bool] | None = None) -> None:
        self.cut = False
        self._hides = hides
        self._text = text
        self._items = items
        self._text_left = 8 * text
        self._values_left = 4 * items
        self._open: set[int] = set()

    def show(self, value: Any, depth: int) -> Any:
        cls = type(value)
        if cls is str:
            return self._string(value)
        if value is None or cls is bool:
            return value
        if cls is int and -MAX_INT <= value <= MAX_INT:
            return value
        if cls is float and isfinite(value):
            return value
        if issubclass(cls, _CONTAINERS) or is_dataclass(cls):
            return self._container(value, cls, depth)
        return self._other(value, cls)

    def _container(self, value: Any, cls: type, depth: int) -> Any:
        """A dict or list of the contents of a container or dataclass."""
        if id(value) in self._open:
            return self._left_out("<holds itself>")
        if depth <= 0:
            return self._left_out(f"<{class_name(cls)}>")
        self._open.add(id(value))
        try:
            if issubclass(cls, dict):
                return self._mapping(self._few(dict.items(value)), depth)
            if issubclass(cls, _LISTS):
                return [self.show(item, depth - 1) for item in self._few(_iterate(value, cls))]
            return self._mapping(self._few(stored_fields(value)), depth)
        finally:
            self._open.discard(id(value))

    def _few(self, values: Iterable[Any]) -> Iterator[Any]:
        """The first values, as many as may still be shown."""
        try:
            found = list(islice(values, self._items + 1))
        except RuntimeError:  # another thread changed it meanwhile
            self.cut = True
            return
        self.cut = self.cut or len(found) > self._items
        for value in found[: self._items]:
            if self._values_left <= 0:
                self.cut = True
                return
            self._values_left -= 1
            yield value

    def _mapping(self, pairs: Iterable[tuple[Any, Any]], depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for key, value in pairs:
            name = self._string(key) if type(key) is str else self._key(key)
            while name in shown:  # 1 and "1", or two keys whose beginnings are the same
                name += "′"
            hidden = self._hides is not None and self._hides(key if type(key) is str else name)
            shown[name] = HIDDEN if hidden else self.show(value, depth - 1)
        return shown

    def _key(self, key: Any) -> str:
        shown = self.show(key, 0)
        return shown if type(shown) is str else json.dumps(shown)

    def _string(self, value: str) -> str:
        limit = min(self._text, max(self._text_left, self._text // 10))
        shown = value if len(value) <= limit else value[:limit]
        self._text_left -= len(shown)
        if len(shown) < len(value):
            self.cut = True
        return shown if shown.isascii() else _SURROGATES.sub("\ufffd", shown)

    def _other(self, value: Any, cls: type) -> Any:
        if issubclass(cls, str):
            return self._string(str.__getitem__(value, slice(None, self._text + 1)))
        if issubclass(cls, int):
            return self._integer(int.__add__(value, 0))
        if issubclass(cls, float):
            number = float.__add__(value, 0.0)
            return number if isfinite(number) else self._not_finite(number)
        if issubclass(cls, bytes | bytearray):
            return self._bytes(value, cls)
        if issubclass(cls, BaseException):
            return self._exception(value, cls)
        return self._string(self._textual(value, cls))

    def _integer(self, value: int) -> int | str:
        if -MAX_INT <= value <= MAX_INT:
            return value
        bits = value.bit_length()
        return str(value) if bits <= 1024 else self._left_out(f"<integer of {bits:,} bits>")

    def _not_finite(self, number: float) -> str:
        return "NaN" if isnan(number) else "Infinity" if number > 0 else "-Infinity"

    def _bytes(self, value: Any, cls: type) -> str:
        base: Any = bytes if issubclass(cls, bytes) else bytearray
        size, start = base.__len__(value), bytes(base.__getitem__(value, slice(0, _BYTES)))
        self.cut = self.cut or size > _BYTES
        return f"<{size:,} bytes: {start.hex(' ')}{' …' if size > _BYTES else ''}>"

    def _exception(self, value: BaseException, cls: type) -> str:
        args = BaseException.args.__get__(value, cls)  # type: ignore[attr-defined]
        text = args[0] if len(args) == 1 and type(args[0]) is str else ""
        name = class_name(cls)
        return self._string(f"{name}: {text[: self._text]}" if text else f"<{name}>")

    def _textual(self, value: Any, cls: type) -> str:
        """The text of a standard library value, else the name of the class."""
        if cls in _TEXTUAL:
            return _TEXTUAL[cls](value)
        if cls in (datetime, time) and type(value.tzinfo) in _SAFE_ZONES:
            return str(value.isoformat())
        if cls in _PATHS and all(type(part) is str for part in getattr(value, "_raw_paths", ())):
            return str(value)
        if cls is UUID and type(value.int) is int:
            return str(value)
        member = enum_member(value) if issubclass(cls, Enum) else ""
        return f"<{class_name(cls)}{member}>"

    def _left_out(self, text: str) -> str:
        self.cut = True
        return text


def _iterate(value: Any, cls: type) -> Iterable[Any]:
    """Iterate past an `__iter__` of a subclass."""
    return next(base.__iter__(value) for base in _LISTS if issubclass(cls, base))


# -- what an object stores, read without running any of its code


def class_name(cls: type) -> str:
    """`module.Class`, past any metaclass of the class; `Class` alone for builtins."""
    module, name = _module(cls), _qualname(cls)
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str(name)


def is_dataclass(cls: type) -> bool:
    """Whether instances of `cls` are dataclasses."""
    return _class_attribute(cls, "__dataclass_fields__") is not _MISSING


def stored_fields(value: object) -> Iterator[tuple[str, Any]]:
    """The names and values of the fields stored in a dataclass instance; properties are not called."""
    cls = type(value)
    stored = _instance_dict(value, cls)
    declared = _class_attribute(cls, "__dataclass_fields__")
    for name in list(declared) if type(declared) is dict else []:
        if type(name) is not str:
            continue
        if name in stored:
            yield name, stored[name]
        elif type(slot := _class_attribute(cls, name)) is MemberDescriptorType:
            try:
                yield name, MemberDescriptorType.__get__(slot, value, cls)
            except AttributeError:  # never set
                continue


def enum_member(value: object) -> str:
    """`.NAME` of an enum member; empty if it is not stored."""
    name = _instance_dict(value, type(value)).get("_name_")
    return f".{name}" if type(name) is str else ""


def _class_attribute(cls: type, name: str) -> Any:
    """The attribute `name` as stored in the class or a base, without calling descriptors."""
    for base in _mro(cls):
        found = _namespace(base).get(name, _MISSING)
        if found is not _MISSING:
            return found
    return _MISSING


def _instance_dict(value: object, cls: type) -> dict[str, Any]:
    """The `__dict__` of an instance; empty if its class replaced `__dict__` by code of its own."""
    if type(_class_attribute(cls, "__dict__")) is not GetSetDescriptorType:
        return {}
    stored = object.__getattribute__(value, "__dict__")
    return stored if type(stored) is dict else {}
