"""The outbox: segments that the server has not stored yet, by job, numbered, and bounded in bytes.

`connection.py` explains a job's states. At the limit payloads are dropped, the oldest first; then rows, which become
sums; then the outbox has no room, and the journals sum up the rest. Counters stay exact throughout.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ..fold.checkpoints import JobFigures
from ..protocol.programs import MAX_SEGMENTS, KnownSegments
from ..segments.cut import split
from ..segments.segment import Segment
from ..segments.thin import drop_payloads, drop_rows

JOBS_REMEMBERED = 200
"""Ended and completely stored jobs whose last number is remembered, because a completed job may continue."""
_THINNERS = (drop_payloads, drop_rows)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Segment).decode


@dataclass(slots=True, eq=False)
class QueuedSegment:
    """A segment that waits. `thinned`: 0 complete, 1 without payloads, 2 without rows."""

    n: int
    blob: bytes
    thinned: int = 0
    kept: bool = False


@dataclass(slots=True, eq=False)
class _Job:
    """A job's segments after the last one that the server has stored.

    `sent`, `asked`, `open` and `unread` belong to the current connection. `unread`: it is sent to be shown, although
    the server can't tell yet what it has stored of it.
    """

    last: int = 0
    sent: int = 0
    asked: bool = False
    open: bool = False
    unread: bool = False
    ended: bool = False
    waiting: deque[QueuedSegment] = field(default_factory=deque)

    @property
    def first(self) -> int:
        """The number of the first segment that waits, or of the next one to come."""
        return self.waiting[0].n if self.waiting else self.last + 1


class OutboxState(NamedTuple):
    """How many segments wait, their bytes, and how many segments were ever thinned."""

    segments: int
    bytes: int
    thinned: int


class Outbox:
    """The sink of a program's recorder. For any thread; `_lock` guards everything.

    Args:
        bound: bytes that may wait.
        wake: called when there is something to send.
        restart: called with the id of a job of which the server has nothing, and whose first segment was dropped.
        refused: called with the id of a job that the server does not accept, and the reason.
    """

    def __init__(
        self,
        bound: int,
        wake: Callable[[], None],
        restart: Callable[[str], None],
        refused: Callable[[str, str], None],
    ) -> None:
        self._bound = bound
        self._wake = wake
        self._restart = restart
        self._refused = refused
        self._lock = threading.Condition()
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._refused_jobs: set[str] = set()
        self._restarting: set[str] = set()
        self._bytes = 0
        self._segments = 0
        self._thinned = 0
        self._thinnable: tuple[deque[QueuedSegment], deque[QueuedSegment]] = (deque(), deque())

    # -- called by the recorder

    @property
    def has_room(self) -> bool:
        """Whether more segments are accepted now."""
        return self._bytes < self._bound

    @property
    def state(self) -> OutboxState:
        return OutboxState(self._segments, self._bytes, self._thinned)

    def put(self, segments: Sequence[Segment], figures: Sequence[JobFigures] = ()) -> None:
        """Queue segments of one job or several, each job's in order. The server folds them: `figures` are ignored."""
        for segment in segments:
            for blob, piece in _pieces(segment):
                self._add(piece, blob)
        self._wake()

    def needs_checkpoint(self, job_id: str) -> bool:
        """Never: the server makes checkpoints of its own."""
        return False

    def _add(self, segment: Segment, blob: bytes) -> None:
        with self._lock:
            if segment.job_id in self._refused_jobs:
                return
            job = self._jobs.setdefault(segment.job_id, _Job())
            self._jobs.move_to_end(segment.job_id)
            job.last += 1
            self._restarting.discard(segment.job_id)
            if segment.n != job.last:  # an earlier segment of this job was split
                blob = _encode(msgspec.structs.replace(segment, n=job.last))
            job.ended = segment.final
            piece = QueuedSegment(job.last, blob)
            job.waiting.append(piece)
            self._thinnable[0].append(piece)
            self._bytes += len(blob)
            self._segments += 1
            self._make_room()

    def _make_room(self) -> None:
        for level, pieces in enumerate(self._thinnable):
            while self._bytes >= self._bound and pieces:
                piece = pieces.popleft()
                if piece.kept:
                    continue
                before, piece.blob = len(piece.blob), _encode(_THINNERS[level](_decode(piece.blob)))
                piece.thinned = level + 1
                self._thinned += not level
                self._bytes += len(piece.blob) - before
                if level == 0:
                    self._thinnable[1].append(piece)

    def forget(self, job_id: str, comes: bool = False) -> None:
        """Drop a job's segments; the next one is its first. `comes` says whether to wait for one."""
        with self._lock:
            (self._restarting.add if comes else self._restarting.discard)(job_id)
            job = self._jobs.pop(job_id, None)
            if job is not None:
                self._drop(job, job.last)
            self._lock.notify_all()

    # -- called by the uplink

    def connection_made(self) -> None:
        """A new connection: no job was queried and nothing was sent in it."""
        with self._lock:
            for job in self._jobs.values():
                job.asked = job.open = job.unread = False

    def to_query(self, limit: int) -> list[str]:
        """Jobs to query the server for, at most `limit`; they count as queried."""
        with self._lock:
            found = [key for key, job in self._jobs.items() if not job.asked and (job.waiting or not job.ended)][:limit]
            for job_id in found:
                self._jobs[job_id].asked = True
            return found

    def have(self, known: KnownSegments) -> None:
        """The server says how far it is with jobs."""
        lacking = []
        refused = dict(known.refused)
        with self._lock:
            for job_id, n in known.jobs.items():
                job = self._jobs.get(job_id)
                if job is None or not job.asked or (job.open and not job.unread):
                    continue
                job.open = job.unread = False
                self._drop(job, n)
                first = job.first
                if first == n + 1:
                    job.sent, job.open = n, True
                elif n == 0:
                    lacking.append(job_id)
                else:
                    refused[job_id] = f"the server has its segments up to {n}, the program from {first} on"
            self._restarting.update(lacking)
            self._open_unread(known.unread)
        for job_id in lacking:
            self._restart(job_id)
        self.refuse(refused)
        self._wake()

    def _open_unread(self, job_ids: list[str]) -> None:
        """Open those jobs of which the first segment waits."""
        for job_id in job_ids:
            job = self._jobs.get(job_id)
            if job is not None and job.asked and not job.open and job.first == 1:
                job.sent, job.open, job.unread = 0, True, True

    def refuse(self, refused: dict[str, str]) -> None:
        """The server does not accept these jobs: drop their segments, and everything that comes of them."""
        for job_id, reason in refused.items():
            self.forget(job_id)
            with self._lock:
                self._refused_jobs.add(job_id)
            self._refused(job_id, reason)

    def next(self, limit: int) -> list[bytes]:
        """Segments to send now, at most `limit` bytes but at least one; they count as sent."""
        found: list[bytes] = []
        with self._lock:
            for job in self._jobs.values():
                if job.open and job.sent < job.last:
                    limit = self._next_of(job, found, limit)
                    if limit <= 0:
                        break
        return found

    @staticmethod
    def _next_of(job: _Job, found: list[bytes], limit: int) -> int:
        start = job.sent + 1 - job.waiting[0].n
        for index in range(start, len(job.waiting)):
            piece = job.waiting[index]
            if found and len(piece.blob) > limit:
                return 0
            found.append(piece.blob)
            job.sent = piece.n
            limit -= len(piece.blob)
        return limit

    def kept(self, numbers: dict[str, int]) -> None:
        """The server has stored these jobs' segments up to these numbers: drop them."""
        with self._lock:
            for job_id, n in numbers.items():
                job = self._jobs.get(job_id)
                if job is not None and n <= job.last:
                    self._drop(job, n)
                    job.sent = max(job.sent, n)
            self._forget_ended()
            self._lock.notify_all()
        self._wake()

    def again(self, numbers: dict[str, int]) -> None:
        """Send the segments after these numbers once more, as far as they still wait."""
        with self._lock:
            for job_id, n in numbers.items():
                job = self._jobs.get(job_id)
                if job is not None and job.open:
                    job.sent = min(job.sent, max(n, job.first - 1))
        self._wake()

    def wait_empty(self, timeout: float) -> bool:
        """Wait until the outbox is empty; False if that takes longer than `timeout` seconds."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._segments and not self._restarting, timeout)

    def _drop(self, job: _Job, n: int) -> None:
        while job.waiting and job.waiting[0].n <= n:
            piece = job.waiting.popleft()
            piece.kept = True
            self._bytes -= len(piece.blob)
            self._segments -= 1
            piece.blob = b""

    def _forget_ended(self) -> None:
        """Forget the oldest of the ended jobs without segments."""
        done = [job_id for job_id, job in self._jobs.items() if job.ended and not job.waiting]
        for job_id in done[: max(len(done) - JOBS_REMEMBERED, 0)]:
            del self._jobs[job_id]
        for pieces in self._thinnable:
            while pieces and pieces[0].kept:
                pieces.popleft()


def _pieces(segment: Segment) -> list[tuple[bytes, Segment]]:
    """The segment as MessagePack, split into pieces that fit into a message."""
    blob = _encode(segment)
    if len(blob) <= MAX_SEGMENTS:
        return [(blob, segment)]
    most = max(len(segment.records.source), len(segment.runs.target))
    for rows in (most // 2, 1):
        parts = split(segment, rows) if 0 < rows < most else []
        if len(parts) > 1:
            return [piece for part in parts for piece in _pieces(part)]
    for thin in (*_THINNERS, _drop_lists):
        segment = thin(segment)
        blob = _encode(segment)
        if len(blob) <= MAX_SEGMENTS:
            break
    return [(blob, segment)]


def _drop_lists(segment: Segment) -> Segment:
    """The segment without log, outputs, states and data, and with its newest 100 entries only."""
    return msgspec.structs.replace(segment, log=[], outputs=[], states={}, data={}, entries=segment.entries[-100:])
