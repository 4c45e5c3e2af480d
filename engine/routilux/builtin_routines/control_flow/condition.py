"""Conditions of routes: text, a dict of fields, or a callable; each becomes a function that tells a match."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .evaluation import NAMES, Scope
from .expression import Expression

_log = logging.getLogger("routilux")

Condition = str | Expression | dict[Any, Any] | Callable[..., Any]
Route = tuple[str, Condition]
Matcher = Callable[[Any, Scope], bool]
"""(data, configuration) -> whether the condition holds."""


def routes_of(routes: Any) -> list[tuple[str, Matcher]]:
    """A matcher for each `(name, condition)`. Raises `ValueError` naming the route whose condition cannot be used.

    >>> [(name, matches)] = routes_of([("big", "data > config['limit']")])
    >>> matches(5, {"limit": 3})
    True
    """
    if not isinstance(routes, (list, tuple)):
        raise ValueError(f"Routes are a list of (name, condition), not {routes!r:.100}")
    return [(name, matcher(name, condition)) for name, condition in map(_pair, routes)]


def matcher(route: str, condition: Any) -> Matcher:
    """A function that tells whether the condition holds. A condition that raises does not."""
    ask = _asking(route, condition)

    def matches(data: Any, config: Scope) -> bool:
        try:
            return bool(ask(data, config))
        except Exception:
            _log.debug("The condition of route %r raised: it does not match", route, exc_info=True)
            return False

    return matches


def roles(parameters: Sequence[str]) -> dict[str, str]:
    """Which of data, config and stats each parameter of a callable gets; one that gets nothing is not in the result.

    >>> roles(["item"]), roles(["item", "settings"]), roles(["stats", "item"])
    ({'item': 'data'}, {'item': 'data', 'settings': 'config'}, {'stats': 'stats', 'item': 'data'})
    >>> roles(["data", "config", "other"])
    {'data': 'data', 'config': 'config'}
    """
    if len(parameters) == 1:
        return {parameters[0]: "data"}
    if len(parameters) == 2:
        if not {"config", "stats"} & set(parameters):
            return dict(zip(parameters, NAMES, strict=False))
        return {name: name if name in ("config", "stats") else "data" for name in parameters}
    return {name: name for name in parameters if name in NAMES}


def _pair(route: Any) -> tuple[str, Any]:
    if not isinstance(route, (tuple, list)) or len(route) != 2 or not isinstance(route[0], str) or not route[0]:
        raise ValueError(f"A route is (name, condition), not {route!r:.100}")
    return route[0], route[1]


def _asking(route: str, condition: Any) -> Callable[[Any, Scope], Any]:
    if isinstance(condition, str):
        try:
            return Expression(condition)
        except ValueError as error:
            raise ValueError(f"Route {route!r}: {error}") from None
    if isinstance(condition, Expression):
        return condition
    if isinstance(condition, dict):
        return lambda data, _config: fields_match(data, condition)
    if callable(condition):
        return _calling(condition)
    raise ValueError(f"Route {route!r}: a condition is text, a dict or a callable, not {condition!r:.100}")


def fields_match(data: Any, wanted: Mapping[Any, Any]) -> bool:
    """Whether data is a dict with all these fields, each equal to its value, or fine for its callable.

    >>> fields_match({"kind": "order", "total": 12}, {"kind": "order", "total": lambda total: total > 10})
    True
    """
    return isinstance(data, dict) and all(
        field in data and (value(data[field]) if callable(value) else data[field] == value)
        for field, value in wanted.items()
    )


def _calling(condition: Callable[..., Any]) -> Callable[[Any, Scope], Any]:
    """Calls a condition with what its parameters ask for; its signature is read once."""
    try:
        parameters = list(inspect.signature(condition).parameters.values())
    except (TypeError, ValueError):  # some builtins have no signature
        return lambda data, _config: condition(data)
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if not named:
        return _calling_without_names(condition, parameters)
    given = roles([p.name for p in named])
    by_place = [given[p.name] for p in named if p.kind is p.POSITIONAL_ONLY and p.name in given]
    by_name = {p.name: given[p.name] for p in named if p.kind is not p.POSITIONAL_ONLY and p.name in given}

    def ask(data: Any, config: Scope) -> Any:
        scope = {"data": data, "config": dict(config), "stats": {}}
        return condition(*[scope[role] for role in by_place], **{name: scope[role] for name, role in by_name.items()})

    return ask


def _calling_without_names(
    condition: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[[Any, Scope], Any]:
    kinds = {p.kind for p in parameters}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return lambda data, _config: condition(data)
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return lambda data, config: condition(data=data, config=dict(config), stats={})
    return lambda _data, _config: condition()
