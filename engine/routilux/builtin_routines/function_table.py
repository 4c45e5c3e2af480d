"""Functions by name: those that come with a routine, and those that its user registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from reprlib import Repr
from types import MappingProxyType
from typing import Any

Function = Callable[..., Any]


class FunctionTable(Mapping[str, Function]):
    """The functions that a routine knows by name. They are no part of its configuration, which can be saved.

    Args:
        what: what the functions are, for errors (`"transformation"`).
        built_in: those that are always there. One that is registered under the same name goes before it.

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
        """Add a function, or replace the one of that name; `ValueError` when it is no function or has no name."""
        if not name:
            raise ValueError(f"A {self._what} is registered under a name, not {name!r}")
        if not callable(function):
            raise ValueError(f"The {self._what} {name!r} must be callable, not {function!r:.100}")
        self._registered[name] = function

    @property
    def registered(self) -> Mapping[str, Function]:
        """What the user registered: what a saved routine has to be given again, unless its `__init__` does so."""
        return MappingProxyType(self._registered)

    def __getitem__(self, name: str) -> Function:
        return self._registered[name] if name in self._registered else self._built_in[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._built_in, **self._registered})

    def __len__(self) -> int:
        return len({**self._built_in, **self._registered})


_preview = Repr()


def text_of(value: Any) -> str:
    """The `str` of a value; the `preview` of one that is nested too deeply for that.

    >>> text_of({"a": [1]})
    "{'a': [1]}"
    """
    try:
        return str(value)
    except RecursionError:
        return preview(value)


def preview(value: Any) -> str:
    """The outermost levels of a value, and the first items of each.

    >>> preview([[[[[[[[1]]]]]]]])
    '[[[[[[[...]]]]]]]'
    """
    return _preview.repr(value)
