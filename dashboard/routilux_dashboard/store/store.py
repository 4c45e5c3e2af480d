"""The store: keeps segments of jobs, and gives back any part of them at any time."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator

from ..fold.causality import Causes, Effects
from ..fold.playback import Playback
from ..protocol import HistoryPage, JobSummary, LogPage, OutputPage, StoreHealth
from ..segments.history_query import HistoryQuery
from ..segments.segment import Segment
from .batch_writer import BatchWriter
from .catch_up import CatchUp
from .database import Database
from .job_rows import JobList, JobQuery
from .liveness import WriterLiveness
from .reader import Reader
from .retention import Retention, RetentionSweep
from .schema import SchemaRefused
from .write_queue import WriteQueue
from .writer import Writer

OPENING_SECONDS = 5.0
IMPORT_ROWS = 50_000
"""Of an import, what waits at a time."""


class Store:
    """Keeps jobs in a SQLite file or a PostgreSQL database.

    What is put waits in memory, bounded, until one thread has written it; a database that is full,
    locked, damaged or away makes nobody wait: `health` says so, and it is tried again. Everything may be called by
    any thread; reading waits for the database, raises `LookupError` for a job that is not there and `StoreFailed`
    when the store cannot be read. Reads what has been written: `flush` first for what was put just now.

    Args:
        place: a path or URL, as `locate` gives it; raises `BadLocation` when it is neither.
        retention: how long jobs are kept.
        origin: what this process is called, as jobs are: `host:pid`.
    """

    def __init__(
        self,
        place: str,
        *,
        retention: Retention | None = None,
        origin: str | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._database = Database(place)
        self.place = self._database.place
        self._waiting = WriteQueue()
        name = (uuid.uuid4().hex, origin or f"{socket.gethostname()}:{os.getpid()}")
        self._living = WriterLiveness(self._database, name[0], now_ns)
        self._reader = Reader(self._database, self._living)
        self._sweep = RetentionSweep(self._database, retention or Retention(), self._living)
        batches = BatchWriter(self._database, name[0])
        self._catch_up = CatchUp(self._database, batches, self._reader)
        background_tasks = [self._sweep.turn, self._catch_up.turn]
        self._writer = Writer(self._database, batches, self._waiting, background_tasks, name, now_ns)
        self._started = False

    def start(self) -> None:
        """Open the database and begin to write. A database that cannot be opened now is tried again and again.

        Raises `SchemaRefused` for one of a newer version of this program, or of another program.
        """
        self._started = True
        self._writer.start()
        self._writer.wait_for_first_try(OPENING_SECONDS)
        refused = self._writer.refused
        if refused is not None:
            self.stop(timeout=0)
            raise SchemaRefused(refused)

    def stop(self, timeout: float = 10.0) -> None:
        """Write what waits, for at most `timeout` seconds, and let go of the database."""
        if self._started:
            self._started = False
            self._writer.stop(timeout)
        self._database.close()

    def __enter__(self) -> Store:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- writing

    @property
    def has_room(self) -> bool:
        """Whether more is taken."""
        return self._waiting.has_room

    @property
    def busy(self) -> bool:
        """Whether something waits to be written, or figures to be brought up to date."""
        return bool(self._waiting.rows or self._catch_up.busy)

    @property
    def health(self) -> StoreHealth:
        """How the store is doing."""
        return self._writer.health

    def put(self, segments: list[Segment], done: Callable[[], None] | None = None, *, owner: str = "") -> bool:
        """Take segments in to be written; never waits. False when there is no room: they are the caller's still.

        Args:
            segments: of any jobs, each job's in order. Those that are kept already are passed over; what does not
                follow is refused, logged and counted as lost.
            done: called by the writer's thread once all of them are safe. Twice, if a batch has to be written again.
            owner: a digest of whoever may send more of these jobs, from now on.
        """
        taken = self._waiting.add(segments, done, owner)
        if taken:
            self._writer.wake()
        return taken

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything that was put by now is written; False when it was not within `timeout` seconds."""
        self._writer.write_now()
        return self._waiting.wait_for_all(timeout)

    def import_segments(self, segments: Iterable[Segment], timeout: float = 60.0) -> None:
        """Write a job from elsewhere, from its first segment on, as fast as the database takes it.

        Raises `TimeoutError` when a part of it has not been written after `timeout` seconds.
        """
        count = 0
        for segment in segments:
            count += self._put_patiently(segment, timeout)
            if count >= IMPORT_ROWS:
                count = self._wait(timeout)
        self._wait(timeout)

    def add_up(self, job_id: str, timeout: float = 5.0) -> bool:
        """Wait until the list has a job's figures as of all that is written; False when not within `timeout` seconds.

        They come by themselves; a job that was written in one go (an import) is listed without, until then.
        """
        deadline = time.monotonic() + timeout
        while self._reader.is_behind(job_id):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def delete(self, job_id: str) -> None:
        """Remove a job, all of it. Raises `ValueError` for one that is alive."""
        self._reader.delete(job_id)
        self._sweep.run_soon()
        self._writer.wake()

    def clean(self) -> None:
        """Look now for what need not be kept; else that happens once a minute."""
        self._sweep.run_soon()
        self._writer.wake()

    def release_writer(self, job_ids: Collection[str]) -> None:
        """Jobs of programs that are not heard of any more: unless they have ended, or more comes, they are lost."""
        self._reader.release_writer(job_ids)

    # -- reading

    def jobs(self, asked: JobQuery | None = None) -> JobList:
        """A page of the jobs that are asked for (the newest when nothing is said), and how many there are by status."""
        return self._reader.jobs(asked or JobQuery())

    def summary(self, job_id: str) -> JobSummary:
        """A job as the list shows it."""
        return self._reader.summary(job_id)

    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]:
        """The number of the last segment that is safe, of those of the jobs that are here."""
        return self._reader.last_segments(job_ids)

    def owner(self, job_id: str) -> str | None:
        """The digest of whoever may send more of a job; `None` for a job that is not here."""
        return self._reader.owner(job_id)

    def history(self, job_id: str, query: HistoryQuery) -> HistoryPage:
        """The records that `query` asks for; `searched_to` says where to go on when the time for it is up.

        `q` is looked for in payloads, and in the names of routines and events.
        """
        return self._reader.history(job_id, query)

    def causes(self, job_id: str, seq: int) -> Causes:
        """What led to the record `seq`, from the first to itself."""
        return self._reader.causes(job_id, seq)

    def effects(self, job_id: str, seq: int) -> Effects:
        """What the record `seq` led to at once."""
        return self._reader.effects(job_id, seq)

    def log(self, job_id: str, query: HistoryQuery) -> LogPage:
        """Entries of the shared log: the range and the text of `query`."""
        return self._reader.log(job_id, query)

    def outputs(self, job_id: str, query: HistoryQuery) -> OutputPage:
        """Outputs, as `log`."""
        return self._reader.outputs(job_id, query)

    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]:
        """The segments of a job after number `after_n`, as they were put; read as they are asked for."""
        return self._reader.segments(job_id, after_n)

    def playback(self, job_id: str, seq: int | None = None, t_ns: int | None = None) -> Playback:
        """A job as it was at the moment of record `seq`, or at `t_ns` (since the epoch), else as it is now."""
        return self._reader.playback(job_id, seq, t_ns)

    def _put_patiently(self, segment: Segment, timeout: float) -> int:
        if not self.put([segment]):
            self._wait(timeout)
            if not self.put([segment]):
                raise TimeoutError(f"The store has no room: {self.health.reason or 'it is behind'}")
        return len(segment.records.source) + len(segment.runs.target)

    def _wait(self, timeout: float) -> int:
        if not self.flush(timeout):
            raise TimeoutError(f"The store has not written it in {timeout} s: {self.health.reason or 'it is behind'}")
        return 0
