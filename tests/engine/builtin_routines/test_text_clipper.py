"""Clipping text to whole lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import TextClipper
from routilux.builtin_routines.text_processing import clip, text_in
from tests.engine.builtin_routines.collected import output_of

FOUR_LINES = "aaaa\nbbbb\ncccc\ndddd"


def clipper(**config: Any) -> TextClipper:
    routine = TextClipper()
    routine.set_config(**config)
    return routine


def clipped(text: Any, **config: Any) -> str:
    return str(output_of(clipper(**config), text=text)["clipped_text"])


@pytest.mark.parametrize(
    ("max_length", "kept", "left_out"),
    [(0, 0, 4), (5, 0, 4), (6, 1, 3), (10, 1, 3), (11, 2, 2), (15, 2, 2), (16, 3, 1), (18, 3, 1)],
)
def test_whole_lines_are_kept_while_they_stay_below_the_limit(max_length: int, kept: int, left_out: int) -> None:
    lines = FOUR_LINES.split("\n")[:kept]
    assert clipped(FOUR_LINES, max_length=max_length) == "\n".join(lines) + f"\n...(省略了{left_out}行)"


@pytest.mark.parametrize("max_length", [19, 20, 1000])
def test_text_up_to_the_length_passes_unchanged(max_length: int) -> None:
    assert output_of(clipper(max_length=max_length), text=FOUR_LINES) == {
        "clipped_text": FOUR_LINES,
        "was_clipped": False,
        "original_length": 19,
    }


def test_the_output_says_whether_text_was_clipped_and_its_original_length() -> None:
    assert output_of(clipper(max_length=6), text=FOUR_LINES) == {
        "clipped_text": "aaaa\n...(省略了3行)",
        "was_clipped": True,
        "original_length": 19,
    }


def test_a_first_line_that_is_too_long_leaves_only_the_message() -> None:
    assert clipped("x" * 2000) == "\n...(省略了1行)"


def test_the_limit_may_be_sent_with_the_text() -> None:
    assert output_of(clipper(), text=FOUR_LINES, max_length=6)["was_clipped"]
    assert not output_of(clipper(max_length=6), text=FOUR_LINES, max_length=99)["was_clipped"]


def test_the_message_is_configurable_and_is_no_format_string() -> None:
    assert clipped(FOUR_LINES, max_length=6, truncation_message="[{remaining} more]") == "aaaa\n[3 more]"
    assert clipped(FOUR_LINES, max_length=6, truncation_message="…") == "aaaa\n…"
    hostile = "{remaining.__class__} {remaining:>999999999} {0} {"
    assert clipped(FOUR_LINES, max_length=6, truncation_message=hostile) == "aaaa\n" + hostile


def test_text_with_a_traceback_is_never_clipped_unless_that_is_switched_off() -> None:
    text = "Traceback (most recent call last):\n" + "x\n" * 1000
    assert clipped(text) == text
    assert clipped(text, preserve_tracebacks=False) != text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"id": "x", "text": "t", "content": "c"}, "t"),
        ({"id": "x", "data": "d", "message": "m"}, "m"),
        ({"text": 5, "content": "c"}, "c"),
        ({"id": 1, "name": "n", "other": "o"}, "n"),
        ({"id": 1}, "{'id': 1}"),
        ({}, "{}"),
        (12.5, "12.5"),
        (None, "None"),
        (["a"], "['a']"),
    ],
)
def test_text_is_extracted_from_values_that_are_not_strings(value: Any, text: str) -> None:
    assert text_in(value) == text


def test_the_text_may_be_sent_under_any_name() -> None:
    for data in ({"text": "hello"}, {"data": "hello"}, {"anything": "hello"}, {"content": "hello", "n": 1}):
        assert output_of(clipper(), **data)["clipped_text"] == "hello"
    assert output_of(clipper(max_length=6), data=FOUR_LINES)["was_clipped"]
    assert output_of(clipper(max_length=6), text=FOUR_LINES, data="something else")["original_length"] == 19


def test_a_new_clipper_has_its_defaults() -> None:
    routine = TextClipper()
    assert routine.config() == {
        "max_length": 1000,
        "preserve_tracebacks": True,
        "truncation_message": "...(省略了{remaining}行)",
    }
    assert routine.input_slot is routine.get_slot("input")
    assert routine.output_event is routine.get_event("output")
    assert routine.output_event.output_params == ["clipped_text", "was_clipped", "original_length"]


@given(st.text("ab\n", max_size=80), st.integers(-5, 90))
def test_clipped_text_keeps_a_prefix_and_counts_the_omitted_lines(text: str, max_length: int) -> None:
    result = clip(text, max_length, "<{remaining}>")
    if len(text) <= max_length:
        assert result is text
        return
    kept, _, note = result.rpartition("\n")
    remaining = int(note[1:-1])
    lines = text.split("\n")
    count = len(lines) - remaining
    assert kept == "\n".join(lines[:count])
    assert remaining >= 1
    assert count == 0 or len(kept) + 1 < max_length
    assert len("\n".join(lines[: count + 1])) + 1 >= max_length


@given(st.text("ab\n", max_size=60), st.integers(0, 70), st.integers(0, 70))
def test_a_higher_limit_never_keeps_fewer_lines(text: str, one: int, other: int) -> None:
    less, more = (clip(text, limit, "").count("\n") for limit in sorted((one, other)))
    assert less <= more + (len(text) <= max(one, other))
