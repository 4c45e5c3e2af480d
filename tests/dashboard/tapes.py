"""Real jobs, captured while they run, and a recount of what was captured that loops over every row."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from routilux import Flow, JobHook, JobState, JournalReader
from routilux_dashboard.flows.local_flow import LocalFlow
from routilux_dashboard.payloads.mask import NO_MASK, Mask
from routilux_dashboard.protocol import OUTCOMES
from routilux_dashboard.segments.segment import Segment, SourceName, TargetName
from routilux_dashboard.sources.capturing import BatchEncoder
from tests.waiting import eventually


class Tape(JobHook):
    """Captures the job of a flow that begins, whenever it is told to; segments are what comes off the wire."""

    def __init__(self, flow: Flow, mask: Mask = NO_MASK) -> None:
        self.segments: list[Segment] = []
        self.ended = threading.Event()
        self.capture: BatchEncoder
        self._flow = LocalFlow(flow, mask)
        self._mask = mask
        self._lock = threading.Lock()
        flow.add_hook(self)

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        self.reader = reader
        self.capture = BatchEncoder(job_state, reader, self._flow, "here:1", mask=self._mask)

    def job_ended(self, job_state: JobState) -> None:
        self.capture.end()
        self.ended.set()

    def take(self) -> list[Segment]:
        """What is new, in any thread."""
        with self._lock:
            taken = [wired(segment) for segment in self.capture.take(time.time_ns())]
            self.segments += taken
            return taken

    def finish(self) -> list[Segment]:
        """Everything of a job that has ended, or will in a moment."""
        eventually(self.ended.is_set, what="the job has ended")
        self.take()
        assert self.segments[-1].final
        return self.segments


def wired(segment: Segment) -> Segment:
    """A segment as it comes off the wire."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(segment), type=Segment)


def renumbered(segments: list[Segment]) -> list[Segment]:
    """The segments, numbered from 1."""
    return [msgspec.structs.replace(segment, n=n) for n, segment in enumerate(segments, 1)]


@dataclass
class Row:
    """A record, run or entry; it was in segment `n`."""

    n: int
    routine_id: str
    at: int
    source: SourceName | None = None
    start: int = 0
    outcome: str = ""
    kind: str = ""
    data: dict[str, object] = field(default_factory=dict)


@dataclass
class Count:
    """What had happened of a job at some record."""

    seq: int
    status: str
    events: int
    done: Counter[str]
    errors: Counter[str]
    queued: dict[str, int]
    running: Counter[str]
    messages: Counter[str]


class Recount:
    """All rows of a job, counted one by one. A run or entry lies between the segments beside its own."""

    def __init__(self, segments: list[Segment]) -> None:
        self.records: list[Row] = []
        self.runs: list[Row] = []
        self.entries: list[Row] = []
        self.ends: dict[int, int] = {}
        self._listed: dict[int, set[int]] = {}
        sources: dict[int, SourceName] = {}
        targets: dict[int, TargetName] = {}
        before = latest = latest_entry = 0
        for segment in segments:
            for source in segment.sources:
                sources[source.number] = source
            for target in segment.targets:
                targets[target.number] = target
            for number, at in zip(segment.records.source, segment.records.time_ns, strict=True):
                self.records.append(Row(segment.n, sources[number].routine_id, at, source=sources[number]))
            runs = segment.runs
            for place, number in enumerate(runs.target):
                latest = max(latest, before + 1, runs.start_ns[place] + runs.duration_ns[place])
                outcome = OUTCOMES[runs.outcome[place]]
                routine_id = targets[number].routine_id
                self.runs.append(Row(segment.n, routine_id, latest, start=runs.start_ns[place], outcome=outcome))
            for entry in segment.entries:
                latest_entry = max(latest_entry, before + 1, min(entry.time_ns - segment.ahead_ns, segment.at_ns))
                self.entries.append(
                    Row(segment.n, entry.routine_id or "", latest_entry, kind=entry.kind, data=entry.data)
                )
            before = self.ends[segment.n] = segment.at_ns
            self._listed[segment.n] = {handler.start_ns for handler in segment.running}

    def at(self, seq: int) -> Count:
        """What had happened when record `seq` was made."""
        return self._count(seq, self.records[seq - 1].at)

    def at_time(self, t: int) -> Count:
        """What had happened at a time."""
        return self._count(sum(row.at <= t for row in self.records), t)

    def _count(self, seq: int, t: int) -> Count:  # noqa: C901 - one loop for each list, and nothing clever
        status, events = "pending", 0
        done: Counter[str] = Counter()
        errors: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        running: Counter[str] = Counter()
        messages: Counter[str] = Counter()
        for row in self.records[:seq]:
            assert row.source is not None
            events += row.source.kind == "event"
            for connection_id in row.source.connection_ids:
                messages[connection_id] += 1
            for routine_id in row.source.target_ids:
                waiting[routine_id] += 1
            if row.source.kind == "start":
                waiting[row.routine_id] += 1
        for row in self.runs:
            if row.at <= t:
                done[row.routine_id] += row.outcome == "completed"
                errors[row.routine_id] += row.outcome in ("failed", "error_continued", "skipped")
                waiting[row.routine_id] -= row.outcome != "retry"
            elif row.start <= t:
                running[row.routine_id] += 1
                waiting[row.routine_id] -= 1
        for row in self.entries:
            if row.at <= t and row.kind == "status":
                status = str(row.data["status"])
            if row.at <= t and row.kind == "dropped":
                for routine_id, count in dict(row.data["routines"]).items():  # type: ignore[call-overload]
                    waiting[routine_id] -= count
        queued = {routine_id: max(0, count) for routine_id, count in waiting.items()}
        return Count(seq, status, events, done, errors, queued, running, messages)

    def unseen(self, n: int, t: int) -> set[str]:
        """Routines with a handler at `t` that nobody could see when segment `n` was taken.

        It was about to begin, or had ended and was about to write that down: two steps of a worker.
        """
        listed = self._listed[n]
        later = [run for run in self.runs if run.n > n and run.start <= t and run.start not in listed]
        return {run.routine_id for run in later}
