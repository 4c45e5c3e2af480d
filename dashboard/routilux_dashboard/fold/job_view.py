"""The displayed state of a job: make successive keyframes from its counters and other facts about it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Set
from typing import Protocol

from routilux import JournalBatch

from ..protocol import (
    ConnectionFigures,
    Control,
    Keyframe,
    LogRow,
    LogTail,
    OutputRow,
    OutputTail,
    Record,
    RoutineFigures,
    RoutineState,
)
from ..times import MILLISECOND, SECOND, milliseconds
from .counters import Changes, JobCounters
from .figures import connection_figures, routine_figures
from .flow_index import FlowIndex
from .outlook import AT_REST, JobContext, job_context
from .rows import TAIL
from .summary import JobFacts, JobIdentity, asked_ns, hold_reason, status_of, summarise

DRAINING_NS = 500 * MILLISECOND
"""Interval between updates of a draining job, so that the page shows how long its handlers have been running."""
NEVER = sys.maxsize
ASKED = ("requested", "draining")


class Subject(Protocol):
    """The source of facts about a job that are not in its journal: the engine, or the job's segments."""

    def view(self) -> FlowIndex:
        """The job's flow; the same object until the flow changes."""

    def identity(self) -> JobIdentity: ...

    def standing(self) -> JobFacts: ...

    def control(self, known: Control | None, *, changed: bool) -> Control:
        """The state of the last control; may return `known` if nothing `changed`."""

    def state(self, routine_id: str) -> RoutineState:
        """The state that a routine has stored."""

    def newest(self, batch: JournalBatch) -> list[Record]:
        """The newest records of a batch, at most `TAIL`."""

    def log(self, after: int) -> list[LogRow]:
        """Entries of the shared log after number `after`, at most `TAIL`."""

    def outputs(self, after: int) -> list[OutputRow]:
        """Outputs after number `after`, at most `TAIL`."""


class JobView:
    """Makes a job's keyframes. Each shares unchanged objects with its predecessor, and none is modified afterwards.

    `next_change_ns` is the next time at which the keyframe changes without new rows (ns since the epoch). For one
    thread at a time.
    """

    def __init__(self, subject: Subject, fold: JobCounters) -> None:
        self.fold = fold
        self.next_change_ns = 0
        self.flow_index = subject.view()
        self._subject = subject
        self._identity = subject.identity()
        self._outlook: JobContext | None = None
        self._flowing: Set[str | None] = frozenset()

    def first(self, now_ns: int, states: Iterable[str], log_total: int, output_total: int) -> Keyframe:
        """The keyframe before any of the job's journal has been read."""
        subject, fold = self._subject, self.fold
        control = subject.control(None, changed=True)
        job = summarise(self._identity, subject.standing(), fold, control, {}, now_ns)
        nothing = Keyframe(
            self._identity.job_id, -1, 0, 0.0, self.flow_index.definition, job,
            {}, {}, {}, [], LogTail(0, []), OutputTail(0, []), fold.series.view(),
        )  # fmt: skip
        first = self._picture(nothing, Changes(states=set(states)), now_ns)
        first.log = self._newer_log(nothing.log, log_total)
        first.outputs = self._newer_outputs(nothing.outputs, output_total)
        return first

    def next(self, before: Keyframe, batch: JournalBatch, now_ns: int, *, final: bool) -> Keyframe:
        """Fold a batch and return the new keyframe. `final` says that the job has ended and this is the last batch."""
        changes = self.fold.add(batch, now_ns)
        if final:
            self.fold.series.finish(self.fold.level)
        return self.show(before, changes, self._subject.newest(batch), now_ns, final=final)

    def show(
        self, before: Keyframe, changes: Changes, newest: list[Record], now_ns: int, *, final: bool = False
    ) -> Keyframe:
        """The keyframe after `changes` to the counters; `newest` are the newest records since `before`."""
        if changes.control:  # a newly created job does not have its parameters yet
            self._identity = self._subject.identity()
        after = self._picture(before, changes, now_ns)
        after.records = (before.records + newest)[-TAIL:]
        after.log = self._newer_log(before.log, self.fold.log_total)
        after.outputs = self._newer_outputs(before.outputs, self.fold.output_total)
        self.next_change_ns = NEVER if final else self._next_look(after, now_ns)
        return after

    def _picture(self, before: Keyframe, changes: Changes, now_ns: int) -> Keyframe:
        fold, subject = self.fold, self._subject
        anew, self.flow_index = self.flow_index is not subject.view(), subject.view()
        view, standing = self.flow_index, subject.standing()
        control = subject.control(before.job.control, changed=changes.control)
        rates = {} if status_of(fold, standing) in AT_REST else fold.send_rate.rates(now_ns)
        job = summarise(self._identity, standing, fold, control, rates, now_ns)
        return Keyframe(
            job_id=before.job_id,
            frame=before.frame + 1,
            seq=fold.seq,
            at=milliseconds(now_ns),
            flow=view.definition,
            job=job,
            routines=self._routines(before, job.status, control, changes.routines, now_ns, anew=anew),
            connections=self._connections(before, rates, changes.connections, anew=anew),
            states=self._newer_states(before.states, changes.states & view.routine_ids),
            records=before.records,
            log=before.log,
            outputs=before.outputs,
            series=fold.series.view(),
        )

    def _routines(
        self, before: Keyframe, status: str, control: Control, touched: set[str], now_ns: int, *, anew: bool
    ) -> dict[str, RoutineFigures]:
        fold, view = self.fold, self.flow_index
        active = frozenset(key for key in fold.activity.keys(now_ns) if key is not None)
        why, since = hold_reason(status, control), asked_ns(control)
        context = job_context(status, why, self._identity.entry, fold.routines, active, view.wiring, now_ns, since)
        known, self._outlook = self._outlook, context
        if anew or known is None or known.standing != context.standing:
            changed = view.routine_ids
        else:
            changed = view.routine_ids & (context.affected(known, view.wiring) | touched)
        return routine_figures(before.routines, fold, view.wiring, context, changed)

    def _connections(
        self, before: Keyframe, rates: dict[str | None, float], touched: set[str], *, anew: bool
    ) -> dict[str, ConnectionFigures]:
        flowed, self._flowing = self._flowing, rates.keys()
        ids = self.flow_index.connection_ids
        changed = ids if anew or not before.connections else ids & (touched | flowed | rates.keys())
        return connection_figures(before.connections, self.fold, rates, changed)

    def _newer_states(self, known: dict[str, RoutineState], stored: set[str]) -> dict[str, RoutineState]:
        return {**known, **{key: self._subject.state(key) for key in stored}} if stored else known

    def _newer_log(self, known: LogTail, total: int) -> LogTail:
        if total <= known.total:
            return known
        rows = self._subject.log(max(known.total, total - TAIL))
        return LogTail(rows[-1].n if rows else total, (known.rows + rows)[-TAIL:])

    def _newer_outputs(self, known: OutputTail, total: int) -> OutputTail:
        if total <= known.total:
            return known
        rows = self._subject.outputs(max(known.total, total - TAIL))
        return OutputTail(rows[-1].n if rows else total, (known.rows + rows)[-TAIL:])

    def _next_look(self, shown: Keyframe, now_ns: int) -> int:
        """The next time when rates or activity fade further, a retry is due, or a draining job needs an update."""
        if self.fold.send_rate.keys(now_ns):
            return now_ns
        looks = [NEVER]
        if self.fold.activity.keys(now_ns):
            looks.append((now_ns // SECOND + 1) * SECOND)
        if shown.job.control.state in ASKED:
            looks.append(now_ns + DRAINING_NS)
        looks.extend(round(f.retry.due_at * MILLISECOND) for f in shown.routines.values() if f.retry is not None)
        return min(looks)
