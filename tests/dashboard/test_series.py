"""The charts' points: exact sums, a fixed length, silence for free."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.fold.series import FIRST_INTERVAL_MS, MAX_POINTS, ChartSeries, Level
from routilux_dashboard.protocol import Sample

MS = 1_000_000
START = 1_700_000_000_000 * MS
NOTHING = Level(0, 0, {})


def nothing() -> Level:
    return NOTHING


def points(series: ChartSeries) -> list[Sample]:
    return series.view().points


def test_an_interval_is_closed_when_it_is_over() -> None:
    series = ChartSeries(START + 70 * MS)
    series.add(3, 1, {"reader": (2, 5 * MS)})
    series.advance(START + 199 * MS, nothing)
    assert points(series) == []
    series.advance(START + 200 * MS, lambda: Level(4, 1, {"reader": 3, "parser": 1, "walker": 0}))
    assert series.view().start == START / MS
    assert points(series) == [Sample(0, 3, 1, 4, 1, {"reader": (2, 3, 5.0), "parser": (0, 1, 0.0)})]


def test_silence_is_filled_with_what_waited_meanwhile() -> None:
    series = ChartSeries(START)
    series.add(1, 0, {})
    series.advance(START + 1_000 * MS, lambda: Level(9, 0, {"reader": 9}))
    assert [point.events for point in points(series)] == [1, 0, 0, 0, 0]
    assert {point.queued for point in points(series)} == {9}


def test_hours_of_silence_cost_a_few_merges_and_make_long_intervals() -> None:
    series, asked = ChartSeries(START), []

    def level() -> Level:
        asked.append(1)
        return NOTHING

    series.add(5, 0, {"reader": (5, MS)})
    series.advance(START + 100 * 3_600_000 * MS, level)
    assert len(asked) == 1
    assert MAX_POINTS // 2 <= len(points(series)) < MAX_POINTS
    assert points(series)[0].events == 5
    assert series.view().interval_ms * len(points(series)) <= 100 * 3_600_000 < series.view().interval_ms * MAX_POINTS


def test_a_job_that_ends_at_once_has_one_point() -> None:
    series = ChartSeries(START)
    series.add(7, 0, {})
    series.finish(nothing)
    series.finish(nothing)
    assert [point.events for point in points(series)] == [7]


def test_the_view_is_the_same_object_until_something_changes() -> None:
    series = ChartSeries(START)
    view = series.view()
    series.add(1, 0, {})
    assert series.view() is view
    series.advance(START + FIRST_INTERVAL_MS * MS, nothing)
    assert series.view() is not view
    assert view.points == []


@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 9), st.integers(0, 3)), max_size=200))
def test_sums_are_exact_and_the_length_is_bounded_whatever_comes(steps: list[tuple[int, int, int]]) -> None:
    series, now = ChartSeries(START), START
    for step, events, errors in steps:
        now += step * MS
        series.advance(now, nothing)
        series.add(events, errors, {"reader": (events, events * MS)})
    series.finish(nothing)
    view = series.view()
    assert sum(point.events for point in view.points) == sum(events for _, events, _ in steps)
    assert sum(point.errors for point in view.points) == sum(errors for *_, errors in steps)
    assert sum(point.routines.get("reader", (0, 0, 0.0))[0] for point in view.points) == sum(e for _, e, _ in steps)
    assert [point.index for point in view.points] == list(range(len(view.points)))
    assert len(view.points) < MAX_POINTS
    assert view.interval_ms % FIRST_INTERVAL_MS == 0
