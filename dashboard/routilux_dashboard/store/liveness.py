"""Who writes here and is alive: the jobs of the others are lost unless they have ended."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection

from ..times import SECOND
from .database import Database

SILENT_NS = 8 * SECOND
"""A writer that was silent for so long is dead."""


class WriterLiveness:
    """Tells the living from the dead by their signs of life; `own` is the writer of this process, which is alive."""

    def __init__(self, database: Database, own: str, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.own = own
        self._database = database
        self._now_ns = now_ns

    def writers(self, connection: Connection) -> set[str]:
        """The names of those who are alive."""
        text = self._database.sql("SELECT writer FROM writers WHERE beat_ns > ? AND NOT stopped")
        return {self.own, *(row[0] for row in connection.exec_driver_sql(text, (self._now_ns() - SILENT_NS,)))}

    def last_sign_ns(self, connection: Connection, writer: str, sign_ns: int) -> int:
        """When a job of `writer` was last heard of, which itself gave its last sign at `sign_ns`."""
        text = self._database.sql("SELECT beat_ns FROM writers WHERE writer = ?")
        found = connection.exec_driver_sql(text, (writer,)).first()
        return max(sign_ns, found[0]) if found is not None else sign_ns
