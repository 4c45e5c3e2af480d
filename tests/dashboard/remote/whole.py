"""Checks that a store has a complete job: each record exactly once, in order, and every count right."""

from __future__ import annotations

from pathlib import Path

from routilux_dashboard.segments.history_query import HistoryQuery
from routilux_dashboard.store.store import Store


def check_whole(place: str | Path, job_id: str, count: int) -> None:
    """The store has the job of a `paced` flow that emitted `count` numbers, and has ended."""
    with Store(str(place)) as store:
        seen = [record for page in _pages(store, job_id) for record in page]
        assert [seq for seq, _, _ in seen] == list(range(1, count + 3))
        items = [data["i"] for _, event, data in seen if event == "item"]
        assert items == list(range(count))
        job = store.playback(job_id).job()
        assert (job.status, job.seq, job.counts.events) == ("completed", count + 2, count)
        assert (job.counts.queued, job.counts.running, job.counts.errors) == (0, 0, 0)
        assert (job.routines["source"].done, job.routines["sink"].done) == (1, count)
        assert job.connections["source.item->sink.item"].count == count
        numbers = [segment.n for segment in store.segments(job_id)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert sum(len(segment.runs.target) for segment in store.segments(job_id)) == count + 1


def _pages(store: Store, job_id: str) -> list[list[tuple[int, str, dict[str, int]]]]:
    pages, after = [], 0
    while rows := store.history(job_id, HistoryQuery(after=after, limit=1000)).records:
        pages.append([(row.seq, row.event_name, row.data) for row in rows])
        after = rows[-1].seq
    return pages
