"""Figures of jobs that an older version wrote without: it stored rows first, and folded them when it had time."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..fold.checkpoints import CheckpointSchedule, JobFigures, figures_of
from ..segments.check import SegmentRefused
from . import tables
from .batch_writer import CHECKPOINT
from .database import Database
from .errors import StoreFailed
from .job_rows import encoded_summary
from .reader import StoreReader

ROWS = 20_000
"""Folded at once, so that writing does not wait for long."""
_log = logging.getLogger("routilux.dashboard")


class FigureUpgrade:
    """A background task of the writer: folds those jobs once, a part at a time. Does nothing if there are none."""

    def __init__(self, database: Database, reader: StoreReader) -> None:
        self._database = database
        self._reader = reader
        self._steps = _upgrade(database, reader)

    def run(self, _now_ns: int) -> bool:
        """Fold a part of a job; returns whether there is more to fold."""
        try:
            return next(self._steps, False)
        except Exception:
            self._steps = _upgrade(self._database, self._reader)
            raise


def _upgrade(database: Database, reader: StoreReader) -> Iterator[bool]:
    for job_id in reader.unfolded():
        try:
            yield from _fold(database, reader, job_id)
        except StoreFailed as error:
            if isinstance(error.__cause__, SQLAlchemyError | OSError):  # the database is at fault, not the job
                raise
            _log.error("The figures of job %s cannot be updated: %s", job_id, error)
        except (LookupError, SegmentRefused, msgspec.DecodeError, ValueError) as error:
            _log.error("The figures of job %s cannot be updated: %s", job_id, error)


def _fold(database: Database, reader: StoreReader, job_id: str) -> Iterator[bool]:
    playback, schedule, rows = reader.last_checkpoint(job_id), CheckpointSchedule(), 0
    for segment in reader.segments(job_id, playback.n):
        playback.add(segment, trusted=True)
        schedule.count(segment)
        rows += len(segment.records.source) + len(segment.runs.target)
        if rows >= ROWS:
            rows = 0
            with database.writing() as connection:
                _save(database, connection, figures_of(playback, schedule))
            yield True
    with database.writing() as connection:
        _save(database, connection, figures_of(playback, schedule, needed=True))


def _save(database: Database, connection: Connection, figures: JobFigures) -> None:
    found = connection.exec_driver_sql(
        database.sql("SELECT job_no FROM jobs WHERE job_id = ?"), (figures.summary.job_id,)
    ).first()
    if found is None:
        return
    if figures.checkpoint is not None:
        row = (found[0], figures.n, figures.seq, figures.at_ns, figures.checkpoint)
        database.insert(connection, tables.checkpoints, CHECKPOINT, [row], conflict="(job_no, n) DO NOTHING")
    text = database.sql("UPDATE jobs SET summary = ?, words = ?, played = n WHERE job_no = ? AND n = ?")
    connection.exec_driver_sql(text, (*encoded_summary(figures.summary), found[0], figures.n))
