"""The traceback of an error as text, made on a thread that works beside others."""

from __future__ import annotations

import traceback

DEEPEST = 50
"""Errors of a chain (`raise … from …`) that are told."""


def traceback_text(error: BaseException) -> str:
    """The traceback of `error` and of what led to it, without the marks under parts of a line.

    Those marks make Python parse the line, and CPython 3.11 fails when two threads parse at once:
    a handler that parses would get a `SystemError` because another one's error is written down.
    """
    told: traceback.TracebackException | None = traceback.TracebackException.from_exception(error)
    first = told
    for _ in range(DEEPEST):
        if told is None:
            break
        for frame in told.stack:
            frame.colno = None
        told = told.__cause__ or told.__context__
    return "".join(first.format()) if first is not None else ""
