"""Text of values, also of those that are nested deeper than Python can follow."""

from __future__ import annotations

from reprlib import Repr
from typing import Any

_preview = Repr()


def text_of(value: Any) -> str:
    """The `str` of a value; the `preview` of one that is nested too deeply for that.

    >>> text_of({"a": [1]})
    "{'a': [1]}"
    """
    try:
        return str(value)
    except RecursionError:
        return preview(value)


def preview(value: Any) -> str:
    """The outermost levels of a value, and the first items of each.

    >>> preview([[[[[[[[1]]]]]]]])
    '[[[[[[[...]]]]]]]'
    """
    return _preview.repr(value)
