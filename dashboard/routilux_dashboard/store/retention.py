"""How long jobs are kept: by age, count and size; never at the cost of one that is alive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from ..times import SECOND
from .database import Database
from .liveness import WriterLiveness

EVERY_NS = 60 * SECOND
PART = 500
"""Chunks that one transaction removes, so that nobody waits for long."""
PAGES = 2_000
"""Of a file, that are given back in one go."""
DAY_NS = 86_400 * SECOND
DELETED = "deleted"
"""The status of a job that is being removed; nobody sees it any more."""
_FORGOTTEN_NS = 7 * DAY_NS
"""After which a writer that has left no jobs behind is forgotten."""


@dataclass(frozen=True)
class Retention:
    """What is kept of jobs that have ended or are lost; the newest are. `None`: without limit.

    Attributes:
        days: since something of the job was last written.
        jobs: how many, those that are alive counted too.
        gigabytes: what all jobs together take, about (10**9 bytes of rows).
    """

    days: float | None = 30.0
    jobs: int | None = 10_000
    gigabytes: float | None = 10.0

    def __post_init__(self) -> None:
        for name in ("days", "jobs", "gigabytes"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"Retention {name}={value!r}: a number above 0 is needed, or None for no limit")


class RetentionSweep:
    """Removes what need not be kept, a part at a time; for the writer's thread."""

    def __init__(self, database: Database, retention: Retention, living: WriterLiveness) -> None:
        self._database = database
        self._retention = retention
        self._living = living
        self._due_ns = 0

    def turn(self, now_ns: int) -> bool:
        """Remove a part, if it is time; whether there is more to be removed."""
        if now_ns < self._due_ns:
            return False
        with self._database.writing() as connection:
            if self._remove_part(connection):
                return True
            surplus = list(self._surplus(connection, now_ns))
            for job_no in surplus:
                mark_deleted(self._database, connection, job_no)
            self._forget_writers(connection, now_ns)
        if surplus or self._database.give_back(PAGES):
            return True
        self._due_ns = now_ns + EVERY_NS
        return False

    def run_soon(self) -> None:
        """There may be something to be removed now."""
        self._due_ns = 0

    def _surplus(self, connection: Connection, now_ns: int) -> Iterator[int]:
        """The numbers of jobs that are too old or too many, or take too much."""
        kept, alive = self._retention, self._living.writers(connection)
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
        """Remove some chunks of a job that is to go, or in the end the job; whether there was one."""
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

    def _forget_writers(self, connection: Connection, now_ns: int) -> None:
        text = "DELETE FROM writers WHERE beat_ns < ? AND writer NOT IN (SELECT writer FROM jobs)"
        connection.exec_driver_sql(self._database.sql(text), (now_ns - _FORGOTTEN_NS,))


def mark_deleted(database: Database, connection: Connection, job_no: int) -> None:
    """From now on nobody sees the job; its id may be used again. What it takes is removed in parts."""
    text = "UPDATE jobs SET status = ?, ended = ?, job_id = ? WHERE job_no = ?"
    connection.exec_driver_sql(database.sql(text), (DELETED, True, f"{DELETED} {job_no}", job_no))
