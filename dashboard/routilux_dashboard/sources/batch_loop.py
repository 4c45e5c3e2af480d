"""Takes what the jobs of watched flows write down, and hands it on as segments: one thread for all of them."""

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
"""Time between two looks, at least, when something rare happened, or much."""
MUCH_ROWS = 2_000
"""New rows of all jobs in one look after which the next comes soon: the garbage collector goes through what is being
taken, and a take that is a fifth of the size costs the engine a tenth less (`benchmarks/storing.py`)."""
ENDED_KEPT = 200
"""Jobs that have ended and are remembered: a completed one may still go on."""
ENDED_RECORDS = 1_000_000
"""Records that these may hold in memory together; the newest of them is kept whatever it holds."""
STOP_SECONDS = 10.0
_WAKING = frozenset({"status", "control"})
log = logging.getLogger("routilux_dashboard")


class Sink(Protocol):
    """Where segments go. `put` must not wait; `False` means that there was no room after all."""

    @property
    def has_room(self) -> bool:
        """Whether it takes more now; while it does not, the jobs' journals keep the rest."""

    def put(self, segments: list[Segment]) -> object: ...


class LocalJob:
    """A job and its capture, with the hook that told of it."""

    __slots__ = ("capture", "ended", "finished", "hook", "job_state", "reader", "records", "refused")

    def __init__(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader, capture: BatchEncoder) -> None:
        self.hook = hook
        self.job_state = job_state
        self.reader = reader
        self.capture = capture
        self.ended = False
        self.finished = False
        """The last of it has been taken."""
        self.refused: list[Segment] = []
        """Taken, and not taken in: there was no room after all."""
        self.records = 0
        """That it has in memory; counted when it has ended."""


class BatchLoop:
    """Records all jobs of the flows that it watches, those under way too.

    Engine threads only append (`_told`) and set a flag; the recorder's thread does the rest: it
    looks at each job every `interval` seconds, or at once when a job begins, ends, or is asked for
    something. `_lock` guards the table of flows and the taking of a round.

    Args:
        origin: where these jobs run, as it is shown.
        mask: what is left out of payloads.
        interval: seconds between two looks.
        keep_jobs: how many jobs that have ended are remembered.
        keep_records: how many records these may hold in memory together.
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
        """Record all jobs of a flow. Raises `ValueError` when another flow of that id is recorded."""
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
        """The flows that are recorded."""
        return [hook.flow for hook in self._flows.copy().values()]

    def flow(self, flow_id: str) -> Flow | None:
        """The flow of that id, or `None`."""
        hook = self._flows.get(flow_id)
        return hook.flow.flow if hook is not None else None

    def job(self, job_id: str) -> tuple[Flow, JobState] | None:
        """A job that is under way or among the newest that have ended, with its flow; or `None`."""
        found = self._live.get(job_id) or self._ended.get(job_id)
        return (found.hook.flow.flow, found.job_state) if found is not None else None

    # -- running

    def start(self, sink: Sink) -> None:
        """Begin to record into `sink`. Does nothing when it does already."""
        if self._thread is None:
            self._sink = sink
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="routilux-recorder", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Record what has happened until now, and end the thread. Started again, it goes on where it was."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._stirred.set()
            thread.join(STOP_SECONDS)
            self._sink = None

    def release(self) -> None:
        """Let go of the flows and jobs, once it is stopped; those jobs cannot be recorded on."""
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
        """Take what has happened until now, in the calling thread."""
        self._round()

    def restart(self, job_id: str, forget: Callable[[str, bool], None]) -> None:
        """Have a job recorded anew, from its first segment: what was before is added up in it.

        `forget(job_id, comes)` is called in the recorder's thread before; `comes` says whether it is known still.
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
        """Seconds until the next look."""
        return self._interval if self._taken < MUCH_ROWS else min(SOON_SECONDS, self._interval)

    # -- told by engine threads

    def job_started(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None:
        """A job begins, or was under way when its flow was watched."""
        self._tell(lambda: self._begin(hook, job_state, reader))

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        """Something rare happened; the job's reader has it."""
        if entry.kind in _WAKING:
            self._tell(lambda: self._go_on(job_state))

    def job_ended(self, job_state: JobState) -> None:
        """The job has settled for good, but that a completed one may go on."""
        self._tell(lambda: self._end(job_state))

    def _tell(self, call: Callable[[], None]) -> None:
        self._told.append(call)
        self._stirred.set()

    # -- the recorder's thread

    def _round(self) -> None:
        """Look at each job once. What goes wrong with one must not touch the others; it is logged once."""
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
        """What is new of a job; the last of it, when it has ended."""
        ended = recorded.ended
        if ended:
            recorded.capture.end()
        segments = recorded.capture.take(now_ns)
        recorded.finished = ended
        self._taken += sum(len(segment.records.source) + len(segment.runs.target) for segment in segments)
        return segments

    def _settle(self, recorded: LocalJob) -> None:
        """The job has ended, and all of it is taken."""
        job_id = recorded.job_state.job_id
        recorded.reader.close()
        kept = recorded.job_state.read_history(0, 0)
        recorded.records = kept.last - kept.first + 1
        self._live.pop(job_id, None)
        self._ended[job_id] = recorded
        self._forget_old()

    def _forget_old(self) -> None:
        """Remember the newest of the jobs that have ended, within both bounds."""
        records = sum(recorded.records for recorded in self._ended.values())
        while len(self._ended) > self._keep_jobs or (records > self._keep_records and len(self._ended) > 1):
            _, gone = self._ended.popitem(last=False)
            records -= gone.records

    def _begin(self, hook: FlowWatcher, job_state: JobState, reader: JournalReader) -> None:
        capture = BatchEncoder(job_state, reader, hook.flow, self._origin, mask=self._mask)
        self._live[job_state.job_id] = LocalJob(hook, job_state, reader, capture)
        self._ended.pop(job_state.job_id, None)

    def _go_on(self, job_state: JobState) -> None:
        """A job that had ended goes on: its capture does too."""
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
            known.job_state.add_hook(known.hook)  # tells of its beginning, and of its end when it has ended

    def _guarded(self, job_id: str, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            if job_id not in self._faulty:
                self._faulty.add(job_id)
                log.exception("Job %s cannot be recorded as it should; its further failures are not logged", job_id)
