"""Rendering data as text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import TextRenderer
from routilux.builtin_routines.text_processing import render
from tests.engine.builtin_routines.collected import output_of


def test_xml_gives_a_tag_for_each_key_and_item() -> None:
    assert render({"a": 1, "b": "x"}) == "<a>1</a>\n<b>x</b>"
    assert render([1, None]) == "<item_0>1</item_0>\n<item_1>None</item_1>"


def test_a_nested_value_has_one_more_indent_inside_the_tag_of_its_parent() -> None:
    assert render({"a": {"b": {"c": 1}}, "d": [1, 2]}) == (
        "<a>  <b>    <c>1</c></b></a>\n<d>  <item_0>1</item_0>\n  <item_1>2</item_1></d>"
    )


def test_markdown_gives_bold_keys_and_bullets() -> None:
    assert render({"a": 1, "b": {"c": [1, "x"]}}, "markdown") == "**a**: 1\n**b**:   **c**:     - 1\n    - x"
    assert render([1, [2, 3], {"a": 4}], "anything else") == "- 1\n-   - 2\n  - 3\n-   **a**: 4"


@pytest.mark.parametrize("form", ["xml", "markdown"])
def test_values_that_are_not_containers_are_rendered_with_str(form: str) -> None:
    for value in (5, "a<b", None, True, (1, 2), {1}, 2.5):
        assert render(value, form) == str(value)
    assert render({}, form) == render([], form) == ""


@pytest.mark.parametrize(("form", "start"), [("xml", "<me>"), ("markdown", "**me**: ")])
def test_a_container_inside_itself_becomes_a_circular_reference_marker(form: str, start: str) -> None:
    data: dict[str, Any] = {"a": 1}
    data["me"] = data
    assert start + "[Circular Reference]" in render(data, form)
    items: list[Any] = []
    items.append([items])
    assert "[Circular Reference]" in render(items, form)


def test_a_shared_value_is_rendered_each_time() -> None:
    shared = [1]
    assert render({"a": shared, "b": shared}) == "<a>  <item_0>1</item_0></a>\n<b>  <item_0>1</item_0></b>"


def test_the_routine_uses_its_configuration_to_render() -> None:
    routine = TextRenderer()
    assert output_of(routine, data={"a": {"b": 1}}) == {"rendered_text": "<a>  <b>1</b></a>", "original_type": "dict"}
    assert output_of(routine, data=[1])["original_type"] == "list"
    assert output_of(routine, a=1, b=2)["rendered_text"] == "<a>1</a>\n<b>2</b>"
    routine.set_config(tag_format="markdown", indent="\t")
    assert output_of(routine, data={"a": {"b": 1}})["rendered_text"] == "**a**: \t**b**: 1"


def test_a_new_renderer_has_its_defaults() -> None:
    routine = TextRenderer()
    assert routine.config() == {"tag_format": "xml", "indent": "  ", "include_type_hints": False}
    assert routine.input_slot is routine.get_slot("input")
    assert routine.output_event is routine.get_event("output")
    assert routine.output_event.output_params == ["rendered_text", "original_type"]


LEAVES = st.integers() | st.text("ab", min_size=1, max_size=3)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["k", "l"]), inner), max_leaves=8
)


@given(TREES)
def test_each_leaf_is_rendered_in_order_between_tags_that_match(tree: Any) -> None:
    def leaves(value: Any) -> list[str]:
        if isinstance(value, (dict, list)):
            return [leaf for item in (value.values() if isinstance(value, dict) else value) for leaf in leaves(item)]
        return [str(value)]

    text = render(tree)
    open_tags, found, place = list[str](), list[str](), 0
    if not isinstance(tree, (dict, list)):
        assert text == str(tree)
        return
    while place < len(text):
        end = text.find("<", place)
        leaf = text[place : len(text) if end < 0 else end].strip()
        if leaf:
            found.append(leaf)
        if end < 0:
            break
        close = text.index(">", end)
        tag = text[end + 1 : close]
        if tag.startswith("/"):
            assert open_tags.pop() == tag[1:]
        else:
            open_tags.append(tag)
        place = close + 1
    assert open_tags == []
    assert found == leaves(tree)


@pytest.mark.parametrize("form", ["xml", "markdown"])
@pytest.mark.parametrize("kind", [list, dict, tuple])
def test_data_nested_too_deeply_for_python_becomes_a_preview(kind: type, form: str) -> None:
    deep: Any = "core"
    for _ in range(20_000):
        deep = {"in": deep} if kind is dict else kind([deep])
    text = render({"deep": deep, "x": 1}, form)
    assert len(text) < 2_000_000
    assert "..." in text
    assert "core" not in text
    assert text.endswith("1</x>" if form == "xml" else "**x**: 1")
