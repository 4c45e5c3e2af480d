"""Routines for data: transform it, validate it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import Any, NamedTuple

from ..event import Event
from ..persistence.class_registry import to_plain
from ..persistence.plain_data import PlainReader
from ..routine import Routine
from ..slot import Slot
from .function_table import FunctionTable

__all__ = ["DataTransformer", "DataValidator"]


_log = logging.getLogger("routilux")


class DataTransformer(Routine):
    """Applies transformations in order; one that fails leaves the data unchanged.

    Slot `input`: `data`, and optionally `transformations` for this data only. Event `output`:
    `transformed_data`, `transformation_applied` (names), `errors` (texts, or `None`).

    Configuration: `transformations` (names or callables, `[]`); `transformation_map` (names and
    callables to register); `chain_transformations` (accepted, without effect). Built-in names: `lowercase`,
    `uppercase`, `strip_whitespace`, `to_string`, `to_int`, `to_float`, `remove_none`.

    >>> from routilux import Slot
    >>> transformer = DataTransformer()
    >>> transformer.register_transformation("exclaim", lambda text: text + "!")
    >>> transformer.set_config(transformations=["uppercase", "exclaim"])
    >>> _ = transformer.output_event.connect(Slot("seen", handler=lambda transformed_data: print(transformed_data)))
    >>> transformer.input_slot.receive({"data": "hello"})
    HELLO!
    """

    def __init__(self) -> None:
        super().__init__()
        self._functions = FunctionTable("transformation", TRANSFORMATIONS)
        self.set_config(transformations=[], chain_transformations=True)
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.output_event: Event = self.define_event("output", ["transformed_data", "transformation_applied", "errors"])

    def register_transformation(self, name: str, func: Transformation) -> None:
        """Register a transformation under `name`; `func(data)` returns the new data.

        Raises `ValueError` if `func` is not callable. Saving keeps only its name. Loading restores a function of
        one of your modules, and whatever a subclass registers in its `__init__`; register others again.
        """
        self._functions.register(name, func)

    def set_config(self, **kwargs: Any) -> None:
        """Update the configuration with `kwargs`, and register the functions of a `transformation_map`."""
        for name, function in dict(kwargs.pop("transformation_map", None) or {}).items():
            self._functions.register(name, function)
        super().set_config(**kwargs)

    def get_config(self, key: str, default: Any = None) -> Any:
        """Return the value under `key`, or `default`; `transformation_map` contains all named transformations."""
        return dict(self._functions) if key == "transformation_map" else super().get_config(key, default)

    def config(self) -> dict[str, Any]:
        """Return a copy of the configuration, with the `transformation_map`."""
        return {**super().config(), "transformation_map": dict(self._functions)}

    def _config_to_plain(self) -> dict[str, Any]:
        return {**super()._config_to_plain(), "transformation_map": to_plain(dict(self._functions.registered))}

    def _config_from_plain(self, part: PlainReader) -> None:
        super()._config_from_plain(part)
        found = self._config.pop("transformation_map", None)
        for name, function in found.items() if isinstance(found, dict) else ():
            if callable(function):
                self._functions.register(name, function)
            elif name not in self._functions:
                _log.warning("Transformation %r of %r was not restored: register it again", name, self)

    def _handle_input(self, data: Any = None, transformations: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        steps = self.get_config("transformations", []) if transformations is None else transformations
        result = transform(value, [steps] if isinstance(steps, str) else steps, self._functions)
        self.emit(
            "output",
            transformed_data=result.data,
            transformation_applied=result.applied,
            errors=result.errors or None,
        )


Transformation = Callable[[Any], Any]


def lowercase(value: Any) -> Any:
    """Return a string in lower case; anything else unchanged."""
    return value.lower() if isinstance(value, str) else value


def uppercase(value: Any) -> Any:
    """Return a string in upper case; anything else unchanged."""
    return value.upper() if isinstance(value, str) else value


def strip_whitespace(value: Any) -> Any:
    """Strip whitespace from a string; return anything else unchanged."""
    return value.strip() if isinstance(value, str) else value


def to_int(value: Any) -> Any:
    """Convert a number or string to `int`, or raise `ValueError`; return anything else unchanged."""
    return int(value) if isinstance(value, (int, float, str)) else value


def to_float(value: Any) -> Any:
    """Convert a number or string to `float`, or raise `ValueError`; return anything else unchanged."""
    return float(value) if isinstance(value, (int, float, str)) else value


def remove_none(value: Any) -> Any:
    """Return a dict without the keys whose value is `None`; anything else unchanged."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


TRANSFORMATIONS: Mapping[str, Transformation] = {
    "lowercase": lowercase,
    "uppercase": uppercase,
    "strip_whitespace": strip_whitespace,
    "to_string": str,
    "to_int": to_int,
    "to_float": to_float,
    "remove_none": remove_none,
}


class TransformResult(NamedTuple):
    """The transformed data, the names of applied transformations, and the errors of others."""

    data: Any
    applied: list[str]
    errors: list[str]


def transform(
    data: Any, steps: Sequence[Any], functions: Mapping[str, Transformation] = TRANSFORMATIONS
) -> TransformResult:
    """Apply callables, or names in `functions`, in order. One that fails leaves the data unchanged.

    >>> transform(" 12 ", ["to_int", "sideways", lambda n: n + 1])
    TransformResult(data=13, applied=['to_int', '<lambda>'], errors=['Unknown transformation: sideways'])
    """
    result = TransformResult(data, [], [])
    for step in steps:
        result = _apply(step, result, functions)
    return result


def _apply(step: Any, so_far: TransformResult, functions: Mapping[str, Transformation]) -> TransformResult:
    data, applied, errors = so_far
    if isinstance(step, str):
        name, function, problem = step, functions.get(step), f"Unknown transformation: {step}"
    else:
        name, function = getattr(step, "__name__", "custom"), step if callable(step) else None
        problem = f"Invalid transformation: {step!r:.100} is neither a name nor callable"
    if function is None:
        return TransformResult(data, applied, [*errors, problem])
    try:
        return TransformResult(function(data), [*applied, name], errors)
    except Exception as error:
        return TransformResult(data, applied, [*errors, f"Error applying {name}: {error}"])


class DataValidator(Routine):
    """Checks data against rules and emits it as valid or invalid.

    Slot `input`: `data`, and optionally `rules` for this data only. Event `valid`:
    `validated_data`. Event `invalid`: `errors` (texts), `data`. They are also `valid_event` and `invalid_event`.

    Configuration: `rules` (`{}`): a dict of field to rule. The rule `"items"` checks each item of a list, and
    `"value"` checks data that is neither a dict nor a list. `required_fields` (`[]`); `allow_extra_fields`
    (`True`; if false, a field without a rule is an error); `strict_mode` (`False`; if true, checking stops at
    the first error). A rule is a callable that returns whether the value is valid, or `(valid, message)`; or
    a name: `not_empty`, `is_string`, `is_int`, `is_float`, `is_number`, `is_dict`, `is_list`,
    `is_positive`, `is_non_negative`, or a registered one.

    >>> from routilux import Slot
    >>> validator = DataValidator()
    >>> validator.set_config(rules={"age": "is_positive"}, required_fields=["name"])
    >>> _ = validator.invalid_event.connect(Slot("seen", handler=lambda errors: print(*errors, sep="; ")))
    >>> validator.input_slot.receive({"data": {"age": -1}})
    Required field 'name' is missing; Field 'age' failed validation by is_positive
    """

    def __init__(self) -> None:
        super().__init__()
        self._functions = FunctionTable("validator", RULES)
        self.set_config(rules={}, strict_mode=False, required_fields=[], allow_extra_fields=True)
        self.input_slot: Slot = self.define_slot("input", handler=self._handle_input)
        self.valid_event: Event = self.define_event("valid", ["validated_data"])
        self.invalid_event: Event = self.define_event("invalid", ["errors", "data"])

    def register_validator(self, name: str, func: Rule) -> None:
        """Register a rule under `name`; `func(value)` returns whether the value is valid, or `(valid, message)`.

        Raises `ValueError` if `func` is not callable. Functions are not part of the configuration and are
        not saved; to have them after loading, register them in a subclass's `__init__`.
        """
        self._functions.register(name, func)

    def _handle_input(self, data: Any = None, rules: Any = None, **kwargs: Any) -> None:
        value = self._extract_input_data(data, **kwargs)
        used = self.get_config("rules", {}) if rules is None else rules
        if not isinstance(used, dict):
            raise ValueError(f"Rules are a dict of field to rule, not {used!r:.100}")
        errors = validate(
            value,
            used,
            required_fields=self.get_config("required_fields", []),
            allow_extra_fields=self.get_config("allow_extra_fields", True),
            strict=self.get_config("strict_mode", False),
            known=self._functions,
        )
        if errors:
            self.emit("invalid", errors=errors, data=value)
        else:
            self.emit("valid", validated_data=value)


Rule = Callable[[Any], Any]
"""value -> whether it is valid, or `(valid, message)`."""


def not_empty(value: Any) -> bool:
    """Whether the value is neither `None` nor of length 0."""
    return value is not None and not (isinstance(value, Sized) and len(value) == 0)


def is_positive(value: Any) -> bool:
    """Whether the value is a number above 0."""
    return isinstance(value, (int, float)) and value > 0


def is_non_negative(value: Any) -> bool:
    """Whether the value is a number of at least 0."""
    return isinstance(value, (int, float)) and value >= 0


def _of(*kinds: type) -> Rule:
    return lambda value: isinstance(value, kinds)


RULES: Mapping[str, Rule] = {
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
    known: Mapping[str, Rule] = RULES,
) -> list[str]:
    """Return the errors of `data`; with `strict` only the first.

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
        valid, message = _verdict(function(value))
    except Exception as error:
        yield f"Validation error for field {field!r}: {error}"
        return
    if not valid:
        yield message or f"Field {field!r} failed validation by {name}"


def _verdict(answer: Any) -> tuple[bool, str | None]:
    valid, message = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
    return bool(valid), None if message is None else str(message)
