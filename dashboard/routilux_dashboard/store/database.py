"""Connections and statements: everything that differs between SQLite and PostgreSQL.

Beside a busy engine each statement waits for the interpreter's lock when it returns. Row by row (`executemany`) next
to nothing gets stored, so one statement writes a whole batch (`benchmarks/storing.py`).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.exc import OperationalError

from . import location
from .schema import migrate, version_of
from .tables import SCHEMA

BUSY_SECONDS = 1.0
"""How long SQLite waits for another process's transaction before it reports that the file is locked."""
CONNECT_SECONDS = 5
PARAMETERS = 30_000
"""In one statement; SQLite allows 32,766."""
_FILE_PRAGMAS = ("auto_vacuum=INCREMENTAL", "journal_mode=WAL")
"""Pragmas that are stored in the file."""
_PRAGMAS = (
    "synchronous=FULL",  # commits are few, so they can be safe: acknowledged rows survive a crash of the machine
    "journal_size_limit=67108864",
    "cache_size=-16000",
    "temp_store=MEMORY",
)


class Database:
    """A database that is opened when first needed, and opened again after it was lost.

    A file that cannot be written, on a read-only file system or in another user's folder, can still be read. `_lock`
    guards the engine (SQLAlchemy's, which pools connections): it is made once, and disposed of by the first thread to
    find that the file was moved or replaced.
    """

    def __init__(self, named: str) -> None:
        self.url = location.url_of(named)
        self.place = location.shown(self.url)
        self.sqlite = self.url.drivername.startswith("sqlite")
        self._file = location.file_of(self.url)
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._immutable = False
        self._opened_file: tuple[int, ...] | None = None

    # -- transactions

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back if an exception is raised."""
        with self._open().connect().execution_options(routilux_writes=True) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one consistent state of the database."""
        with self._open().connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close all connections; the next transaction opens the database again."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    # -- statements

    def sql(self, text: str) -> str:
        """A statement with `?` for its parameters, as this database's driver expects it."""
        return text if self.sqlite else text.replace("?", "%s")

    def insert(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        conflict: str = "",
    ) -> None:
        """Insert rows that have these columns; `conflict` is the text after ON CONFLICT, if any."""
        group = f"({', '.join('?' * len(columns))})"
        for part in _parts(rows, PARAMETERS // len(columns)):
            text = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([group] * len(part))}"
            text += f" ON CONFLICT {conflict}" if conflict else ""
            connection.exec_driver_sql(self.sql(text), tuple(chain.from_iterable(part)))

    def delete(
        self, connection: Connection, table: Table, columns: Sequence[str], keys: Iterable[Sequence[Any]]
    ) -> None:
        """Delete the rows whose columns have one of these values."""
        group = f"({', '.join('?' * len(columns))})"
        for part in _parts(keys, PARAMETERS // len(columns)):
            text = f"DELETE FROM {table.name} WHERE ({', '.join(columns)}) IN (VALUES {', '.join([group] * len(part))})"
            connection.exec_driver_sql(self.sql(text), tuple(chain.from_iterable(part)))

    def select_in(self, connection: Connection, text: str, values: Sequence[Any], *, suffix: str = "") -> list[Any]:
        """The rows of `text`, which ends in a column, where that column is one of `values`; `suffix` follows."""
        rows: list[Any] = []
        for part in _parts(values, PARAMETERS):
            statement = f"{text} IN ({', '.join('?' * len(part))}) {suffix}"
            rows += connection.exec_driver_sql(self.sql(statement), tuple(part)).fetchall()
        return rows

    # -- the file

    def shrink_file(self, pages: int) -> bool:
        """Give up to `pages` free pages of a SQLite file back to the disk; returns whether there were any."""
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

    # -- opening

    def _open(self) -> Engine:
        with self._lock:
            if self._engine is not None and self._opened_file == self._file_identity():
                return self._engine
            if self._engine is not None:
                self._engine.dispose()  # the file was moved or replaced: anything written to it now would be lost
                self._engine = None
            self._immutable = False
            try:
                engine = self._open_at(self.url)
            except OperationalError:
                self._immutable = self._is_immutable()
                if not self._immutable:
                    raise
                engine = self._open_at(location.immutable_url(self.url))
            self._engine, self._opened_file = engine, self._file_identity()
            return engine

    def _open_at(self, url: URL) -> Engine:
        engine = self._make_engine(url)
        try:
            self._migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _make_engine(self, url: URL) -> Engine:
        if self.sqlite:
            # A cached statement keeps a copy of its last parameters: whole batches, here.
            options = {"timeout": BUSY_SECONDS, "cached_statements": 0}
            engine = create_engine(url, connect_args=options, pool_size=4, max_overflow=32)
            event.listen(engine, "connect", _set_pragmas)
            event.listen(engine, "begin", _begin)
            return engine
        options = {"connect_timeout": CONNECT_SECONDS, "keepalives_idle": 10, "keepalives_interval": 5}
        return create_engine(url, connect_args=options, pool_size=4, max_overflow=32, pool_pre_ping=True)

    def _migrate(self, engine: Engine) -> None:
        location.make_default_folder(self.url)
        with engine.connect() as connection, connection.begin():
            if version_of(connection, self.place) == SCHEMA:
                return  # so a read-only database can be read
        if self.sqlite:
            with engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                for pragma in _FILE_PRAGMAS:
                    raw.execute(f"PRAGMA {pragma}").close()
        with engine.connect().execution_options(routilux_writes=True) as connection, connection.begin():
            migrate(connection, self.place, SCHEMA)

    def _is_immutable(self) -> bool:
        """Whether this user can change nothing and the file is all there is. SQLite otherwise needs a WAL beside it."""
        file = self._file
        if file is None or not file.is_file() or os.access(file.absolute().parent, os.W_OK):
            return False
        return not _size(Path(f"{file}-wal"))

    def _file_identity(self) -> tuple[int, ...] | None:
        """Tells the opened file from another one of that name; from any changed state, if it is read as immutable."""
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return (0, 0)
        if self._immutable:
            return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, self._is_immutable()
        return found.st_dev, found.st_ino


def update_all(columns: Iterable[str]) -> str:
    """The text after DO in an upsert that replaces these columns."""
    return "UPDATE SET " + ", ".join(f"{column} = excluded.{column}" for column in columns)


def _parts(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin`, not whenever the driver thinks fit
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("routilux_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
