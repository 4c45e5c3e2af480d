"""Counts of the last moments: what happened in each of the newest time buckets, by key."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class TimeBuckets(Generic[Key]):
    """Counts by key in the newest `length` buckets of `width_ns` each.

    Driven by the times of what happened; reading says for which moment. At most `length`
    counters are kept; what is older than the window counts nowhere.

    >>> buckets = TimeBuckets(1_000_000_000, 3)
    >>> buckets.add(5_200_000_000, {"reader": 2})
    >>> buckets.add(6_000_000_000, {"reader": 1})
    >>> buckets.row("reader", 6_900_000_000)
    [0, 2, 1]
    >>> buckets.rate("reader", 8_500_000_000), buckets.rate("reader", 9_000_000_000)
    (0.25, 0.0)
    """

    __slots__ = ("_buckets", "length", "width_ns")

    def __init__(self, width_ns: int, length: int) -> None:
        self.width_ns = width_ns
        self.length = length
        self._buckets: deque[tuple[int, Counter[Key]]] = deque(maxlen=length)

    def add(self, time_ns: int, counts: Mapping[Key, int]) -> None:
        """Count what happened at `time_ns`. A little late (two threads) counts in the newest bucket."""
        index = time_ns // self.width_ns
        if not self._buckets or self._buckets[-1][0] < index:
            self._buckets.append((index, Counter()))
        self._buckets[-1][1].update(counts)

    def row(self, key: Key, now_ns: int) -> list[int]:
        """Counts of the last `length` buckets, oldest first; the last one is that of `now_ns`."""
        row = [0] * self.length
        first = now_ns // self.width_ns - self.length + 1
        for index, counts in self._buckets:
            if index >= first:
                row[min(index - first, self.length - 1)] += counts.get(key, 0)
        return row

    def rate(self, key: Key, now_ns: int) -> float:
        """Counts a second over the window that ends now: the newest `length - 1` buckets' time.

        The oldest bucket counts for the part that is still within the window.
        """
        newest = now_ns // self.width_ns
        oldest = newest - self.length + 1
        left = 1 - (now_ns % self.width_ns) / self.width_ns
        total = 0.0
        for index, counts in self._buckets:
            if index >= oldest:
                total += counts.get(key, 0) * (left if index == oldest else 1)
        return total * 1e9 / (self.width_ns * (self.length - 1))

    def keys(self, now_ns: int) -> set[Key]:
        """What was counted within the window that ends now, its oldest bucket included."""
        first = now_ns // self.width_ns - self.length + 1
        found: set[Key] = set()
        for index, counts in self._buckets:
            if index >= first:
                found.update(counts)
        return found
