"""Names that a caller gives: one, or several."""

from __future__ import annotations

from collections.abc import Iterable


def names_of(given: Iterable[str], what: str) -> tuple[str, ...]:
    """What was given for `what`, as a tuple; a plain text is one name, not its letters. `TypeError` for no texts.

    >>> names_of("example.org", "allowed_hosts"), names_of(["a", "b"], "mask")
    (('example.org',), ('a', 'b'))
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{what} has {name!r}: names are texts, such as {what}=['one', 'other']")
    return names
