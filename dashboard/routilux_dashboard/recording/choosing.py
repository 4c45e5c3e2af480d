"""Where a recording of a job is made from: the store when it has the job, else what is in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from ..film.segment import Segment
from ..protocol import StoreHealth
from ..watch.shown import ShownJob
from ..watch.watched_job import WatchedJob
from .from_memory import from_memory
from .recordable import Recordable


class NotRecordable(LookupError):
    """A job cannot be recorded, or not so; the message says why, and what can be done."""


class Keeper(Protocol):
    """A store, as far as it is read here."""

    @property
    def health(self) -> StoreHealth: ...
    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]: ...
    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]: ...


def recordable(job_id: str, job: ShownJob | None, store: Keeper | None) -> Recordable:
    """What a recording of a job is made of. Waits for the store: call it in a native thread.

    Args:
        job: the job as it is shown, when it is.
        store: what has happened should be in it (the caller has it catch up).

    Raises:
        NotRecordable: neither has its records.
    """
    if store is not None and store.last_segments([job_id]):
        return Recordable(_following(job_id, store), missing=tuple(_behind(store.health)))
    if isinstance(job, WatchedJob):
        return from_memory(job)
    raise NotRecordable(
        f"The records of job {job_id!r} are not kept here: its program is elsewhere, and this server has no store that "
        "took them. Start the server with a store (--store) to record jobs of other programs."
    )


def without_gaps(found: Recordable) -> Iterable[Segment]:
    """The segments for a file that can be imported, whose figures must follow from its rows.

    Raises:
        NotRecordable: they do not.
    """
    if found.gaps:
        raise NotRecordable(
            f"{found.gaps} JSON lines would not add up to the figures of the job. An HTML recording has these."
        )
    return found.segments


def _following(job_id: str, store: Keeper) -> Iterator[Segment]:
    """The segments up to what is kept now; a job that runs on would not let the file end."""
    last = store.last_segments([job_id]).get(job_id, 0)
    for segment in store.segments(job_id):
        if segment.n > last:
            return
        yield segment


def _behind(health: StoreHealth) -> list[str]:
    if health.state not in ("behind", "failing"):
        return []
    why = f" ({health.reason})" if health.reason else ""
    return [f"The store was {health.state}{why} when this was made: the newest of the job may not be in this file."]
