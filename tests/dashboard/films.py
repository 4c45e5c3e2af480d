"""A film of a job: its first keyframe and the frames since, put together as a browser does it."""

from __future__ import annotations

import time

import msgspec

from routilux_dashboard.jobs.job_table import JobTable
from routilux_dashboard.protocol import Frame, Job, Keyframe, LogTail, OutputTail
from routilux_dashboard.sources.local_source import LocalSource
from tests.waiting import eventually

TAIL = 50


class Clock:
    """The time, moved on by hand as far as a test likes."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def __call__(self) -> int:
        return time.time_ns() + self.ahead_ns

    def move(self, seconds: float) -> None:
        self.ahead_ns += round(seconds * 1e9)


def next_state(state: Keyframe, frame: Frame) -> Keyframe:
    """What is shown after a frame."""
    assert frame.frame == state.frame + 1
    log, outputs, series = state.log, state.outputs, state.series
    if frame.log is not None:
        log = LogTail(frame.log.total, (log.rows + frame.log.rows)[-TAIL:])
    if frame.outputs is not None:
        outputs = OutputTail(frame.outputs.total, (outputs.rows + frame.outputs.rows)[-TAIL:])
    if frame.samples:
        series = msgspec.structs.replace(series, points=series.points + frame.samples)
    return Keyframe(
        job_id=state.job_id,
        frame=frame.frame,
        seq=frame.seq,
        at=frame.at,
        flow=frame.flow or state.flow,
        job=frame.job,
        routines=state.routines | frame.routines,
        connections=state.connections | frame.connections,
        states=state.states | frame.states,
        records=(state.records + frame.records)[-TAIL:],
        log=log,
        outputs=outputs,
        series=frame.series or series,
    )


class Film:
    """Follows one job by the frames of its job table alone."""

    def __init__(self, job_table: JobTable, job_id: str) -> None:
        self.job_table = job_table
        self.job_id = job_id
        self.state = self.job.keyframe()
        self.frames: list[Frame] = []

    @property
    def job(self) -> LocalSource:
        job = self.job_table.job(self.job_id)
        assert isinstance(job, LocalSource)
        return job

    @property
    def shown(self) -> Job:
        return self.job.view()

    def tick(self) -> Frame | None:
        """One tick; the frame of this job, as it comes off the wire."""
        frames = [frame for frame in self.job_table.tick().frames if frame.job_id == self.job_id]
        assert len(frames) <= 1
        for frame in frames:
            frame = msgspec.msgpack.decode(msgspec.msgpack.encode(frame), type=Frame)  # noqa: PLW2901
            self.frames.append(frame)
            self.state = next_state(self.state, frame)
        return self.frames[-1] if frames else None

    def until(self, status: str) -> Keyframe:
        """Tick until the job has this status."""

        def there() -> bool:
            self.tick()
            return self.state.job.status == status

        eventually(there, what=f"the job is {status}")
        return self.state

    def settle(self) -> None:
        """Tick until nothing changes any more."""
        eventually(lambda: self.tick() is None, what="silence")
