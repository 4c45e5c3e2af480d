"""The in-memory history of a job of this program, by range, with the same filters as the store's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from routilux import ExecutionRecord, JobState

from ..fold.rows import history_row
from ..payloads.encoder import PayloadEncoder
from ..payloads.mask import Mask
from ..protocol import CHAIN, PAGE_LIMIT, Causes, Effects, HistoryPage, Record, RunRow
from ..segments.history_query import HistoryQuery, text_in
from ..times import MILLISECOND, iso
from .run_log import HandlerRun, RunLog

PIECE = 5_000
"""Rows searched at a time."""
SEARCH_SECONDS = 1.0
"""Time limit of the search for one page."""


@dataclass(frozen=True)
class MemoryHistory:
    """The history of a job from its `JobState`. `runs` are its handler runs, if they are kept."""

    job_state: JobState
    runs: RunLog | None
    mask: Mask

    def history(self, query: HistoryQuery) -> HistoryPage:
        """The records that `query` selects, as far as they are kept."""
        kept = self.job_state.read_history(0, 0)
        low, high = max(query.first, kept.first), min(query.last, kept.last)
        limit, matches = min(query.limit, PAGE_LIMIT), self._matcher(query)
        found: list[ExecutionRecord] = []
        deadline, searched_to = time.monotonic() + SEARCH_SECONDS, None
        for start, stop, records in self._candidates(query, low, high, limit):
            rows = matches(records)
            found = rows + found if query.backwards else found + rows
            if len(found) >= limit:
                break
            if time.monotonic() > deadline and (start > low if query.backwards else stop < high):
                searched_to = start if query.backwards else stop
                break
        shown = [history_row(record, self.mask) for record in (found[-limit:] if query.backwards else found[:limit])]
        return HistoryPage(shown, kept.first, kept.last, kept.total, searched_to)

    def _candidates(
        self, query: HistoryQuery, low: int, high: int, limit: int
    ) -> Iterator[tuple[int, int, list[ExecutionRecord]]]:
        """Parts (first, last) of the range, each with the records in it that may match."""
        if query.outcome is None:
            size = limit if query.plain else PIECE
            for start, stop in _pieces(low, high, size, backwards=query.backwards):
                yield start, stop, self._read(start, stop)
            return
        led = self.runs.causes_of(query.outcome) if self.runs is not None else frozenset()
        wanted = sorted(seq for seq in led if low <= seq <= high)
        for first, last in _pieces(0, len(wanted) - 1, limit, backwards=query.backwards):
            seqs = wanted[first : last + 1]
            yield seqs[0], seqs[-1], [record for seq in seqs for record in self._read(seq, seq)]

    def causes(self, seq: int) -> Causes | None:
        """The records that led to record `seq`, from the first to itself; `None` if it is not kept."""
        chain: list[Record] = []
        wanted: int | None = seq
        while wanted is not None and len(chain) < CHAIN and (record := self._record(wanted)) is not None:
            chain.append(history_row(record, self.mask))
            wanted = record.cause
        return Causes(chain[::-1], wanted is None) if chain else None

    def effects(self, seq: int) -> Effects | None:
        """The direct effects of record `seq`; `None` if it is not kept."""
        if self._record(seq) is None:
            return None
        made: list[Record] = []
        for start, stop in _pieces(seq + 1, self.job_state.read_history(0, 0).last, PIECE, backwards=False):
            made += [history_row(record, self.mask) for record in self._read(start, stop) if record.cause == seq]
            if len(made) > CHAIN:
                break
        ended = [] if self.runs is None else [run_row(run) for run in islice(self.runs.caused_by(seq), CHAIN + 1)]
        whole = self.runs is not None and not self.runs.left
        return Effects(ended[:CHAIN], made[:CHAIN], whole and max(len(made), len(ended)) <= CHAIN)

    def _read(self, start: int, stop: int) -> list[ExecutionRecord]:
        records = self.job_state.read_history(start - 1, stop - start + 1).records
        return [record for record in records if start <= record.seq <= stop]

    def _record(self, seq: int) -> ExecutionRecord | None:
        return next(iter(self._read(seq, seq)), None)

    def _matcher(self, query: HistoryQuery) -> Callable[[list[ExecutionRecord]], list[ExecutionRecord]]:
        """A function that returns the matching ones of some records."""
        tests: list[Callable[[list[ExecutionRecord]], list[ExecutionRecord]]] = []
        if (query.routine, query.event, query.kind) != (None, None, None):
            named = query.has_source
            tests.append(lambda found: [r for r in found if named(r.routine_id, r.event_name, r.kind)])
        if (query.since_ns, query.until_ns) != (None, None):
            tests.append(lambda found: [r for r in found if query.has_time(r.time_ns)])
        if query.q:
            tests.append(self._with_text(query.q))

        def matches(records: list[ExecutionRecord]) -> list[ExecutionRecord]:
            for test in tests:
                records = test(records)
            return records

        return matches

    def _with_text(self, q: str) -> Callable[[list[ExecutionRecord]], list[ExecutionRecord]]:
        """A filter for text in a record's routine, event or payload; it searches all payloads together first."""
        text, has, payloads = q.casefold(), text_in(q), PayloadEncoder(self.mask)

        def with_text(records: list[ExecutionRecord]) -> list[ExecutionRecord]:
            names = {(record.routine_id, record.event_name) for record in records}
            named = {pair for pair in names if text in pair[0].casefold() or text in pair[1].casefold()}
            texts, _ = payloads.encode([record.data for record in records])
            if not named and not has(b"\n".join(texts)):
                return []
            pairs = zip(records, texts, strict=True)
            return [r for r, payload in pairs if (r.routine_id, r.event_name) in named or has(payload)]

        return with_text


def run_row(run: HandlerRun) -> RunRow:
    """A handler run in its REST form."""
    return RunRow(run.routine_id, run.slot, iso(run.start_ns), run.duration_ns / MILLISECOND, run.outcome)


def _pieces(low: int, high: int, size: int, *, backwards: bool) -> Iterator[tuple[int, int]]:
    """Pairs (first, last) that cover `low` to `high`, in the requested direction."""
    if backwards:
        while high >= low:
            yield max(low, high - size + 1), high
            high -= size
    else:
        while low <= high:
            yield low, min(high, low + size - 1)
            low += size
