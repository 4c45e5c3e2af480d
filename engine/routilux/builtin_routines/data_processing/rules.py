"""Rules that data is checked by, and what they say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any

Rule = Callable[[Any], Any]
"""value -> whether it is fine, or `(whether it is fine, what to say when it is not)`."""


def not_empty(value: Any) -> bool:
    """Whether the value is neither `None` nor of length 0."""
    return value is not None and not (isinstance(value, Sized) and len(value) == 0)


def is_positive(value: Any) -> bool:
    """Whether the value is a number above 0."""
    return isinstance(value, (int, float)) and value > 0


def is_non_negative(value: Any) -> bool:
    """Whether the value is a number, and not below 0."""
    return isinstance(value, (int, float)) and value >= 0


def _of(*kinds: type) -> Rule:
    return lambda value: isinstance(value, kinds)


BUILT_IN: Mapping[str, Rule] = {
    "not_empty": not_empty,
    "is_string": _of(str),
    "is_int": _of(int),
    "is_float": _of(float),
    "is_number": _of(int, float),
    "is_dict": _of(dict),
    "is_list": _of(list),
    "is_positive": is_positive,
    "is_non_negative": is_non_negative,
}


def validate(
    data: Any,
    rules: Mapping[Any, Any],
    *,
    required_fields: Sequence[Any] = (),
    allow_extra_fields: bool = True,
    strict: bool = False,
    known: Mapping[str, Rule] = BUILT_IN,
) -> list[str]:
    """What is wrong with `data`; with `strict` the first error only. Empty when all is well.

    >>> validate({"age": "old"}, {"age": "is_int"}, required_fields=["name"])
    ["Required field 'name' is missing", "Field 'age' failed validation by is_int"]
    >>> validate([1, 2], {"items": "is_positive"})
    []
    """
    if isinstance(data, dict):
        errors = _errors_of_dict(data, rules, required_fields, allow_extra_fields, known)
    elif isinstance(data, (list, tuple)):
        errors = _errors_of_items(data, rules, known)
    else:
        errors = _errors("value", data, rules["value"], known) if "value" in rules else iter(())
    return list(islice(errors, 1 if strict else None))


def _errors_of_dict(
    data: dict[Any, Any],
    rules: Mapping[Any, Any],
    required: Sequence[Any],
    allow_extra: bool,
    known: Mapping[str, Rule],
) -> Iterator[str]:
    yield from (f"Required field {field!r} is missing" for field in required if field not in data)
    for field, value in data.items():
        if field in rules:
            yield from _errors(field, value, rules[field], known)
        elif not allow_extra:
            yield f"Unexpected field {field!r}"


def _errors_of_items(data: Sequence[Any], rules: Mapping[Any, Any], known: Mapping[str, Rule]) -> Iterator[str]:
    if "items" in rules:
        for place, value in enumerate(data):
            yield from _errors(f"items[{place}]", value, rules["items"], known)


def _errors(field: Any, value: Any, rule: Any, known: Mapping[str, Rule]) -> Iterator[str]:
    if isinstance(rule, str):
        name, function, problem = rule, known.get(rule), f"Unknown validator: {rule} (field {field!r})"
    else:
        name, function = getattr(rule, "__name__", "custom"), rule if callable(rule) else None
        problem = f"Invalid validator for field {field!r}: {rule!r:.100} is neither a name nor callable"
    if function is None:
        yield problem
        return
    try:
        fine, message = _verdict(function(value))
    except Exception as error:
        yield f"Validation error for field {field!r}: {error}"
        return
    if not fine:
        yield message or f"Field {field!r} failed validation by {name}"


def _verdict(answer: Any) -> tuple[bool, str | None]:
    fine, message = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
    return bool(fine), None if message is None else str(message)
