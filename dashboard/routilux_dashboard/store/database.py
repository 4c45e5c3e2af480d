"""The connections to a store's database: what differs between SQLite and PostgreSQL is here."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from . import location
from .schema import bring_up, version_of
from .tables import SCHEMA

BUSY_SECONDS = 1.0
"""How long SQLite waits for another process' transaction before it says that the file is locked."""
ANSWER_SECONDS = 5
"""How long a database server may take to be reached."""
_LASTING = ("auto_vacuum=INCREMENTAL", "journal_mode=WAL")
"""Pragmas that a file keeps."""
_PRAGMAS = (
    "synchronous=FULL",  # few commits, so that they can be safe: what was acknowledged outlives the machine
    "journal_size_limit=67108864",
    "cache_size=-16000",
    "temp_store=MEMORY",
)


class Database:
    """A database that is opened when it is needed, and opened again when it has gone.

    A file that nobody can write, on a read-only file system or in a folder of somebody else, can be read all the same.
    `opened` guards the engine: it is made once, and let go of by whoever sees that it is of no use any more.
    """

    def __init__(self, named: str) -> None:
        self.url = location.url_of(named)
        self.place = location.shown(self.url)
        self.sqlite = self.url.drivername.startswith("sqlite")
        self._file = location.file_of(self.url)
        self._opened = threading.Lock()
        self._engine: Engine | None = None
        self._still = False
        self._inode: tuple[int, ...] | None = None

    def sql(self, text: str) -> str:
        """A statement with `?` for its parameters, as the driver wants it."""
        return text if self.sqlite else text.replace("?", "%s")

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed at its end, taken back when something is raised."""
        with self._open().connect().execution_options(routilux_writes=True) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads: it sees one state of the database."""
        with self._open().connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Let go of all connections; the next one opens the database for_new_database."""
        with self._opened:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def give_back(self, pages: int) -> bool:
        """Make a file smaller by up to so many pages that hold nothing; whether there were any."""
        if not self.sqlite:
            return False
        with self._open().connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            free: int = raw.execute("PRAGMA freelist_count").fetchone()[0]
            if free and raw.execute("PRAGMA auto_vacuum").fetchone()[0]:
                raw.executescript(f"PRAGMA incremental_vacuum({pages})")  # execute() would stop after the first page
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                return bool(raw.execute("PRAGMA freelist_count").fetchone()[0] < free)
        return False

    def bytes_used(self) -> int | None:
        """The size of the database's file; `None` on a server."""
        try:
            return self._file.stat().st_size if self._file is not None else None
        except OSError:
            return None

    def _open(self) -> Engine:
        with self._opened:
            if self._engine is not None and self._inode == self._identity():
                return self._engine
            if self._engine is not None:
                self._engine.dispose()  # the file was moved away or replaced: what is written to it is lost
                self._engine = None
            self._still = False
            try:
                engine = self._opened_at(self.url)
            except OperationalError:
                self._still = self._stands_still()
                if not self._still:
                    raise
                engine = self._opened_at(location.looked_at(self.url))
            self._engine, self._inode = engine, self._identity()
            return engine

    def _opened_at(self, url: URL) -> Engine:
        engine = self._make(url)
        try:
            self._bring_up(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _stands_still(self) -> bool:
        """Whether the file is all there is, and this user can change nothing: SQLite needs a file beside it else."""
        file = self._file
        if file is None or not file.is_file() or os.access(file.absolute().parent, os.W_OK):
            return False
        return not _size(Path(f"{file}-wal"))

    def _bring_up(self, engine: Engine) -> None:
        location.make_default_folder(self.url)
        with engine.connect() as connection, connection.begin():
            if version_of(connection, self.place) == SCHEMA:
                return  # so that what can only be read is read
        if self.sqlite:
            with engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                for pragma in _LASTING:
                    raw.execute(f"PRAGMA {pragma}").close()
        with engine.connect().execution_options(routilux_writes=True) as connection, connection.begin():
            bring_up(connection, self.place, SCHEMA)

    def _make(self, url: URL | None = None) -> Engine:
        url = self.url if url is None else url
        if self.sqlite:
            # A cached statement keeps a copy of what it was executed with last: of whole batches, here.
            options = {"timeout": BUSY_SECONDS, "cached_statements": 0}
            engine = create_engine(url, connect_args=options, pool_size=4, max_overflow=32)
            event.listen(engine, "connect", _set_up)
            event.listen(engine, "begin", _begin)
            return engine
        answer = {"connect_timeout": ANSWER_SECONDS, "keepalives_idle": 10, "keepalives_interval": 5}
        return create_engine(url, connect_args=answer, pool_size=4, max_overflow=32, pool_pre_ping=True)

    def _identity(self) -> tuple[int, ...] | None:
        """What tells the file from another one of that name; and from what it was, when it is not to change."""
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return (0, 0)
        if self._still:
            return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, self._stands_still()
        return found.st_dev, found.st_ino


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _set_up(connection: Any, _record: Any) -> None:
    """Transactions are begun by `_begin`, and not by the driver when it thinks fit."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("routilux_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
