"""Reading the chunks of a job by the numbers of their rows; a chunk is read once while it is looked at."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection

from .database import Database
from .errors import StoreFailed
from .tables import Kind

PAGE = 2, 32
"""Chunks read at once: at first, and at most later on."""
Rows = TypeVar("Rows")
_COLUMNS = "first, last, first_ns, min_cause, max_cause, data"


class ChunkRow(NamedTuple):
    """A chunk as it was read; `data` is decoded by whoever needs it."""

    first: int
    last: int
    first_ns: int
    min_cause: int
    max_cause: int
    data: bytes


class ChunkReader(Generic[Rows]):
    """The chunks of one kind of a job, decoded by `decode`."""

    def __init__(
        self, database: Database, connection: Connection, job_no: int, kind: Kind, decode: Callable[[bytes], Rows]
    ) -> None:
        self._database = database
        self._connection = connection
        self._job_no = job_no
        self._kind = int(kind)
        self._decode = decode
        self._held: tuple[ChunkRow, Rows] | None = None

    def rows(self, found: ChunkRow) -> Rows:
        """The rows of a chunk. Raises `StoreFailed` for one that is damaged."""
        if self._held is None or self._held[0] is not found:
            try:
                self._held = (found, self._decode(bytes(found.data)))
            except (msgspec.DecodeError, zlib.error) as error:
                kind = Kind(self._kind).name.lower()
                raise StoreFailed(
                    f"{self._database.place}: {kind} {found.first} to {found.last} of a job are damaged ({error})"
                ) from error
        return self._held[1]

    def at(self, number: int) -> ChunkRow | None:
        """The chunk that has row `number`."""
        if self._held is not None and self._held[0].first <= number <= self._held[0].last:
            return self._held[0]
        text = f"SELECT {_COLUMNS} FROM chunks WHERE job_no = ? AND kind = ? AND first <= ? ORDER BY first DESC LIMIT 1"
        found = self._execute(text, number)
        return found[0] if found and found[0].last >= number else None

    def between(self, first: int, last: int, where: str = "", *values: int) -> Iterator[ChunkRow]:
        """The chunks that have any of the rows `first` to `last`, and satisfy `where`; in order."""
        text = (
            f"SELECT {_COLUMNS} FROM chunks WHERE job_no = ? AND kind = ? AND first >= COALESCE((SELECT MAX(first) "
            f"FROM chunks WHERE job_no = ? AND kind = ? AND first <= ?), 0) AND first <= ? AND last >= ? {where} "
            "ORDER BY first LIMIT ?"
        )
        size = PAGE[0]
        while True:
            page = self._execute(text, self._job_no, self._kind, first, last, first, *values, size)
            yield from page
            if len(page) < size:
                return
            first, size = page[-1].last + 1, min(2 * size, PAGE[1])

    def backwards(self, first: int, last: int, where: str = "", *values: int) -> Iterator[ChunkRow]:
        """The same, the last chunk first."""
        text = (
            f"SELECT {_COLUMNS} FROM chunks WHERE job_no = ? AND kind = ? AND first <= ? AND last >= ? {where} "
            "ORDER BY first DESC LIMIT ?"
        )
        size = PAGE[0]
        while True:
            page = self._execute(text, last, first, *values, size)
            yield from page
            if len(page) < size:
                return
            last, size = page[-1].first - 1, min(2 * size, PAGE[1])

    def caused_by(self, seq: int, limit: int) -> Iterator[ChunkRow]:
        """The chunks that may have rows whose cause is `seq`, at most `limit` of them."""
        text = (
            f"SELECT {_COLUMNS} FROM chunks WHERE job_no = ? AND kind = ? AND max_cause >= ? AND min_cause <= ? "
            "ORDER BY max_cause LIMIT ?"
        )
        yield from self._execute(text, seq, seq, limit)

    def extents(self, where: str, *values: int) -> list[tuple[int, int, int]]:
        """The lowest and highest cause of the chunks that satisfy `where`, and the number of their first row."""
        text = f"SELECT min_cause, max_cause, first FROM chunks WHERE job_no = ? AND kind = ? AND {where}"
        parameters = (self._job_no, self._kind, *values)
        return [tuple(row) for row in self._connection.exec_driver_sql(self._database.sql(text), parameters)]

    def _execute(self, text: str, *values: Any) -> list[ChunkRow]:
        parameters = (self._job_no, self._kind, *values)
        return [ChunkRow(*row) for row in self._connection.exec_driver_sql(self._database.sql(text), parameters)]
