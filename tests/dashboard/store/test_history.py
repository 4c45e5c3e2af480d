"""The stored history by range and filter finds the same records as a scan of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux_dashboard.protocol import OUTCOMES, HistoryPage
from routilux_dashboard.segments.history_query import HistoryQuery, text_in
from routilux_dashboard.store import Store, history_reader
from tests.dashboard.store.made_up import SOURCES, MadeUpJob

RECORDS = 3_000
JOB = MadeUpJob()
SEGMENTS = list(JOB.segments(RECORDS, 170))
NAMES = {source.number: source for source in SOURCES}


class Row(msgspec.Struct):
    """A record with all that can be asked of it."""

    seq: int
    time_ns: int
    routine: str
    event: str
    kind: str
    payload: bytes
    outcomes: set[str]


def _rows() -> dict[int, Row]:
    rows = {}
    for segment in SEGMENTS:
        columns = zip(segment.records.source, segment.records.time_ns, segment.records.data, strict=True)
        for seq, (number, time_ns, data) in enumerate(columns, segment.after_seq + 1):
            name = NAMES[number]
            rows[seq] = Row(seq, time_ns, name.routine_id, name.event_name, name.kind, data, set())
    for segment in SEGMENTS:
        for cause, outcome in zip(segment.runs.cause, segment.runs.outcome, strict=True):
            rows[cause].outcomes.add(OUTCOMES[outcome])
    return rows


ROWS = _rows()


def expected(query: HistoryQuery) -> list[int]:
    """The seqs that `query` asks for."""
    wanted = (query.q or "").casefold()
    in_payload = text_in(query.q or "")
    found = [
        row.seq
        for row in ROWS.values()
        if query.first <= row.seq <= query.last
        and query.has_source(row.routine, row.event, row.kind)
        and query.has_time(row.time_ns)
        and (query.outcome is None or query.outcome in row.outcomes)
        and (in_payload(row.payload) or wanted in row.routine.casefold() or wanted in row.event.casefold())
    ]
    return found[-query.limit :] if query.backwards else found[: query.limit]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the job of this module, put in pieces of all sizes."""
    if request.param == "sqlite":
        place = str(tmp_path_factory.mktemp("history") / "jobs.db")
    else:
        place = request.getfixturevalue("postgresql").new_database("history")
    with Store(place) as opened:
        for segment in SEGMENTS:
            opened.put([segment])
            if segment.n % 3:
                opened.flush()
        assert opened.flush(60)
        yield opened


_seqs = st.integers(0, RECORDS + 20)
_times = _seqs.map(JOB.time_of)
_queries = st.builds(
    HistoryQuery,
    after=st.none() | _seqs,
    before=st.none() | _seqs,
    limit=st.sampled_from([1, 3, 100, 1000]),
    routine=st.sampled_from([None, None, "source", "sink", "unknown"]),
    event=st.sampled_from([None, None, "item", "Done", "nothing"]),
    outcome=st.sampled_from([None, None, *OUTCOMES[:3]]),
    kind=st.sampled_from([None, None, "event", "start", "custom"]),
    since_ns=st.none() | _times,
    until_ns=st.none() | _times,
    q=st.sampled_from([None, None, "", "näedle", "NEEDLE", "7", "Sink", "done", '"i"', "é"]),
)


@given(query=_queries)
def test_a_page_has_the_records_that_a_scan_of_all_finds(store: Store, query: HistoryQuery) -> None:
    page = store.history("job-1", query)
    assert [record.seq for record in page.records] == expected(query)
    assert (page.first, page.last, page.total) == (1, RECORDS, RECORDS)
    for record in page.records:
        row = ROWS[record.seq]
        assert (record.routine_id, record.event_name, record.kind) == (row.routine, row.event, row.kind)
        assert record.data == msgspec.json.decode(row.payload)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    "filters",
    [{"q": "näedle"}, {"outcome": "error_continued"}, {"event": "item", "outcome": "completed"}, {"q": "sink"}],
)
def test_a_search_that_runs_out_of_time_says_where_to_continue(
    store: Store, monkeypatch: pytest.MonkeyPatch, filters: dict[str, Any], backwards: bool
) -> None:
    monkeypatch.setattr(history_reader, "BUDGET_SECONDS", -1.0)  # each page ends with its first chunk
    found: list[int] = []
    place: dict[str, Any]
    pages, at = 0, RECORDS + 1 if backwards else 0
    while True:
        place = {"before": at} if backwards else {"after": at}
        page = store.history("job-1", HistoryQuery(limit=5, **place, **filters))
        seqs = [record.seq for record in page.records]
        found = seqs + found if backwards else found + seqs
        pages += 1
        going_on = _next(page, seqs, backwards=backwards)
        if going_on is None:
            break
        assert going_on < at if backwards else going_on > at
        at = going_on
    assert found == expected(HistoryQuery(limit=RECORDS, **filters))
    assert pages > 1


def _next(page: HistoryPage, seqs: list[int], *, backwards: bool) -> int | None:
    if page.searched_to is not None:
        return page.searched_to
    return (seqs[0] if backwards else seqs[-1]) if len(seqs) == 5 else None


def test_large_and_odd_payloads_look_like_live_ones(tmp_path: Path) -> None:
    payloads = [
        b'{"deep":[[[[[[[[1]]]]]]]]}',
        b'{"large":123456789012345678901234567890}',
        b'{"long":"' + b"x" * 2_000 + b'"}',
        b'{"wide":[' + b",".join([b"1"] * 90) + b"]}",
        b"null",
        '{"näme":"wörd","€":1.5}'.encode(),
    ]
    segment = MadeUpJob().next(len(payloads))
    segment.records.data = payloads
    segment.records.cut = [4]
    with Store(str(tmp_path / "jobs.db")) as store:
        store.put([segment])
        store.flush()
        from_store = store.history("job-1", HistoryQuery()).records
        live = store.playback("job-1").keyframe().records
    assert from_store == live
    assert [record.cut for record in live] == [True, False, True, True, True, False]
