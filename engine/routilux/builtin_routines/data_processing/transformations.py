"""Transformations of data by name, and applying several in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Transformation = Callable[[Any], Any]


def lowercase(value: Any) -> Any:
    """A string in lower case; anything else as it is."""
    return value.lower() if isinstance(value, str) else value


def uppercase(value: Any) -> Any:
    """A string in upper case; anything else as it is."""
    return value.upper() if isinstance(value, str) else value


def strip_whitespace(value: Any) -> Any:
    """A string without white space around it; anything else as it is."""
    return value.strip() if isinstance(value, str) else value


def to_int(value: Any) -> Any:
    """A number or a string as an `int`; anything else as it is. `ValueError` for a string that is no whole number."""
    return int(value) if isinstance(value, (int, float, str)) else value


def to_float(value: Any) -> Any:
    """A number or a string as a `float`; anything else as it is. `ValueError` for a string that is no number."""
    return float(value) if isinstance(value, (int, float, str)) else value


def remove_none(value: Any) -> Any:
    """A dict without the keys whose value is `None`; anything else as it is."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


BUILT_IN: Mapping[str, Transformation] = {
    "lowercase": lowercase,
    "uppercase": uppercase,
    "strip_whitespace": strip_whitespace,
    "to_string": str,
    "to_int": to_int,
    "to_float": to_float,
    "remove_none": remove_none,
}


class Transformed(NamedTuple):
    """Data after its transformations, the names of those that were applied, and what went wrong with others."""

    data: Any
    applied: list[str]
    errors: list[str]


def transform(data: Any, steps: Sequence[Any], functions: Mapping[str, Transformation] = BUILT_IN) -> Transformed:
    """Apply names of `functions`, or callables, one after the other. One that fails leaves the data as it was.

    >>> transform(" 12 ", ["to_int", "sideways", lambda n: n + 1])
    Transformed(data=13, applied=['to_int', '<lambda>'], errors=['Unknown transformation: sideways'])
    """
    result = Transformed(data, [], [])
    for step in steps:
        result = _apply(step, result, functions)
    return result


def _apply(step: Any, so_far: Transformed, functions: Mapping[str, Transformation]) -> Transformed:
    data, applied, errors = so_far
    if isinstance(step, str):
        name, function, problem = step, functions.get(step), f"Unknown transformation: {step}"
    else:
        name, function = getattr(step, "__name__", "custom"), step if callable(step) else None
        problem = f"Invalid transformation: {step!r:.100} is neither a name nor callable"
    if function is None:
        return Transformed(data, applied, [*errors, problem])
    try:
        return Transformed(function(data), [*applied, name], errors)
    except Exception as error:
        return Transformed(data, applied, [*errors, f"Error applying {name}: {error}"])
