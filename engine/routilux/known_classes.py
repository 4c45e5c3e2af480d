"""Which classes and functions a file may name: those that this process has defined, and no others."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Collection, Iterator
from types import FunctionType
from typing import Any


class Loadable:
    """Base of the classes whose names a file may give."""


def class_name(kind: type) -> str:
    """`"pkg.module:Qualified.Name"`."""
    return f"{kind.__module__}:{kind.__qualname__}"


def find_class(name: str | None, bare_name: str, allow: Collection[str] = ()) -> type[Any]:
    """The loadable class that a document means.

    Args:
        name: `"pkg.module:Qualified.Name"`; `None` in data of older releases.
        bare_name: the class's name alone, for such data: the newest class of that name.
        allow: modules that may be imported to find it.

    Raises:
        ValueError: naming the class, with what to do.
    """
    found = _newest(name, bare_name)
    module = name.partition(":")[0] if name else ""
    if found is None and module in allow:
        importlib.import_module(module)
        found = _newest(name, bare_name)
    if found is None:
        shown = name or bare_name
        hint = f"import {module} first, or load with allow=[{module!r}]" if module else "import its module first"
        raise ValueError(f"Routine class {shown!r} is not known here: {hint}")
    return found


def _newest(name: str | None, bare_name: str) -> type[Any] | None:
    newest: type[Any] | None = None
    for kind in _subclasses(Loadable):
        if class_name(kind) == name if name else kind.__name__ == bare_name:
            newest = kind
    return newest


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def check_constructible(kind: type) -> None:
    """Raise `TypeError` when the class cannot be made without arguments, as loading does."""
    try:
        inspect.signature(kind).bind()
    except TypeError as error:
        raise TypeError(
            f"{class_name(kind)} cannot be saved: its constructor needs arguments ({error}); "
            "take none and use set_config instead"
        ) from None


def find_exception(name: str) -> type[BaseException] | None:
    """The exception class of that name that this process knows, or `None`. Nothing is imported."""
    module, _, qualified = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in qualified.split("."):
        found = getattr(found, part, None) if not part.startswith("_") else None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def function_name(function: Any) -> str | None:
    """`"pkg.module:name"` of a plain function at the top of a module, else `None`."""
    if isinstance(function, FunctionType) and function.__qualname__.isidentifier():
        return f"{function.__module__}:{function.__qualname__}"
    return None


def find_function(name: str) -> FunctionType | None:
    """The function of that name, if it is defined at the top of a module that also defines a loadable class.

    So a file can name a user's own functions, and nothing else that happens to be imported.
    """
    module, _, simple = name.partition(":")
    if not any(kind.__module__ == module for kind in _subclasses(Loadable)):
        return None
    function = getattr(sys.modules.get(module), simple, None)
    return function if function_name(function) == name and isinstance(function, FunctionType) else None
