"""What the clerk holds of programs elsewhere: their jobs, their connections; and the store as it needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from ..fold.checkpoints import CheckpointSchedule, JobFigures
from ..fold.playback import Playback
from ..segments.segment import Segment
from ..sources.programs import Program
from ..sources.remote_source import Kept, RemoteSource


class Shelf(Kept, Protocol):
    """The store, as far as it is needed here (any thread)."""

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
    """One connection of a program, as the clerk sees it; whatever is called goes out by the server's thread."""

    program: Program

    def tell(self, event: str, message: Any) -> None: ...
    def cut(self, reason: str) -> None: ...


class Held:
    """A job and how far the store is with it: `put` there, and `kept` for good.

    `unread`: it is shown only, until it is known what the store has of it.
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
    """What the clerk knows of one connection."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.program = sender.program
        self.taken: set[str] = set()
        self.asked_again: set[str] = set()
        self.refused: set[str] = set()
        self.unread: set[str] = set()
        """Of what it may send, what is shown only."""
        self.is_cut = False

    def may_send(self, job_id: str, *, unread: bool = False) -> None:
        """From now on it may send this job."""
        self.taken.add(job_id)
        (self.unread.add if unread else self.unread.discard)(job_id)

    def may_not_send(self, job_id: str) -> None:
        """What is under way of this job is passed over."""
        if job_id in self.taken:
            self.taken.discard(job_id)
            self.unread.discard(job_id)
            self.refused.add(job_id)

    def cut(self, reason: str) -> None:
        """End the connection; nothing more of it is looked at."""
        if not self.is_cut:
            self.is_cut = True
            self.sender.cut(reason)
