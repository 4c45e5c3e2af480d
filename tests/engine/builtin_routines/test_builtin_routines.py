"""All the built-in routines: where they are imported from, and that they can be saved, loaded and shared."""

from __future__ import annotations

import importlib
import json

import pytest

import routilux
from routilux import Flow, Routine

PLACES = {
    "text_processing": ["ResultExtractor", "TextClipper", "TextRenderer"],
    "utils": ["DataFlattener", "TimeProvider"],
    "data_processing": ["DataTransformer", "DataValidator"],
    "control_flow": ["ConditionalRouter"],
}
NAMES = sorted(name for names in PLACES.values() for name in names)


@pytest.mark.parametrize("package", PLACES)
def test_a_routine_can_be_imported_from_its_package_from_all_of_them_and_from_routilux(package: str) -> None:
    inner = importlib.import_module(f"routilux.builtin_routines.{package}")
    assert sorted(inner.__all__) == PLACES[package]
    everything = importlib.import_module("routilux.builtin_routines")
    assert sorted(everything.__all__) == NAMES
    for name in PLACES[package]:
        assert getattr(inner, name) is getattr(everything, name) is getattr(routilux, name)
        assert name in routilux.__all__


def new(name: str) -> Routine:
    routine = getattr(routilux, name)()
    assert isinstance(routine, Routine)
    return routine


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_routine_survives_saving_and_loading(name: str) -> None:
    flow = Flow("flow")
    routine = new(name)
    routine.set_config(extra={"a": [1, None, ""]})
    flow.add_routine(routine, "it")
    plain = json.loads(json.dumps(flow.serialize()))
    loaded = Flow("flow")
    loaded.deserialize(plain)
    assert type(loaded.routines["it"]) is type(routine)
    assert loaded.routines["it"].config() == routine.config()
    assert list(loaded.routines["it"].events) == list(routine.events)
    assert json.loads(json.dumps(loaded.serialize())) == plain


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_routine_needs_no_arguments_and_shares_no_state(name: str) -> None:
    one, other = new(name), new(name)
    one.set_config(routes=[], rules={"x": 1}, transformations=["x"])
    assert other.get_config("rules", {}) == {}
    assert other.get_config("transformations", []) == []
    for key, value in one.config().items():
        if isinstance(value, (list, dict)) and value:
            assert other.get_config(key) is not value


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_routine_has_a_docstring(name: str) -> None:
    assert "Configuration: " in str(type(new(name)).__doc__)
    assert ">>> " in str(type(new(name)).__doc__)
