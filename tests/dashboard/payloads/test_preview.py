"""Previews are plain, bounded JSON, made without running any code of a payload."""

from __future__ import annotations

import json
import time
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from datetime import time as time_of_day
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Any, NoReturn
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.payloads.preview import preview, safe_text

HUGE = "x" * 50_000_000


def trap(*_: object, **__: object) -> NoReturn:
    raise AssertionError("code of a payload was run")


class Trapped:
    """Everything that could be asked of it is code of the payload."""

    __slots__ = ()
    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __getattribute__ = trap
    __class__ = property(trap)
    __dict__ = property(trap)
    __int__ = __index__ = __float__ = __bytes__ = __format__ = __getitem__ = __contains__ = trap


class TrappedMeta(type):
    __getattribute__ = trap
    __repr__ = __instancecheck__ = __subclasscheck__ = trap


class TrappedStr(str):
    __repr__ = __str__ = __len__ = __getitem__ = __iter__ = __eq__ = __format__ = trap
    __hash__ = str.__hash__


class TrappedInt(int):
    __repr__ = __str__ = __eq__ = __index__ = __int__ = __add__ = __neg__ = __lt__ = __le__ = trap
    __hash__ = int.__hash__


class TrappedFloat(float):
    __repr__ = __str__ = __eq__ = __float__ = __add__ = __lt__ = trap
    __hash__ = float.__hash__


class TrappedDict(dict[Any, Any]):
    __repr__ = __iter__ = __len__ = __getitem__ = __bool__ = items = keys = values = get = trap


class TrappedList(list[Any]):
    __repr__ = __iter__ = __len__ = __getitem__ = __bool__ = trap


class TrappedBytes(bytes):
    __repr__ = __len__ = __getitem__ = __iter__ = hex = trap


class TrappedError(Exception):
    __repr__ = __str__ = trap
    args = property(trap)


class TrappedZone(tzinfo):
    utcoffset = dst = tzname = trap


@dataclass
class Point:
    x: int
    y: Any = None

    @property
    def length(self) -> float:
        trap()


@dataclass(slots=True)
class Slotted:
    x: int
    y: int


@dataclass
class TrappedData:
    x: int = 1
    __dict__ = property(trap)

    def __setattr__(self, name: str, value: object) -> None:
        pass


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(10**20), "-100000000000000000000"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("a\ud800b", "a\ufffdb"),
        (b"\x00hi", "<3 bytes: 00 68 69>"),
        (bytearray(b"hi"), "<2 bytes: 68 69>"),
        ({1: "a", "1": "b", None: 2}, {"1": "a", "1′": "b", "null": 2}),
        ({(1, 2): "a"}, {"<tuple>": "a"}),
        ({0.5: "a", False: "b", b"k": "c"}, {"0.5": "a", "false": "b", "<1 bytes: 6b>": "c"}),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Pair(1, "x"), [1, "x"]),
        (deque([1, 2]), [1, 2]),
        ({3}, [3]),
        (frozenset(), []),
        (Point(1, {"a": 1}), {"x": 1, "y": {"a": 1}}),
        (Slotted(1, 2), {"x": 1, "y": 2}),
        (Colour.RED, "<tests.dashboard.payloads.test_preview.Colour.RED>"),
        (Level.HIGH, 3),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=1))), "2026-01-02T00:00:00+01:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(seconds=90), "0:01:30"),
        (Decimal("1.10"), "1.10"),
        (PurePosixPath("a/b"), "a/b"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (1 + 2j, "(1+2j)"),
        (ValueError("no such thing"), "ValueError: no such thing"),
        (KeyError(1, 2), "<KeyError>"),
        (object(), "<object>"),
        (UserDict(), "<collections.UserDict>"),
        (Point, "<type>"),
    ],
)
def test_a_preview_shows_values_as_json(value: object, shown: object) -> None:
    assert preview(value)[0] == shown


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (Trapped, "<tests.dashboard.payloads.test_preview.Trapped>"),
        (lambda: TrappedMeta("Made", (), {})(), "<tests.dashboard.payloads.test_preview.Made>"),
        (lambda: TrappedMeta("Made", (), {}), "<tests.dashboard.payloads.test_preview.TrappedMeta>"),
        (lambda: TrappedStr("text"), "text"),
        (lambda: TrappedInt(7), 7),
        (lambda: TrappedFloat(0.5), 0.5),
        (lambda: TrappedDict(a=1), {"a": 1}),
        (lambda: TrappedList([1, Trapped()]), [1, "<tests.dashboard.payloads.test_preview.Trapped>"]),
        (lambda: TrappedBytes(b"hi"), "<2 bytes: 68 69>"),
        (lambda: TrappedError("said"), "tests.dashboard.payloads.test_preview.TrappedError: said"),
        (lambda: datetime(2026, 1, 2, tzinfo=TrappedZone()), "<datetime.datetime>"),
        (lambda: time_of_day(1, tzinfo=TrappedZone()), "<datetime.time>"),
        (lambda: TrappedData(), {}),
        (lambda: {Trapped: TrappedStr("b"), TrappedStr("key"): 1}, {"<type>": "b", "key": 1}),
    ],
)
def test_no_code_of_a_payload_is_run(make: Callable[[], object], shown: object) -> None:
    assert preview(make()) == (shown, False)


def test_a_huge_payload_is_previewed_quickly() -> None:
    started = time.perf_counter()
    shown, cut = preview({"text": HUGE, "list": [HUGE] * 10_000, "bytes": HUGE.encode(), "number": 1 << 10**7})
    assert time.perf_counter() - started < 1
    assert cut
    assert len(json.dumps(shown)) < 30_000
    assert shown["number"] == "<integer of 10,000,001 bits>"


def test_a_container_that_holds_itself_is_marked() -> None:
    holder: list[Any] = [1]
    holder.append({"me": holder})
    assert preview(holder) == ([1, {"me": "<holds itself>"}], True)


def test_the_same_container_twice_is_shown_twice() -> None:
    shared = [1]
    assert preview([shared, shared]) == ([[1], [1]], False)


def test_deep_and_large_values_are_shortened_and_marked() -> None:
    deep: Any = "core"
    for _ in range(1_000_000):
        deep = [deep]
    shown, cut = preview(deep)
    assert (shown, cut) == ([[[[[["<list>"]]]]]], True)
    while deep != "core":  # unwound by hand: Python's own way is recursive
        deep = deep[0]
    assert preview(list(range(51)))[1]
    assert not preview(list(range(50)))[1]
    broad, cut = preview([[[i] * 50 for i in range(50)] for _ in range(50)])
    assert cut
    assert len(json.dumps(broad)) < 2_000


def test_safe_text_is_a_string_for_any_value() -> None:
    assert safe_text("a" * 1_000, 3) == "aaa"
    assert safe_text(3) == "3"
    assert safe_text(Trapped()).startswith("<")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary() | st.dates(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.none(), inner) | st.tuples(inner, inner)
    ),
    max_leaves=60,
)


@given(anything)
def test_any_preview_is_bounded_json(value: object) -> None:
    shown, _ = preview(value)
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(shown)) == shown
    assert len(json.dumps(shown, ensure_ascii=False)) < 40_000


numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_small_json_values_are_shown_unchanged(value: object) -> None:
    shown, cut = preview(value, depth=30)
    assert (shown, cut) == (value, False)
