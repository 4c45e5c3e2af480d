"""Telling valid data from invalid data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import DataValidator
from routilux.builtin_routines.data_processing import RULES, validate
from tests.engine.builtin_routines.collected import emitted

GOOD: dict[str, list[Any]] = {
    "not_empty": [0, False, "x", " ", [1], {"a": 1}, (1,), 5.0],
    "is_string": ["", "x"],
    "is_int": [0, -3, True],
    "is_float": [0.0, float("nan")],
    "is_number": [0, 1.5, True],
    "is_dict": [{}, {"a": 1}],
    "is_list": [[], [1]],
    "is_positive": [1, 0.1, True],
    "is_non_negative": [0, 0.0, 7],
}
BAD: dict[str, list[Any]] = {
    "not_empty": [None, "", [], {}, (), set()],
    "is_string": [5, None, b"x", ["x"]],
    "is_int": [1.0, "1", None],
    "is_float": [1, "1.0", None],
    "is_number": ["1", None, Decimal(1)],
    "is_dict": [[], None, "x"],
    "is_list": [{}, (), None, "x"],
    "is_positive": [0, -1, "1", None, float("nan")],
    "is_non_negative": [-1, -0.1, "1", None],
}


def validator(**config: Any) -> DataValidator:
    routine = DataValidator()
    routine.set_config(**config)
    return routine


@pytest.mark.parametrize("rule", RULES)
def test_a_built_in_rule_accepts_and_rejects(rule: str) -> None:
    assert all(
        validate(value, {"value": rule}) == [] for value in GOOD[rule] if not isinstance(value, (dict, list, tuple))
    )
    assert all(validate({"f": value}, {"f": rule}) == [] for value in GOOD[rule])
    for value in BAD[rule]:
        assert validate({"f": value}, {"f": rule}) == [f"Field 'f' failed validation by {rule}"]


def test_errors_list_required_fields_first_then_fields_in_order() -> None:
    assert validate({"b": "x", "a": "y"}, {"a": "is_int", "b": "is_int"}, required_fields=["c", "d"]) == [
        "Required field 'c' is missing",
        "Required field 'd' is missing",
        "Field 'b' failed validation by is_int",
        "Field 'a' failed validation by is_int",
    ]


def test_a_missing_optional_field_is_no_error() -> None:
    assert validate({}, {"a": "is_int"}) == []
    assert validate({"a": None}, {}, required_fields=["a"]) == []


def test_an_extra_field_is_an_error_only_if_extra_fields_are_not_allowed() -> None:
    assert validate({"a": 1, "z": 2}, {"a": "is_int"}) == []
    assert validate({"a": 1, "z": 2}, {"a": "is_int"}, allow_extra_fields=False) == ["Unexpected field 'z'"]


@pytest.mark.parametrize("kind", [list, tuple])
def test_each_item_of_a_list_or_tuple_is_checked(kind: type) -> None:
    assert validate(kind([1, "x", "y"]), {"items": "is_int"}) == [
        "Field 'items[1]' failed validation by is_int",
        "Field 'items[2]' failed validation by is_int",
    ]
    assert validate(kind([1, "x"]), {"value": "is_int"}) == []
    assert validate(kind(), {"items": "is_int"}) == []


def test_other_data_is_checked_by_the_rule_value() -> None:
    assert validate(5, {"value": "is_int"}) == []
    assert validate("x", {"value": "is_int"}) == ["Field 'value' failed validation by is_int"]
    assert validate("x", {"items": "is_int"}) == []


def test_a_callable_rule_returns_a_verdict_with_or_without_a_message() -> None:
    def over_nine(value: int) -> bool:
        return value > 9

    assert validate({"a": 10}, {"a": over_nine}) == []
    assert validate({"a": 1}, {"a": over_nine}) == ["Field 'a' failed validation by over_nine"]
    assert validate({"a": 1}, {"a": lambda value: (value > 9, "too small")}) == ["too small"]
    assert validate({"a": 10}, {"a": lambda value: (value > 9, "too small")}) == []
    assert validate({"a": 1}, {"a": lambda value: (False, None)}) == ["Field 'a' failed validation by <lambda>"]
    assert validate({"a": 1}, {"a": lambda value: (False, 404)}) == ["404"]
    assert validate({"a": 1}, {"a": lambda value: None}) == ["Field 'a' failed validation by <lambda>"]


def test_an_unknown_raising_or_invalid_rule_is_an_error_of_its_field() -> None:
    rules = {"a": "zz", "b": lambda value: 1 / 0, "c": 5, "d": None}
    unknown, raised, *invalid = validate(dict.fromkeys("abcd", 1), rules)
    assert unknown == "Unknown validator: zz (field 'a')"
    assert raised == "Validation error for field 'b': division by zero"
    assert invalid == [
        "Invalid validator for field 'c': 5 is neither a name nor callable",
        "Invalid validator for field 'd': None is neither a name nor callable",
    ]


def test_strict_mode_stops_at_the_first_error() -> None:
    asked: list[Any] = []

    def rule(value: Any) -> bool:
        asked.append(value)
        return False

    assert len(validate({"a": 1, "b": 2}, {"a": rule, "b": rule}, strict=True)) == 1
    assert asked == [1]
    assert len(validate([1, 2], {"items": rule}, strict=True)) == 1


def test_valid_and_invalid_data_are_emitted_on_their_events() -> None:
    routine = validator(rules={"age": "is_positive"}, required_fields=["name"])
    assert emitted(routine, "input", data={"age": 5, "name": "Ada"}) == [
        ("valid", {"validated_data": {"age": 5, "name": "Ada"}})
    ]
    assert emitted(routine, "input", data={"age": -1}) == [
        (
            "invalid",
            {
                "errors": ["Required field 'name' is missing", "Field 'age' failed validation by is_positive"],
                "data": {"age": -1},
            },
        )
    ]
    routine.set_config(strict_mode=True)
    [(_, emission)] = emitted(routine, "input", data={"age": -1})
    assert len(emission["errors"]) == 1
    routine.set_config(required_fields=[], rules={}, allow_extra_fields=False)
    [(_, emission)] = emitted(routine, "input", data={"age": -1})
    assert emission["errors"] == ["Unexpected field 'age'"]


def test_the_data_may_be_sent_under_any_name() -> None:
    routine = validator(rules={"a": "is_int", "b": "is_int"})
    assert emitted(routine, "input", a=1, b=2) == [("valid", {"validated_data": {"a": 1, "b": 2}})]


def test_rules_may_be_sent_with_the_data() -> None:
    routine = validator(rules={"a": "is_int"})
    assert emitted(routine, "input", data={"a": "x"}, rules={"a": "is_string"})[0][0] == "valid"
    assert emitted(routine, "input", data={"a": "x"}, rules={})[0][0] == "valid"
    assert emitted(routine, "input", data={"a": "x"})[0][0] == "invalid"


def test_rules_must_be_a_dict() -> None:
    with pytest.raises(ValueError, match="Rules are a dict of field to rule, not 'is_int'"):
        emitted(validator(rules="is_int"), "input", data=1)


def test_a_registered_rule_can_be_used_by_name() -> None:
    routine = validator(rules={"a": "even", "b": "lucky"})
    routine.register_validator("even", lambda value: value % 2 == 0)
    routine.register_validator("lucky", lambda value: (value == 7, "no luck"))
    assert emitted(routine, "input", data={"a": 2, "b": 7})[0][0] == "valid"
    [(_, emission)] = emitted(routine, "input", data={"a": 1, "b": 1})
    assert emission["errors"] == ["Field 'a' failed validation by even", "no luck"]
    with pytest.raises(ValueError, match="validator 'odd' must be callable, not 5"):
        routine.register_validator("odd", 5)  # type: ignore[arg-type]


def test_a_new_validator_has_its_defaults() -> None:
    routine = DataValidator()
    assert routine.config() == {"rules": {}, "strict_mode": False, "required_fields": [], "allow_extra_fields": True}
    assert routine.input_slot is routine.get_slot("input")
    assert routine.valid_event is routine.get_event("valid")
    assert routine.invalid_event is routine.get_event("invalid")
    assert routine.valid_event.output_params == ["validated_data"]
    assert routine.invalid_event.output_params == ["errors", "data"]


VALUES = st.none() | st.integers() | st.floats() | st.text() | st.lists(st.integers())
USED_RULES = st.sampled_from([*RULES, "unknown", 5, len])


@given(st.dictionaries(st.text("abc", max_size=2), VALUES), st.dictionaries(st.text("abc", max_size=2), USED_RULES))
def test_strict_mode_returns_the_first_of_all_errors(data: dict[str, Any], rules: dict[str, Any]) -> None:
    errors = validate(data, rules, required_fields=["a"], allow_extra_fields=False)
    assert validate(data, rules, required_fields=["a"], allow_extra_fields=False, strict=True) == errors[:1]


@given(st.dictionaries(st.text("abc", max_size=2), VALUES), USED_RULES)
def test_fields_are_validated_independently(data: dict[str, Any], rule: Any) -> None:
    alone = [error for field in data for error in validate({field: data[field]}, {field: rule})]
    assert validate(data, dict.fromkeys(data, rule)) == alone
