"""Encodes payloads as JSON, a whole batch at once; a payload that is too large or not plain data becomes a preview.

No code of a payload is run: the encoder only gets plain values. They are checked first, one level of all payloads at a
time, which is what makes this fast (`benchmarks/capturing.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from math import isfinite
from typing import Any

import msgspec

from .mask import Mask
from .preview import preview

LARGEST = 64 * 1024
"""Bytes of JSON; a larger payload becomes a preview."""
DEPTH = 64
VALUES = 32 * 1024
"""More values than that do not fit into `LARGEST`."""
_PREVIEWS = ((2_000, 200), (500, 50), (60, 20))
"""Limits of previews (text, items), each tried if the JSON of the one before is too large."""
_ATOMS = frozenset({str, int, float, bool, type(None)})
_LISTS = frozenset({list, tuple})
_CONTAINERS = _LISTS | {dict}
_PLAIN = _ATOMS | _CONTAINERS
_ONLY_DICTS = frozenset({dict})
_ONLY_TEXT = frozenset({str})
_AT_ONCE = 1_000
"""The encoder holds the interpreter's lock: a fifth of a millisecond for so many records."""


class PayloadEncoder:
    """Encodes payloads without the values that `mask` hides."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._encoder = msgspec.json.Encoder()

    def encode(self, payloads: Sequence[Any]) -> tuple[list[bytes], list[int]]:
        """The JSON of each payload, and the indices of those that were shortened."""
        encoded: list[bytes] = []
        cut: list[int] = []
        for start in range(0, len(payloads), _AT_ONCE):
            few = payloads[start : start + _AT_ONCE]
            lines = self._together(few)
            if lines is None:
                for place, payload in enumerate(few, start):
                    line, left_out = self._one(payload)
                    encoded.append(line)
                    if left_out:
                        cut.append(place)
            else:
                encoded += lines
        return encoded, cut

    def _together(self, payloads: Sequence[Any]) -> list[bytes] | None:
        """The JSON of payloads that need no change at all; `None` if one does."""
        try:
            if not is_plain(payloads, self._mask, VALUES * 4):
                return None
            lines = self._encoder.encode_lines(payloads).split(b"\n")
        except (ValueError, TypeError, RecursionError, RuntimeError, MemoryError):
            return None
        del lines[-1]
        return lines if max(map(len, lines), default=0) <= LARGEST else None

    def _one(self, payload: Any) -> tuple[bytes, bool]:
        try:
            shown = self._mask.apply(payload) if self._mask else payload
            if is_plain([shown], None, VALUES):
                line = self._encoder.encode(shown)
                if len(line) <= LARGEST:
                    return line, False
        except (ValueError, TypeError, RecursionError, RuntimeError, MemoryError):
            pass
        return self._preview(payload)

    def _preview(self, payload: Any) -> tuple[bytes, bool]:
        line, cut = b"null", True
        for text, items in _PREVIEWS:
            shown, cut = preview(payload, text=text, items=items, hides=self._mask.hides)
            line = self._encoder.encode(shown)
            if len(line) <= LARGEST:
                break
        return line, cut


def is_plain(values: Sequence[Any], mask: Mask | None, most: int) -> bool:
    """Whether JSON can hold these values as they are, at most `most` at each level, and `mask` hides none.

    Types are checked first, so no method of a value is called unless it is plain data.
    """
    level: Sequence[Any] = values
    for _ in range(DEPTH):
        kinds = set(map(type, level))
        if not kinds <= _PLAIN or not _fits(level, kinds):
            return False
        if kinds.isdisjoint(_CONTAINERS):
            return True
        dicts = level if kinds == _ONLY_DICTS else [value for value in level if type(value) is dict]
        lists = [] if kinds.isdisjoint(_LISTS) else [value for value in level if type(value) in _LISTS]
        if dicts and not _are_keys(dicts, mask):
            return False
        inner = chain(chain.from_iterable(map(dict.values, dicts)), chain.from_iterable(lists))
        level = list(islice(inner, most + 1))
        if len(level) > most:
            return False
    return False


def _fits(level: Sequence[Any], kinds: set[type]) -> bool:
    """Whether no text is too long and every number is finite."""
    if str in kinds and max(map(len, [value for value in level if type(value) is str])) > LARGEST:
        return False
    return float not in kinds or all(map(isfinite, [value for value in level if type(value) is float]))


def _are_keys(dicts: Sequence[dict[Any, Any]], mask: Mask | None) -> bool:
    """Whether all keys are texts of a sensible length, and none is hidden."""
    if set(map(type, chain.from_iterable(dicts))) - _ONLY_TEXT:
        return False
    names = set(chain.from_iterable(dicts))
    if max(map(len, names), default=0) > LARGEST:
        return False
    hides = mask.hides if mask is not None else None
    return hides is None or not any(map(hides, names))
