"""The store: jobs in a SQLite file or a PostgreSQL database, written by one thread and read by any.

Storage
    A job is stored as its segments (`segments.segment`), which are numbered without gaps. Their rows are taken apart
    and packed into chunks of up to 256 rows of one kind (`chunks`, `tail`), so that a page of the history reads a few
    kilobytes of a job of any length. Beside the chunks are the names that the numbers in rows stand for, checkpoints
    of the job's counters (`fold.checkpoints`), and one row in the table of jobs with its summary for the job list.

        put(segments, figures) ──► write queue ──► the writer's thread ──► one transaction a batch
         any thread, never waits    bounded          encodes, retries        chunks, names, checkpoints, jobs
                                                                                    │
        jobs, summary, history, log, outputs, causes, playback, segments ◄──────────┘
         any thread, one reading transaction each

    Rows, summary and checkpoint come together from the reader that folded the job, and are written in one
    transaction. Segments that were put without figures are folded later (`background_fold`).

States of the writer (`writer`)
    ok ──── the oldest request waits for more than 2 s ────► behind ──── written ────► ok
    ok, behind ──── a transaction fails ────► failing ──── retried every 0.2 s to 5 s, succeeds ────► ok
    A request that can never be written (a value that no database accepts) is dropped alone; the rest of its batch is
    written. While a database is full, locked, damaged or unreachable, no caller waits: requests stay in the queue, and
    when that is full `put` returns False and the caller keeps its segments.

Threads and locks
    `put`, `flush` and all reading methods may be called by any thread. One thread, `routilux-store`, writes. There are
    two locks, and no code takes one while it holds the other: `WriteQueue._changed` guards the queue's counts,
    `Database._lock` the opening of the database. Reading never waits for the writer: SQLite runs in WAL mode.

Invariants
    - A job's segments are stored in the order of their numbers, each once; one that was put again is skipped.
    - After `done()` of a request was called, its rows survive a crash of the process and of the machine.
    - `summary` and `words` in a job's row are as of segment `played`, which is `n` once the job is folded.
    - A number in a chunk means one name for as long as the job exists, whatever later segments call it.

Bounds
    The queue holds 1,000,000 rows or 256 MB; a batch is at most 100,000 rows or 32 MB; the writer keeps the tails of
    500 jobs in memory; `Retention` bounds the database by the age, the number and the size of ended jobs.

If the database's file is moved away or replaced, running jobs continue in the new one from the next segment on.
`needs_checkpoint` then asks their readers for a checkpoint, without which those segments could not be played.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence

from ..fold.checkpoints import JobFigures
from ..protocol import StoreHealth
from ..segments.segment import Segment
from .background_fold import BackgroundFold
from .batch_writer import BatchWriter
from .database import Database
from .liveness import WriterLiveness
from .reader import StoreReader
from .retention import Retention, RetentionSweep, mark_deleted
from .schema import SchemaRefused
from .write_queue import WriteQueue
from .writer import Writer

OPENING_SECONDS = 5.0
IMPORT_ROWS = 50_000
"""How many rows of an import wait in the queue at a time."""


class Store(StoreReader):
    """Keeps jobs in a SQLite file or a PostgreSQL database.

    Every method may be called by any thread. Reading waits for the database; call `flush` first to see new segments.

    Args:
        place: a path or URL, as `locate` returns it. Raises `BadLocation` if it is neither.
        retention: how long jobs are kept.
        origin: the name of this process as jobs show it: `host:pid`.
    """

    def __init__(
        self,
        place: str,
        *,
        retention: Retention | None = None,
        origin: str | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        database = Database(place)
        origin = origin or f"{socket.gethostname()}:{os.getpid()}"
        liveness = WriterLiveness(database, uuid.uuid4().hex, origin, now_ns)
        super().__init__(database, liveness)
        self.place = database.place
        self._queue = WriteQueue()
        self._batches = BatchWriter(database, liveness.own)
        self._sweep = RetentionSweep(database, retention or Retention(), liveness)
        background_tasks = [self._sweep.run, BackgroundFold(database, self, self._batches, now_ns).run]
        self._writer = Writer(database, self._batches, self._queue, liveness, background_tasks, now_ns)
        self._started = False

    def start(self) -> None:
        """Open the database and begin to write. If it can't be opened now, the writer keeps trying.

        Raises `SchemaRefused` if it belongs to a newer version of this program, or to another program.
        """
        self._started = True
        self._writer.start()
        self._writer.wait_for_first_try(OPENING_SECONDS)
        refused = self._writer.refused
        if refused is not None:
            self.stop(timeout=0)
            raise SchemaRefused(refused)

    def stop(self, timeout: float = 10.0) -> None:
        """Write the queue, for at most `timeout` seconds, and close the database."""
        if self._started:
            self._started = False
            self._writer.stop(timeout)
        self._database.close()

    def __enter__(self) -> Store:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def health(self) -> StoreHealth:
        """How the store is doing."""
        return self._writer.health

    # -- writing

    @property
    def has_room(self) -> bool:
        """Whether `put` would accept segments."""
        return self._queue.has_room

    def put(
        self,
        segments: Sequence[Segment],
        figures: Sequence[JobFigures] = (),
        *,
        done: Callable[[], None] | None = None,
        owner: str = "",
    ) -> bool:
        """Queue segments to be written; never waits. Returns False if there is no room.

        Args:
            segments: of any jobs, each job's in order. Those that are stored already are skipped; those that don't
                follow are refused, logged and counted as lost.
            figures: of those jobs. They count if they are as of the last segment that is then stored.
            done: called by the writer's thread once everything is safe; twice if a batch has to be written again.
            owner: the digest of the program that may send more of these jobs from now on.
        """
        added = self._queue.add(segments, figures, done, owner)
        if added:
            self._writer.wake()
        return added

    def needs_checkpoint(self, job_id: str) -> bool:
        """Whether the job's next figures should have a checkpoint, due or not."""
        return self._batches.needs_checkpoint(job_id)

    def is_unfolded(self, job_id: str) -> bool:
        """Whether stored segments of the job still have to be folded."""
        return job_id in self._batches.unfolded

    @property
    def queued_rows(self) -> int:
        """How many rows wait to be written."""
        return self._queue.rows

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything put so far is written; False if that takes longer than `timeout` seconds."""
        self._writer.write_now()
        return self._queue.wait_for_all(timeout)

    def import_segments(self, segments: Iterable[tuple[Segment, JobFigures | None]], timeout: float = 60.0) -> None:
        """Write a whole job, from its first segment on, as fast as the database accepts it.

        Raises `TimeoutError` if a part of it was not written within `timeout` seconds.
        """
        rows = 0
        for segment, figures in segments:
            if not self._put_one(segment, figures):
                self._wait(timeout)
                if not self._put_one(segment, figures):
                    raise TimeoutError(f"The store has no room: {self.health.reason or 'it is behind'}")
            rows += len(segment.records.source) + len(segment.runs.target)
            if rows >= IMPORT_ROWS:
                self._wait(timeout)
                rows = 0
        self._wait(timeout)

    def delete(self, job_id: str) -> None:
        """Remove a job. Raises `ValueError` if it is alive."""
        with self._failing(), self._database.writing() as connection:
            job_no, row = self._rows.find(connection, job_id)
            if not row.ended and self._rows.last_sign_ns(connection, row) is None:
                raise ValueError(f"Job {job_id!r} is alive; cancel it first")
            mark_deleted(self._database, connection, job_no)
        self.clean()

    def clean(self) -> None:
        """Apply the retention limits now rather than within a minute."""
        self._sweep.run_soon()
        self._writer.wake()

    def release_writer(self, job_ids: Collection[str]) -> None:
        """Mark jobs as having no writer: they are lost unless they have ended, until more of them comes."""
        with self._failing(), self._database.writing() as connection:
            text = self._database.sql("UPDATE jobs SET writer = '' WHERE job_id = ?")
            for job_id in job_ids:
                connection.exec_driver_sql(text, (job_id,))

    def _put_one(self, segment: Segment, figures: JobFigures | None) -> bool:
        return self.put([segment], [figures] if figures is not None else [])

    def _wait(self, timeout: float) -> None:
        if not self.flush(timeout):
            reason = self.health.reason or "it is behind"
            raise TimeoutError(f"The store did not write an import within {timeout:g} s: {reason}")
