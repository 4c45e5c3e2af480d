"""At the end of a job every figure in the page is what the job's history says."""

from __future__ import annotations

from pathlib import Path

import pytest

from routilux import Flow, JobState
from routilux_dashboard.demos import stdlib_census
from tests.browser import flows
from tests.browser.conftest import DashboardServer, OpenPage
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs
from tests.browser.truth import Truth, truth_of

STRATEGIES = ["sequential", "concurrent"]


def noted_by(ledger: Ledger, flow: Flow, job_state: JobState) -> dict[str, tuple[int, int]]:
    """Handler runs that returned and raised, as the handlers themselves noted."""
    keys = {name: (job_state.job_id, name) for name in flow.routines}
    return {name: (ledger.returned[key], ledger.raised[key]) for name, key in keys.items()}


def wait_for_the_end(view: JobView, status: str = "completed") -> Truth:
    """What the page says at the first moment at which it says that the job has ended."""
    view.wait_status(status)
    return view.read().counts


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_at_the_end_all_counts_are_those_of_the_history(
    strategy: str, ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.strategies(ledger, strategy)
    dashboard = dashboard_server(flow)
    job_state = flow.start("source", {"count": 700})
    view = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
    shown = wait_for_the_end(view)
    skipped = ledger.raised[job_state.job_id, "skipping"]
    assert shown == truth_of(flow, job_state, {"skipping": skipped})
    noted = noted_by(ledger, flow, job_state)
    assert shown.routines == {**noted, "stubborn": (noted["stubborn"][0], 0)}  # a retried run is no error
    assert shown.errors == 140 + 234
    assert noted["stubborn"] == (700, 100)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_at_the_end_of_the_census_all_counts_are_those_of_its_history(
    strategy: str, tmp_path: Path, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    root = flows.make_library(tmp_path, "json")
    flow = stdlib_census.make_flow(strategy)
    dashboard = dashboard_server(flow)
    job_state = flow.start(stdlib_census.ENTRY, {"root": str(root)})
    shown = wait_for_the_end(JobView(open_page(dashboard.url_of_job(job_state.job_id))))
    assert shown == truth_of(flow, job_state)
    assert shown.routines["triage"].errors == 1  # what cannot be decoded
    assert shown.routines["compiler"].errors == 1  # what parses and does not compile
    assert shown.connections["parser.rejected->triage.file"] == 3


def test_a_page_opened_after_the_end_says_the_same_as_one_that_watched(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.strategies(ledger)
    dashboard = dashboard_server(flow)
    job_state = flow.start("source", {"count": 300})
    url = dashboard.url_of_job(job_state.job_id)
    watched = JobView(open_page(url))
    wait_for_the_end(watched)
    opened_later = JobView(open_page(url))
    opened_later.wait_until_drawn("source")
    wait_for_the_end(opened_later)
    assert opened_later.read().picture == watched.read().picture


def test_a_job_that_ran_before_anybody_watched_is_shown_with_all_its_figures(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow, holder = flows.held(ledger)
    job_state = flow.start("source", {"count": 5})
    dashboard = dashboard_server(flow)
    view = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
    view.wait_until_drawn("holder")
    before = view.until(lambda figures: figures.running == 1, "one handler runs")
    assert before.connections == {"source.item->holder.item": 5}
    assert before.routines["holder"] == {"status": "running", "done": 0, "errors": 0, "queued": 4, "running": 1}
    holder.gate.set()
    assert wait_for_the_end(view) == truth_of(flow, job_state)


def test_a_failed_job_shows_which_error_failed_it_and_what_was_done_until_then(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.failing(ledger, fails_at=50)
    dashboard = dashboard_server(flow)
    job_state = flow.start("ticker", {"count": -1, "pace": 0.0})
    page = open_page(dashboard.url_of_job(job_state.job_id))
    view = JobView(page)
    shown = wait_for_the_end(view, "failed")
    assert shown.routines["fragile"] == (50, 1)
    assert shown.errors == 1
    assert shown.records == len(job_state.execution_history)
    assert view.read().routines["fragile"]["status"] == "failed"
    failure = page.locator(".failed-words")
    assert "fragile: ZeroDivisionError: item 50 cannot be divided" in failure.inner_text()
    failure.get_by_role("button", name="show where").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    assert "raise ZeroDivisionError" in inspector.get_by_role("region", name="Traceback").inner_text()


def test_a_job_that_is_over_its_time_says_so_and_blames_no_routine(ledger: Ledger, runs: Runs) -> None:
    flow, _ = flows.held(ledger, polite=True)
    runs.server(flow)
    job_state = flow.start("source", {"count": 5}, timeout=0.2)
    view = runs.watch(flow, job_state)
    view.wait_status("failed")
    failure = view.page.locator(".failed-words")
    assert failure.inner_text().strip() == "The job was not done after 0.2 s; give it a larger timeout"
    assert failure.get_by_role("button").count() == 0
    holder = view.read().routines["holder"]
    assert (holder["status"], holder["queued"], holder["running"]) == ("cancelled", 0, 0)


def test_the_list_of_jobs_says_the_same_as_their_pages(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow, failing = flows.strategies(ledger), flows.failing(ledger, fails_at=20)
    dashboard = dashboard_server(flow, failing)
    page = open_page(dashboard.url)
    page.wait_for_selector("html[data-live=live]")
    page.get_by_role("heading", name="No job yet").wait_for()
    jobs = [flow.start("source", {"count": 100}), failing.start("ticker", {"pace": 0.0})]
    for job_state, status in zip(jobs, ("completed", "failed"), strict=True):
        row = page.locator(f'[data-job="{job_state.job_id}"][data-status="{status}"]')
        row.wait_for()
        view = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
        shown = wait_for_the_end(view, status)
        figures = [row.locator(f".{name}").inner_text().replace(",", "") for name in ("events", "errors", "queued")]
        assert figures == [str(shown.events), str(shown.errors), "–"]
    tiles = page.get_by_role("region", name="All jobs").inner_text().split("\n")
    assert tiles[tiles.index("Failed, 24 h") + 1] == "1"
    assert tiles[tiles.index("Completed, 24 h") + 1] == "1"


def test_the_tabs_and_their_panels_say_how_much_there_is(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.strategies(ledger, "sequential")
    dashboard = dashboard_server(flow)
    job_state = flow.start("source", {"count": 301})
    page = open_page(dashboard.url_of_job(job_state.job_id))
    shown = wait_for_the_end(JobView(page))
    tabs = {title: page.get_by_role("tab", name=title) for title in ("History", "Shared log", "Outputs", "Metrics")}
    logged, sent = len(job_state.shared_log), len(job_state.output_log)
    assert tabs["History"].inner_text().split() == ["History", f"{shown.records:,}"]
    hint = f"{shown.records:,} records: {shown.events:,} events, and {shown.records - shown.events:,} of starts, ends"
    assert (tabs["History"].get_attribute("title") or "").startswith(hint)
    assert tabs["Shared log"].inner_text().split() == ["Shared", "log", str(logged)]
    assert tabs["Outputs"].inner_text().split() == ["Outputs", str(sent)]
    for title, count, label in (("Shared log", logged, "Shared log"), ("Outputs", sent, "Outputs")):
        tabs[title].click()
        assert page.get_by_role("grid", name=label).get_attribute("aria-rowcount") == str(count + 1)
    tabs["Metrics"].click()
    for name, done in shown.routines.items():
        row = page.get_by_role("tabpanel").get_by_role("row").filter(has=page.get_by_text(name, exact=True))
        cells = row.get_by_role("cell").all_inner_texts()
        assert [cells[1], cells[3]] == [f"{done.done + done.errors:,}", f"{done.errors:,}" if done.errors else "–"]
