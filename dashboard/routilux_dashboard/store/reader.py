"""Reading what is kept, from any thread: each call is one transaction that sees one state of the store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..fold.causality import Causes, Effects
from ..fold.playback import Playback
from ..protocol import HistoryPage, JobSummary, LogPage, OutputPage
from ..segments.check import SegmentRefused
from ..segments.cut import cut_at_seq, cut_at_time
from ..segments.history_query import PAGE_LIMIT, HistoryQuery, text_in
from ..segments.segment import Segment, SourceName, TargetName
from . import coding
from .causality_reader import CausalityReader
from .chunk_reader import ChunkReader
from .database import Database
from .errors import StoreFailed, reason_of
from .history import History
from .job_rows import JobList, JobQuery, JobRows
from .job_writer import JobRow
from .liveness import WriterLiveness
from .player import Player
from .retention import mark_deleted
from .schema import SchemaRefused
from .segment_reader import SegmentReader
from .tables import Kind

KEEP_NAMES = 200
"""Jobs whose names are held in memory."""
ROWS_AT_ONCE = 20_000
"""In memory while segments are read."""
ROWS_OF_A_SEGMENT = 50
"""That a segment counts for besides those that it has."""
T = TypeVar("T")


class Reader:
    """Reads a database. Raises `LookupError` for a job that is not there, and `StoreFailed` when the store cannot be
    read."""

    def __init__(self, database: Database, living: WriterLiveness) -> None:
        self._database = database
        self._rows = JobRows(database, living)
        self._names: OrderedDict[tuple[int, int], tuple[int, dict[int, Any]]] = OrderedDict()

    # -- the list

    def jobs(self, asked: JobQuery) -> JobList:
        with self._reading() as connection:
            return self._rows.page(connection, asked)

    def summary(self, job_id: str) -> JobSummary:
        """A job as the list shows it."""
        with self._reading() as connection:
            return self._rows.summary(connection, self._rows.find(connection, job_id)[1])

    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]:
        """The number of the last segment that is kept, of those of the jobs that are."""
        with self._reading() as connection:
            found = {}
            for job_id in job_ids:
                text = self._database.sql("SELECT n FROM jobs WHERE job_id = ?")
                row = connection.exec_driver_sql(text, (job_id,)).first()
                if row is not None:
                    found[job_id] = row[0]
            return found

    def owner(self, job_id: str) -> str | None:
        """The digest of whoever may send more of a job; `None` for a job that is not there."""
        with self._reading() as connection:
            text = self._database.sql("SELECT owner FROM jobs WHERE job_id = ?")
            row = connection.exec_driver_sql(text, (job_id,)).first()
            return None if row is None else row[0]

    # -- changes, small and rare

    def delete(self, job_id: str) -> None:
        """See that nobody sees the job any more; raises `ValueError` for one that is alive."""
        with self._changing() as connection:
            job_no, row = self._rows.find(connection, job_id)
            if not row.ended and self._rows.last_sign(connection, row) is None:
                raise ValueError(f"Job {job_id!r} is alive: cancel it first")
            mark_deleted(self._database, connection, job_no)

    def release_writer(self, job_ids: Collection[str]) -> None:
        """From now on nobody writes these jobs."""
        with self._changing() as connection:
            for job_id in job_ids:
                text = self._database.sql("UPDATE jobs SET writer = '' WHERE job_id = ?")
                connection.exec_driver_sql(text, (job_id,))

    # -- rows

    def history(self, job_id: str, query: HistoryQuery) -> HistoryPage:
        """The records that `query` asks for; raises `ValueError` for an outcome that there is not."""
        with self._job(job_id) as (connection, job_no, row):
            records, runs = self._records(connection, job_no), self._runs(connection, job_no)
            return History(row, records, runs, self._sources(connection, job_no, row)).page(query)

    def causes(self, job_id: str, seq: int) -> Causes:
        """What led to the record `seq`, from the first to itself; raises `LookupError` when it is not kept."""
        with self._job(job_id) as (connection, job_no, row):
            return self._causality(connection, job_no, row).causes(seq)

    def effects(self, job_id: str, seq: int) -> Effects:
        """What the record `seq` led to at once; raises `LookupError` when it is not kept."""
        with self._job(job_id) as (connection, job_no, row):
            return self._causality(connection, job_no, row).effects(seq)

    def log(self, job_id: str, query: HistoryQuery) -> LogPage:
        """Entries of the shared log: the range and the text of `query`."""
        with self._job(job_id) as (connection, job_no, row):
            reader = ChunkReader(self._database, connection, job_no, Kind.LOG, coding.log_of)
            found = _listed(reader, query, lambda entry: entry.n, lambda entry: entry.entry)
            return LogPage(found, row.first_log, row.log, row.log)

    def outputs(self, job_id: str, query: HistoryQuery) -> OutputPage:
        """Outputs, as `log`."""
        with self._job(job_id) as (connection, job_no, row):
            reader = ChunkReader(self._database, connection, job_no, Kind.OUTPUTS, coding.outputs_of)
            found = _listed(reader, query, lambda output: output.n, lambda output: output.data)
            return OutputPage(found, row.first_output, row.output, row.output)

    # -- the film

    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]:
        """The segments of a job after number `after_n`, as they were put; read as they are asked for."""
        while True:
            found, rows = [], 0
            with self._job(job_id) as (connection, job_no, _):
                for segment in self._segments(connection, job_no).read(after_n):
                    found.append(segment)
                    rows += len(segment.records.source) + len(segment.runs.target) + ROWS_OF_A_SEGMENT
                    if rows >= ROWS_AT_ONCE:
                        break
            yield from found
            if not found:
                return
            after_n = found[-1].n

    def play_on(self, job_id: str, player: Player | None, rows: int) -> Player:
        """Add what follows to a player of a job, or to its last checkpoint: segments with about so many rows."""
        with self._job(job_id) as (connection, job_no, _):
            player = player or Player(self._nearest(connection, job_no, None, None))
            for segment in self._segments(connection, job_no).read(player.n):
                player.add(segment)
                rows -= len(segment.records.source) + len(segment.runs.target) + 1
                if rows <= 0:
                    break
            return player

    def behind(self) -> list[str]:
        """Jobs whose summaries are not up to date, of writers that are dead: nobody else will see to them."""
        with self._reading() as connection:
            return self._rows.behind(connection)

    def is_behind(self, job_id: str) -> bool:
        """Whether the list does not have the figures of all that is written of a job."""
        with self._job(job_id) as (_, _, row):
            return row.played < row.n

    def playback(self, job_id: str, seq: int | None = None, t_ns: int | None = None) -> Playback:
        """A job as it was at the moment of record `seq` or at `t_ns`, else as it is now; lost jobs say so.

        Raises `LookupError` for a moment before the first or after the last record that is kept.
        """
        with self._job(job_id) as (connection, job_no, row):
            if seq is not None and not 0 <= seq <= row.seq:
                raise LookupError(f"Job {job_id!r} has no record {seq}: it has {row.seq}")
            playback = self._nearest(connection, job_no, seq, t_ns)
            try:
                for segment in self._segments(connection, job_no).read(playback.n):
                    part = _until(segment, seq, t_ns)
                    playback.add(part)
                    if part is not segment:
                        break
            except SegmentRefused as error:
                raise LookupError(f"Job {job_id!r} as it was then is not in the store any more: {error}") from error
            sign_ns = self._rows.last_sign(connection, row) if seq is None and t_ns is None else None
            if sign_ns is not None:
                playback.mark_lost(sign_ns)
            return playback

    def _nearest(self, connection: Connection, job_no: int, seq: int | None, t_ns: int | None) -> Playback:
        """The last checkpoint before that moment; an empty playback when there is none."""
        where, values = "", []
        if seq is not None:
            where, values = "AND seq < ?", [seq]
        elif t_ns is not None:
            where, values = "AND at_ns <= ?", [t_ns]
        text = f"SELECT data FROM checkpoints WHERE job_no = ? {where} ORDER BY n DESC LIMIT 1"
        found = connection.exec_driver_sql(self._database.sql(text), (job_no, *values)).first()
        return Playback() if found is None else Playback.restore(bytes(found[0]))

    # -- what all that is made of

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.reading() as connection:
                yield connection
        except (SQLAlchemyError, SchemaRefused, OSError) as error:
            raise StoreFailed(reason_of(error, self._database.place)) from error

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        try:
            with self._database.writing() as connection:
                yield connection
        except (SQLAlchemyError, SchemaRefused, OSError) as error:
            raise StoreFailed(reason_of(error, self._database.place)) from error

    @contextmanager
    def _job(self, job_id: str) -> Iterator[tuple[Connection, int, JobRow]]:
        with self._reading() as connection:
            job_no, row = self._rows.find(connection, job_id)
            yield connection, job_no, row

    def _records(self, connection: Connection, job_no: int) -> ChunkReader[Any]:
        return ChunkReader(self._database, connection, job_no, Kind.RECORDS, coding.records_of)

    def _runs(self, connection: Connection, job_no: int) -> ChunkReader[Any]:
        return ChunkReader(self._database, connection, job_no, Kind.RUNS, coding.runs_of)

    def _segments(self, connection: Connection, job_no: int) -> SegmentReader:
        return SegmentReader(self._database, connection, job_no)

    def _causality(self, connection: Connection, job_no: int, row: JobRow) -> CausalityReader:
        sources, targets = self._sources(connection, job_no, row), self._targets(connection, job_no, row)
        records, runs = self._records(connection, job_no), self._runs(connection, job_no)
        return CausalityReader(records, runs, sources, targets)

    def _sources(self, connection: Connection, job_no: int, row: JobRow) -> dict[int, SourceName]:
        return self._named(connection, job_no, row, Kind.RECORDS, SourceName)

    def _targets(self, connection: Connection, job_no: int, row: JobRow) -> dict[int, TargetName]:
        return self._named(connection, job_no, row, Kind.RUNS, TargetName)

    def _named(self, connection: Connection, job_no: int, row: JobRow, kind: Kind, shape: type[T]) -> dict[int, T]:
        """What numbers mean in a job: held in memory once it has ended, for then nothing is added."""
        held: tuple[int, dict[int, T]] | None = self._names.get((job_no, kind))
        if held is not None and held[0] == row.n:
            return held[1]
        text = self._database.sql("SELECT number, name FROM names WHERE job_no = ? AND kind = ?")
        rows = connection.exec_driver_sql(text, (job_no, int(kind)))
        found = {number: msgspec.msgpack.decode(bytes(name), type=shape) for number, name in rows}
        if row.ended:
            self._names[job_no, kind] = (row.n, found)
            while len(self._names) > KEEP_NAMES:
                self._names.pop(next(iter(self._names)), None)
        return found


def _until(segment: Segment, seq: int | None, t_ns: int | None) -> Segment:
    """The part of a segment up to a moment, the segment itself when all of it is."""
    if seq is not None:
        return cut_at_seq(segment, seq)
    return segment if t_ns is None else cut_at_time(segment, t_ns)


def _listed(
    reader: ChunkReader[list[T]], query: HistoryQuery, number: Callable[[T], int], shown: Callable[[T], object]
) -> list[T]:
    """Rows of a list, by range and text."""
    limit, has = min(query.limit, PAGE_LIMIT), text_in(query.q) if query.q else None
    found: list[T] = []
    read = reader.backwards if query.backwards else reader.between
    for chunk in read(query.first, query.last):
        rows = [row for row in reader.rows(chunk) if query.first <= number(row) <= query.last]
        rows = [row for row in rows if has is None or has(msgspec.json.encode(shown(row)))]
        found = rows + found if query.backwards else found + rows
        if len(found) >= limit:
            break
    return found[-limit:] if query.backwards else found[:limit]
