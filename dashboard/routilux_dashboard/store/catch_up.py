"""Bringing the figures of jobs up to date whose rows were written without: there was no time, or a process has died."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from ..segments.check import SegmentRefused
from ..times import SECOND
from .batch_writer import BatchWriter
from .database import Database
from .errors import StoreFailed
from .player import Player
from .reader import Reader

ROWS = 20_000
"""Played in one go, so that what comes in does not wait for long."""
ROW_BYTES = 20
BUSY_NS = SECOND
RESTS = 19
"""While much comes in, so many times as long as it plays it rests."""
_log = logging.getLogger("routilux.dashboard")


class CatchUp:
    """Plays what has been written, a part at a time; for the writer's thread."""

    def __init__(
        self, database: Database, batches: BatchWriter, reader: Reader, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._now_ns = now_ns
        self._rest_until_ns = 0
        self._database = database
        self._batches = batches
        self._reader = reader
        self._looked = False
        self._playing: tuple[str, Player | None] | None = None

    @property
    def busy(self) -> bool:
        """Whether there are figures that are not up to date."""
        return self._playing is not None or bool(self._batches.behind)

    def turn(self, now_ns: int) -> bool:
        """Play a part of a job; whether there is more to play."""
        if not self._looked:
            self._batches.behind |= dict.fromkeys(self._reader.behind())
            self._looked = True
        if self._playing is None and self._batches.behind:
            self._playing = (self._batches.behind.popitem()[0], None)
        if self._playing is None or now_ns < self._rest_until_ns:
            return False
        job_id, player = self._playing
        self._batches.behind[job_id] = None  # until it is done
        try:
            self._playing = self._play(job_id, player)
        except StoreFailed as error:
            self._playing = None
            if isinstance(error.__cause__, SQLAlchemyError | OSError):  # it is the database, and not the job
                raise
            _log.error("The figures of job %s cannot be brought up to date: %s", job_id, error)
        except (LookupError, SegmentRefused, msgspec.DecodeError, ValueError) as error:
            self._playing = None
            _log.error("The figures of job %s cannot be brought up to date: %s", job_id, error)
        if now_ns - self._batches.busy_ns < BUSY_NS:
            self._rest_until_ns = now_ns + RESTS * (self._now_ns() - now_ns)
            return False
        return True

    def _play(self, job_id: str, player: Player | None) -> tuple[str, Player | None] | None:
        before = 0 if player is None else player.n
        player = self._reader.play_on(job_id, player, ROWS)
        if player.n > before:
            mark = player.mark(ROWS * ROW_BYTES, needed=False)
            if mark is not None:
                with self._database.writing() as connection:
                    self._batches.save_mark(connection, job_id, mark)
            return job_id, player
        with self._database.writing() as connection:
            if self._batches.caught_up(connection, job_id, player):
                self._batches.behind.pop(job_id, None)
                return None
        return job_id, player
