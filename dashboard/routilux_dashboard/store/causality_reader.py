"""Follow a message back to its causes and on to its effects."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from ..protocol import CHAIN, Causes, Effects, Record, RunRow
from ..segments.segment import Records, Runs, SourceName, TargetName
from .chunks import ChunkReader
from .record_rows import record_rows, run_row

BUDGET_SECONDS = 0.5
"""How long one request may take; then the answer says that it is incomplete."""
CHUNKS = 2_000
"""How many chunks of each kind are searched for effects."""
_FOREVER = 2**63 - 1


class _Run(NamedTuple):
    row: RunRow
    end_ns: int


@dataclass(frozen=True)
class CausalityReader:
    """The records and runs of a stored job, within one reading transaction."""

    records: ChunkReader[Records]
    runs: ChunkReader[Runs]
    sources: Mapping[int, SourceName]
    targets: Mapping[int, TargetName]

    def causes(self, seq: int) -> Causes:
        """The chain of causes that ends with record `seq`, first cause first; `LookupError` if it is not stored."""
        chain: list[Record] = []
        deadline = time.monotonic() + BUDGET_SECONDS
        wanted: int | None = seq
        while wanted is not None and len(chain) < CHAIN and time.monotonic() < deadline:
            record = self._record(wanted)
            if record is None:
                break
            chain.append(record)
            wanted = record.cause
        if not chain:
            raise LookupError(f"This job has no record {seq}, or it is no longer stored")
        return Causes(chain[::-1], wanted is None)

    def effects(self, seq: int) -> Effects:
        """The direct effects of record `seq`. Raises `LookupError` if it is not stored."""
        chunk = self.records.at(seq)
        if chunk is None:
            raise LookupError(f"This job has no record {seq}, or it is no longer stored")
        deadline = time.monotonic() + BUDGET_SECONDS
        source = self.sources.get(self.records.rows(chunk).source[seq - chunk.first])
        ended, all_runs = self._ended(seq, deadline)
        receivers = 1 if source is None or source.kind == "start" else len(source.target_ids)
        settled = sum(run.row.outcome != "retry" for run in ended) >= receivers
        until_ns = max((run.end_ns for run in ended), default=0) if settled else _FOREVER
        made, whole = self._made(seq, until_ns, deadline)
        complete = whole and all_runs and max(len(made), len(ended)) <= CHAIN
        return Effects([run.row for run in ended[:CHAIN]], made[:CHAIN], complete)

    def _record(self, seq: int) -> Record | None:
        chunk = self.records.at(seq)
        if chunk is None:
            return None
        return record_rows(chunk.first, self.records.rows(chunk), [seq - chunk.first], self.sources)[0]

    def _made(self, seq: int, until_ns: int, deadline: float) -> tuple[list[Record], bool]:
        """The records made by the handlers of `seq`, which ran until `until_ns`; and whether these are all."""
        made: list[Record] = []
        for count, chunk in enumerate(self.records.between(seq + 1, _FOREVER)):
            if chunk.first_ns > until_ns:
                break
            if len(made) > CHAIN or count == CHUNKS or time.monotonic() > deadline:
                return made, False
            if chunk.min_cause <= seq <= chunk.max_cause:
                rows = self.records.rows(chunk)
                indices = [index for index, cause in enumerate(rows.cause) if cause == seq]
                made += record_rows(chunk.first, rows, indices, self.sources) if indices else []
        return made, True

    def _ended(self, seq: int, deadline: float) -> tuple[list[_Run], bool]:
        """The handler runs that `seq` caused, in the order in which they ended; and whether these are all."""
        ended: list[tuple[int, _Run]] = []
        whole = True
        for count, chunk in enumerate(self.runs.caused_by(seq, CHUNKS), 1):
            rows = self.runs.rows(chunk)
            for index in [index for index, cause in enumerate(rows.cause) if cause == seq]:
                start_ns, duration_ns = rows.start_ns[index], rows.duration_ns[index]
                row = run_row(self.targets.get(rows.target[index]), start_ns, duration_ns, rows.outcome[index])
                ended.append((chunk.first + index, _Run(row, start_ns + duration_ns)))
            if len(ended) > CHAIN or time.monotonic() > deadline or count == CHUNKS:
                whole = False
                break
        return [run for _, run in sorted(ended, key=itemgetter(0))], whole
