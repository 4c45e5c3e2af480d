"""The table of a run's states and events, and real runs beside it."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from routilux import Flow, JobState
from routilux.job.state_machine import (
    ACCEPTING,
    CANCELLING,
    COMPLETED,
    EVENTS,
    FAILING,
    NEW,
    SETTLED,
    SETTLING,
    STATES,
    TABLE,
    Facts,
    ImpossibleEvent,
    Refusal,
    Transition,
    decide,
    refusals,
    restored_state,
)
from routilux.status import ENDED_STATUSES, JOB_STATUSES, TRANSITIONS, check_transition
from tests.engine.parts import Node
from tests.waiting import eventually

DEADLINE = 10.0

FLAGS = list(itertools.product([False, True], repeat=4))
ALL_FACTS = [Facts(status, restored, *flags) for status in JOB_STATUSES for restored in JOB_STATUSES for flags in FLAGS]


def has_ended(job_state: JobState) -> bool:
    return job_state.status in ENDED_STATUSES


def waits_at_checkpoints(node: Node, data: dict[str, object]) -> None:
    while True:
        node.ctx.checkpoint()
        node.ctx.sleep(0.001)


PAIRS = list(itertools.product(STATES, EVENTS))


def statuses_in(state: str) -> set[str]:
    """The job statuses that a run in `state` can have."""
    if state in SETTLED and state != "restored":
        return {state}
    known = {
        "new": {"pending"},
        "restored": {"running"},
        "pausing": {"pending", "running", "completed"},
        "cancelling": {"pending", "running", "paused", "completed"},
        "failing": {"running", "paused"},
        "settling_pause": {"running", "completed"},
        "settling_cancel": {"running", "paused", "completed"},
        "settling_failure": {"running", "paused"},
    }
    return known.get(state, {"running"})


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_every_pair_has_one_outcome_whose_effects_are_legal(state: str, event: str) -> None:
    for facts in ALL_FACTS:
        if facts.status not in statuses_in(state) or (event == "begin" and facts.status != "pending"):
            continue
        if (state, event) not in TABLE:
            with pytest.raises(ImpossibleEvent, match="can't happen"):
                decide(state, event, facts)  # type: ignore[arg-type]
            return
        decision = decide(state, event, facts)  # type: ignore[arg-type]
        if isinstance(decision, Refusal):
            assert event in ("pause", "resume", "step", "cancel")
            continue
        assert isinstance(decision, Transition)
        assert decision.state in STATES
        assert ("discard" in decision.effects) == (decision.state in (CANCELLING, FAILING) and state != decision.state)
        assert ("discard" in decision.effects) == ("request stop" in decision.effects)
        if "set status" in decision.effects:
            check_transition(facts.status, decision.status)
        if state in ("completed", "failed", "cancelled") and decision.state != state:
            assert state == COMPLETED


def test_a_run_can_reach_every_state_and_leaves_only_completed_of_the_ends() -> None:
    reached, waiting = {NEW}, [NEW]
    while waiting:
        state = waiting.pop()
        for event in EVENTS:
            for facts in ALL_FACTS if (state, event) in TABLE else ():
                decision = decide(state, event, facts)
                if isinstance(decision, Transition) and decision.state not in reached:
                    reached.add(decision.state)
                    waiting.append(decision.state)
    assert reached == set(STATES)


def test_commands_never_reach_a_run_that_settles() -> None:
    commands = {"pause", "resume", "step", "cancel", "handler failed", "timed out"}
    assert not [(state, event) for state, event in TABLE if state in SETTLING and event in commands]


def test_a_run_accepts_emissions_until_it_is_cancelled_fails_or_has_ended() -> None:
    assert set(STATES) - ACCEPTING == {
        "cancelling", "failing", "settling_cancel", "settling_failure", "completed", "failed", "cancelled",
    }  # fmt: skip


@pytest.mark.parametrize("status", JOB_STATUSES)
def test_what_a_page_offers_is_accepted_by_the_table(status: str) -> None:
    state = restored_state(status)
    for can_step in (False, True):
        for action, refused in refusals(state, can_step).items():
            decision = decide(state, action, Facts(status, can_step=can_step))  # type: ignore[arg-type]
            if refused is None:
                assert isinstance(decision, Transition)
    assert set(TRANSITIONS) == set(JOB_STATUSES)


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_a_cancelled_job_whose_handler_waits_at_a_checkpoint_stays_cancelled_when_resumed(strategy: str) -> None:
    """The resume looked at the status, which was still paused: the job completed although its queue was discarded."""
    for _ in range(20):
        flow = Flow(execution_strategy=strategy)
        flow.add_routine(Node(waits_at_checkpoints), "it")
        job_state = flow.start("it")
        flow.pause(job_state)
        flow.cancel(job_state, wait=False)
        with suppress(ValueError):  # the cancel has taken effect already
            flow.resume(job_state)
        eventually(partial(has_ended, job_state))
        assert job_state.status == "cancelled"


class ControlledJob(RuleBasedStateMachine):
    """A real job, whose handlers wait for permission, under random commands; compared with the statuses' table."""

    def __init__(self) -> None:
        super().__init__()
        self.permits = threading.Semaphore(0)
        self.stop = threading.Event()
        self.flow = Flow(execution_strategy="concurrent")
        self.flow.add_routine(Node(self.work), "it")
        self.flow.add_routine(Node(self.wait), "next")
        self.flow.connect("it", "out", "next", "input")
        self.job_state = self.flow.start("it")
        self.commands = 0

    def work(self, node: Node, data: dict[str, object]) -> None:
        for number in range(5):
            node.emit("out", n=number)

    def wait(self, node: Node, data: dict[str, object]) -> None:
        while not self.permits.acquire(timeout=0.01) and not self.stop.is_set() and not self.job_state.cancelled:
            pass

    def teardown(self) -> None:
        self.stop.set()
        if self.job_state.status not in ENDED_STATUSES:
            with suppress(ValueError):
                self.flow.cancel(self.job_state)
        assert JobState.wait_for_completion(self.flow, self.job_state, DEADLINE)
        self.flow.shutdown(timeout=DEADLINE)

    @rule(action=st.sampled_from(["pause", "resume", "step", "cancel"]))
    @precondition(lambda self: self.commands < 20)
    def command(self, action: str) -> None:
        self.commands += 1
        call = getattr(self.flow, action)
        with suppress(ValueError):
            call(self.job_state) if action in ("resume", "step") else call(self.job_state, wait=False)

    @rule()
    def let_one_handler_return(self) -> None:
        self.permits.release()

    @rule()
    def let_all_return_and_settle_a_pause(self) -> None:
        self.permits.release(10)
        if self.job_state.control.state == "draining":
            eventually(lambda: self.job_state.control.state != "draining")

    @invariant()
    def a_job_that_was_cancelled_ends_cancelled_and_an_ended_one_stays_so(self) -> None:
        status = self.job_state.status
        if status in ("failed", "cancelled"):
            assert set(self.job_state.control.refusals.values()) == {f"the job has ended: {status}"}
        if self.job_state.routine_states.get("_cancellation"):
            eventually(lambda: self.job_state.status == "cancelled" or self.job_state.control.state == "draining")


ControlledJob.TestCase.settings = settings(
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRealRun = ControlledJob.TestCase
