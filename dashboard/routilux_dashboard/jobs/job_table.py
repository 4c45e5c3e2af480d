"""All watched flows and their jobs: receives engine events through hooks and makes frames."""

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
"""Records that ended jobs may hold in memory together; the newest ended job is kept whatever its size."""
FLOW_LOOK_NS = 250 * MILLISECOND
"""Interval between checks of watched flows for structural changes."""
_WAKING = frozenset({"status", "control"})
_log = logging.getLogger("routilux.dashboard")


class Updates(NamedTuple):
    """The updates to send: at most one frame per job, and the changes of the list."""

    frames: list[Frame]
    jobs: Jobs | None


class JobTable:
    """Watches flows and makes frames from their jobs' journals.

    Engine threads only append (to `_arrived` and `_jobs`), set a job's flag and call `wake`; they take no
    lock. One thread, the pump's, calls `tick`, at most 20 times a second. Any thread may call
    everything else.

    Args:
        wake: called by engine threads when a job begins, ends, changes its status or receives a
            control, so that an idle pump sends at once; must return at once.
        keep_jobs: how many ended jobs to keep, the newest; all live ones are kept.
        keep_records: how many records the ended jobs may have in their histories together.
        keep_runs: also keep handler runs, for a dashboard without a store.
        store_health: returns the health of the store; called at each tick, must return at once.
        mask: the values to hide everywhere.
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
        """Finds jobs that are not in memory."""
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
        """The flows whose jobs can be started, by id: those of this program, then those of connected ones."""
        own: dict[str, StartableFlow] = {flow_id: hook.flow for flow_id, hook in self._flows.copy().items()}
        return own | {flow_id: flow for flow_id, flow in self._distant().items() if flow_id not in own}

    def add_flows_from(self, others: Callable[[], dict[str, StartableFlow]]) -> None:
        """Also show the flows that `others()` returns: those of connected programs."""
        self._distant = others

    def definition(self, flow_id: str) -> FlowDefinition:
        """The current description of a flow. Raises `KeyError` if the flow is not shown."""
        return self.flows_by_id()[flow_id].definition()

    def watch(self, flow: Flow) -> None:
        """Watch all jobs of a flow, including those already running. Watching the same flow again does nothing.

        Raises `ValueError` if another flow with that id is watched.
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
        """Release all flows; their jobs are no longer watched."""
        flows, self._flows = self._flows, {}
        for hook in flows.values():
            hook.detach()

    # -- jobs

    def jobs(self) -> list[JobSource]:
        """The jobs in memory, newest first."""
        return list(self._jobs.copy().values())[::-1]

    def add(self, job: JobSource) -> None:
        """Show a job of a connected program, or show it again because it continues. (Any thread.)"""
        self._jobs[job.job_id] = job
        self._arrived.append(job)
        self._wake()

    def remove(self, job_ids: Iterable[str]) -> None:
        """Stop showing these jobs. (The pump's thread, or any while there is no pump.)"""
        gone = list(job_ids)
        for job_id in gone:
            self._ended.pop(job_id, None)
            self._live.pop(job_id, None)
        self._drop(gone)
        self._list.removed(gone)

    def drop_from_memory(self, job: JobSource) -> None:
        """Drop the in-memory job; the stored one takes its place. (Any thread.)"""
        self._disowned.append(job)
        self._wake()

    def notify(self) -> None:
        """Wake the pump: jobs of connected programs have changed. (Any thread.)"""
        self._wake()

    def announce(self, job: JobSource) -> None:
        """Add a job that is new in the store to open lists. It is not kept in memory. (Any thread.)"""
        self._told.append(job)
        self._wake()

    def job(self, job_id: str) -> JobSource:
        """The job with that id. Raises `KeyError` if it does not exist or is no longer kept. Never waits.

        A job that is only in the store is found if `archive` found it recently.
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

    # -- called by engine threads

    def job_started(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None:
        """Show a job that begins, or that was already running when its flow was first watched."""
        job = self._jobs[job_state.job_id] = LocalSource(
            job_state, reader, hook.flow, self.origin, self._now_ns, keep_runs=self._keep_runs, mask=self._mask
        )
        self._arrived.append(job)
        self._wake()

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        """React to a rare event; the job's reader has the entry."""
        if entry.kind in _WAKING:
            job = self._jobs.get(job_state.job_id)
            if isinstance(job, LocalSource) and job.is_final:
                job.reopen()
                self._arrived.append(job)
            self._wake()

    def job_ended(self, job_state: JobState) -> None:
        """Mark the job ended: it has settled for good, although a completed job may be paused or cancelled."""
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
        """Whether the next tick may produce updates even without a call to `wake`."""
        return self._list.may_change or any(job.may_change for job in self._live.values())

    def tick(self) -> Updates:
        """The changes since the last tick. An idle job costs about a microsecond, an ended one nothing."""
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
        """Tick one job. A failure in it must not affect the others; it is logged once."""
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
        """Evict ended jobs beyond the bounds, in the order in which they ended."""
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
        """Evict jobs from memory; their counts stay in the totals."""
        gone = [job for job_id in job_ids if (job := self._jobs.get(job_id)) is not None]
        self._totals.retire(gone, lambda: [self._jobs.pop(job.job_id, None) for job in gone])

    def done_by_flow(self) -> dict[str, FlowCounts]:
        """Totals by flow since the start, including evicted jobs. (Native threads.)"""
        return self._totals.by_flow(self.jobs)
