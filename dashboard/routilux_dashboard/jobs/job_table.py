"""All watched flows and their jobs: hooks on one side, frames on the other."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from routilux import Flow, JobState, JournalEntry, JournalReader

from ..flows.local_flow import LocalFlow, need_flow
from ..payloads.mask import NO_MASK, Mask
from ..protocol import NO_STORE, FlowDefinition, Frame, Jobs, StoreHealth
from ..sources.flow_watcher import FlowWatcher
from ..sources.local_source import LocalSource
from ..times import MILLISECOND
from .flow_totals import FlowCounts, FlowTotals
from .job import JobSource, StartableFlow
from .job_list import JobList

if TYPE_CHECKING:
    from ..sources.stored_job_cache import StoredJobCache

KEEP_JOBS = 200
KEEP_RECORDS = 1_000_000
"""Records that the jobs that have ended may hold in memory together; the newest of them is kept whatever it holds."""
FLOW_LOOK_NS = 250 * MILLISECOND
"""How often watched flows are looked at for a change of their structure."""
_WAKING = frozenset({"status", "control"})
_log = logging.getLogger("routilux.dashboard")


class Updates(NamedTuple):
    """What there is to send: at most one frame for each job, and the changes of the list."""

    frames: list[Frame]
    jobs: Jobs | None


class JobTable:
    """Watches flows and makes frames of what their jobs write down.

    Engine threads only append here (`_arrived`, `_jobs`, a flag of a job) and call `wake`, and take no
    lock. One thread, the pump's, calls `tick`, at most 20 times a second. Everything else
    may be called by any thread.

    Args:
        wake: called by engine threads when a job begins or ends, when its status changes and when
            something is asked of it, so that an idle pump sends at once; must return at once.
        keep_jobs: how many jobs that have ended are kept, the newest; live ones all are.
        keep_records: how many records these may have in their histories together.
        keep_runs: keep handler runs too, as a store does: for a dashboard that has none.
        store_health: how the store is doing; asked with each tick, must answer at once.
        mask: hides values that are shown nowhere.
    """

    def __init__(
        self,
        wake: Callable[[], None] | None = None,
        *,
        keep_jobs: int = KEEP_JOBS,
        keep_records: int = KEEP_RECORDS,
        keep_runs: bool = False,
        store_health: Callable[[], StoreHealth] = lambda: NO_STORE,
        mask: Mask = NO_MASK,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.wake = wake
        self._mask = self.mask = mask
        self.origin = f"{socket.gethostname()}:{os.getpid()}"
        self._keep_jobs = keep_jobs
        self._keep_records = keep_records
        self._keep_runs = keep_runs
        self._totals = FlowTotals()
        self.store_health = store_health
        self.archive: StoredJobCache | None = None
        """Where jobs are found that are not in memory."""
        self._now_ns = now_ns
        self._flows: dict[str, FlowWatcher] = {}
        self._jobs: dict[str, JobSource] = {}
        self._arrived: deque[JobSource] = deque()
        self._told: deque[JobSource] = deque()
        self._disowned: deque[JobSource] = deque()
        self._live: dict[str, JobSource] = {}
        self._ended: dict[str, int] = {}
        self._distant: Callable[[], dict[str, StartableFlow]] = dict
        self._list = JobList(self.jobs, lambda: list(self.flows_by_id()), self._health)
        self._flows_due = 0
        self._faulty: set[str] = set()

    # -- flows

    @property
    def flows(self) -> list[Flow]:
        """The watched flows."""
        return [hook.flow.flow for hook in self._flows.copy().values()]

    def flows_by_id(self) -> dict[str, StartableFlow]:
        """The flows that jobs can be started of, by their ids: those of this program, then those of others."""
        own: dict[str, StartableFlow] = {flow_id: hook.flow for flow_id, hook in self._flows.copy().items()}
        return own | {flow_id: flow for flow_id, flow in self._distant().items() if flow_id not in own}

    def add_flows_from(self, others: Callable[[], dict[str, StartableFlow]]) -> None:
        """Show also the flows that `others()` gives: those of programs elsewhere."""
        self._distant = others

    def definition(self, flow_id: str) -> FlowDefinition:
        """The description of a flow as it is now; `KeyError` for one that is not shown."""
        return self.flows_by_id()[flow_id].definition()

    def watch(self, flow: Flow) -> None:
        """Watch all jobs of a flow, those under way too. Again for the same flow, nothing happens.

        Raises `ValueError` when another flow of that id is watched.
        """
        need_flow(flow)
        known = self._flows.get(flow.flow_id)
        if known is not None and known.flow.flow is not flow:
            raise ValueError(f"Another flow {flow.flow_id!r} is watched already; give one of them another flow_id")
        if known is None:
            watched = LocalFlow(flow, self._mask)
            watched.look()
            hook = self._flows[flow.flow_id] = FlowWatcher(self, watched)
            hook.attach()

    def release(self) -> None:
        """Let go of all flows: nothing more is heard of their jobs."""
        flows, self._flows = self._flows, {}
        for hook in flows.values():
            hook.detach()

    # -- jobs

    def jobs(self) -> list[JobSource]:
        """The jobs that are kept, newest first."""
        return list(self._jobs.copy().values())[::-1]

    def add(self, job: JobSource) -> None:
        """Show a job that runs elsewhere, or show it again: it goes on. (Any thread.)"""
        self._jobs[job.job_id] = job
        self._arrived.append(job)
        self._wake()

    def remove(self, job_ids: Iterable[str]) -> None:
        """Show these jobs no more. (The pump, or while there is none.)"""
        gone = list(job_ids)
        for job_id in gone:
            self._ended.pop(job_id, None)
            self._live.pop(job_id, None)
        self._drop(gone)
        self._list.removed(gone)

    def drop_from_memory(self, job: JobSource) -> None:
        """Show a job no more: what the store has of that id is the job. (Any thread.)"""
        self._disowned.append(job)
        self._wake()

    def notify(self) -> None:
        """Jobs that run elsewhere have changed. (Any thread.)"""
        self._wake()

    def announce(self, job: JobSource) -> None:
        """A job is new in the store: lists that are open hear of it. It is not held here. (Any thread.)"""
        self._told.append(job)
        self._wake()

    def job(self, job_id: str) -> JobSource:
        """The job of that id; `KeyError` when there is none, or none any more. Never waits.

        A job that is only in the store is found when `archive` has found it a moment ago.
        """
        job = self._jobs.get(job_id) or (self.archive.known(job_id) if self.archive is not None else None)
        if job is None:
            raise KeyError(job_id)
        return job

    def has(self, job_id: str) -> bool:
        """Whether the job is in memory."""
        return job_id in self._jobs

    def jobs_full(self) -> Jobs:
        """The whole list."""
        return self._list.full(self._now_ns())

    # -- told by engine threads

    def job_started(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None:
        """A job begins, or was under way when its flow was watched."""
        job = self._jobs[job_state.job_id] = LocalSource(
            job_state, reader, hook.flow, self.origin, self._now_ns, keep_runs=self._keep_runs, mask=self._mask
        )
        self._arrived.append(job)
        self._wake()

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        """Something rare happened; the job's reader has it."""
        if entry.kind in _WAKING:
            job = self._jobs.get(job_state.job_id)
            if isinstance(job, LocalSource) and job.is_final:
                job.reopen()
                self._arrived.append(job)
            self._wake()

    def job_ended(self, job_state: JobState) -> None:
        """The job has settled for good, but that a completed one may be paused or cancelled."""
        job = self._jobs.get(job_state.job_id)
        if isinstance(job, LocalSource):
            job.end()
        self._wake()

    def _health(self) -> StoreHealth:
        return self.store_health()

    def _wake(self) -> None:
        wake = self.wake
        if wake is not None:
            wake()

    # -- the pump

    @property
    def busy(self) -> bool:
        """Whether the next tick may have something to say though nobody calls `wake`."""
        return self._list.may_change or any(job.may_change for job in self._live.values())

    def tick(self) -> Updates:
        """What changed since the last tick. An idle job costs about a microsecond, one that has ended nothing."""
        now_ns = self._now_ns()
        self._look_at_flows(now_ns)
        self._let_go_disowned()
        self._take_in_arrived(now_ns)
        frames = []
        for job in list(self._live.values()):
            frame = self._tick(job, now_ns)
            if frame is not None:
                frames.append(frame)
                self._list.changed(job, now_ns)
            if job.is_final:
                del self._live[job.job_id]
                self._ended[job.job_id] = job.records_kept()
                self._forget_old()
        return Updates(frames, self._list.message(now_ns))

    def _let_go_disowned(self) -> None:
        while self._disowned:
            job = self._disowned.popleft()
            if self._jobs.get(job.job_id) is job:
                self.remove([job.job_id])

    def _take_in_arrived(self, now_ns: int) -> None:
        while self._arrived:
            job = self._jobs.get(self._arrived.popleft().job_id)
            if job is not None:
                self._live[job.job_id] = job
                self._ended.pop(job.job_id, None)
                self._list.changed(job, now_ns)
        while self._told:
            told = self._told.popleft()
            if told.job_id not in self._jobs:
                self._list.changed(told, now_ns)

    def _tick(self, job: JobSource, now_ns: int) -> Frame | None:
        """What goes wrong with one job must not touch the others; it is logged once."""
        try:
            return job.tick(now_ns)
        except Exception:
            self._log_once(job.job_id, "No frame of job %s could be made; its further failures are not logged")
            return None

    def _log_once(self, key: str, message: str) -> None:
        if key not in self._faulty:
            self._faulty.add(key)
            _log.exception(message, key)

    def _look_at_flows(self, now_ns: int) -> None:
        if now_ns >= self._flows_due:
            self._flows_due = now_ns + FLOW_LOOK_NS
            for flow_id, hook in self._flows.copy().items():
                try:
                    hook.flow.look()
                except Exception:
                    self._log_once(flow_id, "Flow %s cannot be described any more and is shown as it was")

    def _forget_old(self) -> None:
        """Keep the newest of the jobs that have ended, in the order in which they did."""
        surplus, records = [], sum(self._ended.values())
        for job_id, kept in list(self._ended.items()):
            left = len(self._ended)
            if left <= self._keep_jobs and (records <= self._keep_records or left == 1):
                break
            surplus.append(job_id)
            records -= kept
            del self._ended[job_id]
            self._faulty.discard(job_id)
        self._drop(surplus)
        self._list.removed(surplus)

    def _drop(self, job_ids: Iterable[str]) -> None:
        """Let jobs go from memory; what they did stays counted."""
        gone = [job for job_id in job_ids if (job := self._jobs.get(job_id)) is not None]
        self._totals.retire(gone, lambda: [self._jobs.pop(job.job_id, None) for job in gone])

    def done_by_flow(self) -> dict[str, FlowCounts]:
        """What the jobs of each flow have done since this began, those that were let go included. (Native threads.)"""
        return self._totals.by_flow(self.jobs)
