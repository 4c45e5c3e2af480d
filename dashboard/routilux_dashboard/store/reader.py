"""Reading the store, from any thread: each call is one transaction that sees one state of the database."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..fold.playback import Playback
from ..protocol import PAGE_LIMIT, Causes, Effects, HistoryPage, JobSummary, LogPage, OutputPage
from ..segments.check import SegmentRefused
from ..segments.cut import cut_at_seq, cut_at_time
from ..segments.history_query import HistoryQuery, text_in
from ..segments.segment import Segment, SourceName, TargetName
from .causality_reader import CausalityReader
from .chunks import ChunkReader
from .database import Database
from .errors import StoreFailed, reason_of
from .history_reader import HistoryReader
from .job_rows import JobQuery, JobRow, JobRows, StoredJobs
from .liveness import WriterLiveness
from .schema import SchemaRefused
from .segment_reader import SegmentReader
from .tables import Kind

KEEP_NAMES = 200
"""Jobs whose names stay in memory."""
ROWS_AT_ONCE = 20_000
"""In memory while segments are read."""
ROWS_OF_A_SEGMENT = 50
"""What a segment counts for, besides its rows."""
T = TypeVar("T")


class StoreReader:
    """The reading half of a store. Methods raise `LookupError` for an unknown job, and `StoreFailed` when the database
    cannot be read."""

    def __init__(self, database: Database, liveness: WriterLiveness) -> None:
        self._database = database
        self._rows = JobRows(database, liveness)
        self._names: OrderedDict[tuple[int, int], tuple[int, dict[int, Any]]] = OrderedDict()

    # -- the job list

    def jobs(self, query: JobQuery | None = None) -> StoredJobs:
        """A page of the jobs that match `query` (all jobs by default), and how many match by status."""
        with self._reading() as connection:
            return self._rows.page(connection, query or JobQuery())

    def summary(self, job_id: str) -> JobSummary:
        """A job as the list shows it."""
        with self._job(job_id) as (connection, _, row):
            return self._rows.summary(connection, row)

    def last_segments(self, job_ids: Collection[str]) -> dict[str, int]:
        """The number of each job's last stored segment; unknown jobs are left out."""
        return dict(self._column("n", job_ids))

    def owner(self, job_id: str) -> str | None:
        """The digest of the program that may send more of a job; `None` if the job is not stored."""
        return next((owner for _, owner in self._column("owner", [job_id])), None)

    def unfolded(self) -> list[str]:
        """Jobs of dead writers whose summaries are older than their rows."""
        with self._reading() as connection:
            return self._rows.unfolded(connection)

    # -- rows

    def history(self, job_id: str, query: HistoryQuery) -> HistoryPage:
        """The records that match `query`; `searched_to` says where to continue when the time for it was up.

        `q` is searched in payloads and in the names of routines and events. Raises `ValueError` for an unknown outcome.
        """
        with self._job(job_id) as (connection, job_no, row):
            records, runs = self._chunks(connection, job_no, Kind.RECORDS), self._chunks(connection, job_no, Kind.RUNS)
            sources = self._named(connection, job_no, row, Kind.RECORDS, SourceName)
            return HistoryReader(row, records, runs, sources).page(query)

    def causes(self, job_id: str, seq: int) -> Causes:
        """The chain of causes that ends with record `seq`, first cause first."""
        with self._job(job_id) as (connection, job_no, row):
            return self._causality(connection, job_no, row).causes(seq)

    def effects(self, job_id: str, seq: int) -> Effects:
        """The direct effects of record `seq`."""
        with self._job(job_id) as (connection, job_no, row):
            return self._causality(connection, job_no, row).effects(seq)

    def log(self, job_id: str, query: HistoryQuery) -> LogPage:
        """Entries of the shared log, by the range and text of `query`."""
        with self._job(job_id) as (connection, job_no, row):
            reader = self._chunks(connection, job_no, Kind.LOG)
            found = _select_rows(reader, query, lambda entry: entry.n, lambda entry: entry.entry)
            return LogPage(found, row.first_log, row.log, row.log)

    def outputs(self, job_id: str, query: HistoryQuery) -> OutputPage:
        """Outputs, by the range and text of `query`."""
        with self._job(job_id) as (connection, job_no, row):
            reader = self._chunks(connection, job_no, Kind.OUTPUTS)
            found = _select_rows(reader, query, lambda output: output.n, lambda output: output.data)
            return OutputPage(found, row.first_output, row.output, row.output)

    # -- segments, and a job as it was

    def segments(self, job_id: str, after_n: int = 0) -> Iterator[Segment]:
        """The job's segments after number `after_n`, as they were put. They are read as the caller iterates."""
        while True:
            found, rows = [], 0
            with self._job(job_id) as (connection, job_no, _):
                for segment in SegmentReader(self._database, connection, job_no).read(after_n):
                    found.append(segment)
                    rows += len(segment.records.source) + len(segment.runs.target) + ROWS_OF_A_SEGMENT
                    if rows >= ROWS_AT_ONCE:
                        break
            yield from found
            if not found:
                return
            after_n = found[-1].n

    def playback(self, job_id: str, seq: int | None = None, t_ns: int | None = None) -> Playback:
        """A job as it was at record `seq` or at `t_ns` (since the epoch), else as it is now; a lost job says so.

        Raises `LookupError` for a moment before the first or after the last stored record.
        """
        with self._job(job_id) as (connection, job_no, row):
            if seq is not None and not 0 <= seq <= row.seq:
                raise LookupError(f"Job {job_id!r} has no record {seq}: it has {row.seq}")
            playback = self._last_checkpoint(connection, job_no, seq, t_ns)
            try:
                for segment in SegmentReader(self._database, connection, job_no).read(playback.n):
                    part = _cut(segment, seq, t_ns)
                    playback.add(part, trusted=True)
                    if part is not segment:
                        break
            except SegmentRefused as error:
                raise LookupError(f"Job {job_id!r} at that moment is no longer in the store: {error}") from error
            sign_ns = self._rows.last_sign_ns(connection, row) if seq is None and t_ns is None else None
            if sign_ns is not None:
                playback.mark_lost(sign_ns)
            return playback

    def last_checkpoint(self, job_id: str) -> Playback:
        """A job as of its last checkpoint, which may be older than its last segment."""
        with self._job(job_id) as (connection, job_no, _):
            return self._last_checkpoint(connection, job_no, None, None)

    def _last_checkpoint(self, connection: Connection, job_no: int, seq: int | None, t_ns: int | None) -> Playback:
        """The last checkpoint before a moment; an empty playback if there is none."""
        where, values = "", []
        if seq is not None:
            where, values = "AND seq < ?", [seq]
        elif t_ns is not None:
            where, values = "AND at_ns <= ?", [t_ns]
        text = f"SELECT data FROM checkpoints WHERE job_no = ? {where} ORDER BY n DESC LIMIT 1"
        found = connection.exec_driver_sql(self._database.sql(text), (job_no, *values)).first()
        return Playback() if found is None else Playback.restore(bytes(found[0]))

    # -- transactions, and what the methods above share

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._failing(), self._database.reading() as connection:
            yield connection

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn a failure of the database into `StoreFailed`."""
        try:
            yield
        except (SQLAlchemyError, SchemaRefused, OSError) as error:
            raise StoreFailed(reason_of(error, self._database.place)) from error

    @contextmanager
    def _job(self, job_id: str) -> Iterator[tuple[Connection, int, JobRow]]:
        with self._reading() as connection:
            job_no, row = self._rows.find(connection, job_id)
            yield connection, job_no, row

    def _column(self, column: str, job_ids: Collection[str]) -> list[tuple[str, Any]]:
        """(job_id, value) of a column of the table of jobs."""
        text = f"SELECT job_id, {column} FROM jobs WHERE job_id"
        with self._reading() as connection:
            return self._database.select_in(connection, text, list(job_ids))

    def _chunks(self, connection: Connection, job_no: int, kind: Kind) -> ChunkReader[Any]:
        return ChunkReader(self._database, connection, job_no, kind)

    def _causality(self, connection: Connection, job_no: int, row: JobRow) -> CausalityReader:
        records, runs = self._chunks(connection, job_no, Kind.RECORDS), self._chunks(connection, job_no, Kind.RUNS)
        sources = self._named(connection, job_no, row, Kind.RECORDS, SourceName)
        return CausalityReader(records, runs, sources, self._named(connection, job_no, row, Kind.RUNS, TargetName))

    def _named(self, connection: Connection, job_no: int, row: JobRow, kind: Kind, shape: type[T]) -> dict[int, T]:
        """A job's names by number. Those of an ended job stay in memory, because nothing is added to them."""
        known: tuple[int, dict[int, T]] | None = self._names.get((job_no, kind))
        if known is not None and known[0] == row.n:
            return known[1]
        text = self._database.sql("SELECT number, name FROM names WHERE job_no = ? AND kind = ?")
        rows = connection.exec_driver_sql(text, (job_no, int(kind)))
        found = {number: msgspec.msgpack.decode(bytes(name), type=shape) for number, name in rows}
        if row.ended:
            self._names[job_no, kind] = (row.n, found)
            while len(self._names) > KEEP_NAMES:
                self._names.pop(next(iter(self._names)), None)
        return found


def _cut(segment: Segment, seq: int | None, t_ns: int | None) -> Segment:
    """The part of a segment up to a moment; the segment itself if that is all of it."""
    if seq is not None:
        return cut_at_seq(segment, seq)
    return segment if t_ns is None else cut_at_time(segment, t_ns)


def _select_rows(
    reader: ChunkReader[list[T]], query: HistoryQuery, number: Callable[[T], int], text_of: Callable[[T], object]
) -> list[T]:
    """The rows of the log or the outputs that match a query's range and text."""
    limit, matches = min(query.limit, PAGE_LIMIT), text_in(query.q) if query.q else None
    found: list[T] = []
    read = reader.backwards if query.backwards else reader.between
    for chunk in read(query.first, query.last):
        rows = [row for row in reader.rows(chunk) if query.first <= number(row) <= query.last]
        rows = [row for row in rows if matches is None or matches(msgspec.json.encode(text_of(row)))]
        found = rows + found if query.backwards else found + rows
        if len(found) >= limit:
            break
    return found[-limit:] if query.backwards else found[:limit]
