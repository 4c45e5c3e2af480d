"""Classes and functions by name. A document can name only those that this process has already defined."""

from __future__ import annotations

import builtins
import importlib
import inspect
import itertools
import sys
from collections.abc import Callable, Collection, Iterator
from types import FunctionType, MethodType
from typing import Any, ClassVar

from .plain_data import PlainReader, describe

_BUILT_IN = "routilux.builtin_routines"
FORMER_MODULES = {
    f"{_BUILT_IN}.control_flow.conditional_router": f"{_BUILT_IN}.control_flow",
    f"{_BUILT_IN}.data_processing.data_transformer": f"{_BUILT_IN}.data_processing",
    f"{_BUILT_IN}.data_processing.data_validator": f"{_BUILT_IN}.data_processing",
    f"{_BUILT_IN}.text_processing.result_extractor": f"{_BUILT_IN}.text_processing",
    f"{_BUILT_IN}.text_processing.text_clipper": f"{_BUILT_IN}.text_processing",
    f"{_BUILT_IN}.text_processing.text_renderer": f"{_BUILT_IN}.text_processing",
    f"{_BUILT_IN}.utils.data_flattener": f"{_BUILT_IN}.utils",
    f"{_BUILT_IN}.utils.time_provider": f"{_BUILT_IN}.utils",
}
"""Former modules of classes, as named in older documents, and their present ones."""


class Registered:
    """Base of the classes that a document may name."""

    _made: ClassVar[int] = 0
    _counter: ClassVar[Iterator[int]] = itertools.count(1)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._made = next(Registered._counter)


def class_name(kind: type) -> str:
    """`"pkg.module:Qualified.Name"`."""
    return f"{kind.__module__}:{kind.__qualname__}"


class ClassResolver:
    """Resolves class names while one document is read; each name is looked up once.

    Args:
        allow: modules that may be imported to find a class, or the name of one.
    """

    def __init__(self, allow: Collection[str] = ()) -> None:
        self._allow = (allow,) if isinstance(allow, str) else allow
        self._found: dict[tuple[str | None, str], type[Any]] = {}

    def find(self, name: str | None, bare_name: str) -> type[Any]:
        """Return the class of that name; the newest if there are several.

        Args:
            name: `"pkg.module:Qualified.Name"`; `None` in data of older releases.
            bare_name: the class's name alone, for such data.

        Raises:
            ValueError: if the class is unknown, with advice.
        """
        if name is not None:
            module, _, qualified = name.partition(":")
            name = f"{FORMER_MODULES.get(module, module)}:{qualified}"
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
            raise ValueError(f"routine class {describe(name or bare_name)} is not known here: {advice}")
        return found


def _newest(name: str | None, bare_name: str) -> type[Any] | None:
    fitting = [
        kind for kind in _subclasses(Registered) if (class_name(kind) == name if name else kind.__name__ == bare_name)
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
    return f"import {describe(module)} first, or load with allow=[{describe(module)}]"


def _subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield all subclasses, each once, although a class may inherit from `kind` several times."""
    waiting, seen = [kind], {kind}
    while waiting:
        for child in type.__subclasses__(waiting.pop()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                yield child


def check_constructible(kind: type) -> None:
    """Raise `TypeError` if the class cannot be constructed without arguments, as loading does."""
    try:
        inspect.signature(kind).bind()
    except TypeError as error:
        raise TypeError(
            f"{class_name(kind)} cannot be saved: its constructor needs arguments ({error}); "
            "take none and use set_config instead"
        ) from None


def find_exception(name: str) -> type[BaseException] | None:
    """Return the exception class of that name, if this process has defined it. Imports and calls nothing."""
    module, _, simple = name.partition(":")
    usual = vars(builtins).get(simple)  # the usual case
    if module == "builtins" and isinstance(usual, type) and issubclass(usual, BaseException):
        return usual
    return next((kind for kind in _subclasses(BaseException) if class_name(kind) == name), None)


def function_name(function: Any) -> str | None:
    """Return `"pkg.module:name"` for a function at the top level of a module, else `None`."""
    if isinstance(function, FunctionType) and function.__qualname__.isidentifier():
        return f"{function.__module__}:{function.__qualname__}"
    return None


def find_function(name: str) -> FunctionType | None:
    """Return the function of that name, if it is at the top level of a module that also defines a registered class.

    So a document can name a user's own functions, but not others that happen to be imported.
    """
    module, _, simple = name.partition(":")
    if module not in sys.modules or not any(kind.__module__ == module for kind in _subclasses(Registered)):
        return None
    function = vars(sys.modules[module]).get(simple)  # not getattr: that could run a module's __getattr__
    return function if function_name(function) == name and isinstance(function, FunctionType) else None


def callable_to_plain(value: Callable[..., Any]) -> dict[str, Any]:
    """Describe `value` as a dict with `_type: "callable"`."""
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
    """Return the described function, if a document may name it (see `find_function`), else `None`."""
    if plain.get("callable_type") != "function":
        return None
    module, name = plain.get("module"), plain.get("name")
    return find_function(f"{module}:{name}") if isinstance(module, str) and isinstance(name, str) else None


def to_plain(value: Any) -> Any:
    """Replace the callables in `value` with their descriptions, at any depth of dicts, lists and tuples."""
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if callable(value) and not isinstance(value, type):
        return callable_to_plain(value)
    return value


def restored(part: PlainReader) -> Any:
    """As `from_plain`, for a part of a document. Raises `ValueError` if it is nested too deeply."""
    try:
        return from_plain(part.copy())
    except RecursionError:
        raise ValueError(f"{part.path}: it is nested too deeply") from None


def from_plain(value: Any) -> Any:
    """Reverse `to_plain`; a callable that cannot be found becomes `None`."""
    if isinstance(value, dict):
        if value.get("_type") == "callable":
            return callable_from_plain(value)
        return {key: from_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    return value
