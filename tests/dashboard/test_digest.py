"""How long handlers take, in buckets."""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.fold.latency_digest import HIGHEST, LOWEST, LatencyDigest


def bounds(bucket: int) -> tuple[float, float]:
    low = 0 if bucket == LOWEST else round(10 ** (bucket / 10) * 1000)
    high = float("inf") if bucket == HIGHEST else round(10 ** ((bucket + 1) / 10) * 1000)
    return low, high


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=300))
def test_a_bucket_holds_the_durations_that_it_says(durations: list[int]) -> None:
    digest = LatencyDigest()
    times = digest.add(durations)
    assert times == (sum(durations), min(durations), max(durations))
    found = digest.histogram()
    assert sum(count for _, count in found) == len(durations) == digest.count
    for bucket, count in found:
        low, high = bounds(bucket)
        assert count == sum(low <= duration < high for duration in durations)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=300), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(durations: list[int], share: float) -> None:
    digest = LatencyDigest()
    digest.add(durations)
    found = digest.quantiles_ms(share)
    assert found is not None
    true = sorted(durations)[max(-(-len(durations) * share // 1), 1).__int__() - 1]
    assert 0.79 <= found[0] * 1e6 / true <= 1.27 or true < 30


@pytest.mark.parametrize("size", [2_049, 10_000, 1_000_000])
def test_a_sample_is_exact_in_number_and_true_in_shape(size: int) -> None:
    chance = random.Random(7)
    durations = [round(chance.lognormvariate(9, 1)) + 1 for _ in range(size)]
    durations[1] = 10**10
    digest = LatencyDigest()
    digest.add(durations)
    found = dict(digest.histogram())
    assert sum(found.values()) == size
    assert all(count > 0 for count in found.values())
    assert found[70] >= 1
    buckets = sorted(found)
    below = list(accumulate(found[bucket] for bucket in buckets))
    ordered = sorted(durations)
    for bucket, count in zip(buckets, below, strict=True):
        assert abs(count - bisect(ordered, bounds(bucket)[1] - 1)) < 0.05 * size


def test_handlers_that_take_turns_are_all_in_the_sample() -> None:
    for rhythm in (2, 4, 8, 10):
        digest = LatencyDigest()
        digest.add([1_000 if i % rhythm else 1_000_000 for i in range(9_000)])
        assert dict(digest.histogram())[30] == pytest.approx(9_000 / rhythm, rel=0.05)


def test_of_nothing_there_is_no_quantile() -> None:
    assert LatencyDigest().quantiles_ms(0.5) is None
    assert LatencyDigest().histogram() == []
