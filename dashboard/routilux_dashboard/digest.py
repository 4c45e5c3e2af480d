"""How long handlers take: a histogram in logarithmic buckets, quantiles from it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

PER_DECADE = 10
LOWEST = -30
"""The first bucket, from 1 ns. What is shorter counts here."""
HIGHEST = 100
"""The last bucket, from 10**10 µs (nearly three hours). What is longer counts here."""
_BOUNDS = [round(1000 * 10 ** (bucket / PER_DECADE)) for bucket in range(LOWEST + 1, HIGHEST + 1)]
"""Where each bucket but the first begins, in ns."""
_MANY, _SHORT_NS = 1_000, 16_000
"""So many durations with so low a mean have few distinct values: counting them beats sorting (43 against 110 ns each)."""


class Times(NamedTuple):
    """Durations of some handler runs, in ns."""

    total: int
    low: int
    high: int


class LatencyDigest:
    """Durations of handler runs, in at most 131 buckets, ten for each power of ten.

    Bucket b holds durations from 10**(b/10) to 10**((b+1)/10) microseconds.

    >>> digest = LatencyDigest()
    >>> digest.add([1_000_000, 2_000_000, 4_000_000])
    Times(total=7000000, low=1000000, high=4000000)
    >>> digest.histogram()
    [(30, 1), (33, 1), (36, 1)]
    """

    __slots__ = ("_cached", "_counts", "count")

    def __init__(self) -> None:
        self.count = 0
        self._counts: dict[int, int] = {}
        self._cached: list[tuple[int, int]] | None = []

    def add(self, durations: Sequence[int]) -> Times:
        """Count durations (ns, not empty), a whole batch at once; return their sum and bounds."""
        self.count += len(durations)
        self._cached = None
        total = sum(durations)
        if len(durations) > _MANY and total < _SHORT_NS * len(durations):
            return Times(total, *self._add_alike(Counter(durations)))
        return Times(total, *self._add_spread(sorted(durations)))

    def _add_alike(self, values: Counter[int]) -> tuple[int, int]:
        low, high = min(values), max(values)
        first, last = bisect_right(_BOUNDS, low), bisect_right(_BOUNDS, high)
        found = [0] * (last - first + 1)
        for duration, count in values.items():
            found[bisect_right(_BOUNDS, duration, first, last) - first] += count
        for bucket, count in enumerate(found, first + LOWEST):
            if count:
                self._counts[bucket] = self._counts.get(bucket, 0) + count
        return low, high

    def _add_spread(self, ordered: list[int]) -> tuple[int, int]:
        counts, start, end = self._counts, 0, len(ordered)
        while start < end:
            place = bisect_right(_BOUNDS, ordered[start])
            stop = bisect_left(ordered, _BOUNDS[place], start) if place < len(_BOUNDS) else end
            counts[place + LOWEST] = counts.get(place + LOWEST, 0) + stop - start
            start = stop
        return ordered[0], ordered[-1]

    def histogram(self) -> list[tuple[int, int]]:
        """Pairs (bucket, count) of the buckets that are not empty, in order."""
        if self._cached is None:
            self._cached = sorted(self._counts.items())
        return self._cached

    def quantiles_ms(self, *shares: float) -> list[float] | None:
        """The durations (ms) below which these shares (ascending) lie, interpolated within buckets.

        `None` when nothing has been counted. Off by less than one bucket, a quarter of the value.

        >>> digest = LatencyDigest()
        >>> times = digest.add([1_000_000] * 99 + [100_000_000])
        >>> [round(value, 1) for value in digest.quantiles_ms(0.5, 0.999)]
        [1.1, 123.0]
        """
        if not self.count:
            return None
        found: list[float] = []
        below = 0
        for bucket, count in self.histogram():
            while len(found) < len(shares) and shares[len(found)] * self.count <= below + count:
                within = (shares[len(found)] * self.count - below) / count
                found.append(10 ** ((bucket + within) / PER_DECADE) / 1000)
            below += count
        return found
