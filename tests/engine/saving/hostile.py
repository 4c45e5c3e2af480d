"""Documents with something wrong in them: at every place, of every kind."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Plain = dict[str, Any]
Place = tuple[str | int, ...]

DEEP = 100_000


def deep(levels: int) -> Any:
    """A list in a list in a list …"""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


SYSTEM = {"_type": "callable", "callable_type": "function", "module": "os", "name": "system"}
EVIL_TEXT = "__import__('os').system('touch /tmp/hostile')"

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a negative number": -3,
    "a fraction": 0.5,
    "NaN": float("nan"),
    "a huge number": 10**400,
    "an infinite number": float("inf"),
    "nothing": "",
    "a text": "text",
    "a long text": "long" * 100_000,
    "half a pair of surrogates": "\ud800",
    "an empty list": [],
    "an empty object": {},
    "a list": [[1], ["x"]],
    "an object": {"x": {"y": 1}},
    "os.system": SYSTEM,
    "an expression": {"_type": "lambda_expression", "expression": EVIL_TEXT},
    "a lambda": {"_type": "lambda_expression", "expression": f"lambda data: {EVIL_TEXT}"},
    "code to evaluate": EVIL_TEXT,
    "a reduction": {"__reduce__": ["os.system", ["touch /tmp/hostile"]], "py/object": "os.system"},
}
ORDERS = ("os.system", "an expression", "a lambda", "a reduction")

FREE = re.compile(
    r"""^(
    # payload: anything may be there
    entry_params\..* | routine_states\.\w+\..* | shared_data\..* | metadata\..* | shared_log\.\d+\..* |
    output_log\.\d+\..* | execution_history\.\d+\.data\..* | pending_tasks\.\d+\.data\..* |
    deferred_events\.\d+\.(data\..*|timestamp) | slot_data\.\d+\.data\..* |
    pause_points\.\d+\.(?!checkpoint$).* | .*\._data\..* | routines\.(a|b)\._config\..* |
    routines\.transformer\._config\..* | routines\.router\._config\.(?!routes).* |
    routines\.router\._config\.routes\.1\.1\.(kind|total)(\..*)? |
    # said for who reads the file, and not read back
    checkpoint(\..*)? | _paused | .*\._slots\.\w+\.handler(\..*)? | connections\.\d+\._type |
    pending_tasks\.\d+\.(priority|max_retries|created_at) |
    # a text, an object and a function are all fine, and a function that is not known is none
    .*\.merge_strategy(\.(callable_type|module|name))? | routines\.router\._config\.routes\.(0\.1|2\.1\._type)
    )$""",
    re.VERBOSE,
)
"""Places that loading ignores: changes there need not be rejected."""

OPTIONAL = re.compile(
    r"""^(
    error_handler | routines\.\w+\._error_handler | routines\.\w+\._class | history_limit | checkpoint | ended_at |
    current_routine_id | entry_routine_id | execution_history\.\d+\.cause | execution_strategy | timeout | time_left |
    connections\.\d+\._(source|target)_(routine_id|event_name|slot_name) | pending_tasks\.\d+\.connection_\w+
    )$""",
    re.VERBOSE,
)
"""Places where `null` is valid too."""


@dataclass(frozen=True)
class Mutation:
    """A document with one change. `breaks`: the new value has another type, so it must be rejected."""

    place: str
    change: str
    plain: Plain
    breaks: bool


def mutations(sample: Plain, part: int = 1) -> Iterator[Mutation]:
    """Every value of a document, at any depth, replaced by each of `VALUES`, and removed.

    Where anything may be, only by what could be taken for an order. With `part` only by every so many of the
    values, other ones at each place.
    """
    for number, place in enumerate(places(sample)):
        name = ".".join(map(str, place))
        old = at(sample, place)
        wanted = [change for change in VALUES if change in ORDERS or not FREE.match(name)]
        for change in wanted[number % part :: part]:
            value = VALUES[change]
            yield Mutation(name, change, changed(sample, place, value), must_break(name, old, value))
        yield Mutation(name, "removed", removed(sample, place), False)


def places(value: Any, way: Place = ()) -> Iterator[Place]:
    """Where there is a value."""
    if way:
        yield way
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*way, key))


def at(plain: Any, place: Place) -> Any:
    for key in place:
        plain = plain[key]
    return plain


def changed(sample: Plain, place: Place, value: Any) -> Plain:
    plain = copy.deepcopy(sample)
    at(plain, place[:-1])[place[-1]] = copy.deepcopy(value)
    return plain


def removed(sample: Plain, place: Place) -> Plain:
    plain = copy.deepcopy(sample)
    del at(plain, place[:-1])[place[-1]]
    return plain


def must_break(place: str, old: Any, new: Any) -> bool:
    """Whether the place is one that is looked at, and the new value of another type than the old one."""
    if FREE.match(place) or (new is None and OPTIONAL.match(place)):
        return False
    return kind_of(old) != kind_of(new)


def kind_of(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value))
    return "number" if isinstance(value, (int, float)) else type(value).__name__
