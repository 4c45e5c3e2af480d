"""Segments as they were put, from the chunks that their rows are in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection

from ..protocol import LogRow, OutputRow
from ..segments.segment import Records, Runs, Segment
from . import coding
from .chunk_reader import ChunkReader
from .coding import KeptSegment
from .database import Database
from .errors import StoreFailed
from .tables import Kind
from .tail import part_of_records, part_of_runs

_LAST = 2**63 - 1


class SegmentReader:
    """Reads the segments of a job within a transaction; in order, for then chunks are read once."""

    def __init__(self, database: Database, connection: Connection, job_no: int) -> None:
        def reader(kind: Kind, decode: Any) -> ChunkReader[Any]:
            return ChunkReader(database, connection, job_no, kind, decode)

        self._place = database.place
        self._segments: ChunkReader[list[KeptSegment]] = reader(Kind.SEGMENTS, coding.segments_of)
        self._records: ChunkReader[Records] = reader(Kind.RECORDS, coding.records_of)
        self._runs: ChunkReader[Runs] = reader(Kind.RUNS, coding.runs_of)
        self._log: ChunkReader[list[LogRow]] = reader(Kind.LOG, coding.log_of)
        self._outputs: ChunkReader[list[OutputRow]] = reader(Kind.OUTPUTS, coding.outputs_of)

    def read(self, after_n: int, most: int = _LAST) -> Iterator[Segment]:
        """The segments after number `after_n`, at most `most`."""
        for chunk in self._segments.between(after_n + 1, min(after_n + most, _LAST)):
            for kept in self._segments.rows(chunk):
                if after_n < kept.segment.n <= after_n + most:
                    yield self._whole(kept)

    def _whole(self, kept: KeptSegment) -> Segment:
        bare = kept.segment
        return msgspec.structs.replace(
            bare,
            records=self._records_of(bare.seq - kept.records + 1, kept.records),
            runs=self._runs_of(bare.after_run + 1, kept.runs),
            log=self._list_of(self._log, *kept.log),
            outputs=self._list_of(self._outputs, *kept.outputs),
        )

    def _records_of(self, first: int, count: int) -> Records:
        rows = Records()
        while len(rows.source) < count:
            start = first + len(rows.source)
            chunk = self._records.at(start)
            if chunk is None:
                raise StoreFailed(f"{self._place}: record {start} of a job is missing")
            part = part_of_records(
                self._records.rows(chunk), start - chunk.first, start - chunk.first + count - len(rows.source)
            )
            cut = rows.cut + [len(rows.source) + index for index in part.cut]
            rows = Records(
                rows.source + part.source,
                rows.time_ns + part.time_ns,
                rows.cause + part.cause,
                rows.data + part.data,
                cut,
            )
        return rows

    def _runs_of(self, first: int, count: int) -> Runs:
        rows = Runs()
        while len(rows.target) < count:
            start = first + len(rows.target)
            chunk = self._runs.at(start)
            if chunk is None:
                raise StoreFailed(f"{self._place}: handler run {start} of a job is missing")
            part = part_of_runs(
                self._runs.rows(chunk), start - chunk.first, start - chunk.first + count - len(rows.target)
            )
            rows = Runs(
                rows.target + part.target,
                rows.start_ns + part.start_ns,
                rows.duration_ns + part.duration_ns,
                rows.outcome + part.outcome,
                rows.cause + part.cause,
            )
        return rows

    def _list_of(self, reader: ChunkReader[list[Any]], first: int, last: int) -> list[Any]:
        if last < first:
            return []
        chunks = reader.between(first, last)
        return [row for chunk in chunks for row in reader.rows(chunk) if first <= row.n <= last]
