"""Threads that control jobs at random, and the one that keeps a crowd of them going."""

from __future__ import annotations

import gc
import random
import resource
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from routilux import Flow, JobState
from tests.stress.crowd import problems

ENDED = ("completed", "cancelled", "failed")
STANDSTILL = 60.0
"""Seconds without any job's ending after which something hangs."""


class Crowd:
    """`size` jobs of a flow at once, for some time; each is looked at when it has ended, and replaced.

    A job that a meddler holds is not yet looked at: one that has completed may be paused. `_lock` guards `live`.
    """

    def __init__(self, flow: Flow, size: int, meddlers: int, seed: int) -> None:
        self.flow = flow
        self.size = size
        self.live: list[JobState] = []
        self.statuses: Counter[str] = Counter()
        self.controls: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.most_alive = 0
        self._seen: weakref.WeakSet[JobState] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._held: dict[str, JobState | None] = {f"meddler-{number}": None for number in range(meddlers)}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._meddle, args=(random.Random(f"{seed} {name}"),), name=name)
            for name in self._held
        ]

    def run(self, seconds: float) -> None:
        """Keep the crowd going so long, then let all jobs end."""
        for thread in self._threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.wrong:
            self._replace_ended()
        self._stop.set()
        for thread in self._threads:
            thread.join(STANDSTILL)
            if thread.is_alive():
                self.wrong.append(f"{thread.name} hangs")
        self._end_all()

    def _replace_ended(self) -> None:
        with self._lock:
            ended = [job for job in self.live if job.status in ENDED and job not in self._held.values()]
            self.live = [job for job in self.live if job not in ended]
            missing = self.size - len(self.live)
        for job in ended:
            self._look_at(job)
        del ended
        for _ in range(missing):
            job = self.flow.start("source", {"n": self.statuses.total()})
            self._seen.add(job)
            with self._lock:
                self.live.append(job)
        self.most_alive = max(self.most_alive, len(self.flow.live_jobs()))
        if not missing:
            self._wait_for_an_end()

    def _wait_for_an_end(self) -> None:
        """Until some job has ended; jobs are resumed meanwhile, for all may be paused."""
        deadline = time.monotonic() + STANDSTILL
        jobs: list[JobState] = []
        while time.monotonic() < deadline:
            with self._lock:
                jobs = list(self.live)
            for job in jobs:
                if job.status in ENDED and job not in self._held.values():
                    return
                if job.status == "paused":
                    _try(self.flow.resume, job)
            self._stop.wait(0.002)
        self.wrong.append(f"no job has ended for {STANDSTILL} s: {Counter(job.status for job in jobs)}")

    def _end_all(self) -> None:
        with self._lock:
            jobs, self.live = self.live, []
        for job in jobs:
            _try(self.flow.resume, job)
        for job in jobs:
            if not JobState.wait_for_completion(self.flow, job, STANDSTILL) or job.status == "paused":
                self.wrong.append(f"{job!r} does not end")
            else:
                self._look_at(job)

    def _look_at(self, job: JobState) -> None:
        self.statuses[job.status] += 1
        self.wrong += [f"{job!r}: {problem}" for problem in problems(job)][: 20 - len(self.wrong)]

    def left_in_memory(self) -> int:
        """Jobs that are no longer needed but still in memory."""
        gc.collect()
        return len(self._seen)

    # -- the meddlers

    def _meddle(self, chance: random.Random) -> None:
        me = threading.current_thread().name
        try:
            while not self._stop.is_set():
                with self._lock:
                    job = self._held[me] = chance.choice(self.live) if self.live else None
                if job is None:
                    self._stop.wait(0.001)
                    continue
                name, control = chance.choices(CONTROLS, WEIGHTS)[0]
                self.controls[name if _try(control, self.flow, job) else f"{name} refused"] += 1
                job = self._held[me] = None
        except BaseException as error:
            self.wrong.append(f"{me}: {type(error).__name__}: {error}")
            raise


def _try(control: Callable[..., Any], *args: Any) -> bool:
    """Whether it was not refused; only a `ValueError` is a refusal."""
    try:
        control(*args)
        return True
    except ValueError:
        return False


def _move(flow: Flow, job: JobState) -> None:
    """Save the job and load it; the copy must say what the job says."""
    plain = job.serialize()
    copy = JobState()
    copy.deserialize(plain)
    again = copy.serialize()
    for key in ("status", "pending_tasks", "slot_data", "shared_data", "routine_states"):
        assert again[key] == plain[key], key


CONTROLS: list[tuple[str, Callable[[Flow, JobState], Any]]] = [
    ("pause", lambda flow, job: flow.pause(job, "a test", wait=True)),
    ("ask to pause", lambda flow, job: flow.pause(job, wait=False)),
    ("resume", lambda flow, job: flow.resume(job)),
    ("step", lambda flow, job: flow.step(job)),
    ("cancel", lambda flow, job: flow.cancel(job, "a test", wait=True)),
    ("ask to cancel", lambda flow, job: flow.cancel(job, wait=False)),
    ("read", lambda flow, job: (job.read_history(0, 10), job.control, flow.live_jobs())),
    ("save and load", _move),
    ("figures", lambda flow, job: job.execution_tracker.get_flow_performance()),
]
WEIGHTS = [8, 8, 16, 8, 0.4, 0.4, 4, 2, 4]


def resident_mib() -> float:
    """Memory of this process now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 2**20
