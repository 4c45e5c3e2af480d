"""The history by range and filter. Chunks that can't have a match are skipped without being read.

Three filters work on chunks before they work on rows: the mask rules out sources, the span of times rules out times,
and an outcome is looked up from the other side: the runs with that outcome tell which records caused them, and the
spans of their causes tell where in the history those are (`OutcomeIndex`).
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from ..protocol import OUTCOMES, PAGE_LIMIT, HistoryPage, Record
from ..segments.history_query import HistoryQuery, text_in
from ..segments.segment import Records, Runs, SourceName
from .chunks import ChunkReader, ChunkRow, mask_bit
from .job_rows import JobRow
from .record_rows import record_rows

BUDGET_SECONDS = 0.25
"""How long one page may search; then it says how far the search has come."""
_DECODED = 64
"""Chunks of runs whose causes an `OutcomeIndex` keeps in memory."""


@dataclass(frozen=True)
class HistoryReader:
    """The records and runs of a stored job, within one reading transaction."""

    row: JobRow
    records: ChunkReader[Records]
    runs: ChunkReader[Runs]
    sources: Mapping[int, SourceName]

    def page(self, query: HistoryQuery) -> HistoryPage:
        """The records that match `query`. If the time was too short, `searched_to` says where to continue."""
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
    """A query, prepared for chunks and for rows."""

    history: HistoryReader
    query: HistoryQuery
    wanted: frozenset[int] | None
    """The matching sources; `None` if all match."""
    named: frozenset[int]
    """The sources whose names contain the text."""
    has_text: Callable[[bytes], bool] | None
    outcome_index: OutcomeIndex | None

    @classmethod
    def of(cls, history: HistoryReader, query: HistoryQuery) -> _Search:
        names = history.sources
        wanted = None
        if (query.routine, query.event, query.kind) != (None, None, None):
            match = query.has_source
            wanted = frozenset(n for n, s in names.items() if match(s.routine_id, s.event_name, s.kind))
        text = (query.q or "").casefold()
        named = frozenset(
            n for n, s in names.items() if text and (text in s.routine_id.casefold() or text in s.event_name.casefold())
        )
        index = None
        if query.outcome is not None:
            index = OutcomeIndex(history.runs, OUTCOMES.index(query.outcome), query.first, query.last)
        return cls(history, query, wanted, named, text_in(query.q) if query.q else None, index)

    def chunks(self, *, backwards: bool) -> Iterator[ChunkRow]:
        """The chunks that may have matching rows."""
        where, values = "", []
        if self.wanted is not None:
            mask = 0
            for number in self.wanted:
                mask |= mask_bit(number)
            where, values = "AND (mask & ?) <> 0", [mask]
        if self.query.since_ns is not None:
            where, values = f"{where} AND last_ns >= ?", [*values, self.query.since_ns]
        if self.query.until_ns is not None:
            where, values = f"{where} AND first_ns <= ?", [*values, self.query.until_ns]
        ranges = [(self.query.first, self.query.last)]
        if self.outcome_index is not None:
            ranges = self.outcome_index.ranges(*ranges[0])
        read = self.history.records.backwards if backwards else self.history.records.between
        seen = 0
        for first, last in reversed(ranges) if backwards else ranges:
            for chunk in read(first, last, where, *values):
                if chunk.first != seen:  # two ranges may meet in one chunk
                    yield chunk
                seen = chunk.first

    def matches(self, chunk: ChunkRow) -> list[int]:
        """The indices of a chunk's matching rows."""
        query = self.query
        if self.has_text is not None and not self.named and not self.has_text(chunk.data):
            return []
        rows = self.history.records.rows(chunk)
        start, stop = max(query.first - chunk.first, 0), min(query.last, chunk.last) - chunk.first + 1
        found = range(start, stop)
        if query.plain:
            return list(found)
        causes = self.outcome_index.causes(chunk.first, chunk.last) if self.outcome_index is not None else None
        return [
            index
            for index in found
            if (self.wanted is None or rows.source[index] in self.wanted)
            and (causes is None or chunk.first + index in causes)
            and query.has_time(rows.time_ns[index])
            and (self.has_text is None or rows.source[index] in self.named or self.has_text(rows.data[index]))
        ]


class OutcomeIndex:
    """The records from `first` to `last` that caused a run with one outcome. Chunks of runs are read when needed."""

    def __init__(self, runs: ChunkReader[Runs], outcome: int, first: int, last: int) -> None:
        self._runs = runs
        self._outcome = outcome
        where = "(mask & ?) <> 0 AND max_cause >= ? AND min_cause <= ?"
        self._spans = sorted(runs.cause_spans(where, mask_bit(outcome), first, last))
        self._lowest = [lowest for lowest, _, _ in self._spans]
        self._reach = list(accumulate((highest for _, highest, _ in self._spans), max))
        self._decoded: OrderedDict[int, frozenset[int]] = OrderedDict()

    def ranges(self, first: int, last: int) -> list[tuple[int, int]]:
        """The parts of `first` to `last` outside of which there is no such record."""
        found: list[tuple[int, int]] = []
        for lowest, highest, _ in self._spans:
            low, high = max(lowest, first), min(highest, last)
            if found and low <= found[-1][1] + 1:
                found[-1] = (found[-1][0], max(found[-1][1], high))
            elif low <= high:
                found.append((low, high))
        return found

    def causes(self, first: int, last: int) -> set[int]:
        """The seqs of those records, among `first` to `last` and perhaps a few around."""
        start, stop = bisect_left(self._reach, first), bisect_right(self._lowest, last)
        found: set[int] = set()
        for _, highest, number in self._spans[start:stop]:
            if highest >= first:
                found |= self._of_chunk(number)
        return found

    def _of_chunk(self, number: int) -> frozenset[int]:
        causes = self._decoded.get(number)
        if causes is None:
            chunk = self._runs.at(number)
            rows = self._runs.rows(chunk) if chunk is not None else Runs()
            pairs = zip(rows.outcome, rows.cause, strict=True)
            causes = self._decoded[number] = frozenset(cause for outcome, cause in pairs if outcome == self._outcome)
            if len(self._decoded) > _DECODED:
                self._decoded.popitem(last=False)
        return causes
