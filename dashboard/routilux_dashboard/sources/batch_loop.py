"""Read the journals of all watched flows' jobs and pass them on as segments, on one thread."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from routilux import Flow, JobState, JournalEntry, JournalReader

from ..flows.local_flow import LocalFlow, need_flow
from ..payloads.mask import NO_MASK, Mask
from ..segments.segment import Segment
from .capturing import BatchEncoder
from .flow_watcher import FlowWatcher

INTERVAL_SECONDS = 0.1
SOON_SECONDS = 0.02
"""Minimum time between rounds after a rare event or many rows."""
MUCH_ROWS = 2_000
"""New rows in one round, over all jobs, after which the next round comes soon: the garbage collector scans the rows
being taken, and taking a fifth as many at a time costs the engine a tenth less (`benchmarks/storing.py`)."""
ENDED_KEPT = 200
"""Ended jobs that are remembered: a completed job may still continue."""
ENDED_RECORDS = 1_000_000
"""Records that the ended jobs may hold in memory together; the newest job is kept whatever its size."""
STOP_SECONDS = 10.0
_WAKING = frozenset({"status", "control"})
log = logging.getLogger("routilux_dashboard")


class Sink(Protocol):
    """The destination of segments. `put` must not block; it returns `False` if there was no room after all."""

    @property
    def has_room(self) -> bool:
        """Whether it accepts more now; while it does not, the jobs' journals keep the rest."""

    def put(self, segments: list[Segment]) -> object: ...


class LocalJob:
    """A job, its encoder, and the hook that reported it."""

    __slots__ = ("capture", "ended", "finished", "hook", "job_state", "reader", "records", "refused")

    def __init__(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader, capture: BatchEncoder) -> None:
        self.hook = hook
        self.job_state = job_state
        self.reader = reader
        self.capture = capture
        self.ended = False
        self.finished = False
        """Its last rows have been taken."""
        self.refused: list[Segment] = []
        """Segments taken from the journal that the sink had no room for after all."""
        self.records = 0
        """Records in memory; counted when the job has ended."""


class BatchLoop:
    """Records all jobs of the watched flows, including those already running.

    Engine threads only append to `_told` and set a flag; the recorder's thread does the rest: it
    checks each job every `interval` seconds, or at once when a job begins, ends, or receives a
    control. `_lock` guards the table of flows, and each round.

    Args:
        origin: where these jobs run, as displayed.
        mask: the values to hide in payloads.
        interval: seconds between rounds.
        keep_jobs: how many ended jobs to remember.
        keep_records: how many records the ended jobs may hold in memory together.
    """

    def __init__(
        self,
        *,
        origin: str,
        mask: Mask = NO_MASK,
        interval: float = INTERVAL_SECONDS,
        keep_jobs: int = ENDED_KEPT,
        keep_records: int = ENDED_RECORDS,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._keep_jobs = keep_jobs
        self._keep_records = keep_records
        self._sink: Sink | None = None
        self._origin = origin
        self._mask = mask
        self._interval = interval
        self._now_ns = now_ns
        self._lock = threading.RLock()
        self._flows: dict[str, FlowWatcher] = {}
        self._told: deque[Callable[[], None]] = deque()
        self._live: dict[str, LocalJob] = {}
        self._ended: OrderedDict[str, LocalJob] = OrderedDict()
        self._faulty: set[str] = set()
        self._stirred = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._taken = 0

    # -- flows and jobs

    def watch(self, flow: Flow) -> None:
        """Record all jobs of a flow. Raises `ValueError` if another flow with that id is recorded."""
        need_flow(flow)
        with self._lock:
            known = self._flows.get(flow.flow_id)
            if known is not None and known.flow.flow is not flow:
                raise ValueError(f"Another flow {flow.flow_id!r} is watched already; give one of them another flow_id")
            if known is not None:
                return
            watched = LocalFlow(flow, self._mask)
            watched.look()
            hook = self._flows[flow.flow_id] = FlowWatcher(self, watched)
        hook.attach()

    def flows(self) -> list[LocalFlow]:
        """The recorded flows."""
        return [hook.flow for hook in self._flows.copy().values()]

    def flow(self, flow_id: str) -> Flow | None:
        """The flow with that id, or `None`."""
        hook = self._flows.get(flow_id)
        return hook.flow.flow if hook is not None else None

    def job(self, job_id: str) -> tuple[Flow, JobState] | None:
        """A live or recently ended job with its flow, or `None`."""
        found = self._live.get(job_id) or self._ended.get(job_id)
        return (found.hook.flow.flow, found.job_state) if found is not None else None

    # -- running

    def start(self, sink: Sink) -> None:
        """Start recording into `sink`. Does nothing if already started."""
        if self._thread is None:
            self._sink = sink
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="routilux-recorder", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Record everything up to now and end the thread. A later `start` continues from there."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._stirred.set()
            thread.join(STOP_SECONDS)
            self._sink = None

    def release(self) -> None:
        """Release the flows and jobs, once stopped; recording of these jobs can't be resumed."""
        flows, self._flows = self._flows, {}
        for hook in flows.values():
            hook.detach()
        with self._lock:
            for recorded in (*self._live.values(), *self._ended.values()):
                recorded.job_state.remove_hook(recorded.hook)
            self._live.clear()
            self._ended.clear()
            self._told.clear()

    def flush(self) -> None:
        """Take everything up to now, in the calling thread."""
        self._round()

    def restart(self, job_id: str, forget: Callable[[str, bool], None]) -> None:
        """Record a job again from its first segment, which sums up everything before it.

        The recorder's thread first calls `forget(job_id, comes)`; `comes` says whether the job is still known.
        """
        self._tell(lambda: self._begin_again(job_id, forget))

    def _run(self) -> None:
        while not self._stopping:
            self._stirred.wait(self._pause() if self._live else None)
            if self._stirred.is_set() and not self._stopping:
                time.sleep(SOON_SECONDS)
            self._stirred.clear()
            self._round()
        self._round()

    def _pause(self) -> float:
        """Seconds until the next round."""
        return self._interval if self._taken < MUCH_ROWS else min(SOON_SECONDS, self._interval)

    # -- called by engine threads

    def job_started(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None:
        """Record a job that begins, or that was already running when its flow was first watched."""
        self._tell(lambda: self._begin(hook, job_state, reader))

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        """React to a rare event; the job's reader has the entry."""
        if entry.kind in _WAKING:
            self._tell(lambda: self._go_on(job_state))

    def job_ended(self, job_state: JobState) -> None:
        """Mark the job ended: it has settled for good, although a completed job may still continue."""
        self._tell(lambda: self._end(job_state))

    def _tell(self, call: Callable[[], None]) -> None:
        self._told.append(call)
        self._stirred.set()

    # -- the recorder's thread

    def _round(self) -> None:
        """Check each job once. A failure in one job must not affect the others; it is logged once."""
        with self._lock:
            while self._told:
                self._guarded("", self._told.popleft())
            now_ns = self._now_ns()
            sink = self._sink
            self._taken = 0
            for recorded in list(self._live.values()):
                if sink is None or not sink.has_room:
                    return
                self._guarded(recorded.job_state.job_id, partial(self._take, recorded, sink, now_ns))

    def _take(self, recorded: LocalJob, sink: Sink, now_ns: int) -> None:
        segments = recorded.refused or self._segments(recorded, now_ns)
        recorded.refused = segments if segments and sink.put(segments) is False else []
        if recorded.finished and not recorded.refused:
            self._settle(recorded)

    def _segments(self, recorded: LocalJob, now_ns: int) -> list[Segment]:
        """A job's new segments; its last ones if it has ended."""
        ended = recorded.ended
        if ended:
            recorded.capture.end()
        segments = recorded.capture.take(now_ns)
        recorded.finished = ended
        self._taken += sum(len(segment.records.source) + len(segment.runs.target) for segment in segments)
        return segments

    def _settle(self, recorded: LocalJob) -> None:
        """Close the journal of a job that has ended, once all of it is taken."""
        job_id = recorded.job_state.job_id
        recorded.reader.close()
        kept = recorded.job_state.read_history(0, 0)
        recorded.records = kept.last - kept.first + 1
        self._live.pop(job_id, None)
        self._ended[job_id] = recorded
        self._forget_old()

    def _forget_old(self) -> None:
        """Evict the oldest ended jobs until both bounds hold."""
        records = sum(recorded.records for recorded in self._ended.values())
        while len(self._ended) > self._keep_jobs or (records > self._keep_records and len(self._ended) > 1):
            _, gone = self._ended.popitem(last=False)
            records -= gone.records

    def _begin(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None:
        capture = BatchEncoder(job_state, reader, hook.flow, self._origin, mask=self._mask)
        self._live[job_state.job_id] = LocalJob(hook, job_state, reader, capture)
        self._ended.pop(job_state.job_id, None)

    def _go_on(self, job_state: JobState) -> None:
        """Continue recording a job that had ended and continues."""
        recorded = self._ended.pop(job_state.job_id, None) or self._live.get(job_state.job_id)
        if recorded is not None and recorded.ended:
            recorded.ended = recorded.finished = False
            self._live[job_state.job_id] = recorded

    def _end(self, job_state: JobState) -> None:
        recorded = self._live.get(job_state.job_id)
        if recorded is not None:
            recorded.ended = True

    def _begin_again(self, job_id: str, forget: Callable[[str, bool], None]) -> None:
        known = self._live.pop(job_id, None) or self._ended.pop(job_id, None)
        forget(job_id, known is not None)
        if known is not None:
            known.job_state.remove_hook(known.hook)
            known.job_state.add_hook(known.hook)  # reports its start, and its end if it has ended

    def _guarded(self, job_id: str, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            if job_id not in self._faulty:
                self._faulty.add(job_id)
                log.exception("Job %s cannot be recorded as it should; its further failures are not logged", job_id)
