"""Segments as they were put, reassembled from the chunks that hold their rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection

from ..protocol import LogRow, OutputRow
from ..segments.cut import slice_records, slice_runs
from ..segments.segment import Records, Runs, Segment
from .chunks import ChunkReader, StoredSegment
from .database import Database
from .errors import StoreFailed
from .tables import Kind

_LAST = 2**63 - 1


class SegmentReader:
    """Reads a job's segments within a transaction; in order, so that each chunk is read once."""

    def __init__(self, database: Database, connection: Connection, job_no: int) -> None:
        def reader(kind: Kind) -> ChunkReader[Any]:
            return ChunkReader(database, connection, job_no, kind)

        self._place = database.place
        self._segments: ChunkReader[list[StoredSegment]] = reader(Kind.SEGMENTS)
        self._records: ChunkReader[Records] = reader(Kind.RECORDS)
        self._runs: ChunkReader[Runs] = reader(Kind.RUNS)
        self._log: ChunkReader[list[LogRow]] = reader(Kind.LOG)
        self._outputs: ChunkReader[list[OutputRow]] = reader(Kind.OUTPUTS)

    def read(self, after_n: int) -> Iterator[Segment]:
        """The segments after number `after_n`. Raises `StoreFailed` if rows are missing or damaged."""
        for chunk in self._segments.between(after_n + 1, _LAST):
            for stored in self._segments.rows(chunk):
                if stored.segment.n > after_n:
                    yield self._reassemble(stored)

    def _reassemble(self, stored: StoredSegment) -> Segment:
        segment = stored.segment
        return msgspec.structs.replace(
            segment,
            records=self._read_records(segment.seq - stored.records + 1, stored.records),
            runs=self._read_runs(segment.after_run + 1, stored.runs),
            log=self._read_list(self._log, *stored.log),
            outputs=self._read_list(self._outputs, *stored.outputs),
        )

    def _read_records(self, first: int, count: int) -> Records:
        rows = Records()
        while (taken := len(rows.source)) < count:
            chunk = self._records.at(first + taken)
            if chunk is None:
                raise StoreFailed(f"{self._place}: record {first + taken} of a job is missing")
            start = first + taken - chunk.first
            part = slice_records(self._records.rows(chunk), start, start + count - taken)
            rows = Records(
                rows.source + part.source,
                rows.time_ns + part.time_ns,
                rows.cause + part.cause,
                rows.data + part.data,
                rows.cut + [taken + index for index in part.cut],
            )
        return rows

    def _read_runs(self, first: int, count: int) -> Runs:
        rows = Runs()
        while (taken := len(rows.target)) < count:
            chunk = self._runs.at(first + taken)
            if chunk is None:
                raise StoreFailed(f"{self._place}: handler run {first + taken} of a job is missing")
            start = first + taken - chunk.first
            part = slice_runs(self._runs.rows(chunk), start, start + count - taken)
            rows = Runs(
                rows.target + part.target,
                rows.start_ns + part.start_ns,
                rows.duration_ns + part.duration_ns,
                rows.outcome + part.outcome,
                rows.cause + part.cause,
            )
        return rows

    def _read_list(self, reader: ChunkReader[list[Any]], first: int, last: int) -> list[Any]:
        if last < first:
            return []
        return [row for chunk in reader.between(first, last) for row in reader.rows(chunk) if first <= row.n <= last]
