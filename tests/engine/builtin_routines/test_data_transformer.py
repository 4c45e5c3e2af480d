"""Transforming data."""

from __future__ import annotations

import functools
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import DataTransformer, Flow, Routine
from routilux.builtin_routines.data_processing import TRANSFORMATIONS, transform
from tests.engine.builtin_routines.collected import output_of
from tests.engine.parts import Node, chain, over


class OfThisModule(Routine):
    """Makes this module one whose functions a file may name."""


def shout(value: Any) -> Any:
    """A transformation at the top of a module."""
    return f"{value}!"


def fails(value: Any) -> Any:
    raise ValueError("no")


def transformer(**config: Any) -> DataTransformer:
    routine = DataTransformer()
    routine.set_config(**config)
    return routine


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("lowercase", " Ab ", " ab "),
        ("lowercase", 5, 5),
        ("lowercase", ["A"], ["A"]),
        ("uppercase", " Ab ", " AB "),
        ("uppercase", None, None),
        ("strip_whitespace", " Ab \n", "Ab"),
        ("strip_whitespace", [" "], [" "]),
        ("to_string", 2.5, "2.5"),
        ("to_string", {"a": 1}, "{'a': 1}"),
        ("to_int", " 7 ", 7),
        ("to_int", 2.7, 2),
        ("to_int", True, 1),
        ("to_int", [1], [1]),
        ("to_float", "1.5", 1.5),
        ("to_float", 5, 5.0),
        ("to_float", {}, {}),
        ("remove_none", {"a": None, "b": 0, "c": {"d": None}}, {"b": 0, "c": {"d": None}}),
        ("remove_none", [None], [None]),
    ],
)
def test_a_built_in_transformation_does_what_its_name_says(name: str, value: Any, result: Any) -> None:
    assert transform(value, [name]) == (result, [name], [])
    assert type(transform(value, [name]).data) is type(result)


@pytest.mark.parametrize(
    ("name", "value"), [("to_int", "1.5"), ("to_int", "abc"), ("to_float", ""), ("to_int", float("inf"))]
)
def test_a_failing_transformation_leaves_the_data_and_reports_an_error(name: str, value: Any) -> None:
    data, applied, errors = transform(value, [name, "to_string"])
    assert (data, applied) == (str(value), ["to_string"])
    [error] = errors
    assert error.startswith(f"Error applying {name}: ")


def test_transformations_are_applied_in_order() -> None:
    assert transform(" 12 ", ["strip_whitespace", "to_int", lambda n: n * 2, "to_string"]).data == "24"
    assert transform("x", []) == ("x", [], [])


def test_callables_are_reported_by_name_or_as_custom() -> None:
    result = transform("x", [shout, str.upper, lambda v: v, functools.partial(shout)])
    assert result == ("X!!", ["shout", "upper", "<lambda>", "custom"], [])
    assert transform("x", [fails]).errors == ["Error applying fails: no"]


@pytest.mark.parametrize("step", [5, None, ["uppercase"], {"a": 1}])
def test_an_invalid_transformation_is_an_error_and_the_others_still_apply(step: Any) -> None:
    data, applied, [error] = transform("x", [step, "uppercase"])
    assert (data, applied) == ("X", ["uppercase"])
    assert error.startswith(f"Invalid transformation: {step!r}")


def test_an_unknown_name_is_an_error_and_the_others_still_apply() -> None:
    assert transform("x", ["sideways", "uppercase"]) == ("X", ["uppercase"], ["Unknown transformation: sideways"])


def test_the_routine_emits_the_transformed_data_and_errors() -> None:
    routine = transformer(transformations=["strip_whitespace", "uppercase"])
    assert output_of(routine, data=" x ") == {
        "transformed_data": "X",
        "transformation_applied": ["strip_whitespace", "uppercase"],
        "errors": None,
    }
    assert output_of(routine, anything=" x ")["transformed_data"] == "X"
    routine.set_config(transformations=["to_int"])
    assert output_of(routine, data="x")["errors"] == [
        "Error applying to_int: invalid literal for int() with base 10: 'x'"
    ]


def test_transformations_may_be_sent_with_the_data() -> None:
    routine = transformer(transformations=["uppercase"])
    assert output_of(routine, data="x", transformations=["to_string", shout])["transformed_data"] == "x!"
    assert output_of(routine, data="x", transformations="uppercase")["transformed_data"] == "X"
    assert output_of(routine, data="x", transformations=[])["transformation_applied"] == []


def test_a_registered_transformation_takes_precedence_over_a_built_in_one() -> None:
    routine = transformer(transformations=["shout", "uppercase"])
    routine.register_transformation("shout", shout)
    assert output_of(routine, data="x")["transformed_data"] == "X!"
    routine.register_transformation("uppercase", lambda value: "mine")
    assert output_of(routine, data="x")["transformed_data"] == "mine"


def test_a_transformation_map_registers_functions_in_addition_to_the_built_in_ones() -> None:
    routine = transformer(transformation_map={"shout": shout}, transformations=["shout", "uppercase"])
    assert output_of(routine, data="x")["transformed_data"] == "X!"
    assert list(routine.get_config("transformation_map")) == [*TRANSFORMATIONS, "shout"]
    assert routine.config()["transformation_map"] == {**TRANSFORMATIONS, "shout": shout}


@pytest.mark.parametrize(("name", "function"), [("x", 5), ("x", None), ("", shout)])
def test_only_a_function_with_a_name_can_be_registered(name: str, function: Any) -> None:
    routine = DataTransformer()
    with pytest.raises(ValueError, match="transformation"):
        routine.register_transformation(name, function)
    with pytest.raises(ValueError, match="transformation"):
        routine.set_config(transformation_map={name: function})


def test_a_new_transformer_has_its_defaults() -> None:
    routine = DataTransformer()
    assert routine.config() == {
        "transformations": [],
        "chain_transformations": True,
        "transformation_map": dict(TRANSFORMATIONS),
    }
    assert routine.input_slot is routine.get_slot("input")
    assert routine.output_event is routine.get_event("output")
    assert routine.output_event.output_params == ["transformed_data", "transformation_applied", "errors"]


# -- saving ----------------------------------------------------------------------------------------------------------


def reloaded(routine: DataTransformer, into: DataTransformer | None = None) -> DataTransformer:
    loaded = into or DataTransformer()
    loaded.deserialize(json.loads(json.dumps(routine.serialize())))
    return loaded


def test_built_in_transformations_are_available_after_loading() -> None:
    routine = transformer(transformations=["strip_whitespace", "to_int"])
    assert output_of(reloaded(routine), data=" 7 ")["transformed_data"] == 7
    assert reloaded(routine).config() == routine.config()


def test_a_registered_function_of_a_module_is_restored() -> None:
    routine = transformer(transformations=["loud"])
    routine.register_transformation("loud", shout)
    assert output_of(reloaded(routine), data="x")["transformed_data"] == "x!"
    assert reloaded(reloaded(routine)).serialize() == {**routine.serialize(), "_id": routine._id}


def test_a_registered_lambda_is_not_restored_and_logs_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    routine = transformer(transformations=["louder"])
    routine.register_transformation("louder", lambda value: value + "!!")
    with caplog.at_level(logging.WARNING, "routilux"):
        loaded = reloaded(routine)
    assert "'louder'" in caplog.text
    assert output_of(loaded, data="x")["errors"] == ["Unknown transformation: louder"]
    loaded.register_transformation("louder", shout)
    assert output_of(loaded, data="x")["transformed_data"] == "x!"


class Louder(DataTransformer):
    """Registers its own functions, as a class that is loaded should."""

    def __init__(self) -> None:
        super().__init__()
        self.register_transformation("louder", lambda value: value + "!!")


def test_functions_registered_in_a_constructor_are_available_after_loading(caplog: pytest.LogCaptureFixture) -> None:
    flow = Flow("flow")
    flow.add_routine(Louder(), "louder")
    flow.routines["louder"].set_config(transformations=["louder"])
    loaded = Flow("flow")
    loaded.deserialize(json.loads(json.dumps(flow.serialize())))
    assert output_of(loaded.routines["louder"], data="x")["transformed_data"] == "x!!"
    assert caplog.text == ""


def test_documents_of_the_older_format_without_functions_load() -> None:
    plain = DataTransformer().serialize()
    missing = {"_type": "callable", "callable_type": "method", "class_name": "DataTransformer", "method_name": "_lower"}
    plain["_config"]["transformation_map"] = dict.fromkeys(TRANSFORMATIONS, missing)
    routine = DataTransformer()
    routine.deserialize(plain)
    assert routine.config() == DataTransformer().config()


# -- laws ------------------------------------------------------------------------------------------------------------

VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dictionaries(st.text(), st.none())
STEPS = st.lists(st.sampled_from([*TRANSFORMATIONS, "unknown", fails, 5]))


@given(VALUES, STEPS)
def test_every_transformation_is_applied_or_reported(value: Any, steps: list[Any]) -> None:
    result = transform(value, steps)
    assert len(result.applied) + len(result.errors) == len(steps)
    names = iter([step for step in steps if isinstance(step, str)])
    assert all(name in names for name in result.applied)


@given(VALUES, STEPS, STEPS)
def test_transformations_compose(value: Any, first: list[Any], then: list[Any]) -> None:
    begun = transform(value, first)
    ended = transform(begun.data, then)
    whole = transform(value, first + then)
    assert repr(whole.data) == repr(ended.data)
    assert whole.applied == begun.applied + ended.applied
    assert whole.errors == begun.errors + ended.errors


@given(VALUES, st.sampled_from(list(TRANSFORMATIONS)))
def test_built_in_transformations_are_idempotent(value: Any, name: str) -> None:
    once = transform(value, [name]).data
    assert repr(transform(once, [name]).data) == repr(once)


def test_a_transformer_transforms_data_in_a_flow(flow: Flow) -> None:
    got: list[Any] = []
    routine = transformer(transformations=["uppercase"])
    chain(flow, ("source", Node(lambda node, data: node.emit("out", data="hello"))), ("transformer", routine))
    flow.add_routine(Node(lambda node, data: got.append(data["transformed_data"])), "sink")
    flow.connect("transformer", "output", "sink", "input")
    over(flow.execute("source"))
    assert got == ["HELLO"]
