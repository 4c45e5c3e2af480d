"""What is shown of a job: its fold and what the engine says of it, made into one keyframe after the other."""

from __future__ import annotations

import sys
from collections.abc import Set
from typing import Any

from routilux import JobState, JournalBatch

from ..film.figures import connection_figures, routine_figures
from ..film.fold import Changes, JobFold, Names
from ..film.outlook import ENDED, Outlook, look_out
from ..film.preview import preview
from ..film.rows import TAIL, log_rows, newest_records, output_rows, read_log, read_outputs
from ..film.summary import Identity, control_of, held, summarise
from ..film.times import MILLISECOND, SECOND, milliseconds
from ..protocol import ConnectionFigures, Control, Keyframe, LogTail, OutputTail, RoutineFigures, RoutineState
from .watched_flow import WatchedFlow

DRAINING_NS = 500 * MILLISECOND
"""How often a job that drains is looked at, so that the page knows for how long its handlers have been running."""
NEVER = sys.maxsize
_ASKED = ("requested", "draining")


class JobPicture:
    """Makes a job's keyframes. Each shares with the one before what did not change, and neither is changed afterwards.

    `look_at` is when time alone changes the picture next (ns since the epoch). For one thread at a
    time. Asks nothing of the engine that waits for a handler.
    """

    def __init__(
        self, job_state: JobState, names: Names, flow: WatchedFlow, origin: str, status: str, now_ns: int
    ) -> None:
        self.fold = JobFold(names, now_ns, status)
        self.look_at = 0
        self.flow_view = flow.view()
        self._job_state = job_state
        self._names = names
        self._flow = flow
        self._origin = origin
        self._identity = Identity.of(job_state, origin)
        self._outlook: Outlook | None = None
        self._flowing: Set[str | None] = frozenset()

    def first(self, now_ns: int) -> Keyframe:
        """What the engine says of the job, before anything of its journal has been read."""
        job_state, fold = self._job_state, self.fold
        control = control_of(job_state.control)
        job = summarise(self._identity, job_state, fold, control, {}, now_ns, rerunnable=False)
        nothing = Keyframe(
            job_state.job_id, -1, 0, 0.0, self.flow_view.definition, job,
            {}, {}, {}, [], LogTail(0, []), OutputTail(0, []), fold.series.view(),
        )  # fmt: skip
        first = self._picture(nothing, Changes(states=set(job_state.routine_states.copy())), now_ns)
        first.log = self._newer_log(nothing.log, read_log(job_state, 0, 0).last)
        first.outputs = self._newer_outputs(nothing.outputs, read_outputs(job_state, 0, 0).last)
        return first

    def next(self, before: Keyframe, batch: JournalBatch, now_ns: int, *, final: bool) -> Keyframe:
        """Fold a batch; what is to be shown now. `final` says that the job has ended and nothing comes any more."""
        fold = self.fold
        changes = fold.add(batch, now_ns)
        if changes.control:  # a job that was just made did not know its parameters yet
            self._identity = Identity.of(self._job_state, self._origin)
        if final:
            fold.series.finish(fold.level)
        after = self._picture(before, changes, now_ns)
        after.records = (before.records + newest_records(batch, self._names))[-TAIL:]
        after.log = self._newer_log(before.log, fold.log_total)
        after.outputs = self._newer_outputs(before.outputs, fold.output_total)
        self.look_at = NEVER if final else self._next_look(after, now_ns)
        return after

    def _picture(self, before: Keyframe, changes: Changes, now_ns: int) -> Keyframe:
        fold = self.fold
        anew, self.flow_view = self.flow_view is not self._flow.view(), self._flow.view()
        view, entry = self.flow_view, self._identity.entry
        control = self._control(before.job.control, changes)
        rates = {} if fold.status in ENDED else fold.pulse.rates(now_ns)
        job = summarise(
            self._identity, self._job_state, fold, control, rates, now_ns, rerunnable=entry in view.routine_ids
        )
        return Keyframe(
            job_id=before.job_id,
            frame=before.frame + 1,
            seq=fold.seq,
            at=milliseconds(now_ns),
            flow=view.definition,
            job=job,
            routines=self._routines(before, control, changes.routines, now_ns, anew=anew),
            connections=self._connections(before, rates, changes.connections, anew=anew),
            states=self._newer_states(before.states, changes.states & view.routine_ids),
            records=before.records,
            log=before.log,
            outputs=before.outputs,
            series=fold.series.view(),
        )

    def _routines(
        self, before: Keyframe, control: Control, touched: set[str], now_ns: int, *, anew: bool
    ) -> dict[str, RoutineFigures]:
        fold, view = self.fold, self.flow_view
        active = frozenset(key for key in fold.activity.keys(now_ns) if key is not None)
        outlook = look_out(
            fold.status, held(fold.status, control), self._identity.entry, fold.tallies, active, view.wiring, now_ns
        )
        known, self._outlook = self._outlook, outlook
        if anew or known is None or (known.job_status, known.held) != (outlook.job_status, outlook.held):
            changed = view.routine_ids
        else:
            changed = view.routine_ids & (outlook.affected(known, view.wiring) | touched)
        return routine_figures(before.routines, fold, view.wiring, outlook, changed)

    def _connections(
        self, before: Keyframe, rates: dict[str | None, float], touched: set[str], *, anew: bool
    ) -> dict[str, ConnectionFigures]:
        flowed, self._flowing = self._flowing, rates.keys()
        ids = self.flow_view.connection_ids
        changed = ids if anew or not before.connections else ids & (touched | flowed | rates.keys())
        return connection_figures(before.connections, self.fold, rates, changed)

    def _control(self, known: Control, changes: Changes) -> Control:
        """What was asked changes with entries only; while a job drains, its handlers' times go on."""
        asked = changes.control or known.state in _ASKED
        return control_of(self._job_state.control) if asked else known

    def _newer_states(self, known: dict[str, RoutineState], stored: set[str]) -> dict[str, RoutineState]:
        """States are replaced when they are stored, so looking at them needs no lock of the engine."""
        states = self._job_state.routine_states
        return {**known, **{key: state_of(states.get(key)) for key in stored}} if stored else known

    def _newer_log(self, known: LogTail, total: int) -> LogTail:
        if total <= known.total:
            return known
        after = max(known.total, total - TAIL)
        rows = log_rows(read_log(self._job_state, after, TAIL), after)
        return LogTail(rows[-1].n if rows else total, (known.rows + rows)[-TAIL:])

    def _newer_outputs(self, known: OutputTail, total: int) -> OutputTail:
        if total <= known.total:
            return known
        after = max(known.total, total - TAIL)
        rows = output_rows(read_outputs(self._job_state, after, TAIL), after)
        return OutputTail(rows[-1].n if rows else total, (known.rows + rows)[-TAIL:])

    def _next_look(self, shown: Keyframe, now_ns: int) -> int:
        """When rates or activity have faded further, a retry is due, or a job still drains."""
        if self.fold.pulse.keys(now_ns):
            return now_ns
        looks = [NEVER]
        if self.fold.activity.keys(now_ns):
            looks.append((now_ns // SECOND + 1) * SECOND)
        if shown.job.control.state in _ASKED:
            looks.append(now_ns + DRAINING_NS)
        looks.extend(round(f.retry.due_at * MILLISECOND) for f in shown.routines.values() if f.retry is not None)
        return min(looks)


def state_of(stored: Any) -> RoutineState:
    """A preview of what a routine stored."""
    return RoutineState(*preview(stored))
