"""What has not been kept by the server yet: segments by job, numbered, bounded in bytes.

At the bound payloads go first, the oldest before the others; then rows, which are added up; then
nothing more is taken in, and the journals add up what is not taken. Counters stay exact throughout.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ..program_protocol import MAX_SEGMENTS, Have
from ..segments.cut import split
from ..segments.segment import Segment
from ..segments.thin import drop_payloads, drop_rows

JOBS_REMEMBERED = 200
"""Jobs that have ended, and are kept whole, whose last number is known still: they may go on."""
_THINNERS = (drop_payloads, drop_rows)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Segment).decode


@dataclass(slots=True, eq=False)
class QueuedSegment:
    """A segment that waits. `thinned`: 0 it is whole, 1 payloads are gone, 2 rows too."""

    n: int
    blob: bytes
    thinned: int = 0
    kept: bool = False


@dataclass(slots=True, eq=False)
class _Job:
    """A job's segments from the first that is not kept on. `sent`, `asked`, `open`, `unread` are of this connection.

    `unread`: it is sent to be shown, and the server has not told yet what it has kept of it.
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
        """The number of the first segment that is held, or of the next that comes."""
        return self.waiting[0].n if self.waiting else self.last + 1


class OutboxState(NamedTuple):
    """How much waits: segments, their bytes, and how many of them had to be made smaller ever."""

    segments: int
    bytes: int
    thinned: int


class Outbox:
    """The sink of a program's recorder. Any thread; `_lock` guards all of it.

    `wake` is called when something is to be sent; `begin_again(job_id)` when the server has
    nothing of a job whose beginning is not held any more; `refused(job_id, reason)` for a job that
    the server does not take.
    """

    def __init__(
        self,
        bound: int,
        wake: Callable[[], None],
        begin_again: Callable[[str], None],
        refused: Callable[[str, str], None],
    ) -> None:
        self._bound = bound
        self._wake = wake
        self._begin_again = begin_again
        self._refused = refused
        self._lock = threading.Condition()
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._not_taken: set[str] = set()
        self._beginning: set[str] = set()
        self._bytes = 0
        self._segments = 0
        self._thinned = 0
        self._thinnable: tuple[deque[QueuedSegment], deque[QueuedSegment]] = (deque(), deque())

    # -- the recorder's side

    @property
    def has_room(self) -> bool:
        """Whether more is taken in now."""
        return self._bytes < self._bound

    @property
    def state(self) -> OutboxState:
        return OutboxState(self._segments, self._bytes, self._thinned)

    def put(self, segments: list[Segment]) -> None:
        """Take in what comes next of one job or of several, each job's in its order."""
        for segment in segments:
            for blob, piece in _pieces(segment):
                self._add(piece, blob)
        self._wake()

    def _add(self, segment: Segment, blob: bytes) -> None:
        with self._lock:
            if segment.job_id in self._not_taken:
                return
            job = self._jobs.setdefault(segment.job_id, _Job())
            self._jobs.move_to_end(segment.job_id)
            job.last += 1
            self._beginning.discard(segment.job_id)
            if segment.n != job.last:  # an earlier one of this job was split
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
        """Drop what waits of a job; what comes next of it is its first. `comes`: that is to be waited for."""
        with self._lock:
            (self._beginning.add if comes else self._beginning.discard)(job_id)
            job = self._jobs.pop(job_id, None)
            if job is not None:
                self._drop(job, job.last)
            self._lock.notify_all()

    # -- the sender's side

    def connection_made(self) -> None:
        """Nothing has been asked and sent in this connection."""
        with self._lock:
            for job in self._jobs.values():
                job.asked = job.open = job.unread = False

    def to_ask(self, limit: int) -> list[str]:
        """Jobs that the server is to be asked for; they count as asked."""
        with self._lock:
            found = [key for key, job in self._jobs.items() if not job.asked and (job.waiting or not job.ended)][:limit]
            for job_id in found:
                self._jobs[job_id].asked = True
            return found

    def have(self, answer: Have) -> None:
        """The server has told how far it is with jobs."""
        lacking = []
        refused = dict(answer.refused)
        with self._lock:
            for job_id, n in answer.jobs.items():
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
            self._beginning.update(lacking)
            self._show(answer.unread)
        for job_id in lacking:
            self._begin_again(job_id)
        self.refuse(refused)
        self._wake()

    def _show(self, job_ids: list[str]) -> None:
        """Have those of the jobs sent whose first segment is held."""
        for job_id in job_ids:
            job = self._jobs.get(job_id)
            if job is not None and job.asked and not job.open and job.first == 1:
                job.sent, job.open, job.unread = 0, True, True

    def refuse(self, refused: dict[str, str]) -> None:
        """The server does not take these jobs, for these reasons: nothing more is held of them."""
        for job_id, reason in refused.items():
            self.forget(job_id)
            with self._lock:
                self._not_taken.add(job_id)
            self._refused(job_id, reason)

    def next(self, limit: int) -> list[bytes]:
        """Segments to be sent now, at most `limit` bytes of them (but one in any case); they count as sent."""
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
        """The server has these jobs' segments, up to these numbers, for good."""
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
        """Have what comes after these numbers sent once more, as far as it is held."""
        with self._lock:
            for job_id, n in numbers.items():
                job = self._jobs.get(job_id)
                if job is not None and job.open:
                    job.sent = min(job.sent, max(n, job.first - 1))
        self._wake()

    def wait_empty(self, timeout: float) -> bool:
        """Wait until nothing waits; whether that is so."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._segments and not self._beginning, timeout)

    def _drop(self, job: _Job, n: int) -> None:
        while job.waiting and job.waiting[0].n <= n:
            piece = job.waiting.popleft()
            piece.kept = True
            self._bytes -= len(piece.blob)
            self._segments -= 1
            piece.blob = b""

    def _forget_ended(self) -> None:
        """Of jobs that have ended and wait for nothing, know only the newest."""
        done = [job_id for job_id, job in self._jobs.items() if job.ended and not job.waiting]
        for job_id in done[: max(len(done) - JOBS_REMEMBERED, 0)]:
            del self._jobs[job_id]
        for pieces in self._thinnable:
            while pieces and pieces[0].kept:
                pieces.popleft()


def _pieces(segment: Segment) -> list[tuple[bytes, Segment]]:
    """The segment as MessagePack, in pieces that a message can hold."""
    blob = _encode(segment)
    if len(blob) <= MAX_SEGMENTS:
        return [(blob, segment)]
    most = max(len(segment.records.source), len(segment.runs.target))
    for rows in (most // 2, 1):
        parts = split(segment, rows) if 0 < rows < most else []
        if len(parts) > 1:
            return [piece for part in parts for piece in _pieces(part)]
    for thin in (*_THINNERS, _rest):
        segment = thin(segment)
        blob = _encode(segment)
        if len(blob) <= MAX_SEGMENTS:
            break
    return [(blob, segment)]


def _rest(segment: Segment) -> Segment:
    """What is left of a segment that is too large without its rows: the newest of what is rare."""
    return msgspec.structs.replace(segment, log=[], outputs=[], states={}, data={}, entries=segment.entries[-100:])
