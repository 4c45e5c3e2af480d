"""Tells valid data from invalid data."""

from __future__ import annotations

from typing import Any

from ...event import Event
from ...routine import Routine
from ...slot import Slot
from ..function_table import FunctionTable
from .rules import BUILT_IN, Rule, validate


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
        self._functions = FunctionTable("validator", BUILT_IN)
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
