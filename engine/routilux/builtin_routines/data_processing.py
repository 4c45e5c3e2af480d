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
    """Applies transformations one after the other; one that fails leaves the data as it was.

    Slot `input`: `data`, and optionally `transformations` for this data only. Event `output`:
    `transformed_data`, `transformation_applied` (names), `errors` (texts, or `None`).

    Configuration: `transformations` (names or callables, `[]`); `transformation_map` (further names
    with their callables: the same as `register_transformation` for each); `chain_transformations`
    (kept, without effect). Names that are always there: `lowercase`, `uppercase`,
    `strip_whitespace`, `to_string`, `to_int`, `to_float`, `remove_none`.

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
        """Make a transformation known by `name`; `func(data)` returns the new data.

        Raises `ValueError` when `func` is not callable. What is saved is its name: after loading, a
        function of a module of yours is there again, and so is whatever a subclass registers in its
        `__init__`; another must be registered anew.
        """
        self._functions.register(name, func)

    def set_config(self, **kwargs: Any) -> None:
        """Update the configuration with `kwargs`; the functions of a `transformation_map` are registered."""
        for name, function in dict(kwargs.pop("transformation_map", None) or {}).items():
            self._functions.register(name, function)
        super().set_config(**kwargs)

    def get_config(self, key: str, default: Any = None) -> Any:
        """The value under `key`, or `default`; `transformation_map` is everything that is known by name."""
        return dict(self._functions) if key == "transformation_map" else super().get_config(key, default)

    def config(self) -> dict[str, Any]:
        """A copy of the configuration, with the `transformation_map`."""
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


TRANSFORMATIONS: Mapping[str, Transformation] = {
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


def transform(
    data: Any, steps: Sequence[Any], functions: Mapping[str, Transformation] = TRANSFORMATIONS
) -> Transformed:
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


class DataValidator(Routine):
    """Checks data by rules and emits it as valid or invalid.

    Slot `input`: `data`, and optionally `rules` for this data only. Event `valid`:
    `validated_data`. Event `invalid`: `errors` (texts), `data`. They are also `valid_event` and `invalid_event`.

    Configuration: `rules` (`{}`): a dict of field to rule, of which a list uses `"items"` for each of
    its items, and anything else but a dict `"value"`; `required_fields` (`[]`); `allow_extra_fields`
    (`True`; off, a field without a rule is an error); `strict_mode` (`False`; on, the first error ends
    the check). A rule is a callable that returns whether the value is fine, or that and a message; or
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
        """Make a rule known by `name`; `func(value)` returns whether the value is fine, or `(fine, message)`.

        Raises `ValueError` when `func` is not callable. Functions are no part of the configuration
        and are not saved: a subclass that registers its own in `__init__` has them after loading.
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
