"""The ingest thread's records of connected programs: their jobs and connections, and the store interface it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from ..fold.checkpoints import CheckpointSchedule, JobFigures
from ..fold.playback import Playback
from ..segments.segment import Segment
from ..sources.programs import Program
from ..sources.remote_source import Kept, RemoteSource


class Shelf(Kept, Protocol):
    """The part of the store that ingest uses (any thread)."""

    @property
    def has_room(self) -> bool: ...
    def put(
        self,
        segments: Sequence[Segment],
        figures: Sequence[JobFigures] = (),
        *,
        done: Callable[[], None] | None = None,
        owner: str = "",
    ) -> bool: ...
    def needs_checkpoint(self, job_id: str) -> bool: ...
    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]: ...
    def owner(self, job_id: str) -> str | None: ...
    def playback(self, job_id: str) -> Playback: ...
    def release_writer(self, job_ids: Collection[str]) -> None: ...


class Sender(Protocol):
    """A program's connection, as the ingest thread sees it; every call is sent from the server's thread."""

    program: Program

    def tell(self, event: str, message: Any) -> None: ...
    def cut(self, reason: str) -> None: ...


class Held:
    """A job and its progress in the store: the last segment queued (`put`) and the last one committed (`kept`).

    `unread`: shown but not stored, until the store can be read.
    """

    __slots__ = ("checkpoints", "job", "kept", "owner", "put", "refused", "unread")

    def __init__(self, job: RemoteSource, owner: str, kept: int) -> None:
        self.job = job
        self.checkpoints = CheckpointSchedule()
        self.owner = owner
        self.put = self.kept = kept
        self.refused = self.unread = False

    def figures(self, *, needed: bool) -> JobFigures:
        """The job's figures for the store, with a checkpoint if one is due or `needed`."""
        return self.job.figures(self.checkpoints, needed=needed)


class Connected:
    """The ingest thread's state for one connection."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.program = sender.program
        self.taken: set[str] = set()
        self.asked_again: set[str] = set()
        self.refused: set[str] = set()
        self.unread: set[str] = set()
        """The jobs it may send that are shown but not stored."""
        self.is_cut = False

    def may_send(self, job_id: str, *, unread: bool = False) -> None:
        """Accept this job's segments from now on."""
        self.taken.add(job_id)
        (self.unread.add if unread else self.unread.discard)(job_id)

    def may_not_send(self, job_id: str) -> None:
        """Ignore this job's segments, including those in flight."""
        if job_id in self.taken:
            self.taken.discard(job_id)
            self.unread.discard(job_id)
            self.refused.add(job_id)

    def cut(self, reason: str) -> None:
        """Close the connection and ignore everything else it sends."""
        if not self.is_cut:
            self.is_cut = True
            self.sender.cut(reason)
