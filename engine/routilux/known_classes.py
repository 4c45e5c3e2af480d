"""Which classes and functions a file may name: those that this process has defined, and no others."""

from __future__ import annotations

import builtins
import importlib
import inspect
import itertools
import sys
from collections.abc import Collection, Iterator
from types import FunctionType
from typing import Any, ClassVar

from .documents import shown


class Loadable:
    """Base of the classes whose names a file may give."""

    _made: ClassVar[int] = 0
    _counter: ClassVar[Iterator[int]] = itertools.count(1)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._made = next(Loadable._counter)


def class_name(kind: type) -> str:
    """`"pkg.module:Qualified.Name"`."""
    return f"{kind.__module__}:{kind.__qualname__}"


class KnownClasses:
    """The loadable classes, for the time of reading one document: each is looked for once.

    Args:
        allow: modules that may be imported to find a class; one may be given as a text.
    """

    def __init__(self, allow: Collection[str] = ()) -> None:
        self._allow = (allow,) if isinstance(allow, str) else allow
        self._found: dict[tuple[str | None, str], type[Any]] = {}

    def find(self, name: str | None, bare_name: str) -> type[Any]:
        """The class that is meant; of several of that name the newest.

        Args:
            name: `"pkg.module:Qualified.Name"`; `None` in data of older releases.
            bare_name: the class's name alone, for such data.

        Raises:
            ValueError: naming the class, with what to do.
        """
        key = (name, bare_name)
        if key not in self._found:
            self._found[key] = self._find(name, bare_name)
        return self._found[key]

    def _find(self, name: str | None, bare_name: str) -> type[Any]:
        found = _newest(name, bare_name)
        module = name.partition(":")[0] if name else ""
        allowed = module in self._allow
        if found is None and allowed:
            _import(module)
            found = _newest(name, bare_name)
        if found is None:
            advice = _advice(module, allowed)
            raise ValueError(f"routine class {shown(name or bare_name)} is not known here: {advice}")
        return found


def _newest(name: str | None, bare_name: str) -> type[Any] | None:
    fitting = [
        kind for kind in _subclasses(Loadable) if (class_name(kind) == name if name else kind.__name__ == bare_name)
    ]
    return max(fitting, key=lambda kind: kind._made, default=None)


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise ValueError(f"module {module!r} is allowed but cannot be imported: {error}") from error


def _advice(module: str, allowed: bool) -> str:
    if allowed:
        return f"module {module!r} has no such class"
    if module == "__main__":
        return "it was defined in a program itself; put it into a module that this program can import too"
    if not module:
        return "import its module first"
    return f"import {shown(module)} first, or load with allow=[{shown(module)}]"


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    """All of them, each once. A class may have many ways to its base."""
    waiting, seen = [kind], {kind}
    while waiting:
        for child in type.__subclasses__(waiting.pop()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                yield child


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
    """The exception class of that name that this process has defined, or `None`. Nothing is imported or called."""
    module, _, simple = name.partition(":")
    usual = vars(builtins).get(simple)  # nearly always
    if module == "builtins" and isinstance(usual, type) and issubclass(usual, BaseException):
        return usual
    return next((kind for kind in _subclasses(BaseException) if class_name(kind) == name), None)


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
    if module not in sys.modules or not any(kind.__module__ == module for kind in _subclasses(Loadable)):
        return None
    function = vars(sys.modules[module]).get(simple)  # not getattr: a module may have code that answers that
    return function if function_name(function) == name and isinstance(function, FunctionType) else None
