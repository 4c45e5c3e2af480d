"""The film of a stored job: what the store has of it, and what it says is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from routilux_dashboard.protocol import StoreHealth
from routilux_dashboard.recording.film import StoreSource, film_from_store
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.store import Store
from tests.dashboard.recording.made_up import JOB_ID, a_run


class Growing:
    """A store that has three segments of a job, and writes more whenever they are read; it is failing."""

    health = StoreHealth("failing", "the disk is full")

    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]:
        return dict.fromkeys(job_ids, 3)

    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]:
        yield from a_run(1_000_000, 1)


def test_a_film_has_the_segments_that_the_store_has(tmp_path: Path) -> None:
    with Store(str(tmp_path / "runs.db")) as store:
        source: StoreSource = store
        assert store.put(list(a_run(20)))
        assert store.flush()
        found = film_from_store(JOB_ID, source)
        assert (list(found.segments), found.missing, found.gaps) == (list(a_run(20)), (), "")
        with pytest.raises(LookupError, match="Job 'other' is not in the store"):
            film_from_store("other", store)


def test_the_film_of_a_running_job_ends_where_the_job_was_when_it_was_made() -> None:
    assert [segment.n for segment in film_from_store(JOB_ID, Growing()).segments] == [1, 2, 3]


def test_a_failing_store_is_mentioned_in_the_film() -> None:
    (missing,) = film_from_store(JOB_ID, Growing()).missing
    assert missing.startswith("The store was failing (the disk is full) when this file was made")
