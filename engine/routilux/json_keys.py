"""Keys of dicts as JSON has them: all of them are text there, and two that become one would lose a value."""

from __future__ import annotations

import json
from typing import Any

_TEXT = frozenset((str,))
_CONTAINERS = (dict, list, tuple)


def check_keys(value: Any) -> None:
    """Raise `TypeError` for a dict in `value`, which JSON can hold, with two keys that are the same in JSON.

    >>> check_keys({1: "a", "2": ["b"]})
    >>> check_keys([{1: "a", "1": "b"}])
    Traceback (most recent call last):
    TypeError: a dict has the keys 1 and '1', which are the same in JSON; make all its keys texts
    """
    waiting = [value] if isinstance(value, _CONTAINERS) else []
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict) and not _TEXT.issuperset(map(type, found)):
            _check(found)
        items = found.values() if isinstance(found, dict) else found
        waiting += [item for item in items if isinstance(item, _CONTAINERS)]


def _check(found: dict[Any, Any]) -> None:
    known: dict[str, Any] = {}
    for key in found:
        name = key if isinstance(key, str) else next(iter(json.loads(json.dumps({key: None}))))
        if name in known:
            raise TypeError(
                f"a dict has the keys {known[name]!r} and {key!r}, which are the same in JSON; make all its keys texts"
            )
        known[name] = key
