"""A job whose program is not heard of any more."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.times import iso
from tests.dashboard.flows import gated
from tests.dashboard.tapes import Tape

SIGN_NS = 1_800_000_000_000_000_000


def under_way() -> tuple[Playback, Any, Tape]:
    """A job with one handler running and two waiting, played back; its gate, and its tape."""
    flow, collector = gated()
    tape = Tape(flow)
    flow.start("emitter", {"count": 3})
    assert collector.taken.acquire(timeout=10)
    tape.take()
    playback = Playback()
    for segment in tape.segments:
        playback.add(segment)
    return playback, collector, tape


def test_a_lost_job_says_so_and_since_when_and_keeps_its_counts() -> None:
    playback, collector, _ = under_way()
    before = playback.job()
    assert (before.status, before.last_sign) == ("running", None)
    playback.mark_lost(SIGN_NS)
    job = playback.job()
    assert (job.status, job.last_sign, job.ended_at) == ("lost", iso(SIGN_NS), None)
    assert (job.counts, job.rate) == (before.counts, 0.0)
    assert (job.counts.running, job.counts.queued) == (1, 2)
    assert all(iso(SIGN_NS) in str(why) for why in job.control.refusals.values())
    lost = job.routines["collector"]
    assert (lost.status, lost.running, lost.queued) == ("lost", 1, 2)
    assert lost.detail == "handling item, when its program was last heard of"
    assert job.routines["emitter"].status == "completed"
    collector.gate.set()


def test_a_lost_job_that_is_found_goes_on_where_it_was() -> None:
    playback, collector, tape = under_way()
    before = playback.job()
    playback.mark_lost(SIGN_NS)
    restored = Playback.restore(playback.checkpoint())
    assert restored.summary.status == "lost"
    restored.found()
    assert restored.job() == before
    seen = len(tape.segments)
    collector.gate.set()
    for segment in tape.finish()[seen:]:
        restored.add(segment)
    assert (restored.summary.status, restored.job().routines["collector"].done) == ("completed", 3)


def test_being_lost_and_found_is_told_in_frames() -> None:
    playback, collector, _ = under_way()
    first = playback.keyframe()
    playback.mark_lost(SIGN_NS)
    frame = playback.frame()
    assert frame is not None
    assert (frame.frame, frame.job.status, set(frame.routines)) == (first.frame + 1, "lost", {"collector"})
    assert playback.frame() is None
    playback.found()
    assert (frame := playback.frame()) is not None
    assert frame.job.status == "running"
    collector.gate.set()


def test_what_is_queued_in_a_lost_job_does_not_look_busy() -> None:
    playback, collector, _ = under_way()
    playback.mark_lost(time.time_ns())
    statuses = {figures.status for figures in playback.keyframe(time.time_ns() + 10**9).routines.values()}
    assert "running" not in statuses
    collector.gate.set()


def test_a_job_that_has_ended_cannot_be_lost_but_not_be_run_again_either_without_its_program() -> None:
    playback, collector, tape = under_way()
    seen = len(tape.segments)
    collector.gate.set()
    for segment in tape.finish()[seen:]:
        playback.add(segment)
    ended = playback.job()
    assert (ended.last_sign, ended.rerunnable) == (None, True)
    playback.mark_lost(SIGN_NS)
    assert playback.job() == msgspec.structs.replace(ended, rerunnable=False)
    playback.found()
    assert playback.job() == ended


def test_what_time_changes_is_shown_when_it_is_asked_for() -> None:
    playback, collector, _ = under_way()
    assert playback.summary.rate > 0
    later = playback.at_ns + 30 * 10**9
    assert playback.keyframe(later).job.rate == 0.0
    assert sum(playback.keyframe(later).job.activity) == 0
    collector.gate.set()
