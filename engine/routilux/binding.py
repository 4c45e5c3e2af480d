"""How a handler is called, decided once from its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from types import CodeType
from typing import Any

Caller = Callable[[dict[str, Any]], Any]


class Binding:
    """A handler and the way it takes its data.

    `keywords` is the handler itself when it takes everything as keyword arguments
    (`handler(**data)`), which hot loops do without a call in between; else `None`.
    `call(data)` works for every handler. A handler that gets the whole dict gets a copy.

    >>> Binding(lambda count=10, text="": (count, text)).call({})
    (10, '')
    """

    __slots__ = ("call", "keywords")

    def __init__(self, handler: Callable[..., Any]) -> None:
        _check(handler)
        self.keywords: Callable[..., Any] | None = None
        parameters = _parameters(handler)
        if parameters is None:
            self.call: Caller = _whole(handler)
        elif any(p.kind is p.VAR_KEYWORD for p in parameters):
            self.keywords = handler
            self.call = lambda data: handler(**data)
        else:
            named = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
            self.call = _unless_empty(handler, named, _choose(handler, named, bool(parameters)))


_MAKES_AN_OBJECT = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def _check(handler: Callable[..., Any]) -> None:
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
    """With no data at all, a handler whose parameters all have defaults gets those, not an empty dict for the first."""
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
