"""The thread that writes the store: batches, heartbeats, and another try when the database failed."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence

from ..protocol import StoreHealth
from ..times import MILLISECOND, SECOND, iso
from .batch_writer import BatchWriter, WriteResult
from .database import Database
from .errors import PERMANENT, kind_of, reason_of
from .liveness import BEAT_NS, WriterLiveness
from .schema import SchemaRefused
from .write_queue import WriteQueue, WriteRequest

BATCH_ROWS, BATCH_BYTES = 100_000, 32 * 1024 * 1024
LINGER_NS = 100 * MILLISECOND
"""Pause between two transactions, unless much is queued or a caller waits."""
URGENT_ROWS = 20_000
BEHIND_NS = 2 * SECOND
RETRY_NS, RETRY_MOST_NS = SECOND // 5, 5 * SECOND
_log = logging.getLogger("routilux.dashboard")


class Writer:
    """Empties the write queue, one transaction after the other.

    `background_tasks` run a part at a time while the queue is empty; each is a function of the time that returns
    whether it has more to do. `refused` says why the database can't be used at all.
    """

    def __init__(
        self,
        database: Database,
        batches: BatchWriter,
        queue: WriteQueue,
        liveness: WriterLiveness,
        background_tasks: Sequence[Callable[[int], bool]],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.refused: str | None = None
        self._database = database
        self._batches = batches
        self._queue = queue
        self._liveness = liveness
        self._background_tasks = background_tasks
        self._now_ns = now_ns
        self._lost = self._thinned = 0
        self._since_ns = now_ns()
        self._failure: tuple[str, int] | None = None
        self._retry_ns = RETRY_NS
        self._woken = threading.Event()
        self._urgent = threading.Event()
        self._tried = threading.Event()
        self._deadline: float | None = None
        self._thread: threading.Thread | None = None

    # -- called by any thread

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="routilux-store", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Write the queue, within `timeout` seconds, and end the thread."""
        self._deadline = time.monotonic() + timeout
        self.write_now()
        if self._thread is not None:
            self._thread.join(timeout + 10)

    def wake(self) -> None:
        """Something was queued."""
        if self._queue.rows >= URGENT_ROWS and self._failure is None:
            self._urgent.set()
        self._woken.set()

    def write_now(self) -> None:
        """A caller waits: write without a pause, and retry now if the database failed."""
        self._urgent.set()
        self._woken.set()

    def wait_for_first_try(self, timeout: float) -> None:
        """Wait until the database was opened, or could not be."""
        self._tried.wait(timeout)

    @property
    def health(self) -> StoreHealth:
        """How the store is doing."""
        figures = (self._queue.rows, self._lost, self._thinned, self._database.place)
        failure, oldest_ns = self._failure, self._queue.oldest_ns
        if failure is not None:
            return StoreHealth("failing", failure[0], iso(failure[1]), *figures)
        if oldest_ns is not None and self._now_ns() - oldest_ns > BEHIND_NS:
            return StoreHealth("behind", "", iso(oldest_ns), *figures)
        return StoreHealth("ok", "", iso(self._since_ns), *figures)

    # -- the thread

    def _run(self) -> None:
        while not self._is_done():
            worked = self._write_batch()
            self._tried.set()
            if not (worked and self._run_background_tasks()):
                self._wait(worked)
        with contextlib.suppress(Exception), self._database.writing() as connection:
            self._liveness.beat(connection, stopped=True)

    def _is_done(self) -> bool:
        self._woken.clear()  # first of all, so that a wake-up from now on ends the next wait
        return self._deadline is not None and (not len(self._queue) or time.monotonic() > self._deadline)

    def _write_batch(self) -> bool:
        """Write one batch, or just leave a heartbeat; returns whether that worked."""
        requests = self._queue.first(BATCH_ROWS, BATCH_BYTES)
        try:
            self._finish(requests, self._transaction(requests))
        except Exception as error:
            self._batches.rolled_back()
            if requests and kind_of(error) == PERMANENT:
                self._write_one_by_one(requests)
                return True
            self._set_failure(error)
            return False
        return True

    def _transaction(self, requests: list[WriteRequest]) -> WriteResult:
        with self._database.writing() as connection:
            result = self._batches.write(connection, requests, self._now_ns())
            self._liveness.beat(connection)
        return result

    def _finish(self, requests: list[WriteRequest], result: WriteResult) -> None:
        """A batch is safe: count it, remove it from the queue, and tell those who asked."""
        self._lost += result.refused + result.lost
        self._thinned += result.thinned
        self._retry_ns = RETRY_NS
        if self._failure is not None:
            self._failure, self._since_ns = None, self._now_ns()
            _log.warning("Jobs are being stored again, at %s", self._database.place)
        self._batches.committed()
        self._queue.finished(len(requests))
        for request in requests:
            if request.done is not None:
                _call(request.done)

    def _write_one_by_one(self, requests: list[WriteRequest]) -> None:
        """One request of a batch can never be written: write the others, and give up that one."""
        for request in requests:
            try:
                result = self._transaction([request])
            except Exception as error:
                self._batches.rolled_back()
                if kind_of(error) != PERMANENT:
                    self._set_failure(error)
                    return
                job_id = request.segments[0].job_id if request.segments else ""
                _log.exception("A part of job %s cannot be stored and is dropped", job_id)
                result = WriteResult(request.rows)
            self._finish([request], result)

    def _run_background_tasks(self) -> bool:
        """Run a part of one background task if the queue is empty; returns whether there is more to do."""
        try:
            return not len(self._queue) and any(task(self._now_ns()) for task in self._background_tasks)
        except Exception as error:
            self._set_failure(error)
            return False

    def _set_failure(self, error: Exception) -> None:
        reason = reason_of(error, self._database.place)
        if self._failure is None:
            _log.warning("Jobs are not being stored: %s", reason)
        self.refused = reason if isinstance(error, SchemaRefused) else None
        self._failure = (reason, self._failure[1] if self._failure else self._now_ns())

    def _wait(self, worked: bool) -> None:
        """Wait until there is something to do, or until the next try."""
        if not worked:
            left = 60.0 if self._deadline is None else max(self._deadline - time.monotonic(), 0.01)
            self._urgent.wait(min(self._retry_ns / SECOND, left))
            self._retry_ns = min(2 * self._retry_ns, RETRY_MOST_NS)
        elif self._deadline is None and self._queue.rows < URGENT_ROWS:
            self._woken.wait(BEAT_NS / SECOND)
            if self._queue.rows < URGENT_ROWS:
                self._urgent.wait(LINGER_NS / SECOND)
        self._urgent.clear()


def _call(done: Callable[[], None]) -> None:
    try:
        done()
    except Exception:
        _log.exception("A callback raised after its segments were stored")
