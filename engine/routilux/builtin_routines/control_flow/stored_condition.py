"""Conditions as plain data, for saving a router, and back. Nothing that is stored is evaluated by Python."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from .condition import Condition
from .condition_source import condition_source, text_of_lambda
from .expression import Expression

FindFunction = Callable[[str, str], Callable[..., Any]]
"""(module, name) -> that function; raises `ValueError` for one that may not be used."""


def stored_routes(routes: Iterable[tuple[str, Condition]]) -> list[list[Any]]:
    """Routes as lists of name and plain data. Raises `ValueError` naming a route that cannot be stored.

    Text stays text, and a dict a dict. A function of a module is stored by its name, a lambda or
    local function as its text: `{"_type": "lambda_expression", "expression": text}`.

    >>> stored_routes([("big", "data > 9"), ("mine", {"owner": "me", "size": lambda size: size < 5})])
    [['big', 'data > 9'], ['mine', {'owner': 'me', 'size': {'_type': 'lambda_expression', 'expression': 'data < 5'}}]]
    """
    return [[name, _stored(condition, name)] for name, condition in routes]


def restored_routes(stored: Iterable[Any], find_function: FindFunction) -> list[tuple[str, Condition]]:
    """What `stored_routes` was given, with an `Expression` for each lambda.

    Raises `ValueError` naming the route for text that is no expression, and what `find_function` raises.
    """
    return [(name, _restored(condition, name, find_function)) for name, condition in stored]


def _stored(condition: Any, route: str) -> Any:
    if isinstance(condition, dict):
        return {
            field: _stored_callable(wanted, route) if callable(wanted) else wanted
            for field, wanted in condition.items()
        }
    return _stored_callable(condition, route) if callable(condition) else condition


def _stored_callable(condition: Any, route: str) -> dict[str, Any]:
    if isinstance(condition, FunctionType) and _is_of_module(condition):
        place = {"module": condition.__module__, "name": condition.__name__}
        return {"_type": "callable", "callable_type": "function", **place}
    return {"_type": "lambda_expression", "expression": condition_source(condition, route)}


def _is_of_module(function: FunctionType) -> bool:
    return getattr(sys.modules.get(function.__module__), function.__name__, None) is function


def _restored(stored: Any, route: str, find_function: FindFunction) -> Any:
    if not isinstance(stored, dict) or _is_callable(stored):
        return _restored_value(stored, route, find_function)
    return {field: _restored_value(wanted, route, find_function) for field, wanted in stored.items()}


def _restored_value(stored: Any, route: str, find_function: FindFunction) -> Any:
    return _restored_callable(stored, route, find_function) if _is_callable(stored) else stored


def _is_callable(stored: Any) -> bool:
    return isinstance(stored, dict) and stored.get("_type") in ("lambda_expression", "callable")


def _restored_callable(stored: dict[str, Any], route: str, find_function: FindFunction) -> Callable[..., Any]:
    if stored["_type"] == "lambda_expression":
        text = stored.get("expression")
        if not isinstance(text, str):
            raise ValueError(f"Route {route!r}: a stored condition must have its text, not {text!r:.100}")
        return Expression(text_of_lambda(text, route))
    module, name = stored.get("module"), stored.get("name")
    if not isinstance(module, str) or not isinstance(name, str):
        raise ValueError(f"Route {route!r}: a stored function is named by module and name, not {stored!r:.100}")
    return find_function(module, name)
