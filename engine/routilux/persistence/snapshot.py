"""Copies of payloads, so that records keep the values of the moment of recording."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

_ATOMS = frozenset((str, int, float, bool, type(None), bytes, complex))

_mro = type.__dict__["__mro__"].__get__

_namespace = type.__dict__["__dict__"].__get__


def snapshot(value: Any) -> Any:
    """Copy the built-in containers in `value`, and those of `collections`, at any depth.

    Objects of other classes are not copied, since that would run their code. A container that contains
    itself is copied as such. Parts of a flow become their `str`. A value nested hundreds of levels
    deep is not copied. Never raises.

    >>> mine = {"rows": [1, 2]}
    >>> kept = snapshot(mine)
    >>> mine["rows"].append(3)
    >>> kept
    {'rows': [1, 2]}
    """
    try:
        return copied(value)
    except Exception:  # nested too deeply, or of a class without a hash: not copying is better than failing
        return value


def copied(value: Any) -> Any:
    """As `snapshot`, but raises `RecursionError` if the value is nested too deeply."""
    return _copy(value, {})


def _copy(value: Any, seen: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in _ATOMS:
        return value
    copier = _COPIERS.get(kind)
    if copier is None:
        return _text(value) if _is_part(kind) else value
    known = seen.get(id(value))
    return copier(value, seen) if known is None else known


def _is_part(kind: type) -> bool:
    """Whether instances are parts of a flow. Does not involve the metaclass, which would run the payload's code."""
    return any("_routilux_part" in _namespace(base) for base in _mro(kind))


def _text(part: Any) -> str:
    try:
        return str(part)
    except Exception:  # a failing __str__ must not fail an emission
        return object.__repr__(part)


def _copy_dict(value: dict[Any, Any], seen: dict[int, Any]) -> dict[Any, Any]:
    copied = seen[id(value)] = value.copy()
    if not _ATOMS.issuperset(map(type, copied.values())):
        for key, item in copied.items():
            copied[key] = _copy(item, seen)
    return copied


def _copy_list(value: list[Any], seen: dict[int, Any]) -> list[Any]:
    copied = seen[id(value)] = value.copy()
    if not _ATOMS.issuperset(map(type, copied)):
        copied[:] = [_copy(item, seen) for item in copied]
    return copied


def _copy_tuple(value: tuple[Any, ...], seen: dict[int, Any]) -> tuple[Any, ...]:
    if _ATOMS.issuperset(map(type, value)):
        return value
    return tuple([_copy(item, seen) for item in value])


def _copy_deque(value: deque[Any], seen: dict[int, Any]) -> deque[Any]:
    copied = seen[id(value)] = value.copy()
    for place in range(len(copied)):
        copied[place] = _copy(copied[place], seen)
    return copied


def _copy_set(value: set[Any], _seen: dict[int, Any]) -> set[Any]:
    return value.copy()


_COPIERS: dict[type, Any] = {
    **dict.fromkeys((dict, defaultdict, OrderedDict, Counter), _copy_dict),
    list: _copy_list,
    tuple: _copy_tuple,
    set: _copy_set,
    deque: _copy_deque,
}
