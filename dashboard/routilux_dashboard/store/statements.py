"""The statements that write: one for a whole batch each.

Beside a busy engine every statement waits for the interpreter's lock when it is done: a row at a
time (`executemany`) stores next to nothing (design/performance in figures: benchmarks/storing.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Table

from .database import Database

PARAMETERS = 30_000
"""In one statement; SQLite takes 32,766."""


def insert(
    database: Database,
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    conflict: str = "",
) -> None:
    """Insert rows that have these columns; `conflict` is what follows ON CONFLICT, if any."""
    group = f"({', '.join('?' * len(columns))})"
    for part in _parts(rows, PARAMETERS // len(columns)):
        text = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES {', '.join([group] * len(part))}"
        text += f" ON CONFLICT {conflict}" if conflict else ""
        connection.exec_driver_sql(database.sql(text), tuple(chain.from_iterable(part)))


def delete(
    database: Database, connection: Connection, table: Table, columns: Sequence[str], keys: Iterable[Sequence[Any]]
) -> None:
    """Delete the rows whose columns have one of these values."""
    group = f"({', '.join('?' * len(columns))})"
    for part in _parts(keys, PARAMETERS // len(columns)):
        text = f"DELETE FROM {table.name} WHERE ({', '.join(columns)}) IN (VALUES {', '.join([group] * len(part))})"
        connection.exec_driver_sql(database.sql(text), tuple(chain.from_iterable(part)))


def select(
    database: Database, connection: Connection, text: str, values: Sequence[Any], *, more: str = ""
) -> list[Any]:
    """Rows of `text`, which ends in a column, where that column is one of the values; then `more`."""
    rows: list[Any] = []
    for part in _parts(values, PARAMETERS):
        statement = f"{text} IN ({', '.join('?' * len(part))}) {more}"
        rows += connection.exec_driver_sql(database.sql(statement), tuple(part)).fetchall()
    return rows


def update_all(columns: Iterable[str]) -> str:
    """What follows DO in an upsert that replaces these columns."""
    return "UPDATE SET " + ", ".join(f"{column} = excluded.{column}" for column in columns)


def _parts(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part
