"""The table of a run's states and events, and real runs beside it."""

from __future__ import annotations

import itertools
import queue
import re
import threading
from contextlib import suppress
from functools import partial
from typing import cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routilux import Flow, JobState
from routilux.execution.run import Run
from routilux.job.state_machine import (
    ACCEPTING,
    CANCELLING,
    COMPLETED,
    EVENTS,
    FAILING,
    NEW,
    RUNNING,
    SETTLED,
    SETTLING,
    STATES,
    TABLE,
    Decision,
    Facts,
    ImpossibleEvent,
    Refusal,
    RunEvent,
    Transition,
    decide,
    refusals,
    restored_state,
)
from routilux.job_state import run_of
from routilux.status import (
    CONTROL_ACTIONS,
    ENDED_STATUSES,
    JOB_STATUSES,
    TRANSITIONS,
    ControlAction,
    check_transition,
)
from tests.engine.parts import DEADLINE, Node, emits
from tests.waiting import eventually

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
def test_controls_that_a_page_offers_are_accepted_by_the_table(status: str) -> None:
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


class RunBesideTable(RuleBasedStateMachine):
    """A real run under random commands, returns and failures; after each, its state is the one that the table gives.

    One handler at a time is in flight, and waits for the test, so that the model knows what the run does.
    """

    run: Run
    state: str
    status: str
    queued: int
    in_flight: bool

    @initialize(strategy=st.sampled_from(["sequential", "concurrent"]), activations=st.integers(1, 3))
    def start(self, strategy: str, activations: int) -> None:
        self.entered, self.verdicts = threading.Semaphore(0), queue.SimpleQueue[bool]()
        self.flow = Flow(execution_strategy=strategy, max_workers=1)
        self.flow.add_routine(Node(emits(activations)), "source")
        self.flow.add_routine(Node(self.wait_for_verdict), "worker")
        self.flow.connect("source", "out", "worker", "input")
        self.job_state = self.flow.start("source")
        self.run = cast(Run, run_of(self.job_state))
        self.state, self.status = RUNNING, "running"
        self.queued, self.in_flight = activations, False
        self.advance()

    def wait_for_verdict(self, node: Node, data: dict[str, object]) -> None:
        self.entered.release()
        if not self.verdicts.get(timeout=DEADLINE):
            raise ValueError("the test made this handler fail")

    def happen(self, event: RunEvent) -> Decision:
        """Let the model take the transition of an event."""
        decision = decide(self.state, event, Facts(self.status, can_step=self.queued > 0))
        if isinstance(decision, Transition):
            self.state, self.status = decision.state, decision.status or self.status
            if "discard" in decision.effects:
                self.queued = 0
        return decision

    def advance(self, *, steps: bool = False) -> None:
        """Let the model start the next handler, or drain and settle."""
        if not self.in_flight and self.queued and (steps or self.state == RUNNING):
            assert self.entered.acquire(timeout=DEADLINE), "the handler did not start"
            self.queued, self.in_flight = self.queued - 1, True
        elif not self.in_flight and (self.state, "drained") in TABLE:
            self.happen("drained")
            self.happen("settled")

    @rule(action=st.sampled_from(CONTROL_ACTIONS))
    def command(self, action: ControlAction) -> None:
        decision = self.happen(action)
        command = getattr(self.flow, action)
        if action in ("pause", "cancel"):
            command = partial(command, wait=False)
        if isinstance(decision, Refusal):
            with pytest.raises(ValueError, match=re.escape(decision.reason)):
                command(self.job_state)
        else:
            command(self.job_state)
            self.advance(steps=action == "step")

    @precondition(lambda self: self.in_flight)
    @rule(fails=st.booleans())
    def handler_ends(self, fails: bool) -> None:
        if fails:
            self.happen("handler failed")
        self.verdicts.put(not fails)
        self.in_flight = False
        self.advance()

    @invariant()
    def the_run_is_in_the_state_of_the_table(self) -> None:
        def observed() -> tuple[str, str, int]:
            return self.run.state, self.job_state.status, self.run.queued_count()

        expected = (self.state, self.status, self.queued)
        eventually(lambda: observed() == expected, what=f"{expected}")
        assert self.run.dispatching == (self.state == RUNNING)
        assert self.run.accepting == (self.state in ACCEPTING)

    def teardown(self) -> None:
        while self.in_flight:
            self.handler_ends(fails=False)
        self.flow.shutdown(timeout=DEADLINE)


RunBesideTable.TestCase.settings = settings(
    max_examples=60, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRealRun = RunBesideTable.TestCase
