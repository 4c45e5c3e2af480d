"""Conditions as plain data, for saving a router, and back. Nothing that is stored is evaluated by Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from ...callables import callable_from_plain, callable_to_plain, to_plain
from ...documents import Part
from ...known_classes import function_name
from .condition import Route
from .condition_source import condition_source, text_of_lambda
from .expression import Expression

LAMBDA = "lambda_expression"
CALLABLE = "callable"


def stored_routes(routes: Iterable[Route]) -> list[list[Any]]:
    """Routes as lists of name and plain data. Raises `ValueError` naming a route that cannot be stored.

    Text stays text, and a dict a dict. A function of a module is stored by its name, a lambda or
    local function as its text: `{"_type": "lambda_expression", "expression": text}`.

    >>> stored_routes([("big", "data > 9"), ("mine", {"owner": "me", "size": lambda size: size < 5})])
    [['big', 'data > 9'], ['mine', {'owner': 'me', 'size': {'_type': 'lambda_expression', 'expression': 'data < 5'}}]]
    """
    return [[name, _stored(condition, name)] for name, condition in routes]


def restored_routes(part: Part) -> list[Route]:
    """What `stored_routes` was given, with an `Expression` for each lambda.

    Raises `ValueError` naming the place, for what is no condition, and for a function that is not known here.
    """
    return [_restored_route(route) for route in part.items()]


def _stored(condition: Any, route: str) -> Any:
    if isinstance(condition, dict):
        return {field: _stored_value(wanted, route) for field, wanted in condition.items()}
    return _stored_value(condition, route)


def _stored_value(value: Any, route: str) -> Any:
    if not callable(value):
        return to_plain(value)
    if isinstance(value, FunctionType) and function_name(value) is not None:
        return callable_to_plain(value)
    return {"_type": LAMBDA, "expression": condition_source(value, route)}


def _restored_route(part: Part) -> Route:
    pair = part.items()
    if len(pair) != 2:
        raise part.wrong("a list of a name and a condition")
    name, condition = pair[0].as_text(), pair[1]
    if not isinstance(condition.value, dict) or _is_callable(condition.value):
        return name, _restored_value(condition, name)
    return name, {field: _restored_value(wanted, name) for field, wanted in condition.entries()}


def _restored_value(part: Part, route: str) -> Any:
    if not _is_callable(part.value):
        return part.value
    return _restored_expression(part) if part.text("_type") == LAMBDA else _restored_function(part, route)


def _is_callable(stored: Any) -> bool:
    return isinstance(stored, dict) and stored.get("_type") in (LAMBDA, CALLABLE)


def _restored_expression(part: Part) -> Expression:
    text = part.text("expression")
    try:
        return Expression(text_of_lambda(text))
    except ValueError as error:
        raise ValueError(f"{part.path}: {error}") from None


def _restored_function(part: Part, route: str) -> Callable[..., Any]:
    function = callable_from_plain(part.fields())
    if function is None:
        name = f"{part.value.get('module')}:{part.value.get('name')}"
        raise ValueError(
            f"{part.path}: route {route!r} needs the function {name!r:.200}, which is not known here: "
            "import its module first; it must define a routine as well"
        )
    return function
