"""Counts of the last moments."""

from __future__ import annotations

from routilux_dashboard.fold.time_buckets import TimeBuckets

MS = 1_000_000


def test_the_rate_of_a_steady_stream_is_its_rate_and_fades_to_nothing() -> None:
    buckets: TimeBuckets[str] = TimeBuckets(100 * MS, 11)
    for at in range(0, 3_000, 5):
        buckets.add(at * MS, {"a": 2})
    rates = [buckets.rates(at * MS).get("a", 0) for at in range(2_995, 4_300, 50)]
    assert abs(rates[0] - 400) < 5
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0
    assert buckets.keys(4_300 * MS) == set()


def test_what_comes_a_little_late_is_not_lost() -> None:
    buckets: TimeBuckets[str] = TimeBuckets(1_000 * MS, 3)
    buckets.add(5_001 * MS, {"a": 1})
    buckets.add(4_999 * MS, {"a": 1})
    assert buckets.row("a", 5_500 * MS) == [0, 0, 2]


def test_a_clock_behind_the_newest_entry_shows_it_all_the_same() -> None:
    buckets: TimeBuckets[str] = TimeBuckets(1_000 * MS, 3)
    buckets.add(6_000 * MS, {"a": 4})
    assert buckets.row("a", 5_999 * MS) == [0, 0, 4]


def test_only_the_window_is_kept() -> None:
    buckets: TimeBuckets[str] = TimeBuckets(1_000 * MS, 3)
    for second in range(100):
        buckets.add(second * 1_000 * MS, {f"key {second}": 1})
    assert buckets.keys(99_000 * MS) == {"key 97", "key 98", "key 99"}
