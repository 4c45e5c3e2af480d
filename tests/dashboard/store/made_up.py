"""Synthetic jobs for the store: segments of any length, whose rows follow a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from routilux_dashboard.protocol import OUTCOMES, DataValue, JobStatus, LogRow, OutputRow, RoutineState
from routilux_dashboard.segments.segment import Entry, JobStart, Records, Runs, Segment, SourceName, TargetName
from routilux_dashboard.times import iso
from tests.dashboard.recording.made_up import CONNECTION, START_NS, a_flow, facts

STEP_NS = 1_000_000
SOURCES = [
    SourceName(-1, "source", "start", "start", (), ()),
    SourceName(0, "source", "item", "event", (CONNECTION,), ("sink",)),
    SourceName(1, "sink", "Done", "event", (), ()),
]
TARGETS = [TargetName(0, "source", "trigger"), TargetName(1, "sink", "item")]


@dataclass
class MadeUpJob:
    """A job: record 1 is the start; then, in turn, an `item` of source and a `Done` of sink that it led to.

    Record `seq` is made at `time_of(seq)`; every item is taken by a run of sink, that of every hundredth fails and is
    tolerated. Payloads are `{"i": seq, "note": …}` where every thousandth has the note "Näedle <seq>".
    """

    job_id: str = "job-1"
    flow_id: str = "made-up"
    created_ns: int = START_NS
    n: int = 0
    seq: int = 0
    run: int = 0
    entry: int = 0
    status: JobStatus = "pending"
    padding: str = ""
    _log: int = field(default=0, init=False)

    def time_of(self, seq: int) -> int:
        """When a record was made."""
        return self.created_ns + seq * STEP_NS

    def payload(self, seq: int) -> bytes:
        """What a record carries."""
        note = f',"note":"Näedle {seq}"' if seq % 1000 == 0 else self.padding
        return f'{{"i":{seq}{note}}}'.encode()

    def next(self, rows: int = 10, *, status: JobStatus = "running", final: bool = False) -> Segment:
        """The next segment, of so many records."""
        first = self.n == 0
        seqs = range(self.seq + 1, self.seq + rows + 1)
        taken = [seq for seq in seqs if seq % 2 == 0]
        self.n += 1
        at_ns = self.time_of(self.seq + rows) + STEP_NS // 2
        entries, log, outputs = self._entries(status, at_ns)
        segment = Segment(
            job_id=self.job_id,
            n=self.n,
            at_ns=at_ns,
            after_seq=self.seq,
            seq=self.seq + rows,
            after_run=self.run,
            facts=facts(status, at_ns),
            beginning=JobStart(self.flow_id, "here:1", iso(self.created_ns), "source", {}) if first else None,
            flow=a_flow() if first else None,
            sources=SOURCES if first else [],
            targets=TARGETS if first else [],
            records=Records(
                [-1 if seq == 1 else seq % 2 for seq in seqs],
                [self.time_of(seq) for seq in seqs],
                [0 if seq == 1 else 1 if seq % 2 == 0 else seq - 1 for seq in seqs],
                [self.payload(seq) for seq in seqs],
                [],
            ),
            runs=Runs(
                [1] * len(taken),
                [self.time_of(seq) for seq in taken],
                [STEP_NS // 4] * len(taken),
                [OUTCOMES.index("error_continued" if seq % 100 == 0 else "completed") for seq in taken],
                taken,
            ),
            entries=entries,
            log=log,
            outputs=outputs,
            states={"sink": RoutineState({"n": self.n}, False)},
            data={"n": DataValue(self.n, False)},
            final=final,
        )
        self.seq, self.run, self.status = self.seq + rows, self.run + len(taken), status
        return segment

    def segments(self, records: int, rows: int = 10) -> Iterator[Segment]:
        """Segments until there are so many records; the last says that the job is completed."""
        while self.seq < records:
            count = min(rows, records - self.seq)
            last = self.seq + count == records
            yield self.next(count, status="completed" if last else "running", final=last)

    def _entries(self, status: JobStatus, at_ns: int) -> tuple[list[Entry], list[LogRow], list[OutputRow]]:
        self._log += 1
        entries = [self._entry(at_ns, "shared_log", {"n": self._log}), self._entry(at_ns, "output", {"n": self._log})]
        if status != self.status:
            said: dict[str, object] = {"status": status, "previous": self.status, "error": None}
            entries.append(self._entry(at_ns, "status", said))
        log = [LogRow(self._log, iso(at_ns), {"said": f"Line {self._log}"}, False)]
        outputs = [OutputRow(self._log, iso(at_ns), "sink", "figure", {"value": self._log}, False)]
        return entries, log, outputs

    def _entry(self, at_ns: int, kind: str, data: dict[str, object]) -> Entry:
        self.entry += 1
        return Entry(self.entry, at_ns, kind, None, data)
