"""Make a frame, the changes between two states of a job. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..protocol import Frame, Job, Keyframe, LogTail, OutputTail, Sample, Series

Figures = TypeVar("Figures")


def diff(before: Keyframe, after: Keyframe) -> Frame:
    """The changes from `before` to `after`. The two share unchanged objects, so most are not even compared.

    Records, log and outputs have only the new rows, as far as `after` has them.
    """
    return Frame(
        job_id=after.job_id,
        frame=after.frame,
        seq=after.seq,
        at=after.at,
        job=after.job,
        routines=_changed(before.routines, after.routines),
        connections=_changed(before.connections, after.connections),
        states=_changed(before.states, after.states),
        records=[record for record in after.records if record.seq > before.seq],
        log=_newer(before.log, after.log),
        outputs=_newer(before.outputs, after.outputs),
        samples=_samples(before.series, after.series),
        series=None if before.series.interval_ms == after.series.interval_ms else after.series,
        flow=None if before.flow == after.flow else after.flow,
    )


def has_changes(frame: Frame, before: Keyframe) -> bool:
    """Whether a frame changes anything in `before`."""
    parts = (frame.routines, frame.connections, frame.states, frame.records, frame.samples)
    rest = (frame.log, frame.outputs, frame.series, frame.flow)
    return any(parts) or rest != (None, None, None, None) or frame.seq != before.seq or frame.job != before.job


def job_of(keyframe: Keyframe) -> Job:
    """The whole job except its history, in its REST form."""
    summary = keyframe.job
    own = {name: getattr(summary, name) for name in summary.__struct_fields__}
    return Job(**own, routines=keyframe.routines, connections=keyframe.connections)


def _changed(before: dict[str, Figures], after: dict[str, Figures]) -> dict[str, Figures]:
    known: Callable[[str], Figures | None] = before.get
    return {key: figures for key, figures in after.items() if known(key) is not figures and known(key) != figures}


Tail = TypeVar("Tail", LogTail, OutputTail)


def _newer(before: Tail, after: Tail) -> Tail | None:
    if before.total == after.total:
        return None
    return type(after)(after.total, [row for row in after.rows if row.n > before.total])


def _samples(before: Series, after: Series) -> list[Sample]:
    return after.points[len(before.points) :] if before.interval_ms == after.interval_ms else []
