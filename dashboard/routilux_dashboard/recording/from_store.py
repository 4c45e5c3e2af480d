"""A job that a store has, as it is there now."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from ..protocol import StoreHealth
from ..segments.segment import Segment
from .film import Film


class StoreSource(Protocol):
    """A store, as far as it is read here."""

    @property
    def health(self) -> StoreHealth: ...
    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]: ...
    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]: ...


def from_store(job_id: str, store: StoreSource) -> Film:
    """What a store has of a job. What has happened should be in it: the caller has it catch up.

    Raises `LookupError` for a job that is not there. Waits for the store: call it in a native thread.
    """
    last = store.last_segments([job_id]).get(job_id)
    if last is None:
        raise LookupError(f"There is no job {job_id!r} in the store")
    return Film(_up_to(last, store.segments(job_id)), missing=tuple(_behind(store.health)))


def _up_to(last: int, segments: Iterator[Segment]) -> Iterator[Segment]:
    """A job that runs on would not let the file end."""
    for segment in segments:
        if segment.n > last:
            return
        yield segment


def _behind(health: StoreHealth) -> list[str]:
    if health.state not in ("behind", "failing"):
        return []
    why = f" ({health.reason})" if health.reason else ""
    return [f"The store was {health.state}{why} when this was made: the newest of the job may not be in this file."]
