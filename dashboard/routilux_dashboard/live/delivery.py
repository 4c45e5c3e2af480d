"""Flow control for a client's subscriptions. Pure: callers pass in the time, and nothing is sent from here.

A client acknowledges the frames it has shown. Once `WINDOW` frames are unacknowledged, it is sent nothing until its
next acknowledgement, and then a keyframe. So a slow client gets fewer, larger messages, and nothing is queued for it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

WINDOW = 4
BACKLOG = 4
"""Packets in a client's socket queue at which it is sent nothing new."""
BACKLOG_LIMIT = 32
BACKLOG_SECONDS = 3.0
ACK_SECONDS = 30.0


class Subscription:
    """A client's subscription to a job or to the job list."""

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
        """Record that a keyframe was sent; the next frame is `frame` + 1."""
        self.behind = False
        self._under_way.append((frame, now))

    def begin_again(self) -> None:
        """Record that the client requested a keyframe; it discards the frames before it."""
        self.behind = True
        self._under_way.clear()

    def acknowledge(self, frame: int | None = None) -> None:
        """Record that the client has shown the frames up to number `frame`, or all of them."""
        while self._under_way and (frame is None or self._under_way[0][0] <= frame):
            self._under_way.popleft()

    @property
    def wants_keyframe(self) -> bool:
        return self.behind and len(self._under_way) < WINDOW

    @property
    def held_since(self) -> float | None:
        """When the oldest unacknowledged message was sent."""
        return self._under_way[0][1] if self._under_way else None


@dataclass(eq=False, slots=True)
class Client:
    """A connected browser or program. The keys of `watched` are job ids, or `None` for the job list."""

    sid: str
    transport_id: str
    websocket: Any
    watched: dict[str | None, Subscription] = field(default_factory=dict)
    backlogged_since: float | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it is due a keyframe, which does not wait for the next frame."""
        return any(subscription.wants_keyframe for subscription in self.watched.values())

    def fault(self, now: float, backlog: int) -> str | None:
        """Return why this client must be disconnected now, or `None`; `backlog` is the number of packets in its socket
        queue."""
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
