"""`routilux pause`, `resume`, `step` and `cancel` against a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from routilux import Flow, JobState
from routilux_dashboard import Dashboard
from tests.dashboard.commands import Called, call, call_on_terminal
from tests.dashboard.flows import Gated, chain, gated
from tests.dashboard.peers import ask, get
from tests.waiting import eventually


class Stage(NamedTuple):
    """A job whose second routine is held in its first handler, and its server."""

    dashboard: Dashboard
    flow: Flow
    job_id: str
    collector: Gated

    def call(self, *arguments: str) -> Called:
        command, *options = arguments
        return call(command, self.job_id[:13], *options, "--server", self.dashboard.url)

    def shows(self, what: str, value: object) -> None:
        eventually(lambda: get(self.dashboard, f"/jobs/{self.job_id}")[what] == value, what=f"{what} is {value!r}")

    def end(self) -> None:
        self.collector.gate.set()
        eventually(lambda: get(self.dashboard, f"/jobs/{self.job_id}")["ended_at"])


@pytest.fixture
def stage() -> Iterator[Stage]:
    flow, collector = gated()
    with Dashboard(flow, port=0) as dashboard:
        job_state = flow.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=20)
        yield Stage(dashboard, flow, job_state.job_id, collector)
        collector.gate.set()
        if job_state.status == "paused":
            flow.resume(job_state)
        JobState.wait_for_completion(flow, job_state, 20)


def test_a_pause_says_how_far_it_is_and_a_resume_takes_it_back(stage: Stage) -> None:
    asked = stage.call("pause", "--reason", "to [b]look[/b]")
    assert (asked.code, asked.err) == (0, "")
    assert asked.out.startswith(f"Job {stage.job_id} is running; pause is draining; still running: collector.item (")
    control = get(stage.dashboard, f"/jobs/{stage.job_id}")["control"]
    assert (control["action"], control["reason"]) == ("pause", "to [b]look[/b]")
    shown = call("show", stage.job_id, "--server", stage.dashboard.url).out
    assert "pause draining by dashboard" in shown
    assert "to [b]look[/b]; still running: collector.item (" in shown
    assert stage.call("resume").out == f"Job {stage.job_id} is running.\n"


def test_waiting_for_a_pause_shows_which_handlers_still_run_and_ends_with_it(stage: Stage) -> None:
    def let_go(seen: str) -> None:
        if "still running: collector.item (" in seen:
            stage.collector.gate.set()

    command = ["pause", stage.job_id, "--wait", "--server", stage.dashboard.url]
    done = call_on_terminal(*command, columns=200, on_sight=let_go)
    assert done.code == 0
    assert done.out.rstrip().endswith(f"Job {stage.job_id} is paused.")


def test_waiting_is_bounded_and_what_was_asked_stays_asked(stage: Stage) -> None:
    late = stage.call("cancel", "--wait", "--timeout", "0.3")
    assert (late.code, late.out) == (1, "")
    assert "Not yet after 0.3 s." in late.err
    assert "cancel is draining; still running: collector.item (" in late.err
    stage.collector.gate.set()
    done = stage.call("cancel", "--wait", "--json")
    assert (done.code, done.json["status"], done.json["control"]["state"]) == (0, "cancelled", "effective")


def test_without_waiting_programs_get_the_control_as_it_is(stage: Stage) -> None:
    told = stage.call("pause", "--json").json
    assert (told["job_id"], told["status"]) == (stage.job_id, "running")
    assert (told["control"]["action"], told["control"]["state"]) == ("pause", "draining")


def test_somebody_elses_control_in_between_ends_the_waiting(stage: Stage) -> None:
    seen: list[Called] = []
    waiting = threading.Thread(target=lambda: seen.append(stage.call("pause", "--wait")))
    waiting.start()
    eventually(lambda: get(stage.dashboard, f"/jobs/{stage.job_id}")["control"]["state"] == "draining")
    assert ask(stage.dashboard, "POST", f"/api/v1/jobs/{stage.job_id}/resume").status == 202
    waiting.join(30)
    assert seen[0].code == 1
    assert "resume has taken the place of the pause" in seen[0].err


@pytest.mark.parametrize("action", ["pause", "resume", "step", "cancel"])
def test_a_control_of_a_job_that_has_ended_is_refused_with_the_reason(action: str) -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard:
        job_state = flow.start("emitter", {"count": 1})
        JobState.wait_for_completion(flow, job_state, 20)
        flow.cancel(job_state)
        eventually(lambda: get(dashboard, f"/jobs/{job_state.job_id}")["status"] == "cancelled")
        if action == "cancel":
            return  # cancelled already: nothing happens
        done = call(action, job_state.job_id, "--wait", "--server", dashboard.url)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: Not possible now (409): The job has ended")
    assert len(done.err.splitlines()) == 1


def test_a_step_runs_one_handler_of_a_paused_job(stage: Stage) -> None:
    assert stage.call("step").code == 1
    stage.call("pause")
    stage.collector.gate.set()
    stage.shows("status", "paused")
    before = get(stage.dashboard, f"/jobs/{stage.job_id}")["routines"]["collector"]["done"]
    stepped = stage.call("step", "--wait")
    assert stepped.code == 0, stepped.err
    stage.shows("status", "paused")
    assert get(stage.dashboard, f"/jobs/{stage.job_id}")["routines"]["collector"]["done"] == before + 1


@pytest.mark.parametrize("options", [["--timeout", "-1"], ["--timeout", "soon"], ["--because", "x"]])
def test_wrong_options_are_wrong_usage(stage: Stage, options: list[str]) -> None:
    assert stage.call("pause", *options).code == 2
    assert get(stage.dashboard, f"/jobs/{stage.job_id}")["control"]["action"] is None
