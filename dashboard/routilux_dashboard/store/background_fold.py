"""Folds jobs whose segments were put without figures, in the writer's thread, while it has nothing to write.

That is so when much comes in at once (see `sources.folding_sink`), and for jobs that an older version or a killed
process left behind. Folding takes more of the processor than writing, and a busy engine in the same process would feel
it: in the second after a batch without figures, this rests 19 times as long as it works.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..fold.checkpoints import CheckpointSchedule, JobFigures, figures_of
from ..fold.playback import Playback
from ..segments.check import SegmentRefused
from ..times import SECOND
from . import tables
from .batch_writer import CHECKPOINT, BatchWriter
from .database import Database
from .errors import StoreFailed
from .job_rows import encoded_summary
from .reader import StoreReader

ROWS = 20_000
"""Folded at once, so that writing does not wait for long."""
RESTS = 19
KEEP_JOBS = 50
"""Jobs whose playbacks stay in memory; others are restored from their last checkpoint."""
_log = logging.getLogger("routilux.dashboard")


class BackgroundFold:
    """A background task of the writer."""

    def __init__(
        self,
        database: Database,
        reader: StoreReader,
        batches: BatchWriter,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._database = database
        self._reader = reader
        self._batches = batches
        self._now_ns = now_ns
        self._looked = False
        self._rest_until_ns = 0
        self._playbacks: OrderedDict[str, tuple[Playback, CheckpointSchedule]] = OrderedDict()

    def run(self, now_ns: int) -> bool:
        """Fold a part of a job; returns whether there is more to fold now."""
        unfolded = self._batches.unfolded
        if not self._looked:
            unfolded.update(dict.fromkeys(self._reader.unfolded()))
            self._looked = True
        if not unfolded or now_ns < self._rest_until_ns:
            return False
        job_id = next(iter(unfolded))
        try:
            if self._fold_part(job_id):
                del unfolded[job_id]
        except (StoreFailed, LookupError, SegmentRefused, msgspec.DecodeError, ValueError) as error:
            if isinstance(error.__cause__, SQLAlchemyError | OSError):  # the database is at fault, not the job
                raise
            del unfolded[job_id]
            _log.error("The figures of job %s cannot be updated: %s", job_id, error)
        if now_ns - self._batches.unfolded_ns < SECOND:
            self._rest_until_ns = now_ns + RESTS * (self._now_ns() - now_ns)
            return False
        return bool(unfolded)

    def _fold_part(self, job_id: str) -> bool:
        """Fold some segments of a job; returns whether all are folded."""
        if job_id not in self._playbacks:
            self._playbacks[job_id] = (self._reader.last_checkpoint(job_id), CheckpointSchedule())
        playback, schedule = self._playbacks[job_id]
        self._playbacks.move_to_end(job_id)
        rows, done = 0, True
        for segment in self._reader.segments(job_id, playback.n):
            playback.add(segment, trusted=True)
            schedule.count(segment)
            rows += len(segment.records.source) + len(segment.runs.target)
            if rows >= ROWS:
                done = False
                break
        with self._database.writing() as connection:
            self._save(connection, figures_of(playback, schedule, needed=done))
        while len(self._playbacks) > KEEP_JOBS:
            self._playbacks.popitem(last=False)
        return done

    def _save(self, connection: Connection, figures: JobFigures) -> None:
        sql, job_id = self._database.sql, figures.summary.job_id
        found = connection.exec_driver_sql(sql("SELECT job_no FROM jobs WHERE job_id = ?"), (job_id,)).first()
        if found is None:
            return
        if figures.checkpoint is not None:
            row = (found[0], figures.n, figures.seq, figures.at_ns, figures.checkpoint)
            conflict = "(job_no, n) DO NOTHING"
            self._database.insert(connection, tables.checkpoints, CHECKPOINT, [row], conflict=conflict)
        text = sql("UPDATE jobs SET summary = ?, words = ?, played = n WHERE job_no = ? AND n = ?")
        connection.exec_driver_sql(text, (*encoded_summary(figures.summary), found[0], figures.n))
