"""Whatever is paused and resumed, and when: the job does what it would have done undisturbed, each thing once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from routilux import Flow, JobState
from tests.engine.parts import DEADLINE, Diary, in_threads, over
from tests.engine.random_flows import Bench, Keeper, Shape, outcome, shapes

Act = Callable[[Flow, JobState], object]


def pause(flow: Flow, job: JobState, *, wait: bool) -> None:
    flow.pause(job, "a test", wait=wait)


def pause_and_think_better_of_it(flow: Flow, job: JobState) -> None:
    """Within a handler: the job cannot be paused before it returns, so this takes the pause back."""
    flow.pause(job, wait=False)
    flow.resume(job)


INSIDE: st.SearchStrategy[Act] = st.sampled_from(
    [partial(pause, wait=True), partial(pause, wait=False), pause_and_think_better_of_it]
)
OUTSIDE = st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=6)
"""Pauses from another thread: (wait for it, how long to look at the history before)."""


def disturb(bench: Bench, job: JobState, script: list[tuple[bool, int]]) -> None:
    for wait, looks in script:
        for _ in range(looks):
            job.read_history()
        bench.flow.pause(job, "from outside", wait=wait)


def disturbed_runs(
    bench: Bench, names: list[str], script: list[tuple[bool, int]]
) -> tuple[list[JobState], dict[str, Diary]]:
    """Start a job for each name at once; disturb each from a thread of its own; keep them going to the end."""
    diary = Diary()
    bench.flow.add_hook(diary)
    jobs = [bench.start(name) for name in names]
    disturbers = [threading.Thread(target=disturb, args=(bench, job, script), daemon=True) for job in jobs]
    for thread in disturbers:
        thread.start()
    keepers = [Keeper(bench, job, name, [thread]) for job, name, thread in zip(jobs, names, disturbers, strict=True)]
    in_threads(*(keeper.keep for keeper in keepers))
    for job, keeper in zip(jobs, keepers, strict=True):
        over(job)
        assert len(job.pause_points) == keeper.pauses
    bench.flow.shutdown()
    assert bench.wrong == []
    return jobs, dict.fromkeys(names, diary)


def control_entries_are_in_order(diary: Diary, job: JobState) -> bool:
    """Each pause is asked for, then effective or withdrawn; each resume follows one of these."""
    allowed = {
        "running": {("pause", "requested"): "pausing", ("pause", "draining"): "pausing"},
        "pausing": {("pause", "effective"): "paused", ("pause", "withdrawn"): "resuming"},
        "paused": {("resume", "requested"): "resumed"},
        "resuming": {("resume", "requested"): "resumed"},
        "resumed": {("resume", "effective"): "running"},
    }
    state = "running"
    for entry in diary.take(job).entries:
        if entry.kind == "control":
            step = (entry.data["action"], entry.data["state"])
            if step not in allowed[state]:
                return False
            state = allowed[state][step]
    return state == "running"


def check(shape: Shape, strategy: str, jobs: int, inside: dict[int, Act], script: list[tuple[bool, int]]) -> None:
    ordered = strategy == "sequential" and not shape.flaky
    calm = Bench(shape, strategy)
    names = [f"job {n}" for n in range(jobs)]
    expected: list[dict[str, Any]] = [outcome(calm, over(calm.start(name)), name, ordered=ordered) for name in names]
    calm.flow.shutdown()
    assert calm.wrong == []
    bench = Bench(shape, strategy, inside=inside)
    states, diaries = disturbed_runs(bench, names, script)
    assert [outcome(bench, job, name, ordered=ordered) for job, name in zip(states, names, strict=True)] == expected
    for job, name in zip(states, names, strict=True):
        assert control_entries_are_in_order(diaries[name], job)
        assert len(set(bench.activations[name])) <= shape.activations() == len(bench.activations[name])
        numbers = [record.seq for record in job.execution_history]
        assert numbers == list(range(1, len(numbers) + 1))


@settings(max_examples=12)
@given(shapes(), st.integers(1, 3), st.dictionaries(st.integers(0, 60), INSIDE, max_size=6), OUTSIDE)
def test_disturbed_sequential_jobs_run_like_undisturbed_ones(
    shape: Shape, jobs: int, inside: dict[int, Act], script: list[tuple[bool, int]]
) -> None:
    check(shape, "sequential", jobs, inside, script)


@settings(max_examples=12)
@given(shapes(), st.integers(1, 3), st.dictionaries(st.integers(0, 60), INSIDE, max_size=6), OUTSIDE)
def test_disturbed_concurrent_jobs_run_like_undisturbed_ones(
    shape: Shape, jobs: int, inside: dict[int, Act], script: list[tuple[bool, int]]
) -> None:
    check(shape, "concurrent", jobs, inside, script)


@settings(max_examples=15)
@given(
    shapes(flaky=True),
    st.sampled_from(["sequential", "concurrent"]),
    st.dictionaries(st.integers(0, 60), INSIDE, max_size=4),
    OUTSIDE,
)
def test_disturbed_jobs_with_retries_run_like_undisturbed_ones(
    shape: Shape, strategy: str, inside: dict[int, Act], script: list[tuple[bool, int]]
) -> None:
    check(shape, strategy, 1, inside, script)


@settings(max_examples=15)
@given(shapes(flaky=True), st.sampled_from(["sequential", "concurrent"]), st.integers(0, 60), st.booleans())
def test_a_cancel_at_any_moment_settles_and_accounts_for_every_activation(
    shape: Shape, strategy: str, looks: int, inside: bool
) -> None:
    act: dict[int, Act] = {looks: lambda flow, job: flow.cancel(job)} if inside else {}
    bench = Bench(shape, strategy, inside=act)
    diary = Diary()
    bench.flow.add_hook(diary)
    job = bench.start("job")
    if not inside:
        for _ in range(looks):
            job.read_history()
        bench.flow.cancel(job)
        assert job.status == "cancelled"
    assert JobState.wait_for_completion(bench.flow, job, DEADLINE)
    assert job.status in ("cancelled", "completed")
    reader, batch = diary.readers[job.job_id], diary.take(job)
    queued = 1 + sum(len(reader.source(row[0]).target_ids) for row in batch.records)
    ended = sum(row[3] != "retry" for row in batch.runs)
    assert batch.running == ()
    assert queued == ended + job.control.dropped
    dropped = sum(sum(entry.data["routines"].values()) for entry in batch.entries if entry.kind == "dropped")
    assert dropped == job.control.dropped
    after = diary.take(job)
    assert (after.records, after.runs) == ([], [])
    bench.flow.shutdown()


@settings(max_examples=15)
@given(shapes(), st.sampled_from(["sequential", "concurrent"]), st.integers(1, 6), st.integers(0, 40))
def test_pausing_resuming_and_cancelling_from_many_threads_ends_in_one_of_the_statuses(
    shape: Shape, strategy: str, threads: int, looks: int
) -> None:
    """No order of controls hangs, raises anything but `ValueError`, or leaves a job in between."""
    bench = Bench(shape, strategy)
    job = bench.start("job")

    def meddle(number: int) -> None:
        for n in range(6):
            for _ in range(looks * number % 7):
                job.read_history()
            control = (bench.flow.pause, bench.flow.resume, bench.flow.resume, bench.flow.cancel)[
                min((number + n) % 4, 2 + (n == 5))
            ]
            try:
                control(job)
            except ValueError:
                assert job.status in ("cancelled", "running", "paused")

    in_threads(*(partial(meddle, number) for number in range(threads)))
    if job.status == "paused":
        bench.flow.resume(job)
    assert JobState.wait_for_completion(bench.flow, job, DEADLINE)
    assert job.status in ("completed", "cancelled")
    assert len(bench.activations["job"]) == len(set(enumerate(bench.activations["job"])))
    if job.status == "completed":
        assert len(bench.activations["job"]) == shape.activations()
    assert bench.wrong == []
    bench.flow.shutdown()
