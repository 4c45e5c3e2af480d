"""The history by range, with filters: chunks that cannot have what is wanted are not even read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ..fold.routine_counters import OUTCOMES
from ..protocol import HistoryPage, Record
from ..segments.history_query import PAGE_LIMIT, HistoryQuery, text_in
from ..segments.segment import Records, Runs, SourceName
from . import coding
from .chunk_reader import ChunkReader, ChunkRow
from .job_writer import JobRow
from .outcome_index import OutcomeIndex
from .record_rows import record_rows

BUDGET_SECONDS = 0.25
"""How long one page may be searched for; then it says how far the search has come."""


@dataclass(frozen=True)
class History:
    """The kept records and runs of a job, within one transaction that reads."""

    row: JobRow
    records: ChunkReader[Records]
    runs: ChunkReader[Runs]
    sources: Mapping[int, SourceName]

    def page(self, query: HistoryQuery) -> HistoryPage:
        """The records that `query` asks for. When the time for it was not enough, `searched_to` is where to go on."""
        found, searched_to = self._find(query, time.monotonic() + BUDGET_SECONDS)
        return HistoryPage(found, self.row.first_seq, self.row.seq, self.row.seq, searched_to)

    def _find(self, query: HistoryQuery, deadline: float) -> tuple[list[Record], int | None]:
        limit, backwards = min(query.limit, PAGE_LIMIT), query.backwards
        search = _Search.of(self, query)
        found: list[Record] = []
        for chunk in search.chunks(backwards=backwards):
            indices = search.matches(chunk)
            indices = indices[-limit + len(found) :] if backwards else indices[: limit - len(found)]
            rows = record_rows(chunk.first, self.records.rows(chunk), indices, self.sources) if indices else []
            found = rows + found if backwards else found + rows
            if len(found) >= limit:
                break
            if not query.plain and time.monotonic() > deadline:
                return found, max(chunk.first, query.first) if backwards else min(chunk.last, query.last)
        return found, None


@dataclass(frozen=True)
class _Search:
    """What is looked for, and how chunks tell that they do not have it."""

    history: History
    query: HistoryQuery
    wanted: frozenset[int] | None
    """Sources, when not all are."""
    named: frozenset[int]
    """Sources whose names have the text."""
    has_text: Callable[[bytes], bool] | None
    led: OutcomeIndex | None

    @classmethod
    def of(cls, history: History, query: HistoryQuery) -> _Search:
        names = history.sources
        wanted = None
        if (query.routine, query.event, query.kind) != (None, None, None):
            match = query.has_source
            wanted = frozenset(n for n, s in names.items() if match(s.routine_id, s.event_name, s.kind))
        text = (query.q or "").casefold()
        named = frozenset(
            n for n, s in names.items() if text and (text in s.routine_id.casefold() or text in s.event_name.casefold())
        )
        led = None
        if query.outcome is not None:
            outcome = OUTCOMES.index(query.outcome)
            led = OutcomeIndex(history.runs, outcome, query.first, query.last)
        return cls(history, query, wanted, named, text_in(query.q) if query.q else None, led)

    def chunks(self, *, backwards: bool) -> Iterator[ChunkRow]:
        """The chunks that may have what is wanted."""
        where, values = "", []
        if self.wanted is not None:
            mask = 0
            for number in self.wanted:
                mask |= coding.bit(number)
            where, values = "AND (mask & ?) <> 0", [mask]
        if self.query.since_ns is not None:
            where, values = f"{where} AND last_ns >= ?", [*values, self.query.since_ns]
        if self.query.until_ns is not None:
            where, values = f"{where} AND first_ns <= ?", [*values, self.query.until_ns]
        ranges = [(self.query.first, self.query.last)]
        if self.led is not None:
            ranges = self.led.ranges(*ranges[0])
        read = self.history.records.backwards if backwards else self.history.records.between
        seen = 0
        for first, last in reversed(ranges) if backwards else ranges:
            for chunk in read(first, last, where, *values):
                if chunk.first != seen:  # two ranges may meet in one chunk
                    yield chunk
                seen = chunk.first

    def matches(self, chunk: ChunkRow) -> list[int]:
        """The indices of the rows of a chunk that are wanted."""
        query = self.query
        if self.has_text is not None and not self.named and not self.has_text(chunk.data):
            return []
        rows = self.history.records.rows(chunk)
        start, stop = max(query.first - chunk.first, 0), min(query.last, chunk.last) - chunk.first + 1
        found = range(start, stop)
        if query.plain:
            return list(found)
        led = self.led.causes(chunk.first, chunk.last) if self.led is not None else None
        return [
            index
            for index in found
            if (self.wanted is None or rows.source[index] in self.wanted)
            and (led is None or chunk.first + index in led)
            and query.has_time(rows.time_ns[index])
            and (self.has_text is None or rows.source[index] in self.named or self.has_text(rows.data[index]))
        ]
