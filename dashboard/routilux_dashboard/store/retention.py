"""Retention: how long jobs are stored, by age, count and size. A live job is never removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from ..times import SECOND
from .database import Database
from .liveness import WriterLiveness

EVERY_NS = 60 * SECOND
PART = 500
"""Chunks that one transaction deletes, so that writing never waits for long."""
PAGES = 2_000
"""Free pages of a file that are given back at once."""
DAY_NS = 86_400 * SECOND
DELETED = "deleted"
"""The status of a job that is being removed; it is no longer visible."""
_WRITER_NS = 7 * DAY_NS
"""How long a writer without jobs stays in the table."""


@dataclass(frozen=True)
class Retention:
    """Limits on stored jobs that have ended or are lost; the oldest go first. `None` means no limit.

    Attributes:
        days: since the job was last written.
        jobs: how many, including those that are alive.
        gigabytes: about how much all jobs may take together (10**9 bytes of rows).
    """

    days: float | None = 30.0
    jobs: int | None = 10_000
    gigabytes: float | None = 10.0

    def __post_init__(self) -> None:
        for name in ("days", "jobs", "gigabytes"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"Retention {name}={value!r} must be above 0, or None for no limit")


class RetentionSweep:
    """Removes jobs beyond the limits, a part at a time, in the writer's thread."""

    def __init__(self, database: Database, retention: Retention, liveness: WriterLiveness) -> None:
        self._database = database
        self._retention = retention
        self._liveness = liveness
        self._due_ns = 0

    def run(self, now_ns: int) -> bool:
        """Remove a part if a sweep is due; returns whether there is more to remove."""
        if now_ns < self._due_ns:
            return False
        with self._database.writing() as connection:
            if self._remove_part(connection):
                return True
            excess = list(self._excess(connection, now_ns))
            for job_no in excess:
                mark_deleted(self._database, connection, job_no)
            self._remove_writers(connection, now_ns)
        if excess or self._database.shrink_file(PAGES):
            return True
        self._due_ns = now_ns + EVERY_NS
        return False

    def run_soon(self) -> None:
        """Sweep at the next opportunity rather than within a minute."""
        self._due_ns = 0

    def _excess(self, connection: Connection, now_ns: int) -> Iterator[int]:
        """The numbers of the jobs beyond the limits."""
        kept, alive = self._retention, self._liveness.alive(connection)
        oldest_ns = 0 if kept.days is None else now_ns - int(kept.days * DAY_NS)
        most = float("inf") if kept.gigabytes is None else kept.gigabytes * 1e9
        text = "SELECT job_no, ended, writer, written_ns, size FROM jobs WHERE status <> ? ORDER BY written_ns DESC"
        count = size = 0
        for job_no, ended, writer, written_ns, taken in connection.exec_driver_sql(
            self._database.sql(text), (DELETED,)
        ):
            count, size = count + 1, size + taken
            too_many = kept.jobs is not None and count > kept.jobs
            if (ended or writer not in alive) and (too_many or size > most or written_ns < oldest_ns):
                count, size = count - 1, size - taken
                yield job_no

    def _remove_part(self, connection: Connection) -> bool:
        """Delete some chunks of a job marked as deleted, and in the end the job; returns whether there was one."""
        sql = self._database.sql
        found = connection.exec_driver_sql(sql("SELECT job_no FROM jobs WHERE status = ? LIMIT 1"), (DELETED,)).first()
        if found is None:
            return False
        text = "SELECT kind, first FROM chunks WHERE job_no = ? ORDER BY kind, first LIMIT 1 OFFSET ?"
        last = connection.exec_driver_sql(sql(text), (found[0], PART)).first()
        if last is not None:
            text = "DELETE FROM chunks WHERE job_no = ? AND (kind < ? OR (kind = ? AND first < ?))"
            connection.exec_driver_sql(sql(text), (found[0], last[0], last[0], last[1]))
            return True
        for table in ("chunks", "names", "checkpoints", "jobs"):
            connection.exec_driver_sql(sql(f"DELETE FROM {table} WHERE job_no = ?"), (found[0],))
        return True

    def _remove_writers(self, connection: Connection, now_ns: int) -> None:
        text = "DELETE FROM writers WHERE beat_ns < ? AND writer NOT IN (SELECT writer FROM jobs)"
        connection.exec_driver_sql(self._database.sql(text), (now_ns - _WRITER_NS,))


def mark_deleted(database: Database, connection: Connection, job_no: int) -> None:
    """Hide the job and free its id; its rows are deleted later, in parts."""
    text = "UPDATE jobs SET status = ?, ended = ?, job_id = ? WHERE job_no = ?"
    connection.exec_driver_sql(database.sql(text), (DELETED, True, f"{DELETED} {job_no}", job_no))
