"""Making nested data flat."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import DataFlattener
from routilux.builtin_routines.utils import flatten
from tests.engine.builtin_routines.collected import output_of


@pytest.mark.parametrize(
    ("value", "flat", "depth"),
    [
        ({"a": {"c": [2]}}, {"a.c.0": 2}, 3),
        ({"a": 1}, {"a": 1}, 1),
        ([1, [2, {"x": 3}]], {"0": 1, "1.0": 2, "1.1.x": 3}, 3),
        (5, {"value": 5}, 0),
        ("text", {"value": "text"}, 0),
        (None, {"value": None}, 0),
        ((1, 2), {"value": (1, 2)}, 0),
        ({"a": (1, 2), "s": {3}}, {"a": (1, 2), "s": {3}}, 1),
        ({}, {}, 0),
        ({"a": {}, "b": []}, {}, 1),
        ({1: {2: 3}}, {"1.2": 3}, 2),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 2}, 2),
        ({"": {"": 1}}, {".": 1}, 2),
    ],
)
def test_paths_join_keys_and_positions(value: Any, flat: dict[str, Any], depth: int) -> None:
    assert flatten(value) == (flat, depth)


def test_the_separator_can_be_chosen() -> None:
    assert flatten({"a": {"b": [1]}}, "/").data == {"a/b/0": 1}


def test_without_preserve_lists_the_last_item_wins() -> None:
    assert flatten({"a": [1, 2, {"b": 3}, {"b": 4}]}, preserve_lists=False).data == {"a": 2, "a.b": 4}
    assert flatten([[1], [2]], preserve_lists=False) == ({"value": 2}, 2)


def test_values_below_the_depth_limit_become_text() -> None:
    value = {"a": {"b": {"c": 1}}, "x": 1}
    assert flatten(value, max_depth=0).data == {"value": str(value)}
    assert flatten(value, max_depth=1).data == {"a": "{'b': {'c': 1}}", "x": 1}
    assert flatten(value, max_depth=2) == ({"a.b": "{'c': 1}", "x": 1}, 2)
    assert flatten(value, max_depth=3) == flatten(value)


def test_a_container_inside_itself_becomes_a_circular_reference_marker() -> None:
    data: dict[str, Any] = {"a": 1}
    data["me"] = data
    assert flatten(data) == ({"a": 1, "me": "[Circular Reference]"}, 1)
    shared = [1]
    assert flatten({"a": shared, "b": shared}).data == {"a.0": 1, "b.0": 1}


def test_the_routine_uses_its_configuration_to_flatten() -> None:
    routine = DataFlattener()
    assert output_of(routine, data={"a": [1]}) == {"flattened_data": {"a.0": 1}, "original_type": "dict", "depth": 2}
    assert output_of(routine, a=1, b={"c": 2})["flattened_data"] == {"a": 1, "b.c": 2}
    assert output_of(routine, data=7) == {"flattened_data": {"value": 7}, "original_type": "int", "depth": 0}
    routine.set_config(separator="_", preserve_lists=False, max_depth=2)
    assert output_of(routine, data={"a": [1, {"b": 2}]})["flattened_data"] == {"a": "{'b': 2}"}


def test_a_new_flattener_has_its_defaults() -> None:
    routine = DataFlattener()
    assert routine.config() == {"separator": ".", "preserve_lists": True, "max_depth": 100}
    assert routine.input_slot is routine.get_slot("input")
    assert routine.output_event is routine.get_event("output")
    assert routine.output_event.output_params == ["flattened_data", "original_type", "depth"]


LEAVES = st.none() | st.integers() | st.text(max_size=3) | st.tuples(st.integers())
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "ab"]), inner), max_leaves=8
)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, (dict, list)):
        return [leaf for item in (value.values() if isinstance(value, dict) else value) for leaf in leaves(item)]
    return [value]


def looked_up(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[int(part) if isinstance(value, list) else part]
    return value


@given(TREES)
def test_flat_data_has_every_leaf_under_its_path_in_order(tree: Any) -> None:
    flat, depth = flatten(tree)
    assert list(flat.values()) == leaves(tree)
    assert depth <= 100
    if isinstance(tree, (dict, list)):
        assert all(looked_up(tree, path) is leaf for path, leaf in flat.items())
        assert all(path.count(".") < depth for path in flat)


@given(TREES)
def test_flattening_flat_data_changes_nothing(tree: Any) -> None:
    flat, _ = flatten(tree)
    assert flatten(flat) == (flat, bool(flat))


@given(TREES, st.integers(0, 5))
def test_no_path_exceeds_the_depth_limit(tree: Any, max_depth: int) -> None:
    flat, depth = flatten(tree, max_depth=max_depth)
    assert depth <= max_depth
    assert all(path.count(".") < max(max_depth, 1) for path in flat)
    assert not any(isinstance(leaf, (dict, list)) for leaf in flat.values())


def nested(levels: int, kind: type = list) -> Any:
    """A value inside so many others."""
    value: Any = "core"
    for _ in range(levels):
        value = {"in": value} if kind is dict else kind([value])
    return value


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("max_depth", [0, 5, 100, 1_000_000])
def test_data_nested_too_deeply_for_python_becomes_a_preview(kind: type, max_depth: int) -> None:
    flat = flatten({"deep": nested(20_000, kind), "x": 1}, max_depth=max_depth)
    text = str(flat.data)
    assert len(text) < 200_000
    assert "..." in text
    assert "core" not in text
    if max_depth:
        assert flat.data["x"] == 1


def test_the_routine_accepts_data_nested_too_deeply() -> None:
    assert "..." in str(output_of(DataFlattener(), data=nested(20_000))["flattened_data"])
