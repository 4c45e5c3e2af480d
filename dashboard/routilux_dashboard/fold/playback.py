"""Play back a job from its segments: show it like a live one, as of any moment, without an engine."""

from __future__ import annotations

from typing import Any

import msgspec

from ..protocol import Control, DataValue, Frame, Job, JobSummary, Keyframe, RoutineState
from ..segments.check import SegmentPosition, SegmentRefused, check, check_order, check_payloads
from ..segments.segment import JobStart, Records, Segment, SegmentFacts, SourceName, TargetName, TrackerMetrics
from ..times import milliseconds
from . import frames
from .counter_state import CounterState, counters_of, state_of_counters
from .counters import Changes, JobCounters
from .flow_index import view_of
from .job_view import JobView
from .routine_counters import RoutineCounters
from .rows import TAIL
from .segment_decoder import SegmentDecoder

__all__ = ["Playback", "SegmentRefused"]

CHECKPOINT_FORMAT = 1


class Checkpoint(msgspec.Struct, rename={"next_change_ns": "look_at"}):
    """The complete state of a `Playback`. Stored: in stores, `next_change_ns` is named `look_at`."""

    n: int
    runs: int
    entry: int
    at_ns: int
    shown_ns: int
    next_change_ns: int
    fold: CounterState
    shown: Keyframe
    beginning: JobStart
    facts: SegmentFacts
    asked: Control
    last_sign_ns: int | None
    states: dict[str, RoutineState]
    data: dict[str, DataValue]
    sources: list[SourceName]
    targets: list[TargetName]


class PlaybackState:
    """The parts of a playback that exist once the first segment has been added."""

    def __init__(self, kept: SegmentDecoder, fold: JobCounters, shown: Keyframe | None, at_ns: int) -> None:
        self.kept = kept
        self.fold = fold
        self.picture = JobView(kept, fold)
        self.shown = self.picture.first(at_ns, (), 0, 0) if shown is None else shown
        self.shown_ns = at_ns


class Playback:
    """Folds the segments of one job in order. For one thread at a time; calls no engine and no clock.

    The displayed state is made on request. Before the first segment, there is none and requests
    raise `LookupError`.

    Attributes:
        n: the number of the last segment added, 0 before the first.
        at_ns: the time of that segment.
    """

    def __init__(self) -> None:
        self.n = 0
        self.at_ns = 0
        self._runs = 0
        self._entry = 0
        self._made: PlaybackState | None = None
        self._changes: Changes | None = None

    # -- input

    def add(self, segment: Segment, *, trusted: bool = False) -> bool:
        """Fold a segment. Returns False for a segment already added, which is skipped.

        Raises `SegmentRefused`, and changes nothing, if the segment is out of order or invalid. A `trusted` segment,
        from our own reader or store, is only checked for its order. Only the payloads of the newest records are
        checked (`check.check_payloads` checks all).
        """
        if segment.n <= self.n and (self._made is None or segment.job_id == self._reel.kept.job_id):
            return False
        if trusted:
            check_order(segment, self._position())
        else:
            check(segment, self._position())
            check_payloads(Records(data=segment.records.data[-TAIL:]))
        reel = self._made = self._made or self._begin(segment)
        self._fold(reel, segment)
        self.n, self.at_ns = segment.n, segment.at_ns
        return True

    def _position(self) -> SegmentPosition:
        if self._made is None:
            return SegmentPosition(None, 0, 0, 0, 0, (), ())
        kept, fold = self._made.kept, self._made.fold
        return SegmentPosition(kept.job_id, self.n, fold.seq, self._runs, self._entry, kept.sources, kept.targets)

    def _begin(self, segment: Segment) -> PlaybackState:
        kept = SegmentDecoder.first_of(segment)
        before = next((entry.data.get("previous") for entry in segment.entries if entry.kind == "status"), None)
        start_ns = min([*segment.records.time_ns[:1], *segment.runs.start_ns[:1], segment.at_ns])
        return PlaybackState(kept, JobCounters(kept, start_ns, before or segment.facts.status), None, start_ns)

    def _fold(self, reel: PlaybackState, segment: Segment) -> None:
        kept, fold = reel.kept, reel.fold
        kept.apply(segment)
        changes = fold.add(kept.batch(segment), segment.at_ns)
        if segment.final:
            fold.series.finish(fold.level)
        if fold.status != segment.facts.status:  # the entry with the new status has been lost
            fold.status = segment.facts.status
        log, outputs = kept.newest_rows()
        fold.log_total, fold.output_total = max(fold.log_total, log), max(fold.output_total, outputs)
        self._runs = segment.after_run + len(segment.runs.target)
        self._entry = segment.entries[-1].number if segment.entries else self._entry
        changes.states = (changes.states & kept.states.keys()) | segment.states.keys()
        changes.control = True
        self._change(changes)

    def _change(self, changes: Changes) -> None:
        if self._changes is None:
            self._changes = changes
        else:
            self._changes.merge(changes)

    def mark_lost(self, last_sign_ns: int) -> None:
        """Mark the job lost as of its program's last sign of life. An ended job only becomes impossible to rerun."""
        self._reel.kept.last_sign_ns = last_sign_ns
        self._change(Changes(control=True))

    def found(self) -> None:
        """Mark the job no longer lost: its program is back."""
        self._reel.kept.last_sign_ns = None
        self._change(Changes(control=True))

    # -- the displayed state

    @property
    def _reel(self) -> PlaybackState:
        if self._made is None:
            raise LookupError("No segment has been added: there is no job to show yet")
        return self._made

    @property
    def job_id(self) -> str:
        return self._reel.kept.job_id

    @property
    def seq(self) -> int:
        """The number of the newest record, 0 before the first."""
        return self._made.fold.seq if self._made is not None else 0

    @property
    def summary(self) -> JobSummary:
        """The job's row in the list."""
        return self.keyframe().job

    def keyframe(self, now_ns: int | None = None) -> Keyframe:
        """The complete state as of the last segment, or as of `now_ns` with the changes due to time alone."""
        reel = self._reel
        now_ns = self.at_ns if now_ns is None else max(now_ns, self.at_ns)
        if self._changes is not None or now_ns >= max(reel.picture.next_change_ns, reel.shown_ns + 1):
            reel.shown_ns = now_ns
            changes, self._changes = self._changes or Changes(), None
            reel.shown = reel.picture.show(reel.shown, changes, reel.kept.newest_after(reel.shown.seq), now_ns)
        return msgspec.structs.replace(reel.shown, at=milliseconds(now_ns))

    def frame(self, now_ns: int | None = None) -> Frame | None:
        """The changes since the last frame or keyframe, or `None` if there are none."""
        before = self._reel.shown
        frame = frames.diff(before, self.keyframe(now_ns))
        return frame if frames.has_changes(frame, before) else None

    def job(self) -> Job:
        """The whole job except its history."""
        return frames.job_of(self.keyframe())

    def actions(self) -> list[dict[str, Any]]:
        """The newest 500 control steps, oldest first: who requested which control, when and why, and its progress."""
        return [note._asdict() for note in self._reel.fold.control_log]

    def states(self) -> dict[str, RoutineState]:
        """Previews of routine states, by routine id (`_cancellation` has the reason for a cancellation)."""
        return dict(self._reel.kept.states)

    def data(self) -> dict[str, dict[str, Any]]:
        """Previews of the shared data, as `{key: {"value": …, "cut": …}}`."""
        return {key: {"value": stored.value, "cut": stored.cut} for key, stored in self._reel.kept.data.items()}

    def metrics(self) -> dict[str, Any]:
        """The execution tracker's figures (times in seconds), and the latencies as displayed (ms)."""
        reel, shown = self._reel, self.keyframe()
        said = reel.kept.facts.metrics or _tracked(reel.fold)
        routines = {}
        for routine_id, figures in shown.routines.items():
            performance = said.routines.get(routine_id)
            if performance is not None:
                latency = {"p50_ms": figures.p50_ms, "p95_ms": figures.p95_ms, "histogram": figures.histogram}
                routines[routine_id] = {**performance, **latency}
        return {"flow": said.flow, "routines": routines}

    # -- checkpoint and restore

    def checkpoint(self) -> bytes:
        """The complete state; `restore` makes a playback from it that accepts the segments that follow."""
        reel, shown = self._reel, self.keyframe()
        kept = reel.kept
        return _encode(
            Checkpoint(
                n=self.n,
                runs=self._runs,
                entry=self._entry,
                at_ns=self.at_ns,
                shown_ns=reel.shown_ns,
                next_change_ns=reel.picture.next_change_ns,
                fold=state_of_counters(reel.fold),
                shown=shown,
                beginning=kept.beginning,
                facts=kept.facts,
                asked=kept.asked,
                last_sign_ns=kept.last_sign_ns,
                states=kept.states,
                data=kept.data,
                sources=kept.source_names(),
                targets=kept.target_names(),
            )
        )

    @classmethod
    def restore(cls, checkpoint: bytes) -> Playback:
        """Restore a playback from its `checkpoint`. Raises `ValueError` if it is damaged or of another format."""
        held = _decode(checkpoint)
        kept = SegmentDecoder(held.shown.job_id, held.beginning, view_of(held.shown.flow), held.facts)
        kept.restore_rest(held.asked, held.last_sign_ns, held.states, held.data, held.sources, held.targets)
        fold = counters_of(held.fold, kept)
        playback = cls()
        playback._made = PlaybackState(kept, fold, held.shown, held.shown_ns)
        playback._made.picture.next_change_ns = held.next_change_ns
        playback.n, playback.at_ns = held.n, held.at_ns
        playback._runs, playback._entry = held.runs, held.entry
        return playback


def _encode(held: Checkpoint) -> bytes:
    return bytes([CHECKPOINT_FORMAT]) + msgspec.msgpack.encode(held)


def _decode(checkpoint: bytes) -> Checkpoint:
    if checkpoint[:1] != bytes([CHECKPOINT_FORMAT]):
        raise ValueError(f"A checkpoint of format {checkpoint[:1].hex() or 'none'} cannot be read; make it anew")
    try:
        return msgspec.msgpack.decode(memoryview(checkpoint)[1:], type=Checkpoint)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"The checkpoint is damaged: {error}") from None


def _tracked(fold: JobCounters) -> TrackerMetrics:
    """The figures of the engine's tracker, derived from the counters."""
    routines = {key: _performance(tally) for key, tally in fold.routines.items() if tally.ended}
    total = sum(figures["avg_execution_time"] for figures in routines.values())
    flow = {
        "total_routines": len(routines),
        "total_events": fold.events,
        "total_execution_time": total,
        "avg_routine_time": total / len(routines) if routines else 0,
    }
    return TrackerMetrics(flow, routines)


def _performance(tally: RoutineCounters) -> dict[str, Any]:
    return {
        "total_executions": tally.ended,
        "completed": tally.done,
        "failed": tally.ended - tally.done,
        "success_rate": tally.done / tally.ended,
        "avg_execution_time": tally.total_ns / tally.ended / 1e9,
        "min_execution_time": tally.min_ns / 1e9,
        "max_execution_time": tally.max_ns / 1e9,
    }
