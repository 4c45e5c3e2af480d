"""The displayed state of a job of this program: its folded journal, plus facts that only the engine has."""

from __future__ import annotations

from typing import Any

from routilux import JobState, JournalBatch

from ..flows.local_flow import LocalFlow
from ..fold.counters import JobCounters, JournalNames
from ..fold.flow_index import FlowIndex
from ..fold.job_view import ASKED, NEVER, JobView
from ..fold.rows import TAIL, log_rows, newest_records, output_rows, read_log, read_outputs
from ..fold.summary import JobFacts, JobIdentity, control_of
from ..payloads.mask import NO_MASK, Mask
from ..protocol import ENDED, Control, Keyframe, LogRow, OutputRow, Record, RoutineState
from ..times import iso_local

__all__ = ["NEVER", "LocalJobView", "state_of"]


class LocalJobView(JobView):
    """Makes the keyframes of a job of this program. Makes no engine call that waits for a handler."""

    def __init__(
        self,
        job_state: JobState,
        names: JournalNames,
        flow: LocalFlow,
        origin: str,
        status: str,
        now_ns: int,
        mask: Mask = NO_MASK,
    ) -> None:
        fold = JobCounters(names, now_ns, status)
        self._job_state = job_state
        super().__init__(_Engine(job_state, names, flow, origin, fold, mask), fold)

    def begin(self, now_ns: int) -> Keyframe:
        """The first keyframe, from the engine alone: none of the journal has been read yet."""
        job_state = self._job_state
        states = job_state.routine_states.copy()
        return self.first(now_ns, states, read_log(job_state, 0, 0).last, read_outputs(job_state, 0, 0).last)


class _Engine:
    """The engine's facts about a job."""

    def __init__(
        self, job_state: JobState, names: JournalNames, flow: LocalFlow, origin: str, fold: JobCounters, mask: Mask
    ) -> None:
        self._job_state = job_state
        self._names = names
        self._flow = flow
        self._origin = origin
        self._fold = fold
        self._mask = mask
        self._entry: str | None = None

    def view(self) -> FlowIndex:
        return self._flow.view()

    def identity(self) -> JobIdentity:
        identity = JobIdentity.of(self._job_state, self._origin, self._mask)
        self._entry = identity.entry
        return identity

    def standing(self) -> JobFacts:
        job_state = self._job_state
        ended = job_state.ended_at if self._fold.status in ENDED else None
        return JobFacts(
            updated_at=iso_local(job_state.updated_at),
            ended_at=iso_local(ended) if ended is not None else None,
            rerunnable=self._entry in self._flow.view().routine_ids,
        )

    def control(self, known: Control | None, *, changed: bool) -> Control:
        """The control state. It changes only with entries, except for the handlers' times while a job drains."""
        if known is None or changed or known.state in ASKED:
            return control_of(self._job_state.control)
        return known

    def state(self, routine_id: str) -> RoutineState:
        """A routine's state. States are replaced, never modified, so reading them needs no engine lock."""
        return state_of(self._job_state.routine_states.get(routine_id), self._mask)

    def newest(self, batch: JournalBatch) -> list[Record]:
        return newest_records(batch, self._names, self._mask)

    def log(self, after: int) -> list[LogRow]:
        return log_rows(read_log(self._job_state, after, TAIL), after, self._mask)

    def outputs(self, after: int) -> list[OutputRow]:
        return output_rows(read_outputs(self._job_state, after, TAIL), after, self._mask)


def state_of(stored: Any, mask: Mask = NO_MASK) -> RoutineState:
    """A preview of a routine's state."""
    return RoutineState(*mask.preview(stored))
