"""Counts by key over a sliding window of time buckets."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, KeysView, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class TimeBuckets(Generic[Key]):
    """Counts by key in the newest `length` buckets of `width_ns` each, for one thread.

    Driven by the times of events; a read names its moment and evicts buckets older than the window.
    At most `length` buckets are kept, each with the keys counted in it.

    >>> buckets = TimeBuckets(1_000_000_000, 3)
    >>> buckets.add(5_200_000_000, {"reader": 2})
    >>> buckets.add(6_000_000_000, {"reader": 1})
    >>> buckets.row("reader", 6_900_000_000)
    [0, 2, 1]
    >>> buckets.rates(8_500_000_000), buckets.rates(9_000_000_000)
    ({'reader': 0.25}, {})
    """

    __slots__ = ("_buckets", "_sums", "length", "width_ns")

    def __init__(self, width_ns: int, length: int) -> None:
        self.width_ns = width_ns
        self.length = length
        self._buckets: deque[tuple[int, dict[Key, int]]] = deque()
        self._sums: dict[Key, int] = {}

    def add(self, time_ns: int, counts: Mapping[Key, int]) -> None:
        """Count events at `time_ns`. Late events (two threads) count in the newest bucket."""
        self._let_go(time_ns)
        index = time_ns // self.width_ns
        if not self._buckets or self._buckets[-1][0] < index:
            self._buckets.append((index, {}))
        bucket, sums = self._buckets[-1][1], self._sums
        for key, count in counts.items():
            bucket[key] = bucket.get(key, 0) + count
            sums[key] = sums.get(key, 0) + count

    def buckets(self) -> list[tuple[int, dict[Key, int]]]:
        """The buckets as pairs (bucket number, counts), oldest first."""
        return list(self._buckets)

    def fill(self, buckets: list[tuple[int, dict[Key, int]]]) -> None:
        """Load the `buckets` of another instance; only valid while this one is empty."""
        for index, counts in buckets:
            self.add(index * self.width_ns, counts)

    def row(self, key: Key, now_ns: int) -> list[int]:
        """Counts of the last `length` buckets, oldest first; the last bucket contains `now_ns`."""
        row = [0] * self.length
        first = now_ns // self.width_ns - self.length + 1
        for index, counts in self._buckets:
            if index >= first and key in counts:
                row[min(index - first, self.length - 1)] += counts[key]
        return row

    def rates(self, now_ns: int) -> dict[Key, float]:
        """Counts per second of each key over the window that ends now, which spans `length - 1` buckets.

        The oldest bucket counts for the part that is still within the window.
        """
        self._let_go(now_ns)
        seconds = self.width_ns * (self.length - 1) / 1e9
        rates = {key: count / seconds for key, count in self._sums.items()}
        if self._buckets and self._buckets[0][0] == now_ns // self.width_ns - self.length + 1:
            gone = (now_ns % self.width_ns) / self.width_ns
            for key, count in self._buckets[0][1].items():
                rates[key] -= count * gone / seconds
        return rates

    def keys(self, now_ns: int) -> KeysView[Key]:
        """The keys counted within the window that ends now, including its oldest bucket."""
        self._let_go(now_ns)
        return self._sums.keys()

    def _let_go(self, now_ns: int) -> None:
        first = now_ns // self.width_ns - self.length + 1
        while self._buckets and self._buckets[0][0] < first:
            _, counts = self._buckets.popleft()
            for key, count in counts.items():
                left = self._sums[key] - count
                if left:
                    self._sums[key] = left
                else:
                    del self._sums[key]
