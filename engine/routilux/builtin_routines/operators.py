"""The operators of conditions, with limits on the size of their results."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

MAX_ITEMS = 100_000
"""Largest number of characters or items in the sum or product of sequences."""

MAX_BITS = 10_000
"""Largest number of bits in an integer product or power."""

_TEXT = (str, bytes, bytearray)

_SEQUENCE = (*_TEXT, list, tuple)


def add(left: Any, right: Any) -> Any:
    """Return the sum, or the concatenation; raises `OverflowError` if it is too long."""
    if isinstance(left, _SEQUENCE) and isinstance(right, _SEQUENCE):
        _check_length(len(left) + len(right))
    return left + right


def multiply(left: Any, right: Any) -> Any:
    """Return the product, or a repeated text; raises `OverflowError` if it is too long.

    Raises `TypeError` for lists and tuples: comparing multiplied lists of lists can take forever.

    >>> multiply("-", 3)
    '---'
    >>> multiply("-", 10**12)
    Traceback (most recent call last):
    ...
    OverflowError: 1000000000000 items are more than the 100000 that a condition may make
    """
    for one, other in ((left, right), (right, left)):
        if isinstance(one, (list, tuple)):
            raise TypeError("Lists cannot be multiplied in a condition")
        if isinstance(one, _TEXT) and isinstance(other, int):
            _check_length(len(one) * other)
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    return left * right


def power(left: Any, right: Any) -> Any:
    """Return a power of numbers; raises `OverflowError` if an integer result would be too long.

    >>> power(2, 10), power(2.0, -1)
    (1024, 0.5)
    >>> power(9, 10**9)
    Traceback (most recent call last):
    ...
    OverflowError: A number of 4000000000 bits is more than the 10000 bits that a condition may make
    """
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        raise TypeError("Only numbers have powers in a condition")
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * right)
    return left**right


def remainder(left: Any, right: Any) -> Any:
    """Return the remainder; raises `TypeError` for text, for which `%` means formatting."""
    if isinstance(left, _TEXT):
        raise TypeError("Text cannot be formatted in a condition")
    return left % right


def contains(left: Any, right: Any) -> bool:
    """Whether `left` is in `right`."""
    return left in right


def _check_length(items: int) -> None:
    if items > MAX_ITEMS:
        raise OverflowError(f"{items} items are more than the {MAX_ITEMS} that a condition may make")


def _check_bits(bits: int) -> None:
    if bits > MAX_BITS:
        raise OverflowError(f"A number of {bits} bits is more than the {MAX_BITS} bits that a condition may make")


Operator = Callable[[Any, Any], Any]

BINARY: dict[type[ast.operator], Operator] = {
    ast.Add: add,
    ast.Sub: operator.sub,
    ast.Mult: multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: remainder,
    ast.Pow: power,
}

COMPARISONS: dict[type[ast.cmpop], Operator] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: contains,
    ast.NotIn: lambda left, right: not contains(left, right),
}

UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
