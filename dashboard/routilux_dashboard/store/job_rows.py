"""The table of jobs: pages of the job list, and one job's row, without reading any chunks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, cast

import msgspec
from sqlalchemy import Connection, Select, case, func, or_, select, tuple_

from ..fold.segment_decoder import out_of_reach
from ..protocol import Counts, JobStatus, JobSummary
from ..segments.cut import NO_CONTROL
from ..times import iso
from .database import Database
from .liveness import WriterLiveness
from .retention import DELETED
from .tables import jobs

_summary = msgspec.json.Decoder(JobSummary).decode


class JobRow(msgspec.Struct):
    """A row of the table of jobs, with its columns in their order; `tables.jobs` explains them."""

    job_id: str
    flow_id: str = ""
    status: str = "pending"
    ended: bool = False
    created_at: str = ""
    origin: str = ""
    owner: str = ""
    writer: str = ""
    sign_ns: int = 0
    written_ns: int = 0
    n: int = 0
    first_seq: int = 0
    seq: int = 0
    run: int = 0
    first_log: int = 0
    log: int = 0
    first_output: int = 0
    output: int = 0
    size: int = 0
    played: int = 0
    summary: bytes | None = None
    words: str = ""


COLUMNS = JobRow.__struct_fields__


class JobQuery(NamedTuple):
    """Selects jobs, newest first.

    Attributes:
        statuses: any of these; all statuses if empty.
        flow: of this flow.
        q: with this text in the id, flow or error.
        after: the (created_at, job_id) with which the previous page ended.
        without: leave out these jobs.
    """

    statuses: Collection[str] = ()
    flow: str | None = None
    q: str | None = None
    limit: int = 50
    after: tuple[str, str] | None = None
    without: Collection[str] = ()


class StoredJobs(NamedTuple):
    """A page of jobs, newest first; whether more follow; and how many jobs match, by status."""

    jobs: list[JobSummary]
    more: bool
    counts: dict[str, int]


class JobRows:
    """Reads the table of jobs within a caller's transaction."""

    def __init__(self, database: Database, liveness: WriterLiveness) -> None:
        self._find = database.sql(f"SELECT job_no, {', '.join(COLUMNS)} FROM jobs WHERE job_id = ?")
        self._liveness = liveness

    def find(self, connection: Connection, job_id: str) -> tuple[int, JobRow]:
        """The number and the row of a job. Raises `LookupError` if it is not stored."""
        found = connection.exec_driver_sql(self._find, (job_id,)).first()
        if found is None or not found[1 + COLUMNS.index("n")]:
            raise LookupError(f"Job {job_id!r} is not in the store, or no longer")
        return found[0], row_of(found[1:])

    def last_sign_ns(self, connection: Connection, row: JobRow) -> int | None:
        """When a lost job was last known to be alive; `None` for a job that has ended or is alive."""
        if row.ended or row.writer in self._liveness.alive(connection):
            return None
        return self._liveness.last_sign_ns(connection, row.writer, row.sign_ns)

    def summary(self, connection: Connection, row: JobRow) -> JobSummary:
        """The job as the list shows it."""
        return summary_of(row, self.last_sign_ns(connection, row))

    def unfolded(self, connection: Connection) -> list[str]:
        """Jobs whose summaries are older than their rows, and whose writers are dead."""
        alive = self._liveness.alive(connection)
        wanted = select(jobs.c.job_id).where(jobs.c.played < jobs.c.n, jobs.c.writer.not_in(alive))
        return [row[0] for row in connection.execute(wanted.where(jobs.c.status != DELETED))]

    def page(self, connection: Connection, query: JobQuery) -> StoredJobs:
        """The newest jobs that match `query`."""
        alive = self._liveness.alive(connection)
        status = case((or_(jobs.c.ended, jobs.c.writer.in_(alive)), jobs.c.status), else_="lost")
        matching = _conditions(query)
        counted = select(status, func.count()).where(*matching).group_by(status)
        counts = {row[0]: row[1] for row in connection.execute(counted)}
        wanted: Select[Any] = select(*(jobs.c[name] for name in COLUMNS)).where(*matching)
        if query.statuses:
            wanted = wanted.where(status.in_(list(query.statuses)))
        if query.after is not None:
            wanted = wanted.where(tuple_(jobs.c.created_at, jobs.c.job_id) < tuple_(*query.after))
        wanted = wanted.order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc()).limit(query.limit + 1)
        rows = [row_of(row) for row in connection.execute(wanted)]
        summaries = [self.summary(connection, row) for row in rows[: query.limit]]
        return StoredJobs(summaries, len(rows) > query.limit, counts)


def row_of(columns: Any) -> JobRow:
    """A row from the columns that the database returns."""
    row = JobRow(*columns)
    row.ended = bool(row.ended)
    return row


def summary_of(row: JobRow, last_sign_ns: int | None) -> JobSummary:
    """The job as the list shows it; lost if its last sign is given."""
    summary = _summary(row.summary) if row.summary is not None else _unfolded_summary(row)
    status = row.status if last_sign_ns is None else "lost"
    sign = None if last_sign_ns is None else iso(last_sign_ns)
    rate = summary.rate if status in ("pending", "running") else 0.0
    shown = msgspec.structs.replace(
        summary, status=cast(JobStatus, status), seq=row.seq, last_sign=sign, rate=rate, activity=[0] * 20
    )
    return shown if sign is None else msgspec.structs.replace(shown, control=out_of_reach(shown.control, sign))


def encoded_summary(summary: JobSummary) -> tuple[bytes, str]:
    """A summary as stored, and its `searched_text`."""
    error = f"{summary.error.error_type} {summary.error.error}" if summary.error is not None else ""
    return msgspec.json.encode(summary), searched_text(summary.job_id, summary.flow_id, error)


def searched_text(job_id: str, flow_id: str, error: str = "") -> str:
    """The text that the job list searches."""
    return f"{job_id} {flow_id} {error}".casefold()


def _unfolded_summary(row: JobRow) -> JobSummary:
    """A job that was never folded: what its row says, and no counts."""
    return JobSummary(
        job_id=row.job_id,
        flow_id=row.flow_id,
        status="pending",
        created_at=row.created_at,
        updated_at=iso(row.sign_ns),
        ended_at=iso(row.sign_ns) if row.ended else None,
        seq=row.seq,
        counts=Counts(),
        rate=0.0,
        activity=[],
        control=NO_CONTROL,
        entry=None,
        params=None,
        rerunnable=False,
        origin=row.origin,
        error=None,
        last_sign=None,
    )


def _conditions(query: JobQuery) -> list[Any]:
    conditions: list[Any] = [jobs.c.n > 0, jobs.c.status != DELETED]
    if query.flow is not None:
        conditions.append(jobs.c.flow_id == query.flow)
    if query.q:
        conditions.append(jobs.c.words.contains(query.q.casefold(), autoescape=True))
    if query.without:
        conditions.append(jobs.c.job_id.not_in(list(query.without)))
    return conditions
