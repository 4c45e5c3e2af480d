"""How a handler receives its data: merge strategies, and the binding of data to parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from types import CodeType
from typing import Any

from .persistence.plain_data import describe

MergeStrategy = str | Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


def keeps_data(strategy: MergeStrategy) -> bool:
    """Whether the strategy uses earlier data (any string but `"append"` overrides)."""
    return callable(strategy) or strategy == "append"


def merge(
    strategy: MergeStrategy, stored: dict[str, Any], new: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the data for the handler, and the data to store for next time. Neither argument is changed.

    >>> merge("append", {"x": [1], "y": [5]}, {"x": 2})
    ({'x': [1, 2]}, {'x': [1, 2], 'y': [5]})
    >>> merge("override", {"x": 1}, {"y": 2})
    ({'y': 2}, {'y': 2})
    """
    if callable(strategy):
        merged: Any = strategy(stored.copy(), new.copy())
        if not isinstance(merged, dict):
            name = getattr(strategy, "__name__", strategy)
            raise TypeError(f"The merge function {name} gave {describe(merged)}: a dict is needed")
        return merged, merged
    if strategy != "append":
        return new, new
    grown = {key: [*_as_list(stored, key), value] for key, value in new.items()}
    return {key: values.copy() for key, values in grown.items()}, {**stored, **grown}


def _as_list(stored: dict[str, Any], key: str) -> list[Any]:
    if key not in stored:
        return []
    value = stored[key]
    return value if isinstance(value, list) else [value]


Caller = Callable[[dict[str, Any]], Any]


class Binding:
    """A handler, and how to call it with data.

    `call(data)` works for every handler. `keyword_handler` is the handler itself if it accepts any keyword
    arguments, else `None`: hot loops call `keyword_handler(**data)` and save a call. A handler that receives
    the whole dict receives a copy.

    >>> Binding(lambda count=10, text="": (count, text)).call({})
    (10, '')
    """

    __slots__ = ("call", "keyword_handler")

    def __init__(self, handler: Callable[..., Any]) -> None:
        _check_handler(handler)
        self.keyword_handler: Callable[..., Any] | None = None
        parameters = _parameters(handler)
        if parameters is None:
            self.call: Caller = _whole(handler)
        elif any(p.kind is p.VAR_KEYWORD for p in parameters):
            self.keyword_handler = handler
            self.call = lambda data: handler(**data)
        else:
            named = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
            self.call = _unless_empty(handler, named, _choose(handler, named, bool(parameters)))


_MAKES_AN_OBJECT = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def _check_handler(handler: Callable[..., Any]) -> None:
    if not callable(handler):
        raise TypeError(f"A handler is called with what arrives: {handler!r} cannot be called")
    code = getattr(getattr(handler, "__func__", handler), "__code__", None)
    if isinstance(code, CodeType) and code.co_flags & _MAKES_AN_OBJECT:
        kind = "has yield in it" if code.co_flags & inspect.CO_GENERATOR else "is async"
        raise TypeError(f"Handler {code.co_qualname} {kind}: calling it would run nothing of it; use a plain function")


def _parameters(handler: Callable[..., Any]) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):  # some builtins have no signature
        return None


def _choose(handler: Callable[..., Any], named: list[inspect.Parameter], takes_any: bool) -> Caller:
    if not named:
        return _whole(handler) if takes_any else lambda _: handler()
    if len(named) > 1:
        return _matching(handler, named)
    parameter = named[0]
    if parameter.kind is parameter.KEYWORD_ONLY:
        get = _whole if parameter.name == "data" else partial(_value, name=parameter.name)
        return get(lambda value: handler(**{parameter.name: value}))
    return _whole(handler) if parameter.name == "data" else _value(handler, parameter.name)


def _unless_empty(handler: Callable[..., Any], named: list[inspect.Parameter], call: Caller) -> Caller:
    """Without data, call a handler whose parameters all have defaults with those, not with an empty dict."""
    takes_whole = [p.name for p in named] == ["data"]
    if not named or takes_whole or any(p.default is p.empty for p in named):
        return call
    return lambda data: call(data) if data else handler()


def _whole(handler: Callable[..., Any]) -> Caller:
    return lambda data: handler(data.copy())


def _value(handler: Callable[..., Any], name: str) -> Caller:
    def call(data: dict[str, Any]) -> Any:
        return handler(data[name] if name in data else data.copy())

    return call


def _matching(handler: Callable[..., Any], parameters: list[inspect.Parameter]) -> Caller:
    positions = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]
    names = [p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY]
    if not positions:
        return _by_name(handler, names)

    def call(data: dict[str, Any]) -> Any:
        first = [data[name] for name in takewhile(data.__contains__, positions)]
        matching = {name: data[name] for name in names if name in data}
        return handler(*first, **matching) if first or matching else handler(data.copy())

    return call


def _by_name(handler: Callable[..., Any], names: list[str]) -> Caller:
    def call(data: dict[str, Any]) -> Any:
        matching = {name: data[name] for name in names if name in data}
        return handler(**matching) if matching else handler(data.copy())

    return call
