"""Reading by range what a job of this program holds in memory, with the filters that the store has too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from routilux import ExecutionRecord, JobState

from ..film.history_query import PAGE_LIMIT, HistoryQuery, text_in
from ..film.preview import preview
from ..film.rows import Range, history_row, log_rows, output_rows, read_log, read_outputs
from ..protocol import HistoryPage, LogPage, OutputPage
from .kept_runs import KeptRuns

PIECE = 5_000
"""Rows that are looked at in one go."""
Row = TypeVar("Row")
Numbered = tuple[int, Row]


def held_history(job_state: JobState, query: HistoryQuery, runs: KeptRuns | None = None) -> HistoryPage:
    """The records that `query` asks for, as far as they are kept. `runs` says how what they led to ended."""
    kept = job_state.read_history(0, 0)
    matches = _matcher(query, runs)

    def read(after: int, limit: int) -> list[Numbered[ExecutionRecord]]:
        return [(record.seq, record) for record in job_state.read_history(after, limit).records]

    found = _page(read, kept.first, kept.last, query, matches)
    return HistoryPage([history_row(record) for record in found], kept.first, kept.last, kept.total)


def held_log(job_state: JobState, query: HistoryQuery) -> LogPage:
    """Entries of the shared log."""
    kept = read_log(job_state, 0, 0)
    rows = _listed(lambda after, limit: read_log(job_state, after, limit), kept, query, lambda entry: entry)
    shown = [log_rows(Range([entry], n, n), n - 1)[0] for n, entry in rows]
    return LogPage(shown, kept.first, kept.last, kept.last)


def held_outputs(job_state: JobState, query: HistoryQuery) -> OutputPage:
    """Outputs."""
    kept = read_outputs(job_state, 0, 0)
    rows = _listed(lambda after, limit: read_outputs(job_state, after, limit), kept, query, lambda row: row.get("data"))
    shown = [output_rows(Range([row], n, n), n - 1)[0] for n, row in rows]
    return OutputPage(shown, kept.first, kept.last, kept.last)


def payload_json(data: Any) -> bytes:
    """A payload as JSON text, as it is searched."""
    try:
        return msgspec.json.encode(data)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return msgspec.json.encode(preview(data)[0])


def _listed(
    read: Callable[[int, int], Range], kept: Range, query: HistoryQuery, payload: Callable[[dict[str, Any]], Any]
) -> list[Numbered[dict[str, Any]]]:
    has = text_in(query.q) if query.q else None

    def numbered(after: int, limit: int) -> list[Numbered[Numbered[dict[str, Any]]]]:
        found = read(after, limit)
        return [(n, (n, row)) for n, row in enumerate(found.rows, max(after + 1, found.first))]

    def matches(row: Numbered[dict[str, Any]]) -> bool:
        return has is None or has(payload_json(payload(row[1])))

    return _page(numbered, kept.first, kept.last, query, matches)


def _page(
    read: Callable[[int, int], Sequence[Numbered[Row]]],
    first: int,
    last: int,
    query: HistoryQuery,
    matches: Callable[[Row], bool],
) -> list[Row]:
    """The rows that match, in their order: the first of the range, or the last ones."""
    low, high = max(query.first, first), min(query.last, last)
    limit = min(query.limit, PAGE_LIMIT)
    found: list[Row] = []
    for start, stop in _pieces(low, high, _piece(query, limit), backwards=query.backwards):
        rows = [row for n, row in read(start - 1, stop - start + 1) if start <= n <= stop and matches(row)]
        found = rows + found if query.backwards else found + rows
        if len(found) >= limit:
            break
    return found[-limit:] if query.backwards else found[:limit]


def _piece(query: HistoryQuery, limit: int) -> int:
    return limit if query.plain else PIECE


def _pieces(low: int, high: int, size: int, *, backwards: bool) -> Iterator[tuple[int, int]]:
    """Pairs (first, last) that cover `low` to `high`, from the end that is asked for."""
    if backwards:
        while high >= low:
            yield max(low, high - size + 1), high
            high -= size
    else:
        while low <= high:
            yield low, min(high, low + size - 1)
            low += size


def _matcher(query: HistoryQuery, runs: KeptRuns | None) -> Callable[[ExecutionRecord], bool]:
    has = text_in(query.q) if query.q else None
    led = None if query.outcome is None else runs.causes_of(query.outcome) if runs is not None else frozenset[int]()

    def matches(record: ExecutionRecord) -> bool:
        return (
            query.has_source(record.routine_id, record.event_name, record.kind)
            and query.has_time(record.time_ns)
            and (led is None or record.seq in led)
            and (has is None or has(payload_json(record.data)))
        )

    return matches
