"""What waits in memory to be written: bounded, and known to whoever asks how the store is doing."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ..segments.segment import Segment
from .batch_writer import rows_of

MOST_ROWS = 1_000_000
MOST_BYTES = 256 * 1024 * 1024
"""Held in memory at most, about; who has more is told that there is no room, and keeps it."""
_ROW_BYTES = 150
_SAMPLED = 16
"""Of so many payloads, one is measured."""


class WriteRequest(NamedTuple):
    """Segments to be written together, and what is to be called then."""

    segments: list[Segment]
    done: Callable[[], None] | None
    owner: str
    rows: int
    size: int
    at_ns: int


class WriteQueue:
    """A queue whose `add` never waits. `_changed` guards the counts, and is told when something has left."""

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
        """Whether more is taken."""
        return self.rows < self._most[0] and self._size < self._most[1]

    @property
    def oldest_ns(self) -> int | None:
        """Since when the oldest has been waiting."""
        try:
            return self._queue[0].at_ns
        except IndexError:
            return None

    def add(self, segments: list[Segment], done: Callable[[], None] | None, owner: str) -> bool:
        """Take segments in; False when there is no room for them."""
        if not self.has_room:
            return False
        rows = sum(map(rows_of, segments))
        size = sum(map(_payload_bytes, segments)) + _ROW_BYTES * (rows + len(segments))
        put = WriteRequest(segments, done, owner, rows, size, time.time_ns())
        with self._changed:
            self._queue.append(put)
            self.rows += rows
            self._size += size
            self._added += 1
        return True

    def first(self, rows: int, size: int) -> list[WriteRequest]:
        """The oldest, as many as have about so many rows and bytes together; they stay until they are `written`."""
        puts: list[WriteRequest] = []
        with self._changed:
            for put in self._queue:
                rows, size = rows - put.rows, size - put.size
                if puts and (rows < 0 or size < 0):
                    break
                puts.append(put)
        return puts

    def written(self, count: int) -> None:
        """The oldest `count` are safe, or given up."""
        with self._changed:
            for _ in range(count):
                put = self._queue.popleft()
                self.rows -= put.rows
                self._size -= put.size
            self._left += count
            self._changed.notify_all()

    def wait_for_all(self, timeout: float) -> bool:
        """Wait until all that has been added by now has left; whether it has within `timeout` seconds."""
        with self._changed:
            added = self._added
            return self._changed.wait_for(lambda: self._left >= added, timeout)

    def __len__(self) -> int:
        return len(self._queue)


def _payload_bytes(segment: Segment) -> int:
    """About what the payloads take."""
    data = segment.records.data
    if len(data) < 10 * _SAMPLED:
        return sum(map(len, data))
    return _SAMPLED * sum(map(len, data[::_SAMPLED]))
