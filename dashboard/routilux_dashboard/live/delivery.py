"""Flow control for one client's subscriptions. Pure: times are passed in, nothing is sent here.

A client acknowledges the frames it has shown. With `WINDOW` frames unacknowledged it is sent nothing more; after
its next acknowledgement it gets a keyframe. So a slow client gets fewer and larger messages, and nothing is queued
for it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

WINDOW = 4
BACKLOG = 4
"""Packets waiting in a client's socket queue beyond which it is sent nothing new."""
BACKLOG_LIMIT = 32
BACKLOG_SECONDS = 3.0
ACK_SECONDS = 30.0


class Subscription:
    """A client's subscription to one job, or to the job list."""

    __slots__ = ("_under_way", "behind")

    def __init__(self) -> None:
        self.behind = True
        """The client needs a keyframe before the next frame."""
        self._under_way: deque[tuple[int, float]] = deque()

    def offer(self, frame: int, now: float, *, clogged: bool = False) -> bool:
        """Return whether to send frame number `frame` now; if so, it counts as unacknowledged."""
        if self.behind or clogged or len(self._under_way) >= WINDOW:
            self.behind = True
            return False
        self._under_way.append((frame, now))
        return True

    def restart(self, frame: int, now: float) -> None:
        """A keyframe was sent; the next frame is `frame` + 1."""
        self.behind = False
        self._under_way.append((frame, now))

    def begin_again(self) -> None:
        """The client requested a keyframe and discards the frames before it."""
        self.behind = True
        self._under_way.clear()

    def acknowledge(self, frame: int | None = None) -> None:
        """The client has shown the frames up to number `frame`, or all of them."""
        while self._under_way and (frame is None or self._under_way[0][0] <= frame):
            self._under_way.popleft()

    @property
    def wants_keyframe(self) -> bool:
        return self.behind and len(self._under_way) < WINDOW

    @property
    def held_since(self) -> float | None:
        """When the oldest message that has not been acknowledged was sent."""
        return self._under_way[0][1] if self._under_way else None


@dataclass(eq=False, slots=True)
class Client:
    """One connected browser or program. `watched` has a job's id, or `None` for the list of jobs."""

    sid: str
    transport_id: str
    websocket: Any
    watched: dict[str | None, Subscription] = field(default_factory=dict)
    backlogged_since: float | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something is to be sent to it that does not wait for the next frame."""
        return any(subscription.wants_keyframe for subscription in self.watched.values())

    def fault(self, now: float, backlog: int) -> str | None:
        """Why this client must be cut now; `backlog` is the number of packets in its socket queue."""
        if backlog <= BACKLOG_LIMIT:
            self.backlogged_since = None
        elif self.backlogged_since is None:
            self.backlogged_since = now
        elif now - self.backlogged_since >= BACKLOG_SECONDS:
            return f"it does not read: {backlog} packets wait for it"
        held = min((sent for each in self.watched.values() if (sent := each.held_since) is not None), default=now)
        if now - held > ACK_SECONDS:
            return f"it has acknowledged nothing for {ACK_SECONDS:g} s"
        return None
