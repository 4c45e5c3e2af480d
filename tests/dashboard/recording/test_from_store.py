"""Jobs in a store: recorded as far as they are there, and what is not there yet is said."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from routilux_dashboard.protocol import StoreHealth
from routilux_dashboard.recording.from_store import StoreSource, from_store
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.store import Store
from tests.dashboard.recording.made_up import JOB_ID, a_run


class Growing:
    """A store that has three segments of a job, and more of them whenever somebody reads; it has trouble."""

    health = StoreHealth("failing", "the disk is full")

    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]:
        return dict.fromkeys(job_ids, 3)

    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]:
        yield from a_run(1_000_000, 1)


def test_a_job_is_recorded_as_it_is_in_its_store(tmp_path: Path) -> None:
    with Store(str(tmp_path / "runs.db")) as store:
        keeper: StoreSource = store
        assert store.put(list(a_run(20)))
        assert store.flush()
        found = from_store(JOB_ID, keeper)
        assert (list(found.segments), found.missing, found.gaps) == (list(a_run(20)), (), "")
        with pytest.raises(LookupError, match="no job 'other' in the store"):
            from_store("other", store)


def test_of_a_job_that_runs_on_there_is_what_there_was_at_the_beginning() -> None:
    assert [segment.n for segment in from_store(JOB_ID, Growing()).segments] == [1, 2, 3]


def test_trouble_of_the_store_is_said() -> None:
    (missing,) = from_store(JOB_ID, Growing()).missing
    assert missing.startswith("The store was failing (the disk is full) when this was made")
