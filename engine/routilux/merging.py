"""Merge strategies: what a slot's handler gets of new data and of what came before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .documents import shown

MergeStrategy = str | Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


def keeps_data(strategy: MergeStrategy) -> bool:
    """Whether the strategy looks at earlier data at all (any word but `"append"` overrides)."""
    return callable(strategy) or strategy == "append"


def merge(
    strategy: MergeStrategy, stored: dict[str, Any], new: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the handler gets, and what is stored for the next time. Neither argument is changed.

    >>> merge("append", {"x": [1], "y": [5]}, {"x": 2})
    ({'x': [1, 2]}, {'x': [1, 2], 'y': [5]})
    >>> merge("override", {"x": 1}, {"y": 2})
    ({'y': 2}, {'y': 2})
    """
    if callable(strategy):
        merged: Any = strategy(stored.copy(), new.copy())
        if not isinstance(merged, dict):
            raise TypeError(
                f"The merge function {getattr(strategy, '__name__', strategy)} gave {shown(merged)}: a dict is needed"
            )
        return merged, merged
    if strategy != "append":
        return new, new
    grown = {key: [*_as_list(stored, key), value] for key, value in new.items()}
    return {key: values.copy() for key, values in grown.items()}, {**stored, **grown}


def _as_list(stored: dict[str, Any], key: str) -> list[Any]:
    if key not in stored:
        return []
    value = stored[key]
    return value if isinstance(value, list) else [value]
