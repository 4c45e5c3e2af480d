"""Rows of the history, the shared log and the outputs, with previews of their data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from routilux import ExecutionRecord, JobState, JournalBatch

from ..payloads.mask import NO_MASK, Mask
from ..payloads.preview import safe_text
from ..protocol import RECORD_KINDS, LogRow, OutputRow, Record, RecordKind
from ..times import iso, iso_text
from .counters import JournalNames

TAIL = 50
"""Maximum number of rows of each kind in a frame or keyframe."""
_KINDS = frozenset(RECORD_KINDS)
_TRIES = 4


class Range(NamedTuple):
    """Rows of a list, with the numbers of the first and last row it held at that moment."""

    rows: list[dict[str, Any]]
    first: int
    last: int


def newest_records(batch: JournalBatch, names: JournalNames, mask: Mask = NO_MASK) -> list[Record]:
    """The last records of a batch; only their payloads are previewed."""
    records = []
    newest = batch.records[-TAIL:]
    for seq, (number, data, at, cause) in enumerate(newest, batch.seq - len(newest) + 1):
        source = names.source(number)
        shown, cut = mask.preview(data)
        kind = kind_of(source.kind)
        records.append(
            Record(seq, iso(names.wall_ns(at)), source.routine_id, source.event_name, kind, shown, cause or None, cut)
        )
    return records


def history_row(record: ExecutionRecord, mask: Mask = NO_MASK) -> Record:
    """A record as a row of the history."""
    shown, cut = mask.preview(record.data)
    return Record(
        record.seq,
        iso(record.time_ns),
        record.routine_id,
        record.event_name,
        kind_of(record.kind),
        shown,
        record.cause,
        cut,
    )


def read_log(job_state: JobState, after: int, limit: int) -> Range:
    """Entries `after + 1` to `after + limit` of the shared log, as far as they are kept."""
    return _read(job_state.shared_log, lambda: job_state.shared_log_dropped, after, limit)


def read_outputs(job_state: JobState, after: int, limit: int) -> Range:
    """Entries `after + 1` to `after + limit` of the output log, as far as they are kept."""
    return _read(job_state.output_log, lambda: job_state.output_log_dropped, after, limit)


def log_rows(found: Range, after: int, mask: Mask = NO_MASK) -> list[LogRow]:
    """Rows of the shared log in their protocol form."""
    rows = []
    for n, entry in enumerate(found.rows, max(after + 1, found.first)):
        shown, cut = mask.preview(entry)
        rows.append(LogRow(n, iso_text(entry.get("timestamp")) or "", shown, cut))
    return rows


def output_rows(found: Range, after: int, mask: Mask = NO_MASK) -> list[OutputRow]:
    """Rows of the output log in their protocol form."""
    rows = []
    for n, row in enumerate(found.rows, max(after + 1, found.first)):
        shown, cut = mask.preview(row.get("data"))
        words = safe_text(row.get("routine_id")), safe_text(row.get("output_type"))
        rows.append(OutputRow(n, iso_text(row.get("timestamp")) or "", *words, shown, cut))
    return rows


def _read(rows: Sequence[dict[str, Any]], dropped: Callable[[], int], after: int, limit: int) -> Range:
    """Read a list while other threads may append to it and drop its oldest rows."""
    read = Range([], 0, 0)
    for _ in range(_TRIES):
        gone = dropped()
        start = max(after - gone, 0)
        read = Range(list(rows[start : max(after + limit - gone, start)]), gone + 1, gone + len(rows))
        if dropped() == gone:
            return read
    return read._replace(rows=[])


def kind_of(kind: str) -> RecordKind:
    """The protocol's name for one of the engine's record kinds."""
    return kind if kind in _KINDS else "custom"
