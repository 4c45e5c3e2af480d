"""The list of jobs, and a job's row: what is known of it without reading its chunks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, cast

import msgspec
from sqlalchemy import Connection, Select, case, func, or_, select, tuple_

from ..protocol import Counts, JobStatus, JobSummary
from ..segments.cut import NOTHING_ASKED
from ..segments.decode import out_of_reach
from ..times import iso
from .database import Database
from .job_writer import JobRow
from .liveness import WriterLiveness
from .retention import DELETED
from .tables import jobs

_COLUMNS = JobRow.__struct_fields__
_TEXT = f"SELECT job_no, {', '.join(_COLUMNS)} FROM jobs WHERE job_id = ?"
_summary = msgspec.json.Decoder(JobSummary).decode


class JobQuery(NamedTuple):
    """Jobs of these statuses (none: all), of a flow, with `q` in their id, flow or error; newest first.

    `after` is the (created_at, job_id) where the page before ended; `without`: jobs that are not meant.
    """

    statuses: Collection[str] = ()
    flow: str | None = None
    q: str | None = None
    limit: int = 50
    after: tuple[str, str] | None = None
    without: Collection[str] = ()


class JobList(NamedTuple):
    """A page of jobs, newest first, whether there are more after it, and how many match by status."""

    jobs: list[JobSummary]
    more: bool
    counts: dict[str, int]


class JobRows:
    """Reads the table of jobs, within transactions of others."""

    def __init__(self, database: Database, living: WriterLiveness) -> None:
        self._database = database
        self._living = living

    def find(self, connection: Connection, job_id: str) -> tuple[int, JobRow]:
        """The number and the row of a job; `LookupError` when it is not there."""
        found = connection.exec_driver_sql(self._database.sql(_TEXT), (job_id,)).first()
        if found is None or not found[1 + _COLUMNS.index("n")]:
            raise LookupError(f"Job {job_id!r} is not in the store, or not any more")
        return found[0], row_of(found[1:])

    def last_sign(self, connection: Connection, row: JobRow) -> int | None:
        """When a lost job was last heard of; `None` for a job that has ended or is alive."""
        if row.ended or row.writer in self._living.writers(connection):
            return None
        return self._living.last_sign_ns(connection, row.writer, row.sign_ns)

    def summary(self, connection: Connection, row: JobRow) -> JobSummary:
        """The job as the list shows it."""
        return summary_of(row, self.last_sign(connection, row))

    def behind(self, connection: Connection) -> list[str]:
        """Jobs whose summaries are not up to date, and whose writers are dead."""
        alive = self._living.writers(connection)
        wanted = select(jobs.c.job_id).where(jobs.c.played < jobs.c.n, jobs.c.writer.not_in(alive))
        return [row[0] for row in connection.execute(wanted.where(jobs.c.status != DELETED))]

    def page(self, connection: Connection, asked: JobQuery) -> JobList:
        """The newest of the jobs that are asked for."""
        alive = self._living.writers(connection)
        status = case((or_(jobs.c.ended, jobs.c.writer.in_(alive)), jobs.c.status), else_="lost")
        matching = _matching(asked.flow, asked.q, asked.without)
        counted = select(status, func.count()).where(*matching).group_by(status)
        counts = {row[0]: row[1] for row in connection.execute(counted)}
        wanted: Select[Any] = select(*(jobs.c[name] for name in _COLUMNS)).where(*matching)
        if asked.statuses:
            wanted = wanted.where(status.in_(list(asked.statuses)))
        if asked.after is not None:
            wanted = wanted.where(tuple_(jobs.c.created_at, jobs.c.job_id) < tuple_(*asked.after))
        wanted = wanted.order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc()).limit(asked.limit + 1)
        rows = [row_of(row) for row in connection.execute(wanted)]
        shown = [self.summary(connection, row) for row in rows[: asked.limit]]
        return JobList(shown, len(rows) > asked.limit, counts)


def row_of(columns: Any) -> JobRow:
    """A row as the database gives it."""
    row = JobRow(*columns)
    row.ended = bool(row.ended)
    return row


def summary_of(row: JobRow, last_sign_ns: int | None) -> JobSummary:
    """The job as the list shows it; lost when its last sign is given."""
    summary = _summary(row.summary) if row.summary is not None else _bare(row)
    status = row.status if last_sign_ns is None else "lost"
    sign = None if last_sign_ns is None else iso(last_sign_ns)
    rate = summary.rate if status in ("pending", "running") else 0.0
    shown = msgspec.structs.replace(
        summary, status=cast(JobStatus, status), seq=row.seq, last_sign=sign, rate=rate, activity=[0] * 20
    )
    return shown if sign is None else msgspec.structs.replace(shown, control=out_of_reach(shown.control, sign))


def _bare(row: JobRow) -> JobSummary:
    """A job whose figures nobody has had time to add up."""
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
        control=NOTHING_ASKED,
        entry=None,
        params=None,
        rerunnable=False,
        origin=row.origin,
        error=None,
        last_sign=None,
    )


def _matching(flow: str | None, q: str | None, without: Collection[str]) -> list[Any]:
    conditions: list[Any] = [jobs.c.n > 0, jobs.c.status != DELETED]
    if flow is not None:
        conditions.append(jobs.c.flow_id == flow)
    if q:
        conditions.append(jobs.c.words.contains(q.casefold(), autoescape=True))
    if without:
        conditions.append(jobs.c.job_id.not_in(list(without)))
    return conditions
