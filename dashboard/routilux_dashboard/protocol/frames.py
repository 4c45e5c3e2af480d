"""A job's live state: a keyframe, then a frame for every change; both carry the charts' points."""

from __future__ import annotations

import msgspec

from .flows import FlowDefinition
from .jobs import ConnectionFigures, JobSummary, RoutineFigures
from .rows import LogTail, OutputTail, Record, RoutineState


class Sample(msgspec.Struct):
    """One closed interval of the charts; routines as {id: [runs ended, queued at its end, busy ms]}."""

    index: int
    events: int
    errors: int
    queued: int
    running: int
    routines: dict[str, tuple[int, int, float]]


class Series(msgspec.Struct):
    """The charts' points so far, oldest first; point i covers `interval_ms` from `start + i * interval_ms`.

    At 480 points neighbours are merged and the interval doubles. Flows of more than 50
    routines have no figures of single routines here.
    """

    start: float
    interval_ms: int
    points: list[Sample]


class Keyframe(msgspec.Struct):
    """The complete state of a job, sent on (re)connection and after a client fell behind."""

    job_id: str
    frame: int
    seq: int
    at: float
    flow: FlowDefinition
    job: JobSummary
    routines: dict[str, RoutineFigures]
    connections: dict[str, ConnectionFigures]
    states: dict[str, RoutineState]
    records: list[Record]
    log: LogTail
    outputs: OutputTail
    series: Series


class Frame(msgspec.Struct, omit_defaults=True):
    """What changed since frame `frame - 1`; at most 20 a second. Absent fields did not change.

    `records` are the newest (at most 50) and end at `seq`; what lies between is read by range.
    `flow` is there when the structure changed, `series` instead of `samples` when the
    interval doubled.
    """

    job_id: str
    frame: int
    seq: int
    at: float
    job: JobSummary
    routines: dict[str, RoutineFigures] = {}
    connections: dict[str, ConnectionFigures] = {}
    states: dict[str, RoutineState] = {}
    records: list[Record] = []
    log: LogTail | None = None
    outputs: OutputTail | None = None
    samples: list[Sample] = []
    series: Series | None = None
    flow: FlowDefinition | None = None
