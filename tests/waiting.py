"""Waiting for a condition with a deadline; tests never sleep and hope."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], *, within: float = 10.0, what: str = "") -> T:
    """Ask `condition` until what it returns is true, and return that.

    An `AssertionError` of the condition counts as "not yet". Raises `AssertionError` after `within` seconds, with
    the last answer and `what` was waited for.
    """
    deadline = time.monotonic() + within
    while True:
        answer: object
        try:
            found = condition()
            if found:
                return found
            answer = found
        except AssertionError as error:
            answer = error
        if time.monotonic() > deadline:
            raise AssertionError(f"After {within} s still not true: {what or condition} (last answer: {answer!r})")
        time.sleep(0.005)
