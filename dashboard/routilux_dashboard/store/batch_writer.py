"""Writes one batch in one transaction: whole segments, each once, in the order of their numbers."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from ..fold.checkpoints import JobFigures
from ..segments.check import SegmentRefused
from ..segments.segment import Segment
from . import tables
from .chunks import Chunk
from .database import Database, update_all
from .job_rows import COLUMNS, JobRow, row_of
from .job_writer import JobWriter
from .write_queue import WriteRequest, rows_of

KEEP_JOBS = 500
"""Jobs whose tails and names are kept in memory; those of others are read again when more of them comes."""
_CHUNK = ("job_no", *Chunk._fields)
_NAME = ("job_no", "kind", "number", "name")
CHECKPOINT = ("job_no", "n", "seq", "at_ns", "data")
_log = logging.getLogger("routilux.dashboard")


class WriteResult(NamedTuple):
    """What a transaction could not store.

    Attributes:
        refused: rows of segments that did not fit.
        lost: records of this program's jobs that their segments report as left out.
        thinned: records of other programs' jobs that these left out before they sent them.
    """

    refused: int = 0
    lost: int = 0
    thinned: int = 0


class BatchWriter:
    """Writes batches, and remembers the jobs between them. For one thread, except `needs_checkpoint`.

    `unfolded` has the jobs whose last segments were put without figures, the last time at `unfolded_ns`.
    """

    def __init__(self, database: Database, writer: str) -> None:
        self.unfolded: dict[str, None] = {}
        self.unfolded_ns = 0
        self._database = database
        self._writer = writer
        self._jobs: OrderedDict[str, JobWriter] = OrderedDict()
        self._before: dict[str, JobWriter] = {}
        """Jobs as they were before a rollback, or in a database that is gone."""
        self._bare: set[str] = set()
        """Jobs whose first segments and checkpoints went with a database that is gone."""
        self._checkpoints: list[tuple[Any, ...]] = []
        self._reported: set[str] = set()

    def needs_checkpoint(self, job_id: str) -> bool:
        """Whether the job can't be shown as it was before it gets another checkpoint. (Any thread.)"""
        return job_id in self._bare

    def write(self, connection: Connection, requests: Sequence[WriteRequest], now_ns: int) -> WriteResult:
        """Write requests within a transaction. Call `committed` afterwards, or `rolled_back`."""
        job_ids = dict.fromkeys(segment.job_id for request in requests for segment in request.segments)
        jobs = self._load(connection, list(job_ids))
        refused = 0
        for request in requests:
            refused += sum(self._add(jobs[segment.job_id], segment) for segment in request.segments)
            for job_id in {segment.job_id for segment in request.segments}:
                jobs[job_id].row.owner = jobs[job_id].row.owner or request.owner
            for figures in request.figures:
                self._add_figures(jobs[figures.summary.job_id], figures)
        unfolded = dict.fromkeys(job_id for job_id, job in jobs.items() if not job.has_figures)
        if unfolded:
            self.unfolded.update(unfolded)
            self.unfolded_ns = now_ns
        lost = thinned = 0
        for job in jobs.values():
            job.row.writer, job.row.written_ns = self._writer, now_ns
            if job.row.owner:
                thinned += job.lost
            else:
                lost += job.lost
            job.lost = 0
        self._save(connection, list(jobs.values()))
        return WriteResult(refused, lost, thinned)

    def committed(self) -> None:
        """The transaction is safe: forget jobs that have ended, and those that were written longest ago."""
        self._before = {}
        for job in self._jobs.values():
            job.safe_n = job.row.n
        for job_id in [job_id for job_id, job in self._jobs.items() if job.final]:
            del self._jobs[job_id]
        while len(self._jobs) > KEEP_JOBS:
            self._jobs.popitem(last=False)

    def rolled_back(self) -> None:
        """The transaction failed, or the database may be another one: read everything again."""
        self._before |= {job_id: job for job_id, job in self._jobs.items() if job.safe_n}
        self._jobs = OrderedDict()
        self._checkpoints = []

    # -- one job

    def _add(self, job: JobWriter, segment: Segment) -> int:
        """Add a segment unless it is stored already; returns how many of its rows were refused."""
        known = self._before.get(segment.job_id)
        if not job.row.n and known is not None and 1 < segment.n <= known.safe_n + 1:
            job.continue_after(segment, known)
            self._bare.add(segment.job_id)
        if segment.n <= job.row.n:
            return 0
        try:
            job.add(segment)
        except SegmentRefused as error:
            self._report(segment.job_id, error)
            return rows_of(segment)
        return 0

    def _add_figures(self, job: JobWriter, figures: JobFigures) -> None:
        if job.set_figures(figures) and figures.checkpoint is not None:
            row = (job.job_no, figures.n, figures.seq, figures.at_ns, figures.checkpoint)
            self._checkpoints.append(row)
            self._bare.discard(figures.summary.job_id)

    def _report(self, job_id: str, error: SegmentRefused) -> None:
        """Log once a job that a part of it is not stored."""
        if job_id not in self._reported and len(self._reported) < KEEP_JOBS:
            self._reported.add(job_id)
            _log.error("A part of job %s is not stored: %s", job_id, error)

    # -- the tables

    def _load(self, connection: Connection, job_ids: list[str]) -> dict[str, JobWriter]:
        """The jobs as the database has them; new ones get a row."""
        found = self._rows(connection, job_ids)
        missing = [job_id for job_id in job_ids if job_id not in found]
        if missing:
            rows = [(job_id,) for job_id in missing]
            self._database.insert(connection, tables.jobs, ("job_id",), rows, conflict="(job_id) DO NOTHING")
            found |= self._rows(connection, missing)
        jobs, loaded = {}, []
        for job_id in job_ids:
            job_no, row = found[job_id]
            job = self._jobs.get(job_id)
            if job is None or job.job_no != job_no or job.row.n != row.n:
                if job is not None and job.safe_n:
                    self._before[job_id] = job
                job = JobWriter(job_no, row)
                if row.n:
                    loaded.append(job)
            self._jobs[job_id] = jobs[job_id] = job
            self._jobs.move_to_end(job_id)
        self._load_names(connection, loaded)
        return jobs

    def _rows(self, connection: Connection, job_ids: list[str]) -> dict[str, tuple[int, JobRow]]:
        text = f"SELECT job_no, {', '.join(COLUMNS)} FROM jobs WHERE job_id"
        suffix = "" if self._database.sqlite else "ORDER BY job_id FOR UPDATE"
        rows = self._database.select_in(connection, text, job_ids, suffix=suffix)
        return {row[1]: (row[0], row_of(row[1:])) for row in rows}

    def _load_names(self, connection: Connection, jobs: list[JobWriter]) -> None:
        by_no = {job.job_no: job for job in jobs}
        text = "SELECT job_no, kind, number, name FROM names WHERE job_no"
        for job_no, kind, number, name in self._database.select_in(connection, text, list(by_no)):
            by_no[job_no].load_name(kind, number, name)

    def _save(self, connection: Connection, jobs: list[JobWriter]) -> None:
        database = self._database
        chunks, replaced, names = [], [], []
        for job in jobs:
            written, merged = job.flush()
            chunks += [(job.job_no, *chunk) for chunk in written]
            replaced += [(job.job_no, *key) for key in merged]
            names += job.take_new_names()
        database.delete(connection, tables.chunks, ("job_no", "kind", "first"), replaced)
        database.insert(connection, tables.chunks, _CHUNK, chunks)
        conflict = "(job_no, kind, number) DO UPDATE SET name = excluded.name"
        database.insert(connection, tables.names, _NAME, names, conflict=conflict)
        conflict = "(job_no, n) DO NOTHING"
        database.insert(connection, tables.checkpoints, CHECKPOINT, self._checkpoints, conflict=conflict)
        self._checkpoints = []
        rows = [msgspec.structs.astuple(job.row) for job in jobs]
        conflict = f"(job_id) DO {update_all(COLUMNS[1:])}"
        database.insert(connection, tables.jobs, COLUMNS, rows, conflict=conflict)
