"""Whether parameters fit an entry's schema. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest

from routilux_dashboard.flows.arguments import InvalidParameter, check_arguments
from routilux_dashboard.flows.parameters import parameters


class Colour(Enum):
    RED = "red"


def typed(
    number: int,
    share: float = 0.5,
    name: str | None = None,
    paths: list[Path] | None = None,
    colour: Colour = Colour.RED,
    mode: Literal["a", "b"] = "a",
    sizes: dict[str, int] | None = None,
    on: bool = False,
    anything: Any = None,
) -> None: ...


def takes_more(number: int, **others: Any) -> None: ...


def takes_whole(data: Any) -> None: ...


def takes_nothing() -> None: ...


FITTING: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (typed, {"number": 1}),
    (typed, {"number": -5, "share": 1, "name": None, "paths": ["a", "b"], "colour": "red", "mode": "b"}),
    (typed, {"number": 0, "sizes": {"a": 1}, "on": True, "anything": [{"x": [None]}]}),
    (takes_more, {"number": 1, "whatever": {}}),
    (takes_whole, {}),
    (takes_whole, {"a": 1, "b": [2]}),
    (takes_nothing, {}),
]


@pytest.mark.parametrize(("handler", "params"), FITTING)
def test_what_a_signature_takes_fits(handler: Callable[..., Any], params: dict[str, Any]) -> None:
    check_arguments(params, parameters(handler))


@pytest.mark.parametrize(
    ("handler", "params", "name", "words"),
    [
        (typed, {}, "number", "missing"),
        (typed, {"number": "1"}, "number", ": an integer is needed"),
        (typed, {"number": 1.0}, "number", ": an integer is needed"),
        (typed, {"number": True}, "number", ": an integer is needed"),
        (typed, {"number": 1, "share": "x"}, "share", ": a number is needed"),
        (typed, {"number": 1, "name": 3}, "name", ": a string or null is needed"),
        (typed, {"number": 1, "paths": ["a", 2]}, "paths", ": an array, each item a string or null is needed"),
        (typed, {"number": 1, "colour": "blue"}, "colour", "one of 'red'"),
        (typed, {"number": 1, "mode": "c"}, "mode", "one of 'a', 'b'"),
        (typed, {"number": 1, "sizes": {"a": "x"}}, "sizes", ": an object or null is needed"),
        (typed, {"number": 1, "on": 1}, "on", ": true or false is needed"),
        (typed, {"number": 1, "nmae": "x"}, "nmae", "'name'"),
        (takes_more, {}, "number", "missing"),
        (takes_nothing, {"a": 1}, "a", "takes: none"),
    ],
)
def test_what_does_not_fit_is_named_with_what_is_needed(
    handler: Callable[..., Any], params: dict[str, Any], name: str, words: str
) -> None:
    with pytest.raises(InvalidParameter, match=words) as told:
        check_arguments(params, parameters(handler))
    assert told.value.name == name
    assert repr(name) in str(told.value)


def test_a_huge_value_is_not_repeated_whole() -> None:
    with pytest.raises(InvalidParameter) as told:
        check_arguments({"number": "x" * 10_000}, parameters(typed))
    assert len(str(told.value)) < 200
