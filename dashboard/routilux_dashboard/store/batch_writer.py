"""Writing what was put, in one transaction: whole segments, each once, in the order of their numbers."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from ..segments.check import SegmentRefused
from ..segments.segment import Segment
from . import statements, tables
from .database import Database
from .job_rows import row_of
from .job_writer import JobRow, JobWriter
from .player import CheckpointRow, Player
from .tail import Chunk

KEEP_JOBS = 500
"""Jobs whose tails and figures are held in memory; of others they are read again when more comes."""
_COLUMNS = JobRow.__struct_fields__
_CHUNK = ("job_no", *Chunk._fields)
_NAME = ("job_no", "kind", "number", "name")
_CHECKPOINT = ("job_no", "n", "seq", "at_ns", "data")
_log = logging.getLogger("routilux.dashboard")


class WriteResult(NamedTuple):
    """What a transaction did: rows that were refused, and records that segments say are nowhere.

    `lost`: of this program's jobs; `thinned`: of those that others sent, who had left them out.
    """

    refused: int = 0
    lost: int = 0
    thinned: int = 0


class BatchWriter:
    """Writes batches. It holds what it knows of the jobs between them; for one thread.

    `behind`: jobs whose figures are not up to date with their rows. `busy_ns`: when there was last no time for that.
    """

    def __init__(self, database: Database, writer: str) -> None:
        self.behind: dict[str, None] = {}
        self.busy_ns = 0
        self._database = database
        self._writer = writer
        self._jobs: OrderedDict[str, JobWriter] = OrderedDict()
        self._players: OrderedDict[str, Player] = OrderedDict()
        self._before: dict[str, JobWriter] = {}
        self._first_marks: list[tuple[Any, ...]] = []
        self._told: set[str] = set()

    def write(
        self, connection: Connection, segments: Iterable[Segment], owners: dict[str, str], now_ns: int, *, fold: bool
    ) -> WriteResult:
        """Write segments within a transaction. Call `forget` when it is taken back, and `tidy` when it was not.

        `fold` says that there is time to bring the jobs' figures up to date too.
        """
        by_job: dict[str, list[Segment]] = {}
        for segment in segments:
            by_job.setdefault(segment.job_id, []).append(segment)
        jobs = self._load(connection, list(by_job))
        refused = lost = thinned = 0
        for job_id, job in jobs.items():
            refused += self._add(job, by_job[job_id], fold=fold)
            job.row.writer, job.row.written_ns = self._writer, now_ns
            job.row.owner = job.row.owner or owners.get(job_id, "")
            if job.row.owner:
                thinned += job.lost
            else:
                lost += job.lost
            job.lost = 0
        self._save(connection, list(jobs.values()))
        return WriteResult(refused, lost, thinned)

    def forget(self) -> None:
        """The transaction was taken back, or the database is another one: know nothing of it. Figures stay."""
        self._before |= {job_id: job for job_id, job in self._jobs.items() if job.safe_n}
        self._jobs = OrderedDict()

    def give_up(self, job_ids: Iterable[str]) -> None:
        """Something of these jobs is never written, but it may have been played: let go of their figures."""
        for job_id in job_ids:
            if self._players.pop(job_id, None) is not None:
                self.behind[job_id] = None

    def caught_up(self, connection: Connection, job_id: str, player: Player) -> bool:
        """Save the figures of a job that was `behind`; False when it has gone on meanwhile."""
        job_no, row = self._rows(connection, [job_id]).get(job_id, (0, None))
        if row is None:
            return True
        if row.n != player.n:
            return False
        mark = player.mark(0, needed=True)
        self._insert_marks(connection, [(job_no, *mark)] if mark is not None else [])
        summary, words = player.row()
        text = self._database.sql("UPDATE jobs SET summary = ?, words = ?, played = n WHERE job_no = ?")
        connection.exec_driver_sql(text, (summary, words, job_no))
        if not row.ended:
            self._players[job_id] = player
        return True

    def save_mark(self, connection: Connection, job_id: str, mark: CheckpointRow) -> None:
        """Save a checkpoint of a job that is played from what has been written."""
        found = self._rows(connection, [job_id]).get(job_id)
        if found is not None:
            self._insert_marks(connection, [(found[0], *mark)])

    def tidy(self) -> None:
        """Called when what was written is safe: let go of jobs that have ended, and of those of long ago."""
        self._before = {}
        for job in self._jobs.values():
            job.safe_n = job.row.n
        for job_id in [job_id for job_id, job in self._jobs.items() if job.settled]:
            del self._jobs[job_id]
            self._players.pop(job_id, None)
        for held in (self._jobs, self._players):
            while len(held) > KEEP_JOBS:
                held.popitem(last=False)

    # -- one job

    def _add(self, job: JobWriter, segments: list[Segment], *, fold: bool) -> int:
        """Add the segments that are not kept yet; returns how many rows were refused."""
        refused = 0
        player = self._player(job, fold=fold)
        for segment in segments:
            if segment.n <= job.row.n:
                continue
            try:
                job.check(segment)
                named = job.renumbered(segment)
                if player is not None:
                    player.add(named)
                job.add(named)
            except SegmentRefused as error:
                refused += rows_of(segment)
                self._tell(job.row.job_id, error)
        return refused

    def _player(self, job: JobWriter, *, fold: bool) -> Player | None:
        """The job played so far; `None` when there is no time for that, or no way."""
        job_id = job.row.job_id
        player = self._players.pop(job_id, None)
        if not job.row.n:
            known = self._before.get(job_id)
            if player is None or known is None:
                player = Player()
            else:
                job.begin_after(player.n, player.playback.seq, known)
                mark = player.mark(0, needed=True)
                self._first_marks += [(job.job_no, *mark)] if mark is not None else []
        if player is None or player.n < job.row.n or not fold:
            self.behind[job_id] = None
            return None
        self._players[job_id] = player
        return player

    def _tell(self, job_id: str, error: Exception) -> None:
        """Say once of each job that something of it is not kept."""
        if job_id not in self._told and len(self._told) < KEEP_JOBS:
            self._told.add(job_id)
            _log.error("Of job %s, a part is not kept: %s", job_id, error)

    # -- the tables

    def _load(self, connection: Connection, job_ids: list[str]) -> dict[str, JobWriter]:
        """What is kept of the jobs; those that are new get a row."""
        found = self._rows(connection, job_ids)
        missing = [job_id for job_id in job_ids if job_id not in found]
        if missing:
            statements.insert(
                self._database,
                connection,
                tables.jobs,
                ("job_id",),
                [(job_id,) for job_id in missing],
                conflict="(job_id) DO NOTHING",
            )
            found |= self._rows(connection, missing)
        jobs = {}
        fresh = []
        for job_id in job_ids:
            job_no, row = found[job_id]
            job = self._jobs.get(job_id)
            if job is None or job.job_no != job_no or job.row.n != row.n:
                if job is not None and job.safe_n:
                    self._before[job_id] = job
                job = JobWriter(job_no, row)
                if row.n:
                    fresh.append(job)
            self._jobs[job_id] = jobs[job_id] = job
            self._jobs.move_to_end(job_id)
        self._load_names(connection, fresh)
        return jobs

    def _rows(self, connection: Connection, job_ids: list[str]) -> dict[str, tuple[int, JobRow]]:
        text = f"SELECT job_no, {', '.join(_COLUMNS)} FROM jobs WHERE job_id"
        more = "" if self._database.sqlite else "ORDER BY job_id FOR UPDATE"
        rows = statements.select(self._database, connection, text, job_ids, more=more)
        return {row[1]: (row[0], row_of(row[1:])) for row in rows}

    def _load_names(self, connection: Connection, jobs: list[JobWriter]) -> None:
        by_no = {job.job_no: job for job in jobs}
        text = "SELECT job_no, kind, number, name FROM names WHERE job_no"
        for job_no, kind, number, name in statements.select(self._database, connection, text, list(by_no)):
            by_no[job_no].load_name(kind, number, name)

    def _save(self, connection: Connection, jobs: list[JobWriter]) -> None:
        database = self._database
        chunks, gone, names, checkpoints = [], [], [], []
        for job in jobs:
            cut, old = job.cut()
            chunks += [(job.job_no, *chunk) for chunk in cut]
            gone += [(job.job_no, *key) for key in old]
            names += job.fresh_names()
            player = self._players.get(job.row.job_id)
            if player is not None and player.n == job.row.n and player.n:
                job.row.summary, job.row.words = player.row()
                job.row.played = player.n
                mark = player.mark(sum(len(chunk.data) for chunk in cut), needed=job.settled)
                if mark is not None:
                    checkpoints.append((job.job_no, *mark))
        statements.delete(database, connection, tables.chunks, ("job_no", "kind", "first"), gone)
        statements.insert(database, connection, tables.chunks, _CHUNK, chunks)
        statements.insert(
            database,
            connection,
            tables.names,
            _NAME,
            names,
            conflict="(job_no, kind, number) DO UPDATE SET name = excluded.name",
        )
        self._insert_marks(connection, [*self._first_marks, *checkpoints])
        self._first_marks = []
        rows = [msgspec.structs.astuple(job.row) for job in jobs]
        conflict = f"(job_id) DO {statements.update_all(_COLUMNS[1:])}"
        statements.insert(database, connection, tables.jobs, _COLUMNS, rows, conflict=conflict)

    def _insert_marks(self, connection: Connection, rows: list[tuple[Any, ...]]) -> None:
        table, conflict = tables.checkpoints, "(job_no, n) DO NOTHING"
        statements.insert(self._database, connection, table, _CHECKPOINT, rows, conflict=conflict)


def rows_of(segment: Segment) -> int:
    """How many rows a segment has."""
    return (
        len(segment.records.source)
        + len(segment.runs.target)
        + len(segment.entries)
        + len(segment.log)
        + len(segment.outputs)
    )
