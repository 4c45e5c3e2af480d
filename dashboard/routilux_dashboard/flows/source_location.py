"""Find the source file and line of a class, in a form readers of the page recognise."""

from __future__ import annotations

import inspect
import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ..protocol import SourceLocation


def source_location(cls: type) -> SourceLocation | None:
    """File and line of a class; `None` for one typed in interactively or created at run time."""
    try:
        file = inspect.getsourcefile(cls)
    except (OSError, TypeError):
        return None
    line = _line(cls, linecache.getlines(file)) if file else None
    return SourceLocation(_short(file), line) if file and line else None


def _line(cls: type, lines: list[str]) -> int | None:
    """The line of `class Name`; if there are several, the last one before the first method.

    `inspect.getsourcelines` would parse the whole file. In CPython 3.11, two threads that parse at the same time make
    each other fail, and the watched program may well be parsing.
    """
    head = re.compile(rf"\s*class\s+{re.escape(cls.__name__)}\b")
    found = [number for number, line in enumerate(lines, 1) if head.match(line)]
    first_method = min(_method_lines(cls), default=None)
    if first_method is None:
        return found[0] if found else None
    return max((number for number in found if number <= first_method), default=None)


def _method_lines(cls: type) -> Iterator[int]:
    for member in vars(cls).values():
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function) and function.__qualname__.startswith(f"{cls.__qualname__}."):
            yield function.__code__.co_firstlineno


def _short(file: str) -> str:
    """A short path: relative to the working directory, else to the entry of `sys.path` that contains it."""
    path = Path(file).absolute()
    for root in (Path.cwd(), *(Path(entry).absolute() for entry in sys.path if entry)):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.as_posix()
