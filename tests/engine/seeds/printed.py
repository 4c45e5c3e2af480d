"""Compares what a piece of code prints with what its document says, where times and ids are only examples."""

from __future__ import annotations

import re

_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?"
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_LEFT_OUT = r"'\.\.\.'"
_NUMBER = r"<seconds>"
_EXAMPLES = {_TIME: _TIME, _ID: _ID, _LEFT_OUT: "'[^']*'", _NUMBER: r"[\d.e-]+"}


def pattern(said: str) -> str:
    """A regular expression for one line: as it stands, but any time for a time, any id for an id, anything for `...`.

    >>> bool(re.fullmatch(pattern("at 2024-01-01 12:00:00"), "at 2031-02-03T04:05:06.789"))
    True
    """
    parts = re.split("(" + "|".join(_EXAMPLES) + ")", said)
    return "".join(re.escape(part) if number % 2 == 0 else _any(part) for number, part in enumerate(parts))


def _any(example: str) -> str:
    return next(anything for form, anything in _EXAMPLES.items() if re.fullmatch(form, example))


def assert_prints(printed: str, said: str) -> None:
    """Every line must be what was said, and none be missing or too many."""
    found, wanted = printed.strip().splitlines(), said.strip().splitlines()
    assert len(found) == len(wanted), f"printed:\n{printed}\nsaid:\n{said}"
    for line, words in zip(found, wanted, strict=True):
        assert re.fullmatch(pattern(words), line), f"{line!r} is printed where {words!r} is said"
