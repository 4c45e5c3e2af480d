"""The thread that writes: batches, signs of life, and what is to be done again when the database is back."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from ..protocol import StoreHealth
from ..times import MILLISECOND, SECOND, iso
from . import statements, tables
from .batch_writer import BatchWriter, WriteResult
from .database import Database
from .errors import PERMANENT, kind_of, reason_of
from .schema import SchemaRefused
from .write_queue import WriteQueue, WriteRequest

BATCH_ROWS, BATCH_BYTES = 100_000, 32 * 1024 * 1024
FOLDED_ROWS = 2_000
"""Rows of a batch with which the figures of their jobs are brought up to date at once. With more, that is left for
later (`catch_up`): it takes more of the processor than writing, which a busy engine beside it would feel."""
LINGER_NS = 100 * MILLISECOND
"""Between two transactions, unless much has come in or somebody waits."""
URGENT_ROWS = 20_000
BEAT_NS = 2 * SECOND
BEHIND_NS = 2 * SECOND
RETRY_NS, RETRY_MOST_NS = SECOND // 5, 5 * SECOND
_BEAT = ("writer", "origin", "beat_ns", "stopped")
_log = logging.getLogger("routilux.dashboard")


class Writer:
    """Writes what waits, one transaction after the other, for as long as it runs.

    `background_tasks` are done a part at a time while nothing waits, by functions of the time that say whether there
    is more to do. Other threads call what comes first. `beat_ns` is its last sign of life; `refused` says
    why the database is not one to write to.
    """

    def __init__(
        self,
        database: Database,
        batches: BatchWriter,
        waiting: WriteQueue,
        background_tasks: Sequence[Callable[[int], bool]],
        writer: tuple[str, str],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.beat_ns = 0
        self.refused: str | None = None
        self._database = database
        self._batches = batches
        self._waiting = waiting
        self._writer = writer
        self._background_tasks = background_tasks
        self._now_ns = now_ns
        self._lost = self._thinned = 0
        self._since_ns = now_ns()
        self._failure: tuple[str, int] | None = None
        self._retry_ns = RETRY_NS
        self._woken = threading.Event()
        self._urgent = threading.Event()
        self._tried = threading.Event()
        self._stopping_by: float | None = None
        self._thread: threading.Thread | None = None

    # -- any thread

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._run, name="routilux-store", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Write what waits, within `timeout` seconds, say goodbye and end."""
        self._stopping_by = time.monotonic() + timeout
        self.write_now()
        if self._thread is not None:
            self._thread.join(timeout + 10)

    def wake(self) -> None:
        """There is something to write."""
        if self._waiting.rows >= URGENT_ROWS and self._failure is None:
            self._urgent.set()
        self._woken.set()

    def write_now(self) -> None:
        """Somebody waits: write now, and try again now what failed."""
        self._urgent.set()
        self._woken.set()

    def wait_for_first_try(self, timeout: float) -> None:
        """Wait until the database was opened, or could not be."""
        self._tried.wait(timeout)

    @property
    def health(self) -> StoreHealth:
        """How the store is doing."""
        figures = (self._waiting.rows, self._lost, self._thinned, self._database.place)
        failure, oldest_ns = self._failure, self._waiting.oldest_ns
        if failure is not None:
            return StoreHealth("failing", failure[0], iso(failure[1]), *figures)
        if oldest_ns is not None and self._now_ns() - oldest_ns > BEHIND_NS:
            return StoreHealth("behind", "", iso(oldest_ns), *figures)
        return StoreHealth("ok", "", iso(self._since_ns), *figures)

    # -- the thread

    def _run(self) -> None:
        while not self._over():
            worked = self._turn()
            self._tried.set()
            if not (worked and self._clean()):
                self._wait(worked)
        with contextlib.suppress(Exception), self._database.writing() as connection:
            self._beat(connection, stopped=True)

    def _over(self) -> bool:
        self._woken.clear()  # before anything is looked at: who calls from now on is heard by the next wait
        by = self._stopping_by
        return by is not None and (not len(self._waiting) or time.monotonic() > by)

    def _turn(self) -> bool:
        """Write one batch, or give a sign of life; whether that worked."""
        puts = self._waiting.first(BATCH_ROWS, BATCH_BYTES)
        try:
            written = self._transaction(puts)
            self._rest(puts, written)
        except Exception as error:
            self._batches.forget()
            if puts and kind_of(error) == PERMANENT:
                self._one_by_one(puts)
                return True
            self._failed(error)
            return False
        return True

    def _transaction(self, puts: list[WriteRequest]) -> WriteResult:
        segments = [segment for put in puts for segment in put.segments]
        owners = {segment.job_id: put.owner for put in puts[::-1] if put.owner for segment in put.segments}
        fold = self._waiting.rows <= FOLDED_ROWS
        if not fold:
            self._batches.busy_ns = self._now_ns()
        with self._database.writing() as connection:
            written = self._batches.write(connection, segments, owners, self._now_ns(), fold=fold)
            if self._now_ns() - self.beat_ns >= BEAT_NS:
                self._beat(connection, stopped=False)
        return written

    def _rest(self, puts: list[WriteRequest], written: WriteResult) -> None:
        """What is to be done once the batch is safe."""
        self._lost += written.refused + written.lost
        self._thinned += written.thinned
        self._recovered()
        self._batches.tidy()
        self._waiting.written(len(puts))
        for put in puts:
            _call(put.done)

    def _one_by_one(self, puts: list[WriteRequest]) -> None:
        """Something of a batch can never be written: write the others, and give that up."""
        for put in puts:
            try:
                written = self._transaction([put])
            except Exception as error:
                self._batches.forget()
                if kind_of(error) != PERMANENT:
                    self._failed(error)
                    return
                self._batches.give_up({segment.job_id for segment in put.segments})
                _log.exception("Something of job %s cannot be stored and is given up", _first_job(put))
                written = WriteResult(put.rows)
            self._rest([put], written)

    def _clean(self) -> bool:
        """When there is nothing to write, do a part of what else there is to do; whether there is more of it."""
        try:
            return not len(self._waiting) and any(task(self._now_ns()) for task in self._background_tasks)
        except Exception as error:
            self._failed(error)
            return False

    def _beat(self, connection: Connection, *, stopped: bool) -> None:
        now_ns = self._now_ns()
        conflict = f"(writer) DO {statements.update_all(_BEAT[1:])}"
        row = (*self._writer, now_ns, stopped)
        statements.insert(self._database, connection, tables.writers, _BEAT, [row], conflict=conflict)
        self.beat_ns = now_ns

    def _failed(self, error: Exception) -> None:
        reason = reason_of(error, self._database.place)
        if self._failure is None:
            _log.warning("Jobs are not being stored: %s", reason)
        self.refused = reason if isinstance(error, SchemaRefused) else None
        self._failure = (reason, self._failure[1] if self._failure else self._now_ns())

    def _recovered(self) -> None:
        self._retry_ns = RETRY_NS
        if self._failure is not None:
            self._failure, self._since_ns = None, self._now_ns()
            _log.warning("Jobs are being stored again, at %s", self._database.place)

    def _wait(self, worked: bool) -> None:
        """Until there is something to do."""
        if not worked:
            left = 60.0 if self._stopping_by is None else max(self._stopping_by - time.monotonic(), 0.01)
            self._urgent.wait(min(self._retry_ns / SECOND, left))
            self._retry_ns = min(2 * self._retry_ns, RETRY_MOST_NS)
        elif self._stopping_by is None and self._waiting.rows < URGENT_ROWS:
            self._woken.wait(BEAT_NS / SECOND)
            if self._waiting.rows < URGENT_ROWS:
                self._urgent.wait(LINGER_NS / SECOND)
        self._urgent.clear()


def _first_job(put: WriteRequest) -> str:
    return put.segments[0].job_id if put.segments else ""


def _call(done: Callable[[], None] | None) -> None:
    if done is not None:
        try:
            done()
        except Exception:
            _log.exception("What was to be called after a batch was stored raised")
