"""A job played back is the job, at every record of it, from wherever one begins to play."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from routilux import ErrorHandler, Flow, JobState
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.jobs.job_table import JobTable
from routilux_dashboard.protocol import Job
from routilux_dashboard.segments.cut import cut_at_seq, cut_at_time, split
from routilux_dashboard.segments.segment import Segment
from tests.dashboard.tapes import Count, Recount, Tape, renumbered
from tests.engine.parts import DEADLINE
from tests.engine.random_flows import Bench, Shape, shapes

EXAMPLES = int(os.environ.get("PLAYBACK_EXAMPLES", "15"))
"""Random jobs for each property."""

Act = Callable[[Flow, JobState], object]


class Played:
    """A random job that ran and was captured while it did, and what the live page shows of it."""

    def __init__(
        self, shape: Shape, strategy: str, acts: dict[int, str], strategies: list[str], *, outside: bool = False
    ) -> None:
        """With `outside`, another thread takes all the time what is new."""
        self.bench = Bench(shape, strategy, inside={number: self._act(name) for number, name in acts.items()})
        flow = self.bench.flow
        for (routine_id, routine), name in zip(flow.routines.items(), strategies, strict=False):
            if int(routine_id[1:]) not in shape.flaky:
                routine.set_error_handler(ErrorHandler(name, 1, 0.0))
        self.tape = Tape(flow)
        self.job_table = JobTable()
        self.job_table.watch(flow)
        self.job = self.bench.start("a")
        taker = threading.Thread(target=self._take_on)
        if outside:
            taker.start()
        self._keep(flow)
        if outside:
            taker.join()
        self.segments = self.tape.finish()
        self.job_table.tick()

    def _act(self, name: str) -> Act:
        def act(flow: Flow, job: JobState) -> None:
            if name == "pause":
                flow.pause(job, "held", wait=False)
            elif name == "raise":
                raise ValueError("raised")
            elif name == "cancel":
                flow.cancel(job, "enough", wait=False)
            elif name == "take":
                self.tape.take()

        return act

    def _take_on(self) -> None:
        while not self.tape.ended.wait(0.0001):
            self.tape.take()

    def _keep(self, flow: Flow) -> None:
        while True:
            assert JobState.wait_for_completion(flow, self.job, DEADLINE)
            if self.job.status != "paused":
                return
            self.tape.take()
            flow.resume(self.job)


_ACTS = ("go on", "go on", "go on", "take", "take", "take", "raise", "raise", "pause")
_jobs = st.tuples(
    shapes(flaky=True).filter(lambda shape: shape.activations() > 5),
    st.sampled_from(["sequential", "concurrent"]),
    st.builds(
        lambda acts, cancelled: dict(enumerate(acts)) | ({cancelled: "cancel"} if cancelled is not None else {}),
        st.lists(st.sampled_from(_ACTS), min_size=10, max_size=40),
        st.none() | st.integers(5, 40),
    ),
    st.lists(st.sampled_from(["continue", "skip", "stop", "retry"]), min_size=5, max_size=5),
)
_Random = tuple[Shape, str, dict[int, str], list[str]]


def play(segments: list[Segment]) -> Playback:
    playback = Playback()
    for segment in segments:
        assert playback.add(segment)
    return playback


def holding(segments: list[Segment], seq: int) -> int:
    """The place of the segment with record `seq`."""
    return next(place for place, segment in enumerate(segments) if segment.seq >= seq)


def agrees(job: Job, count: Count, unseen: set[str]) -> None:
    """A job that was played to some moment is what counting says; of the routines `unseen` not all can be told."""
    assert (job.seq, job.status, job.counts.events) == (count.seq, count.status, count.events)
    assert {key: figures.count for key, figures in job.connections.items() if figures.count} == dict(count.messages)
    for routine_id, figures in job.routines.items():
        assert figures.done == count.done[routine_id]
        assert figures.errors == count.errors[routine_id]
        if routine_id not in unseen:
            assert figures.running == count.running[routine_id]
            assert figures.queued == count.queued.get(routine_id, 0)
    assert job.counts.errors == sum(count.errors.values())


@given(_jobs, st.integers(0, 99), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_state_at_every_record_is_a_fold_of_the_journal_up_to_it(
    random_job: _Random, seed: int, outside: bool
) -> None:
    segments, chance = Played(*random_job, outside=outside).segments, Random(seed)
    recount = Recount(segments)
    checkpoints = [play(segments[:count]).checkpoint() for count in range(1, len(segments) + 1)]
    for seq in range(1, segments[-1].seq + 1):
        place = holding(segments, seq)
        begin = chance.randrange(place + 1)
        playback = Playback.restore(checkpoints[begin - 1]) if begin else Playback()
        for segment in segments[begin:place]:
            playback.add(segment)
        playback.add(cut_at_seq(segments[place], seq))
        unseen = recount.unseen(segments[place].n, recount.records[seq - 1].at)
        agrees(playback.job(), recount.at(seq), unseen)


@given(_jobs, st.lists(st.floats(0, 1), min_size=10, max_size=10))
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_state_at_every_time_is_what_had_happened_by_then(random_job: _Random, shares: list[float]) -> None:
    segments = Played(*random_job).segments
    recount = Recount(segments)
    begin, end = segments[0].records.time_ns[0] - 1_000, segments[-1].at_ns
    for t_ns in [begin + round(share * (end - begin)) for share in shares] + [end]:
        playback = Playback()
        for segment in segments:
            part = cut_at_time(segment, t_ns)
            playback.add(part)
            if segment.at_ns > t_ns:
                break
        agrees(playback.job(), recount.at_time(t_ns), recount.unseen(playback.n, t_ns))


@given(_jobs, st.integers(1, 20))
@settings(max_examples=EXAMPLES, deadline=None)
def test_it_does_not_matter_how_a_job_is_cut_into_segments(random_job: _Random, rows: int) -> None:
    segments = Played(*random_job).segments
    recount = Recount(segments)
    parts = renumbered([part for segment in segments for part in split(segment, rows)])
    playback = Playback()
    for part in parts:
        before = playback.seq
        restored = Playback.restore(playback.checkpoint()) if playback.n else Playback()
        playback.add(part)
        for seq in {before + 1, part.seq} - {before}:
            if seq <= part.seq:
                moment = Playback.restore(restored.checkpoint()) if restored.n else Playback()
                moment.add(cut_at_seq(part, seq))
                at = recount.records[seq - 1]
                agrees(moment.job(), recount.at(seq), recount.unseen(at.n, at.at))
    whole = play(segments)
    assert counted(playback) == counted(whole)
    assert playback.keyframe().log == whole.keyframe().log
    assert playback.keyframe().outputs == whole.keyframe().outputs
    assert (playback.states(), playback.data(), playback.actions()) == (whole.states(), whole.data(), whole.actions())


def counted(playback: Playback) -> Any:
    """All figures of a job but those that come of samples and moments."""
    job = playback.job()
    routines = {
        key: (f.status, f.done, f.errors, f.retries, f.queued, f.running, f.avg_ms, f.min_ms, f.max_ms, f.last_error)
        for key, f in job.routines.items()
    }
    connections = {key: figures.count for key, figures in job.connections.items()}
    return job.status, job.seq, job.counts, routines, connections, job.error, job.ended_at, job.params


@given(_jobs)
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_played_to_the_end_is_what_the_live_page_shows(random_job: _Random) -> None:
    played = Played(*random_job)
    playback, live = play(played.segments), played.job_table.job(played.job.job_id)
    shown, expected = playback.keyframe(), live.keyframe()
    for figures in (*shown.routines.values(), *expected.routines.values()):
        figures.activity = []
    for frame in (shown, expected):
        frame.job.activity, frame.job.origin = [], ""
    assert shown.routines == expected.routines
    assert shown.connections == expected.connections
    assert shown.job == expected.job
    assert (shown.flow, shown.states, shown.seq) == (expected.flow, expected.states, expected.seq)
    assert (shown.records, shown.log, shown.outputs) == (expected.records, expected.log, expected.outputs)
    assert (playback.actions(), playback.states(), playback.data()) == (live.actions(), live.states(), live.data())
    assert playback.metrics() == live.metrics()


@given(_jobs)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_checkpoint_is_all_that_a_playback_is(random_job: _Random) -> None:
    segments = Played(*random_job).segments
    whole = Playback()
    for place, segment in enumerate(segments):
        whole.add(segment)
        restored = Playback.restore(whole.checkpoint())
        assert restored.keyframe() == whole.keyframe()
        for later in segments[place + 1 :]:
            restored.add(later)
        end = play(segments)
        assert (restored.n, restored.seq, restored.at_ns) == (end.n, end.seq, end.at_ns)
        assert counted(restored) == counted(end)
        assert restored.metrics() == end.metrics()
        assert (restored.actions(), restored.states(), restored.data()) == (end.actions(), end.states(), end.data())
        ours, theirs = restored.keyframe(), end.keyframe()
        assert (ours.records, ours.log, ours.outputs) == (theirs.records, theirs.log, theirs.outputs)
