"""Controls in the page tell the truth, act on their own job alone, and lose nothing."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from routilux import Flow, JobState
from routilux_dashboard.demos import stdlib_census
from tests.browser import flows
from tests.browser.conftest import DashboardServer, OpenPage
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs
from tests.browser.truth import truth_of
from tests.waiting import eventually


def seq_of(job_state: JobState) -> int:
    """How many records the job has made."""
    return job_state.read_history(0, 0).total


PACE = 0.1
"""Seconds that the census waits after each file: it shall be under way for as long as ten pauses take."""


def press_pause(view: JobView) -> None:
    view.button("Pause").click()


def press_space(view: JobView) -> None:
    view.page.keyboard.press(" ")


@pytest.mark.parametrize("press", [press_pause, press_space])
@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_when_the_page_says_paused_no_handler_runs_and_no_count_changes_until_resume(
    strategy: str, press: Callable[[JobView], None], ledger: Ledger, runs: Runs
) -> None:
    flow = flows.steady(ledger, strategy)
    job_state, view = runs.open(flow, "ticker", count=3000, pace=0.002)
    view.wait_seq(200)
    press(view)
    view.wait_status("paused")
    assert ledger.inside[job_state.job_id] == 0
    ended, seq, shown = ledger.runs(job_state.job_id), seq_of(job_state), view.read()
    assert shown.running == 0
    assert shown.seq == seq
    assert int(shown.facts["queued"]) == len(job_state.pending_tasks)
    view.wait_paused_for(seconds=1)
    assert ledger.runs(job_state.job_id) == ended
    assert view.read().picture == shown.picture
    view.resume()
    view.wait_seq(seq + 200)
    assert ledger.runs(job_state.job_id) > ended
    assert view.button("Pause").is_enabled()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small library, large enough for ten pauses."""
    return flows.make_library(tmp_path_factory.mktemp("library"), "json", "asyncio", "email")


@pytest.fixture(scope="module")
def undisturbed(library: Path) -> dict[str, Any]:
    """What a census of it ends with when nobody disturbs it, one file at a time as with any pace."""
    flow = stdlib_census.make_flow()
    job_state = flow.start(stdlib_census.ENTRY, {"root": str(library), "pace": PACE / 1000})
    assert JobState.wait_for_completion(flow, job_state, timeout=100)
    return outcome_of(flow, job_state)


def outcome_of(flow: Flow, job_state: JobState) -> dict[str, Any]:
    """Everything that a census ends with, but for the order in which its workers came."""
    truth = truth_of(flow, job_state)
    books = ("scores", "imports", "rejected", "operations", "report")
    return {
        "routines": truth.routines,
        "connections": truth.connections,
        "records": truth.records,
        "log": len(job_state.shared_log),
        "outputs": len(job_state.output_log),
        "books": {book: job_state.get_shared_data(book) for book in books},
    }


def test_a_census_paused_and_resumed_ten_times_ends_as_an_undisturbed_one(
    library: Path, undisturbed: dict[str, Any], runs: Runs
) -> None:
    flow = stdlib_census.make_flow()
    job_state = runs.start(flow, stdlib_census.ENTRY, root=str(library), pace=PACE)
    flow.pause(job_state)
    view = runs.watch(flow, job_state)
    chance = random.Random()
    for _ in range(10):
        view.resume()
        view.wait_seq(seq_of(job_state) + chance.randrange(15))
        view.pause()
        assert view.read().running == 0
        assert view.read().seq == seq_of(job_state)
    view.resume()
    view.wait_status("completed")
    assert view.read().counts == truth_of(flow, job_state)
    assert outcome_of(flow, job_state) == undisturbed


def test_pausing_shows_which_handlers_it_waits_for_and_for_how_long(ledger: Ledger, runs: Runs) -> None:
    flow, holder = flows.held(ledger)
    job_state, view = runs.open(flow, "source", count=5)
    view.until(lambda figures: figures.running == 1, "the handler runs")
    view.button("Pause").click()
    view.wait_headline("Pausing…")
    sentence = view.page.locator(".sentence")
    expect(sentence).to_contain_text(re.compile(r"asked .*ago[^·]*· waiting for holder\s+\d+\.\d\s+s"))
    assert view.button("Pause").get_attribute("aria-disabled") == "true"
    assert ledger.inside[job_state.job_id] == 1
    holder.gate.set()
    view.wait_status("paused")
    view.wait_headline("Paused")
    expect(sentence).to_contain_text("4 queued, kept")
    view.resume()
    view.wait_status("completed")
    assert view.read().counts == truth_of(flow, job_state)


def test_a_pause_that_still_waits_can_be_taken_back(ledger: Ledger, runs: Runs) -> None:
    flow, holder = flows.held(ledger)
    job_state, view = runs.open(flow, "source", count=5)
    view.until(lambda figures: figures.running == 1, "the handler runs")
    view.button("Pause").click()
    view.wait_headline("Pausing…")
    flow.resume(job_state)
    view.wait_headline("Running")
    holder.gate.set()
    view.wait_status("completed")
    assert view.read().counts == truth_of(flow, job_state)


def test_pausing_cancelling_and_failing_one_job_does_nothing_to_another_of_the_same_flow(
    ledger: Ledger, runs: Runs
) -> None:
    flow = flows.steady(ledger)
    ours, view = runs.open(flow, "ticker", pace=0.002)
    other, beside = runs.open(flow, "ticker", pace=0.005)
    view.wait_seq(50)
    view.pause()
    seq = beside.read().seq
    beside.wait_seq(seq + 100)
    assert beside.read().headline == "Running"
    assert view.read().seq == seq_of(ours)
    view.cancel()
    view.wait_status("cancelled")
    assert other.status == "running"
    other.update_shared_data("enough", True)
    beside.wait_status("completed")
    assert beside.read().counts == truth_of(flow, other)
    assert all(figures["status"] == "completed" for figures in beside.read().routines.values())


def test_a_failing_job_does_nothing_to_another_of_the_same_flow(ledger: Ledger, runs: Runs) -> None:
    flow = flows.failing(ledger, fails_at=60, strategy="concurrent")
    lives, beside = runs.open(flow, "ticker", count=60, pace=0.02)
    _, view = runs.open(flow, "ticker", pace=0.001)
    view.wait_status("failed")
    beside.wait_status("completed")
    assert beside.read().counts == truth_of(flow, lives)
    assert beside.read().routines["fragile"]["errors"] == 0


def test_cancel_asks_first_and_keeps_the_reason(ledger: Ledger, runs: Runs) -> None:
    flow, _ = flows.held(ledger, polite=True)
    job_state, view = runs.open(flow, "source", count=5)
    view.until(lambda figures: figures.running == 1, "the handler runs")
    view.button("Cancel").click()
    dialog = view.page.get_by_role("dialog", name=re.compile("^Cancel held"))
    expect(dialog).to_contain_text("4 queued messages will be dropped.")
    dialog.get_by_role("button", name="Keep the job").click()
    expect(dialog).to_be_hidden()
    view.button("Cancel").click()
    view.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert job_state.status == "running"
    began = time.monotonic()
    view.cancel(reason="the <b>wrong</b> input")
    view.wait_status("cancelled")
    print(f"\ncancelled, as seen in the page, after {time.monotonic() - began:.2f} s")
    expect(view.page.locator(".sentence")).to_have_text(re.compile("“the <b>wrong</b> input” – .+ · 4 queued dropped"))
    assert job_state.control.reason == "the <b>wrong</b> input"
    assert ledger.inside[job_state.job_id] == 0


def test_cancel_settles_as_soon_as_the_running_handler_returns(ledger: Ledger, runs: Runs) -> None:
    flow, holder = flows.held(ledger)
    job_state, view = runs.open(flow, "source", count=5)
    view.until(lambda figures: figures.running == 1, "the handler runs")
    view.cancel()
    view.wait_headline("Cancelling…")
    expect(view.page.locator(".sentence")).to_contain_text("4 queued were dropped · waiting for holder")
    holder.gate.set()
    opened = time.time()
    view.wait_status("cancelled")
    assert job_state.ended_at is not None
    settled = job_state.ended_at.timestamp() - opened
    print(f"\ncancelled {settled * 1000:.1f} ms after the handler could return")
    assert settled < 1
    assert ledger.returned[job_state.job_id, "holder"] == 1


def test_a_control_that_cannot_act_says_why(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    _, view = runs.open(flow, "ticker", count=3)
    view.wait_status("completed")
    cancel = view.button("Cancel")
    expect(cancel).to_have_attribute("aria-disabled", "true")
    assert re.search("completed|ended", cancel.get_attribute("title") or "")
    cancel.click(force=True)
    assert view.page.get_by_role("dialog").count() == 0


@pytest.mark.page_errors_expected
def test_a_control_that_the_server_refuses_is_told_with_the_reason(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    _, view = runs.open(flow, "ticker", pace=0.01)
    refuse_pauses(view.page)
    view.button("Pause").click()
    message = view.page.get_by_role("log", name="Messages")
    expect(message).to_contain_text("The job was not paused")
    expect(message).to_contain_text("The job has just completed.")
    expect(view.button("Pause")).not_to_have_attribute("aria-busy", "true")


def refuse_pauses(page: Page) -> None:
    """As if the job had ended between what the page shows and the press of the button."""
    problem = '{"type": "about:blank", "title": "Conflict", "status": 409, "detail": "the job has just completed"}'
    kind = "application/problem+json"
    page.route("**/pause", lambda route: route.fulfill(status=409, content_type=kind, body=problem))


def test_run_again_starts_a_new_job_with_the_same_parameters_and_shows_it(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    job_state, view = runs.open(flow, "ticker", count=7, pace=0.0)
    view.wait_status("completed")
    before = view.page.url
    view.button("Run again").click()
    view.page.wait_for_url(lambda url: url != before and "/jobs/" in url)
    view.wait_until_drawn("ticker")
    view.wait_status("completed")
    assert view.read().connections["ticker.item->left.item"] == 7
    assert view.page.url.rsplit("/", 1)[1] != job_state.job_id


def test_jobs_are_paused_resumed_and_cancelled_from_the_list_too(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.steady(ledger)
    dashboard = dashboard_server(flow)
    job_state = flow.start("ticker", {"pace": 0.005})
    page = open_page(dashboard.url)
    row = page.locator(f'[data-job="{job_state.job_id}"]')
    row.get_by_role("button", name="Pause steady").click()
    expect(row).to_have_attribute("data-status", "paused", timeout=30_000)
    assert ledger.inside[job_state.job_id] == 0
    row.get_by_role("button", name="Resume steady").click()
    expect(row).to_have_attribute("data-status", "running", timeout=30_000)
    row.get_by_role("button", name="Cancel steady").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel job").click()
    expect(row).to_have_attribute("data-status", "cancelled", timeout=30_000)
    eventually(lambda: job_state.status == "cancelled")
    page.get_by_role("button", name="Run again steady").click()
    page.wait_for_url("**/jobs/*")
    again = JobView(page)
    again.wait_until_drawn("ticker")
    again.cancel()
    again.wait_status("cancelled")


def test_a_control_of_another_program_is_seen_with_its_name_and_reason(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    job_state, view = runs.open(flow, "ticker", pace=0.005)
    flow.pause(job_state, "checking the parser", by="ops")
    view.wait_status("paused")
    expect(view.page.locator(".sentence")).to_contain_text("“checking the parser” – ops")
