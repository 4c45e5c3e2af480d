"""Which writers of this store are alive. Several processes may write to one database.

Each writer leaves a heartbeat in the table `writers` every two seconds. A job belongs to the writer that wrote it last;
when that writer has stopped, or was silent for eight seconds, the job is lost unless it has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection

from ..times import SECOND
from . import tables
from .database import Database, update_all

BEAT_NS = 2 * SECOND
SILENT_NS = 8 * SECOND
_COLUMNS = ("writer", "origin", "beat_ns", "stopped")


class WriterLiveness:
    """Reads the heartbeats of all writers and leaves those of `own`, the writer of this process.

    Args:
        own: this writer's name in the table.
        origin: the process as people know it: `host:pid`.

    `beat_ns` is this writer's last heartbeat.
    """

    def __init__(self, database: Database, own: str, origin: str, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.own = own
        self._origin = origin
        self._database = database
        self._now_ns = now_ns
        self.beat_ns = 0

    def beat(self, connection: Connection, *, stopped: bool = False) -> None:
        """Leave a heartbeat if one is due, or the last one when this writer has `stopped`."""
        now_ns = self._now_ns()
        if not stopped and now_ns - self.beat_ns < BEAT_NS:
            return
        row = (self.own, self._origin, now_ns, stopped)
        conflict = f"(writer) DO {update_all(_COLUMNS[1:])}"
        self._database.insert(connection, tables.writers, _COLUMNS, [row], conflict=conflict)
        self.beat_ns = now_ns

    def alive(self, connection: Connection) -> set[str]:
        """The names of the writers that are alive; `own` always is."""
        text = self._database.sql("SELECT writer FROM writers WHERE beat_ns > ? AND NOT stopped")
        return {self.own, *(row[0] for row in connection.exec_driver_sql(text, (self._now_ns() - SILENT_NS,)))}

    def last_sign_ns(self, connection: Connection, writer: str, sign_ns: int) -> int:
        """When a job was last known to be alive: at its own last sign `sign_ns`, or with a later beat of its writer."""
        text = self._database.sql("SELECT beat_ns FROM writers WHERE writer = ?")
        found = connection.exec_driver_sql(text, (writer,)).first()
        return max(sign_ns, found[0]) if found is not None else sign_ns
