"""Functions by name: those built into a routine, and those that its user registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from reprlib import Repr
from types import MappingProxyType
from typing import Any

Function = Callable[..., Any]


class FunctionTable(Mapping[str, Function]):
    """The functions that a routine finds by name. They are not part of its configuration, which can be saved.

    Args:
        what: a word for the functions, used in errors (`"transformation"`).
        built_in: functions that are always available. A function registered under the same name takes precedence.

    >>> table = FunctionTable("transformation", {"upper": str.upper})
    >>> table.register("twice", lambda value: value * 2)
    >>> list(table), list(table.registered)
    (['upper', 'twice'], ['twice'])
    """

    def __init__(self, what: str, built_in: Mapping[str, Function]) -> None:
        self._what = what
        self._built_in = built_in
        self._registered: dict[str, Function] = {}

    def register(self, name: str, function: Function) -> None:
        """Add or replace a function. Raises `ValueError` if it is not callable or the name is empty."""
        if not name:
            raise ValueError(f"A {self._what} is registered under a name, not {name!r}")
        if not callable(function):
            raise ValueError(f"The {self._what} {name!r} must be callable, not {function!r:.100}")
        self._registered[name] = function

    @property
    def registered(self) -> Mapping[str, Function]:
        """The user's functions. After loading, register them again unless the routine's `__init__` does."""
        return MappingProxyType(self._registered)

    def __getitem__(self, name: str) -> Function:
        return self._registered[name] if name in self._registered else self._built_in[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._built_in, **self._registered})

    def __len__(self) -> int:
        return len({**self._built_in, **self._registered})


_preview = Repr()


def text_of(value: Any) -> str:
    """Return the `str` of a value, or its `preview` if it is nested too deeply.

    >>> text_of({"a": [1]})
    "{'a': [1]}"
    """
    try:
        return str(value)
    except RecursionError:
        return preview(value)


def preview(value: Any) -> str:
    """Return the outermost levels of a value, with the first items of each.

    >>> preview([[[[[[[[1]]]]]]]])
    '[[[[[[[...]]]]]]]'
    """
    return _preview.repr(value)
