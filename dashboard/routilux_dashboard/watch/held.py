"""What a job of this program holds in memory: its history by range, with the filters that the store has too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from routilux import ExecutionRecord, JobState

from ..film.history_query import PAGE_LIMIT, HistoryQuery, text_in
from ..film.masking import Mask
from ..film.payloads import Payloads
from ..film.rows import history_row
from ..film.times import MILLISECOND, iso
from ..film.trail import CHAIN, Causes, Effects, RunRow
from ..protocol import HistoryPage, Record
from .kept_runs import KeptRun, KeptRuns

PIECE = 5_000
"""Rows that are looked at in one go."""
SEARCH_SECONDS = 1.0
"""How long one page is searched for."""


@dataclass(frozen=True)
class Held:
    """The history of a job as its `JobState` has it. `runs` are its handler runs, when they are kept."""

    job_state: JobState
    runs: KeptRuns | None
    mask: Mask

    def history(self, query: HistoryQuery) -> HistoryPage:
        """The records that `query` asks for, as far as they are kept."""
        kept = self.job_state.read_history(0, 0)
        low, high = max(query.first, kept.first), min(query.last, kept.last)
        limit, matches = min(query.limit, PAGE_LIMIT), self._matcher(query)
        found: list[ExecutionRecord] = []
        deadline, searched_to = time.monotonic() + SEARCH_SECONDS, None
        for start, stop in _pieces(low, high, limit if query.plain else PIECE, backwards=query.backwards):
            rows = matches(self._read(start, stop))
            found = rows + found if query.backwards else found + rows
            if len(found) >= limit:
                break
            if time.monotonic() > deadline and (start > low if query.backwards else stop < high):
                searched_to = start if query.backwards else stop
                break
        shown = [history_row(record, self.mask) for record in (found[-limit:] if query.backwards else found[:limit])]
        return HistoryPage(shown, kept.first, kept.last, kept.total, searched_to)

    def causes(self, seq: int) -> Causes | None:
        """What led to the record `seq`, from the first to itself; `None` when it is not kept."""
        chain: list[Record] = []
        wanted: int | None = seq
        while wanted is not None and len(chain) < CHAIN and (record := self._record(wanted)) is not None:
            chain.append(history_row(record, self.mask))
            wanted = record.cause
        return Causes(chain[::-1], wanted is None) if chain else None

    def effects(self, seq: int) -> Effects | None:
        """What the record `seq` led to at once; `None` when it is not kept."""
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
        """What leaves of some records those that are wanted."""
        if query.plain:
            return lambda records: records
        led = self._led_to(query.outcome) if query.outcome is not None else None
        has_text = _named_or(query.q, text_in(query.q)) if query.q else None

        def matches(records: list[ExecutionRecord]) -> list[ExecutionRecord]:
            found = [
                record
                for record in records
                if query.has_source(record.routine_id, record.event_name, record.kind)
                and query.has_time(record.time_ns)
                and (led is None or record.seq in led)
            ]
            if has_text is None:
                return found
            texts, _ = Payloads(self.mask).encode([record.data for record in found])
            return [record for record, text in zip(found, texts, strict=True) if has_text(record, text)]

        return matches

    def _led_to(self, outcome: str) -> frozenset[int]:
        return self.runs.causes_of(outcome) if self.runs is not None else frozenset()


def _named_or(q: str, has: Callable[[bytes], bool]) -> Callable[[ExecutionRecord, bytes], bool]:
    """Whether a record's routine, event or payload has the text."""
    text = q.casefold()

    def has_text(record: ExecutionRecord, payload: bytes) -> bool:
        return text in record.routine_id.casefold() or text in record.event_name.casefold() or has(payload)

    return has_text


def run_row(run: KeptRun) -> RunRow:
    """A handler run as REST has it."""
    return RunRow(run.routine_id, run.slot, iso(run.start_ns), run.duration_ns / MILLISECOND, run.outcome)


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
