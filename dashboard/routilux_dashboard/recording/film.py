"""A film: everything that a recording of a job is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, Protocol

from ..protocol import Keyframe, StoreHealth
from ..segments.segment import Segment


class Film(NamedTuple):
    """A job that can be recorded.

    Attributes:
        segments: from the first one on; can be iterated once.
        keyframe: the job's final state, where it is known better than the segments tell.
        missing: sentences about what the segments lack.
        gaps: why the figures do not follow from the segments, which rules out JSON lines; empty if they do.
        last_sign_ns: when a lost job's program was last in contact.
    """

    segments: Iterable[Segment]
    keyframe: Keyframe | None = None
    missing: tuple[str, ...] = ()
    gaps: str = ""
    last_sign_ns: int | None = None


class StoreSource(Protocol):
    """The part of a store that a film reads."""

    @property
    def health(self) -> StoreHealth: ...
    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]: ...
    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]: ...


def film_from_store(job_id: str, store: StoreSource) -> Film:
    """The film of a stored job. Flush the store first if the newest records matter.

    Waits for the store, so call it in a worker thread. Raises `LookupError` if the job is not in the store.
    """
    last = store.last_segments([job_id]).get(job_id)
    if last is None:
        raise LookupError(f"Job {job_id!r} is not in the store")
    return Film(_up_to(last, store.segments(job_id)), missing=_missing(store.health))


def _up_to(last: int, segments: Iterator[Segment]) -> Iterator[Segment]:
    """Stop at segment `last`: a running job would never let the file end."""
    for segment in segments:
        if segment.n > last:
            return
        yield segment


def _missing(health: StoreHealth) -> tuple[str, ...]:
    if health.state not in ("behind", "failing"):
        return ()
    reason = f" ({health.reason})" if health.reason else ""
    return (f"The store was {health.state}{reason} when this file was made: the job's newest records may be missing.",)
