"""Reading plain data that came from outside: every part is checked, and an error says what and where."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .snapshot import copied

FORMAT = 1
"""Version of what is saved. Data without one is of release 0.10.0 of the reference and is read as well."""

HUGE = 2**63 - 1
"""No whole number that the engine needs is larger; one of thousands of digits would fail later, in some sum."""


class PlainReader:
    """A part of a document and the way to it.

    >>> PlainReader({"a": {"n": "x"}}, "job").child("a").number("n")
    Traceback (most recent call last):
    ValueError: job.a.n: a number is needed, not 'x'
    """

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path
        self._has_fields = False

    def invalid(self, needed: str) -> ValueError:
        """The error for a part that is not what is needed."""
        return ValueError(f"{self.path}: {needed} is needed, not {describe(self.value)}")

    def fields(self) -> dict[str, Any]:
        """The part as a dict with text keys."""
        if not self._has_fields:
            if not isinstance(self.value, dict) or not all(isinstance(key, str) for key in self.value):
                raise self.invalid("an object with text keys")
            self._has_fields = True
        fields: dict[str, Any] = self.value
        return fields

    def child(self, key: str, default: Any = None) -> PlainReader:
        """The part under `key`; one with `default` when there is none."""
        return PlainReader(self.fields().get(key, default), f"{self.path}.{key}")

    def items(self) -> list[PlainReader]:
        """The parts of a list."""
        if not isinstance(self.value, list):
            raise self.invalid("a list")
        return [PlainReader(item, f"{self.path}[{number}]") for number, item in enumerate(self.value)]

    def entries(self) -> list[tuple[str, PlainReader]]:
        """The parts of an object, with their keys."""
        return [(key, PlainReader(value, f"{self.path}[{describe(key)}]")) for key, value in self.fields().items()]

    def copy(self) -> Any:
        """A copy of the part, at any depth."""
        try:
            return copied(self.value)
        except RecursionError:
            raise ValueError(f"{self.path}: it is nested too deeply") from None

    def as_string(self) -> str:
        """The part, which is a text."""
        if not isinstance(self.value, str):
            raise self.invalid("a text")
        return self.value

    def string(self, key: str, default: str | None = None) -> str:
        """The text under `key`."""
        return self.child(key, default).as_string()

    def optional_string(self, key: str) -> str | None:
        """The text under `key`, or `None`."""
        return None if self.child(key).value is None else self.string(key)

    def number(self, key: str, default: float | None = None) -> float:
        """The number under `key`."""
        return self.child(key, default).as_number()

    def as_number(self) -> float:
        """The part, which is a number."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.invalid("a number")
        if abs(self.value) > HUGE if isinstance(self.value, int) else math.isnan(self.value):
            raise self.invalid("a number (none that is huge)")
        return self.value

    def optional_number(self, key: str) -> float | None:
        """The number under `key`, or `None`."""
        return None if self.child(key).value is None else self.number(key)

    def integer(self, key: str, default: int | None = None) -> int:
        """The whole number, from 0 to `HUGE`, under `key`."""
        return self.child(key, default).as_integer()

    def as_integer(self) -> int:
        """The part, which is a whole number from 0 to `HUGE`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not 0 <= self.value <= HUGE:
            raise self.invalid("a whole number from 0")
        return self.value

    def boolean(self, key: str, default: bool = False) -> bool:
        """The truth value under `key`."""
        part = self.child(key, default)
        if not isinstance(part.value, bool):
            raise part.invalid("true or false")
        return part.value

    def object(self, key: str) -> dict[str, Any]:
        """A copy of the object under `key`; an empty one when there is none."""
        part = self.child(key, {})
        part.fields()
        copy: dict[str, Any] = part.copy()
        return copy

    def objects(self, key: str) -> list[dict[str, Any]]:
        """A copy of the list of objects under `key`; an empty one when there is none."""
        part = self.child(key, [])
        for item in part.items():
            item.fields()
        copy: list[dict[str, Any]] = part.copy()
        return copy

    def time_ns(self, key: str) -> int:
        """The time under `key` (ISO; local when it has no offset) in ns since the epoch."""
        part = self.child(key)
        try:
            moment = datetime.fromisoformat(self.string(key))
            time_ns = round(moment.timestamp() * 1e6) * 1000
            iso_utc(time_ns)  # it must also be possible to show it, here and in UTC
            datetime.fromtimestamp(time_ns / 1e9)
            return time_ns
        except (ValueError, OverflowError, OSError):
            raise part.invalid("a time like '2026-01-31T12:00:00+00:00'") from None

    def expect_document(self, type_name: str) -> None:
        """Check what kind of document this is, and its format."""
        self.child("_type").expect(type_name)
        known = self.child("format", FORMAT)
        if known.value != FORMAT or isinstance(known.value, bool):
            raise known.invalid(f"format {FORMAT} (a newer version of routilux may have written this)")

    def expect(self, type_name: str) -> None:
        """Check that the part is this text."""
        if self.value != type_name:
            raise self.invalid(f"{type_name!r}")


def describe(value: Any) -> str:
    """A value of a document as an error shows it: atoms themselves, cut; the kind of anything else.

    >>> describe("x" * 1000), describe(["x"])
    ("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'…", 'list')
    """
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"{value[:60]!r}…"
    if isinstance(value, int) and not -(10**60) < value < 10**60:
        return "a huge number"
    return repr(value) if isinstance(value, (int, float, type(None))) else type(value).__name__


def as_dict(name: str, value: Any) -> Any:
    """`value`, which is a dict; `ValueError` names it when it is none."""
    if not isinstance(value, Mapping):
        raise PlainReader(value, name).invalid("a dict")
    return value


def iso_utc(time_ns: int) -> str:
    """A time as it is saved: ISO, UTC, with offset."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat()


def now_iso() -> str:
    """The present as it is saved."""
    return datetime.now(UTC).isoformat()
