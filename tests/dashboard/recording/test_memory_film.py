"""The film of a job without a store adds up to the job's figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from routilux import Flow, JobState
from routilux_dashboard import Dashboard
from routilux_dashboard.fold.playback import Playback
from routilux_dashboard.protocol import Job
from routilux_dashboard.recording import jsonl
from routilux_dashboard.recording.content import RecordingBuilder
from routilux_dashboard.recording.film import Film
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.sources.local_source import LocalSource
from routilux_dashboard.sources.memory_film import film_from_memory
from tests.browser import flows
from tests.browser.ledger import Ledger
from tests.waiting import eventually

Serve = Callable[..., Dashboard]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a dashboard without a store."""
    running: list[Dashboard] = []

    def start(*flows: Flow) -> Dashboard:
        running.append(Dashboard(*flows, port=0, store="none").start())
        return running[-1]

    yield start
    for dashboard in running:
        dashboard.stop()


def job_of(dashboard: Dashboard, job_state: JobState) -> LocalSource:
    job = dashboard._job_table.job(job_state.job_id)
    assert isinstance(job, LocalSource)
    return job


def ended(dashboard: Dashboard, flow: Flow, job_state: JobState) -> tuple[LocalSource, Film]:
    """The job once its end is shown and nothing more is to come, and its recording."""
    assert JobState.wait_for_completion(flow, job_state, timeout=30)
    job = job_of(dashboard, job_state)
    eventually(lambda: job.is_final and job.summary.ended_at and not job.may_change)
    return job, film_from_memory(job)


def played(segments: list[Segment]) -> Playback:
    """The segments, written and read again, folded."""
    playback = Playback()
    for segment in jsonl.read(jsonl.write(segments)):
        playback.add(segment)
    return playback


def figures(job: Job) -> object:
    """What a job in memory and its recording must agree on."""
    routines = {name: (f.status, f.done, f.errors, f.retries, f.queued, f.running) for name, f in job.routines.items()}
    connections = {name: figures.count for name, figures in job.connections.items()}
    return job.status, job.seq, job.counts, routines, connections, job.error, job.ended_at, job.params, job.entry


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_the_segments_of_a_job_add_up_to_its_figures(strategy: str, serve: Serve) -> None:
    flow = flows.strategies(Ledger(), strategy)
    dashboard = serve(flow)
    job, found = ended(dashboard, flow, flow.start("source", {"count": 3_000}))
    assert found.gaps == ""
    segments = list(found.segments)
    assert len(segments) > 2
    playback = played(segments)
    assert figures(playback.job()) == figures(job.view())
    assert playback.metrics()["flow"] == job.metrics()["flow"]
    assert [row for segment in segments for row in segment.log] == job.log(0, 1_000).entries
    assert [row for segment in segments for row in segment.outputs] == job.outputs(0, 1_000).outputs
    assert sum(len(segment.runs.target) for segment in segments) == len(job.runs or ())


def test_a_failed_and_a_cancelled_job_keep_their_errors_and_controls(serve: Serve) -> None:
    failing, steady = flows.failing(Ledger()), flows.steady(Ledger())
    dashboard = serve(failing, steady)
    job, found = ended(dashboard, failing, failing.start("ticker", {"pace": 0.0}))
    playback = played(list(found.segments))
    assert figures(playback.job()) == figures(job.view())
    assert playback.job().routines["fragile"].last_error == job.view().routines["fragile"].last_error
    under_way = steady.start("ticker")
    eventually(lambda: under_way.read_history(0, 0).total > 50)
    steady.cancel(under_way, "enough", by="ops")
    job, found = ended(dashboard, steady, under_way)
    playback = played(list(found.segments))
    assert figures(playback.job()) == figures(job.view())
    assert playback.actions() == job.actions()


def test_a_running_job_is_recorded_up_to_now(serve: Serve) -> None:
    flow, holder = flows.held(Ledger())
    dashboard = serve(flow)
    job_state = flow.start("source", {"count": 5})
    job = job_of(dashboard, job_state)
    eventually(lambda: job.view().counts.running == 1 and job.view().counts.queued == 4)
    playback = played(list(film_from_memory(job).segments))
    assert figures(playback.job()) == figures(job.view())
    holder.gate.set()
    assert JobState.wait_for_completion(flow, job_state, timeout=30)


def test_a_film_says_which_records_were_evicted_and_keeps_the_figures_exact(serve: Serve) -> None:
    flow = flows.strategies(Ledger(), "sequential")
    flow.history_limit = 100
    dashboard = serve(flow)
    job, found = ended(dashboard, flow, flow.start("source", {"count": 300}))
    assert "are no longer in memory" in found.gaps
    content = RecordingBuilder(1_000_000)
    for segment in found.segments:
        content.add(segment)
    parts = {part.name: part for part in content.parts(1_000_000, found.missing, found.keyframe)}
    assert parts["records"].last == job.summary.seq
    assert found.keyframe is not None
    assert found.keyframe.job.counts == job.summary.counts
