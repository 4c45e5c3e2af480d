"""Decode, validate, fold and store the segments of connected programs, on one native thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import msgspec

from ..fold.playback import Playback, SegmentRefused
from ..jobs.job_table import JobTable
from ..protocol import ENDED
from ..protocol.programs import KnownSegments
from ..segments.check import check_payloads
from ..segments.segment import Segment
from ..sources.programs import Program
from ..sources.remote_source import RemoteSource
from ..store.errors import StoreFailed
from .holding import Connected, Held, Shelf

LIVE_JOBS = 20_000
"""Unfinished jobs that one program may have."""
LONGEST_ID = 200
REFUSALS = 20
"""Jobs with invalid content that one connection may send before it is closed."""
RESTS, LONGEST_REST = 9, 15.0
"""Back-off between reads of a failing store: a multiple of the last attempt's duration, and the limit in seconds."""
OTHERS = "another program has sent a job of this id"
_decode = msgspec.msgpack.Decoder(Segment).decode
log = logging.getLogger("routilux_dashboard")


class Clerk:
    """Processes incoming messages in order. The server's thread enqueues them; a thread of its own does the work.

    Args:
        job_table: where the jobs are shown.
        store: where they are stored, or `None`.

    `on_kept` is called with a program's key and the last committed segment number of each job (any thread).
    """

    def __init__(self, job_table: JobTable, store: Shelf | None) -> None:
        self._job_table = job_table
        self._store = store
        self.on_kept: Callable[[str, dict[str, int]], None] = lambda key, numbers: None  # noqa: ARG005
        self._held: dict[str, Held] = {}
        self._behind: dict[str, None] = {}
        self._unanswered: list[tuple[Connected, list[str]]] = []
        self._away = False
        self._due = 0.0
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="routilux-clerk", daemon=True)

    def start(self) -> None:
        """Start the thread, taking over jobs that an earlier run of the server left in memory."""
        for job in self._job_table.jobs():
            if isinstance(job, RemoteSource):
                self._held[job.job_id] = Held(job, job.program.key, job.n)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Drain the queue and end the thread; wait at most `timeout` seconds."""
        self._work.put(None)
        self._thread.join(timeout)

    # -- called from the server's thread

    def ask(self, peer: Connected, job_ids: list[str]) -> None:
        """Tell the program which segments of its jobs are known."""
        self._work.put(lambda: self._have(peer, job_ids))

    def take(self, peer: Connected, blobs: list[bytes]) -> None:
        """Process segments that the program sent."""
        self._work.put(lambda: self._take(peer, blobs))

    def lose(self, program: Program) -> None:
        """Mark the program's jobs lost: it has gone silent."""
        self._work.put(lambda: self._lose(program))

    def find(self, program: Program) -> None:
        """Mark the program's jobs live again: it is back."""
        self._work.put(lambda: self._find(program))

    def look(self, peers: list[Connected]) -> None:
        """Periodic check: re-request segments the store had no room for, and release jobs no longer shown."""
        self._work.put(lambda: self._look(peers))

    # -- the thread

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except Exception:
                log.exception("A fault in what takes in programs; it goes on")

    def _lose(self, program: Program) -> None:
        under_way = self._under_way(program)
        if under_way:
            log.warning("Nothing is heard of %s any more: its jobs are lost until it is back", program.origin)
        for held in self._of(program):
            held.job.lose()
            self._show_anew(held)
        self._job_table.notify()
        if self._store is not None:
            try:
                self._store.release_writer([held.job.job_id for held in under_way if not held.unread])
            except StoreFailed as error:  # its next read marks them lost anyway: their writer is dead by then
                log.warning("The store is not told that jobs of %s are lost: %s", program.origin, error)

    def _find(self, program: Program) -> None:
        for held in self._of(program):
            held.job.find()
            self._show_anew(held)

    def _show_anew(self, held: Held) -> None:
        """Put a changed job back into the table, where the pump sees it; one that ended and was evicted stays out."""
        if held.job.summary.status not in ENDED or self._job_table.has(held.job.job_id):
            self._job_table.add(held.job)

    def _of(self, program: Program) -> list[Held]:
        """The program's jobs, except refused ones."""
        return [held for held in self._held.values() if held.owner == program.key and not held.refused]

    def _under_way(self, program: Program) -> list[Held]:
        """The program's jobs that have not ended."""
        return [held for held in self._of(program) if held.job.summary.status not in ENDED]

    # -- queries

    def _have(self, peer: Connected, job_ids: list[str]) -> None:
        have, left = KnownSegments(), job_ids
        if not self._away:
            began = time.monotonic()
            try:
                stored = self._store.last_segments(job_ids) if self._store is not None else {}
            except StoreFailed as error:
                self._fails(error, began)
            else:
                left = self._known(peer, job_ids, stored, have)
        for job_id in left:
            self._known_unread(peer, job_id, have)
        if left:
            self._unanswered.append((peer, left))
        peer.sender.tell("have", have)

    def _known(self, peer: Connected, job_ids: list[str], stored: dict[str, int], have: KnownSegments) -> list[str]:
        """Fill `have` in for the jobs; return those left over, with the one that could not be read last."""
        for place, job_id in enumerate(job_ids):
            try:
                refusal = self._refusal(peer, job_id, read=True)
                n = self._welcome(peer, job_id, stored.get(job_id, 0)) if refusal is None else 0
            except (StoreFailed, LookupError) as error:
                if job_id not in peer.unread:
                    log.warning("Job %s of %s waits: %s", job_id, peer.program.origin, error)
                return [*job_ids[place + 1 :], job_id]
            if refusal is None:
                have.jobs[job_id] = n
                peer.may_send(job_id)
            else:
                have.refused[job_id] = refusal
                peer.may_not_send(job_id)
        return []

    def _known_unread(self, peer: Connected, job_id: str, have: KnownSegments) -> None:
        """Fill `have` in while the store is unreadable: a job not in memory is shown if no other program sends it."""
        held = self._held.get(job_id)
        if held is not None and held.unread and held.owner != peer.program.key:
            return  # its owner is known once the store can be read
        refusal = self._refusal(peer, job_id, read=False)
        if refusal is not None:
            have.refused[job_id] = refusal
            return
        n = self._welcome(peer, job_id, 0)
        unread = held is None or held.unread
        peer.may_send(job_id, unread=unread)
        if unread:
            have.unread.append(job_id)
        else:
            have.jobs[job_id] = n

    def _fails(self, error: StoreFailed, began: float) -> None:
        """Back off after a failed read of the store that began at `began`."""
        now = time.monotonic()
        if not self._away:
            log.warning("Jobs of programs elsewhere are shown, and wait there to be kept: %s", error)
        self._away, self._due = True, now + min(RESTS * (now - began), LONGEST_REST)

    def _settle(self) -> None:
        """Once the store can be read again, reconcile the jobs with it and answer pending queries."""
        self._unanswered = [asked for asked in self._unanswered if not asked[0].is_cut]
        if not (self._unanswered or self._away) or time.monotonic() < self._due:
            return
        began = time.monotonic()
        try:
            self._compare()
        except StoreFailed as error:
            self._fails(error, began)
            return
        self._away = False
        unanswered, self._unanswered = self._unanswered, []
        for peer, job_ids in unanswered:
            self._have(peer, job_ids)

    def _compare(self) -> None:
        """Release unread jobs that another program owns or that the store has more of. Raises `StoreFailed`."""
        if self._store is None:
            return
        unread = [held for held in self._held.values() if held.unread]
        asked = [job_id for _, job_ids in self._unanswered[:1] for job_id in job_ids]
        stored = self._store.last_segments([*(held.job.job_id for held in unread), *asked])
        for held in unread:
            job_id = held.job.job_id
            n = stored.get(job_id, 0)
            if n > held.job.n or (job_id in stored and self._store.owner(job_id) != held.owner):
                del self._held[job_id]
                self._job_table.drop_from_memory(held.job)
            else:
                held.put = held.kept = n
                held.unread = False

    def _refusal(self, peer: Connected, job_id: str, *, read: bool) -> str | None:
        """Return why a program may not send this job; `read` checks the store too (raises `StoreFailed`)."""
        held = self._held.get(job_id)
        owner = held.owner if held is not None else None
        if held is None and read and self._store is not None:
            owner = self._store.owner(job_id)
        if owner is not None and owner != peer.program.key:
            return OTHERS
        if held is None and owner is None and self._job_table.has(job_id):
            return "a job of the server's own program has this id"
        return None if 0 < len(job_id) <= LONGEST_ID else f"a job's id has at most {LONGEST_ID} characters"

    def _welcome(self, peer: Connected, job_id: str, stored: int) -> int:
        """Resume a job; return the number of the last segment its program need not send again."""
        held = self._held.get(job_id)
        if held is None and stored and self._store is not None:
            playback = self._store.playback(job_id)
            held = self._held[job_id] = Held(
                RemoteSource(playback, peer.program, self._store), peer.program.key, stored
            )
        if held is None:
            return 0
        held.kept = max(held.kept, stored)
        held.put = max(held.put, held.kept)
        held.job.program = peer.program
        held.job.find()
        self._job_table.add(held.job)
        return held.kept if self._store is not None else held.job.n

    # -- segments

    def _take(self, peer: Connected, blobs: list[bytes]) -> None:
        fresh: list[Segment] = []
        safe: dict[str, int] = {}
        for blob in blobs:
            segment = None if peer.is_cut else self._read(peer, blob)
            held = self._fold(peer, segment) if segment is not None else None
            if segment is not None and held is not None:
                if self._is_next(held, segment):
                    fresh.append(segment)
                if held.kept >= segment.n:
                    safe[segment.job_id] = segment.n
        self._keep(peer.program.key, fresh)
        if safe:
            peer.sender.tell("kept", safe)
        peer.sender.tell("taken", sum(map(len, blobs)))
        self._job_table.notify()

    def _read(self, peer: Connected, blob: bytes) -> Segment | None:
        """Decode a segment. Return `None` if it is not accepted; an invalid one also closes the connection."""
        try:
            segment = _decode(blob)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            peer.cut(f"a segment that cannot be read: {error}")
            return None
        if segment.job_id in peer.refused:
            return None
        if segment.job_id not in peer.taken:
            peer.cut(f"a segment of job {segment.job_id[:60]!r}, which it was not told to send")
            return None
        return segment

    def _is_next(self, held: Held, segment: Segment) -> bool:
        """Return whether a folded segment goes to the store now; if so, count it as put."""
        if held.unread:
            return False
        if self._store is None:
            held.put = held.kept = max(held.kept, segment.n)
        elif segment.n == held.put + 1:
            held.put = segment.n
            self._behind.pop(segment.job_id, None)
            return True
        elif segment.n > held.put:
            self._behind[segment.job_id] = None
        return False

    def _fold(self, peer: Connected, segment: Segment) -> Held | None:
        """Fold a segment into its job and return the job; `None` if the segment is not accepted now."""
        held = self._held.get(segment.job_id)
        if held is not None and held.owner != peer.program.key:
            self._refuse(peer, segment.job_id, None, OTHERS)
            return None
        at = held.job.n if held is not None else 0
        if segment.n > at + 1:
            self._ask_again(peer, segment, at)
            return None
        try:
            if segment.n > at:
                check_payloads(segment.records)
            if held is None:
                held = self._first(peer, segment)
            elif segment.n > at:
                held.job.add(segment)
                if held.job.over:
                    self._job_table.add(held.job)
        except SegmentRefused as error:
            self._refuse(peer, segment.job_id, held, str(error))
            return None
        if segment.n > at:
            held.checkpoints.count(segment)
        peer.asked_again.discard(segment.job_id)
        return held

    def _first(self, peer: Connected, segment: Segment) -> Held:
        """Create a job from its first segment."""
        playback = Playback()
        playback.add(segment)
        job = RemoteSource(playback, peer.program, self._store)
        held = self._held[segment.job_id] = Held(job, peer.program.key, 0)
        held.unread = segment.job_id in peer.unread
        self._job_table.add(job)
        peer.program.shown(segment.job_id)
        return held

    def _ask_again(self, peer: Connected, segment: Segment, at: int) -> None:
        if segment.job_id not in peer.asked_again:
            peer.asked_again.add(segment.job_id)
            peer.sender.tell("again", {segment.job_id: at})
        elif not at:
            peer.cut(f"job {segment.job_id[:60]!r} begins with segment {segment.n}")

    def _refuse(self, peer: Connected, job_id: str, held: Held | None, reason: str) -> None:
        """Refuse the rest of a job whose segments are inconsistent."""
        peer.refused.add(job_id)
        if held is not None:
            held.refused = True
            held.job.lose()
            self._job_table.add(held.job)
        if len(peer.refused) > REFUSALS:
            peer.cut(f"segments that do not fit together: {reason}")
        else:
            peer.sender.tell("refused", {job_id: reason})

    # -- the store

    def _keep(self, owner: str, segments: list[Segment]) -> None:
        if not segments or self._store is None:
            return
        last = {segment.job_id: segment.n for segment in segments}
        first: dict[str, int] = {}
        for segment in segments:
            first.setdefault(segment.job_id, segment.n)
        final = {segment.job_id for segment in segments if segment.final}
        needed = [job_id in final or self._store.needs_checkpoint(job_id) for job_id in last]
        figures = [self._held[job_id].figures(needed=need) for job_id, need in zip(last, needed, strict=True)]
        if not self._store.put(segments, figures, done=lambda: self._stored(owner, last), owner=owner):
            for job_id, n in first.items():
                self._held[job_id].put = n - 1
                self._behind[job_id] = None

    def _stored(self, owner: str, numbers: dict[str, int]) -> None:
        """Called by the store's thread once the segments are committed."""
        for job_id, n in numbers.items():
            held = self._held.get(job_id)
            if held is not None:
                held.kept = max(held.kept, n)
        self.on_kept(owner, numbers)

    def _look(self, peers: list[Connected]) -> None:
        self._settle()
        by_key = {peer.program.key: peer for peer in peers}
        if self._behind and self._store is not None and self._store.has_room:
            behind, self._behind = self._behind, {}
            for job_id in behind:
                held = self._held.get(job_id)
                peer = by_key.get(held.owner) if held is not None else None
                if held is not None and peer is not None:
                    peer.sender.tell("again", {job_id: held.put})
        for job_id, held in list(self._held.items()):
            if held.job.is_final and held.kept >= held.put and not self._job_table.has(job_id):
                del self._held[job_id]
