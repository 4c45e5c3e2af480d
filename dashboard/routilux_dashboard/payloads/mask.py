"""Masks: hide values by the names of their keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ..names import names_of
from .preview import HIDDEN, is_dataclass, preview, stored_fields

KNOWN_KEYS = 10_000
"""Keys for which the answer is cached."""
DEPTH = 100
"""Anything deeper is hidden as a whole."""
_LISTS = (list, tuple, set, frozenset, deque)
_SAFE_KEYS = frozenset({str, int, float, bool, type(None), bytes})


class Mask:
    """Hides the values of keys that contain one of `names`, ignoring case: "password" hides "DB_PASSWORD".

    Applies to payloads, states and all other data of a program, by the program's own names. Texts such as log messages
    and errors are not searched. May be used by any thread. A single text is one name. Raises `ValueError` for an empty
    name, which would hide everything.

    >>> Mask(["password"]).apply({"user": "ann", "DB_Password": "x", "more": [{"password": 1}]})
    {'user': 'ann', 'DB_Password': '•••', 'more': [{'password': '•••'}]}
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(name.strip().casefold() for name in names_of(names, "mask")))
        if "" in self.names:
            raise ValueError("A name in mask is empty, which would hide every value; write a part of a key")
        self._known: dict[str, bool] = {}

    def __bool__(self) -> bool:
        """Whether anything is hidden."""
        return bool(self.names)

    @property
    def hides(self) -> Callable[[str], bool] | None:
        """Tells whether a key's value is hidden; `None` if no value is (see `preview`)."""
        return self._hides if self.names else None

    def _hides(self, key: str) -> bool:
        known = self._known.get(key)
        if known is None:
            folded = key.casefold()
            known = any(name in folded for name in self.names)
            if len(self._known) < KNOWN_KEYS and len(key) <= 200:
                self._known[key] = known
        return known

    def preview(self, value: Any) -> tuple[Any, bool]:
        """A preview in which masked values are hidden."""
        return preview(value, hides=self.hides)

    def apply(self, value: Any) -> Any:
        """A copy of plain data with hidden values replaced; `value` itself if the mask hides nothing.

        No code of `value` is run. Dataclasses become dicts of their fields, containers plain containers; other objects
        stay the same.
        """
        return self._copy(value, {}, DEPTH) if self.names else value

    def _copy(self, value: Any, seen: dict[int, Any], depth: int) -> Any:
        cls = type(value)
        if not issubclass(cls, (dict, *_LISTS)) and not is_dataclass(cls):
            return value
        if id(value) in seen:
            return seen[id(value)]
        if depth <= 0:
            return HIDDEN
        if issubclass(cls, _LISTS):
            return self._copy_list(value, cls, seen, depth)
        copied: dict[Any, Any] = {}
        seen[id(value)] = copied
        pairs = list(dict.items(value)) if issubclass(cls, dict) else list(stored_fields(value))
        for key, item in pairs:
            name = key if type(key) in _SAFE_KEYS else str(preview(key)[0])  # a key's own hash is not called
            hidden = type(name) is str and self._hides(name)
            copied[name] = HIDDEN if hidden else self._copy(item, seen, depth - 1)
        return copied

    def _copy_list(self, value: Any, cls: type, seen: dict[int, Any], depth: int) -> Any:
        base = next(base for base in _LISTS if issubclass(cls, base))
        copied: list[Any] = []
        seen[id(value)] = copied
        copied.extend([self._copy(item, seen, depth - 1) for item in list(base.__iter__(value))])
        return tuple(copied) if base is tuple else copied


NO_MASK = Mask(())
"""Hides nothing."""
