"""Handler durations in a histogram with logarithmic buckets, and quantiles from it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

PER_DECADE = 10
LOWEST = -30
"""The first bucket, from 1 ns. Shorter durations count here."""
HIGHEST = 100
"""The last bucket, from 10**10 µs (nearly three hours). Longer durations count here."""
_BOUNDS = [round(1000 * 10 ** (bucket / PER_DECADE)) for bucket in range(LOWEST + 1, HIGHEST + 1)]
"""The lower bound of each bucket but the first, in ns."""
_BLOCKS, _BLOCK = 32, 64
_SAMPLED = _BLOCKS * _BLOCK
"""Sample size for larger batches (40,000 durations a second of one routine), at a third of the cost of counting all.
Samples are taken in blocks, so that handlers that alternate in a rhythm are all represented."""


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

    @classmethod
    def of(cls, counts: list[tuple[int, int]]) -> LatencyDigest:
        """Restore a digest from its `histogram`."""
        digest = cls()
        digest._counts, digest._cached = dict(counts), None
        digest.count = sum(digest._counts.values())
        return digest

    def add(self, durations: Sequence[int]) -> Times:
        """Count durations (ns, not empty), a whole batch at once; return their sum and bounds.

        For more than 2,048 durations, the shape is that of a sample that always includes the shortest
        and the longest. The count is exact.
        """
        times = Times(sum(durations), min(durations), max(durations))
        self.count += len(durations)
        self._cached = None
        if len(durations) <= _SAMPLED:
            self._count(_in_buckets(sorted(durations)))
        else:
            self._count(_in_buckets([times.low, times.high]))
            self._count(_scaled(_in_buckets(sorted(_sample(durations))), len(durations) - 2))
        return times

    def _count(self, found: Iterable[tuple[int, int]]) -> None:
        for bucket, count in found:
            self._counts[bucket] = self._counts.get(bucket, 0) + count

    def histogram(self) -> list[tuple[int, int]]:
        """Pairs (bucket, count) of the non-empty buckets, in order."""
        if self._cached is None:
            self._cached = sorted(self._counts.items())
        return self._cached

    def quantiles_ms(self, *shares: float) -> list[float] | None:
        """The quantiles (ms) for these shares (ascending), interpolated within buckets.

        `None` if nothing has been counted. The error is less than one bucket, a quarter of the value.

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


def _sample(durations: Sequence[int]) -> list[int]:
    step = len(durations) / _BLOCKS
    starts = [int(block * step) for block in range(_BLOCKS)]
    return [duration for start in starts for duration in durations[start : start + _BLOCK]]


def _in_buckets(ordered: list[int]) -> list[tuple[int, int]]:
    """Pairs (bucket, count) of ascending durations."""
    found, start, end = [], 0, len(ordered)
    while start < end:
        place = bisect_right(_BOUNDS, ordered[start])
        stop = bisect_left(ordered, _BOUNDS[place], start) if place < len(_BOUNDS) else end
        found.append((place + LOWEST, stop - start))
        start = stop
    return found


def _scaled(found: list[tuple[int, int]], total: int) -> list[tuple[int, int]]:
    """The same shape with counts that add up to `total`."""
    size = sum(count for _, count in found)
    seen = given = 0
    scaled = []
    for bucket, count in found:
        seen += count
        scaled.append((bucket, seen * total // size - given))
        given = seen * total // size
    return scaled
