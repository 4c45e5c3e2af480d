"""A batch cut by time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.fold.time_slices import SLICE_NS, SLICES_BACK, time_slices
from tests.dashboard.journals import NAMES, Record, Run, batch, records, runs


@given(records(), runs())
def test_every_row_is_in_the_slice_of_its_time(made: list[Record], ended: list[Run]) -> None:
    pieces = time_slices(batch(made, ended), NAMES.wall_ns)
    assert [row for piece in pieces for row in piece.records] == made
    assert [row for piece in pieces for row in piece.runs] == ended
    assert [piece.time_ns for piece in pieces] == sorted({piece.time_ns for piece in pieces})
    for piece in pieces:
        assert piece.records or piece.runs
        if piece is not pieces[0]:
            assert {NAMES.wall_ns(at) // SLICE_NS * SLICE_NS for _, _, at, _ in piece.records} <= {piece.time_ns}


@given(st.lists(st.integers(0, 10**12)))
def test_rows_out_of_order_are_all_there_too(times: list[int]) -> None:
    made: list[Record] = [(0, {"i": i}, at, 0) for i, at in enumerate(times)]
    pieces = time_slices(batch(made), NAMES.wall_ns)
    assert [row for piece in pieces for row in piece.records] == made
    assert [piece.time_ns for piece in pieces] == sorted({piece.time_ns for piece in pieces})


def test_a_batch_of_long_ago_makes_few_slices() -> None:
    made: list[Record] = [(0, {}, second * 10**9, 0) for second in range(10_000)]
    assert len(time_slices(batch(made), NAMES.wall_ns)) <= SLICES_BACK + 1
