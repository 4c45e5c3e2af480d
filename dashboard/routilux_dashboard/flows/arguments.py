"""Check parameters against an entry's JSON Schema, which `parameters` makes from the handler's signature."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_TYPES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
    "null": type(None),
    "array": list,
    "object": dict,
}
_NUMBERS = ("integer", "number")
_NAMES = {
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "null": "null",
    "array": "an array",
    "object": "an object",
}


class InvalidParameter(ValueError):
    """A missing, unknown or mistyped parameter; `name` is the parameter's name."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


def check_arguments(params: dict[str, Any], schema: Schema) -> None:
    """Raise `InvalidParameter` for the first parameter that is missing, unknown or of the wrong type.

    >>> schema = {"properties": {"depth": {"type": "integer"}}, "required": ["depth"], "additionalProperties": False}
    >>> check_arguments({"depth": 3}, schema)
    >>> check_arguments({"depth": "3"}, schema)
    Traceback (most recent call last):
    routilux_dashboard.flows.arguments.InvalidParameter: Parameter 'depth' is '3': an integer is needed.
    """
    known = schema["properties"]
    for name in schema.get("required", ()):
        if name not in params:
            raise InvalidParameter(name, f"Parameter {name!r} is missing; the entry needs it.")
    for name, value in params.items():
        if name in known:
            _check(name, value, known[name])
        elif not schema["additionalProperties"]:
            names = ", ".join(map(repr, known)) or "none"
            raise InvalidParameter(name, f"Parameter {name!r} is not known; the entry takes: {names}.")


def _check(name: str, value: Any, schema: Schema) -> None:
    if not _fits(value, schema):
        raise InvalidParameter(name, f"Parameter {name!r} is {_short(value)}: {_words(schema)} is needed.")


def _fits(value: Any, schema: Schema) -> bool:
    if "anyOf" in schema:
        return any(_fits(value, choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if "type" in schema and not _is_a(value, schema["type"]):
        return False
    if isinstance(value, list):
        return all(_fits(item, schema.get("items", {})) for item in value)
    if isinstance(value, dict):
        return all(_fits(item, schema.get("additionalProperties", {})) for item in value.values())
    return True


def _is_a(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (isinstance(value, bool) and name in _NUMBERS)


def _words(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(_words(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(map(repr, schema["enum"]))
    if schema.get("type") == "array" and "items" in schema:
        return f"an array, each item {_words(schema['items'])}"
    return _NAMES.get(schema.get("type", ""), "anything")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
