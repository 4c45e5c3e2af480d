"""Read plain data from outside: every access is checked, and errors name the path and the value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .snapshot import copied

FORMAT = 1
"""Version of the saved format. Data without one was written by release 0.10.0 and can be read too."""

HUGE = 2**63 - 1
"""Largest integer accepted. One of thousands of digits would fail later, in some calculation."""


class PlainReader:
    """A value in a document, with its path for errors.

    >>> PlainReader({"a": {"n": "x"}}, "job").child("a").number("n")
    Traceback (most recent call last):
    ValueError: job.a.n: a number is needed, not 'x'
    """

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path
        self._has_fields = False

    def invalid(self, needed: str) -> ValueError:
        """Return the error for a value other than `needed`."""
        return ValueError(f"{self.path}: {needed} is needed, not {describe(self.value)}")

    def fields(self) -> dict[str, Any]:
        """Return the value as a dict with string keys."""
        if not self._has_fields:
            if not isinstance(self.value, dict) or not all(isinstance(key, str) for key in self.value):
                raise self.invalid("an object with text keys")
            self._has_fields = True
        fields: dict[str, Any] = self.value
        return fields

    def child(self, key: str, default: Any = None) -> PlainReader:
        """Return the value under `key`, or `default`, as a reader."""
        return PlainReader(self.fields().get(key, default), f"{self.path}.{key}")

    def items(self) -> list[PlainReader]:
        """Return readers for the items of a list."""
        if not isinstance(self.value, list):
            raise self.invalid("a list")
        return [PlainReader(item, f"{self.path}[{number}]") for number, item in enumerate(self.value)]

    def entries(self) -> list[tuple[str, PlainReader]]:
        """Return the keys of an object, with readers for their values."""
        return [(key, PlainReader(value, f"{self.path}[{describe(key)}]")) for key, value in self.fields().items()]

    def copy(self) -> Any:
        """Return a deep copy of the value."""
        try:
            return copied(self.value)
        except RecursionError:
            raise ValueError(f"{self.path}: it is nested too deeply") from None

    def as_string(self) -> str:
        """Return the value as a string."""
        if not isinstance(self.value, str):
            raise self.invalid("a text")
        return self.value

    def string(self, key: str, default: str | None = None) -> str:
        """Return the string under `key`."""
        return self.child(key, default).as_string()

    def optional_string(self, key: str) -> str | None:
        """Return the string under `key`, or `None`."""
        return None if self.child(key).value is None else self.string(key)

    def number(self, key: str, default: float | None = None) -> float:
        """Return the number under `key`."""
        return self.child(key, default).as_number()

    def as_number(self) -> float:
        """Return the value as a number."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.invalid("a number")
        if abs(self.value) > HUGE if isinstance(self.value, int) else math.isnan(self.value):
            raise self.invalid("a number (none that is huge)")
        return self.value

    def optional_number(self, key: str) -> float | None:
        """Return the number under `key`, or `None`."""
        return None if self.child(key).value is None else self.number(key)

    def integer(self, key: str, default: int | None = None) -> int:
        """Return the integer under `key`, from 0 to `HUGE`."""
        return self.child(key, default).as_integer()

    def as_integer(self) -> int:
        """Return the value as an integer from 0 to `HUGE`."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not 0 <= self.value <= HUGE:
            raise self.invalid("a whole number from 0")
        return self.value

    def boolean(self, key: str, default: bool = False) -> bool:
        """Return the boolean under `key`."""
        part = self.child(key, default)
        if not isinstance(part.value, bool):
            raise part.invalid("true or false")
        return part.value

    def object(self, key: str) -> dict[str, Any]:
        """Return a copy of the object under `key`, or an empty one."""
        part = self.child(key, {})
        part.fields()
        copy: dict[str, Any] = part.copy()
        return copy

    def objects(self, key: str) -> list[dict[str, Any]]:
        """Return a copy of the list of objects under `key`, or an empty one."""
        part = self.child(key, [])
        for item in part.items():
            item.fields()
        copy: list[dict[str, Any]] = part.copy()
        return copy

    def time_ns(self, key: str) -> int:
        """Return the ISO time under `key` in ns since the epoch; without an offset it is local."""
        part = self.child(key)
        try:
            moment = datetime.fromisoformat(self.string(key))
            time_ns = round(moment.timestamp() * 1e6) * 1000
            iso_utc(time_ns)  # it must be representable in UTC, and in local time
            datetime.fromtimestamp(time_ns / 1e9)
            return time_ns
        except (ValueError, OverflowError, OSError):
            raise part.invalid("a time like '2026-01-31T12:00:00+00:00'") from None

    def expect_document(self, type_name: str) -> None:
        """Check the type and the format of the document."""
        self.child("_type").expect(type_name)
        known = self.child("format", FORMAT)
        if known.value != FORMAT or isinstance(known.value, bool):
            raise known.invalid(f"format {FORMAT} (a newer version of routilux may have written this)")

    def expect(self, type_name: str) -> None:
        """Check that the value is this string."""
        if self.value != type_name:
            raise self.invalid(f"{type_name!r}")


def describe(value: Any) -> str:
    """Describe a value for an error: scalars truncated, and the type of anything else.

    >>> describe("x" * 1000), describe(["x"])
    ("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'…", 'list')
    """
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"{value[:60]!r}…"
    if isinstance(value, int) and not -(10**60) < value < 10**60:
        return "a huge number"
    return repr(value) if isinstance(value, (int, float, type(None))) else type(value).__name__


def as_dict(name: str, value: Any) -> Any:
    """Return `value` if it is a dict, else raise `ValueError` with its name."""
    if not isinstance(value, Mapping):
        raise PlainReader(value, name).invalid("a dict")
    return value


def iso_utc(time_ns: int) -> str:
    """Format a time for saving: ISO, in UTC, with offset."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat()


def now_iso() -> str:
    """Return the current time, formatted for saving."""
    return datetime.now(UTC).isoformat()
