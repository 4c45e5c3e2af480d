"""Arguments that take one name or several."""

from __future__ import annotations

from collections.abc import Iterable


def names_of(given: Iterable[str], what: str) -> tuple[str, ...]:
    """Return the names given for argument `what` as a tuple; a string is one name, not a sequence of letters. Raises
    `TypeError` for a name that is not a string.

    >>> names_of("example.org", "allowed_hosts"), names_of(["a", "b"], "mask")
    (('example.org',), ('a', 'b'))
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{what} has {name!r}: names are texts, such as {what}=['one', 'other']")
    return names
