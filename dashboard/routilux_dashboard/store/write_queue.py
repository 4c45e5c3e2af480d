"""Write requests that wait in memory for the writer's thread. The queue is bounded, and adding to it never waits."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..fold.checkpoints import JobFigures
from ..segments.segment import Segment

MOST_ROWS = 1_000_000
MOST_BYTES = 256 * 1024 * 1024
"""The bounds, about. Beyond them requests are refused, and the caller keeps its segments."""
_ROW_BYTES = 150
_SAMPLE = 16
"""One payload in so many is measured."""


class WriteRequest(NamedTuple):
    """Segments to store together, their jobs' figures, and what to call once they are safe."""

    segments: Sequence[Segment]
    figures: Sequence[JobFigures]
    done: Callable[[], None] | None
    owner: str
    rows: int
    size: int
    at_ns: int


class WriteQueue:
    """A first-in, first-out queue for any number of threads that add and one that writes.

    `_changed` guards the counts; its condition is that requests have left.
    """

    def __init__(self, rows: int = MOST_ROWS, size: int = MOST_BYTES) -> None:
        self._most = (rows, size)
        self._queue: deque[WriteRequest] = deque()
        self._changed = threading.Condition()
        self.rows = 0
        self._size = 0
        self._added = 0
        self._left = 0

    @property
    def has_room(self) -> bool:
        """Whether `add` would accept a request."""
        return self.rows < self._most[0] and self._size < self._most[1]

    @property
    def oldest_ns(self) -> int | None:
        """When the oldest request was added; `None` if the queue is empty."""
        try:
            return self._queue[0].at_ns
        except IndexError:
            return None

    def add(
        self, segments: Sequence[Segment], figures: Sequence[JobFigures], done: Callable[[], None] | None, owner: str
    ) -> bool:
        """Add a request; False if there is no room."""
        if not self.has_room:
            return False
        rows = sum(map(rows_of, segments))
        size = sum(map(_payload_bytes, segments)) + _ROW_BYTES * (rows + len(segments))
        size += sum(len(one.checkpoint) for one in figures if one.checkpoint is not None)
        request = WriteRequest(segments, figures, done, owner, rows, size, time.time_ns())
        with self._changed:
            self._queue.append(request)
            self.rows += rows
            self._size += size
            self._added += 1
        return True

    def first(self, rows: int, size: int) -> list[WriteRequest]:
        """The oldest requests, up to about so many rows and bytes together. They stay until they are `finished`."""
        requests: list[WriteRequest] = []
        with self._changed:
            for request in self._queue:
                rows, size = rows - request.rows, size - request.size
                if requests and (rows < 0 or size < 0):
                    break
                requests.append(request)
        return requests

    def finished(self, count: int) -> None:
        """Remove the oldest `count` requests: they are safe, or dropped."""
        with self._changed:
            for _ in range(count):
                request = self._queue.popleft()
                self.rows -= request.rows
                self._size -= request.size
            self._left += count
            self._changed.notify_all()

    def wait_for_all(self, timeout: float) -> bool:
        """Wait until every request added so far has left; False if that takes longer than `timeout` seconds."""
        with self._changed:
            added = self._added
            return self._changed.wait_for(lambda: self._left >= added, timeout)

    def __len__(self) -> int:
        return len(self._queue)


def rows_of(segment: Segment) -> int:
    """How many rows a segment has, of all kinds."""
    return (
        len(segment.records.source)
        + len(segment.runs.target)
        + len(segment.entries)
        + len(segment.log)
        + len(segment.outputs)
    )


def _payload_bytes(segment: Segment) -> int:
    """About how many bytes the payloads take."""
    data = segment.records.data
    if len(data) < 10 * _SAMPLE:
        return sum(map(len, data))
    return _SAMPLE * sum(map(len, data[::_SAMPLE]))
