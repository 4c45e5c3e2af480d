"""Following a message: to what led to it, and to what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..film.segment import Records, Runs, SourceName, TargetName
from ..film.trail import CHAIN, Causes, Effects, RunRow
from ..protocol import Record
from .chunk_reader import ChunkReader
from .record_rows import record_rows, run_row

BUDGET_SECONDS = 0.5
"""How long one question may take; then the answer says that it is not complete."""
CHUNKS = 2_000
"""Chunks of each kind that are looked through for effects."""


@dataclass(frozen=True)
class TrailReader:
    """The kept records and runs of a job, within one transaction."""

    records: ChunkReader[Records]
    runs: ChunkReader[Runs]
    sources: Mapping[int, SourceName]
    targets: Mapping[int, TargetName]

    def causes(self, seq: int) -> Causes:
        """The chain of causes, from the first to the record `seq`; `LookupError` when that is not kept."""
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
            raise LookupError(f"There is no record {seq} of this job, or none any more")
        return Causes(chain[::-1], wanted is None)

    def effects(self, seq: int) -> Effects:
        """What the record `seq` led to at once; `LookupError` when that is not kept."""
        if self._record(seq) is None:
            raise LookupError(f"There is no record {seq} of this job, or none any more")
        deadline = time.monotonic() + BUDGET_SECONDS
        made, whole = self._made(seq, deadline)
        ended, all_runs = self._ended(seq, deadline)
        return Effects(ended[:CHAIN], made[:CHAIN], whole and all_runs and max(len(made), len(ended)) <= CHAIN)

    def _record(self, seq: int) -> Record | None:
        chunk = self.records.at(seq)
        if chunk is None:
            return None
        return record_rows(chunk.first, self.records.rows(chunk), [seq - chunk.first], self.sources)[0]

    def _made(self, seq: int, deadline: float) -> tuple[list[Record], bool]:
        made: list[Record] = []
        for count, chunk in enumerate(self.records.caused_by(seq, CHUNKS), 1):
            rows = self.records.rows(chunk)
            indices = [index for index, cause in enumerate(rows.cause) if cause == seq]
            made += record_rows(chunk.first, rows, indices, self.sources) if indices else []
            if len(made) > CHAIN or time.monotonic() > deadline or count == CHUNKS:
                return made, False
        return sorted(made, key=lambda record: record.seq), True

    def _ended(self, seq: int, deadline: float) -> tuple[list[RunRow], bool]:
        ended: list[tuple[int, RunRow]] = []
        for count, chunk in enumerate(self.runs.caused_by(seq, CHUNKS), 1):
            rows = self.runs.rows(chunk)
            for index in [index for index, cause in enumerate(rows.cause) if cause == seq]:
                target = self.targets.get(rows.target[index])
                row = run_row(target, rows.start_ns[index], rows.duration_ns[index], rows.outcome[index])
                ended.append((chunk.first + index, row))
            if len(ended) > CHAIN or time.monotonic() > deadline or count == CHUNKS:
                return [row for _, row in ended], False
        return [row for _, row in sorted(ended, key=lambda pair: pair[0])], True
