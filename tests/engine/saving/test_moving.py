"""Whatever is paused, saved, loaded elsewhere and resumed: the job does what it would have done undisturbed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.saving.fuzzing import examples
from tests.engine.saving.moving import Helper, at_rest, loaded, take_step, to_the_end
from tests.engine.saving.plans import Plain, Plan, outcome, plans, wrong_causes

PAUSES = st.lists(st.integers(1, 40), max_size=5)
"""At which of its activations a job pauses itself."""
MOVES = st.lists(st.sampled_from(["stay", "text", "file", "step"]), min_size=1, max_size=4)
FURTHER_MOVES = st.lists(st.sampled_from(["process", "text", "process", "step"]), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("moving")


@pytest.fixture(scope="module")
def helper(folder: Path) -> Iterator[Helper]:
    """One other process for all examples: to start one takes longer than an example."""
    process = Helper(folder)
    yield process
    process.end()


def undisturbed(plan: Plan) -> Plain:
    flow = plan.flow()
    job = at_rest(flow, flow.execute("r0", plan.params([])))
    flow.shutdown()
    plain: Plain = json.loads(json.dumps(job.serialize()))
    return plain


def assert_same(plan: Plan, found: Plain, expected: Plain) -> None:
    assert outcome(found, ordered=plan.ordered) == outcome(expected, ordered=plan.ordered)
    assert wrong_causes(found) == []
    assert len(found["shared_log"]) == plan.activations()


def check(plan: Plan, pauses: list[list[int]], moves: list[str], folder: Path, helper: Helper | None = None) -> None:
    """Run a job for each list of pauses, all at once, move each whenever it is paused, and compare."""
    expected = undisturbed(plan)
    assert wrong_causes(expected) == []
    flow = plan.flow()
    jobs = [flow.start("r0", plan.params(pause_at)) for pause_at in pauses]
    ways = itertools.cycle(moves)
    for job in jobs:
        assert_same(plan, to_the_end(flow, job, ways, folder, helper), expected)
    flow.shutdown()


@examples(150)
@given(plans("sequential"), st.lists(PAUSES, min_size=1, max_size=3), MOVES)
def test_sequential_jobs_that_move_run_like_unmoved_ones_in_the_same_order(
    folder: Path, plan: Plan, pauses: list[list[int]], moves: list[str]
) -> None:
    check(plan, pauses, moves, folder)


@examples(150)
@given(plans("concurrent"), st.lists(PAUSES, min_size=1, max_size=3), MOVES)
def test_concurrent_jobs_that_move_run_like_unmoved_ones(
    folder: Path, plan: Plan, pauses: list[list[int]], moves: list[str]
) -> None:
    check(plan, pauses, moves, folder)


@examples(80)
@given(st.sampled_from(["sequential", "concurrent"]).flatmap(lambda s: plans(s, fails=True)), PAUSES, MOVES)
def test_pending_retries_move_with_the_job(folder: Path, plan: Plan, pauses: list[int], moves: list[str]) -> None:
    check(plan, [pauses], moves, folder)


@examples(100)
@given(st.sampled_from(["sequential", "concurrent"]).flatmap(plans), PAUSES, FURTHER_MOVES)
def test_jobs_that_move_to_another_process_run_like_unmoved_ones(
    folder: Path, helper: Helper, plan: Plan, pauses: list[int], moves: list[str]
) -> None:
    check(plan, [pauses], moves, folder, helper)


@examples(80)
@given(st.sampled_from(["sequential", "concurrent"]).flatmap(plans), st.lists(st.integers(0, 30), max_size=4), MOVES)
def test_jobs_that_are_paused_from_outside_at_any_moment_can_be_moved(
    folder: Path, plan: Plan, looks: list[int], moves: list[str]
) -> None:
    expected = undisturbed(plan)
    flow, ways = plan.flow(), itertools.cycle(moves)
    job = flow.start("r0", plan.params([]))
    for number in looks:
        for _ in range(number):
            job.read_history()
        flow.pause(job, "from outside")
        how = next(ways)
        if how == "step":
            take_step(flow, job)
            continue
        if how != "stay":
            job = loaded(job, folder, how)
            flow = plan.flow()
        flow.resume(job)
    assert_same(plan, to_the_end(flow, job, ways, folder, None), expected)
    flow.shutdown()


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_a_job_that_was_paused_when_its_flow_was_shut_down_can_be_resumed(strategy: str) -> None:
    plan = Plan(strategy, (("out",),), ((0, "out", 0, "input", False),), 3, frozenset(), frozenset())
    flow = plan.flow()
    job = at_rest(flow, flow.execute("r0", plan.params([2])))
    assert job.status == "paused"
    flow.shutdown()
    flow.resume(job)
    assert at_rest(flow, job).status == "completed"
    assert len(job.shared_log) == plan.activations()
    flow.shutdown()
