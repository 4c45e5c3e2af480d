"""What the page shows is what is, or the page says that it is not."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
import websocket
from playwright.sync_api import expect

from routilux import JobState
from routilux_dashboard import Dashboard
from tests.browser import flows
from tests.browser.conftest import DashboardServer, OpenPage
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs
from tests.browser.server_process import demo_process
from tests.browser.smoothness import measure, measured
from tests.browser.truth import truth_of
from tests.dashboard.peers import event, raw_websocket
from tests.waiting import eventually


def test_reload_in_the_middle_of_a_run_gives_the_same_picture(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    job_state, view = runs.open(flow, "ticker", pace=0.005)
    beside = runs.watch(flow, job_state)
    view.wait_seq(100)
    view.page.reload()
    view.wait_until_drawn("ticker")
    view.wait_seq(beside.read().seq)
    view.pause()
    beside.wait_status("paused")
    shown = beside.read().picture
    assert view.read().picture == shown
    view.page.reload()
    view.wait_until_drawn("ticker")
    view.wait_status("paused")
    assert view.read().picture == shown
    assert view.page.locator(".banner").count() == 0  # nothing was missed, and nothing is said
    job_state.update_shared_data("enough", True)
    view.resume()
    view.wait_status("completed")
    assert view.read().counts == truth_of(flow, job_state)


def test_two_browsers_of_different_size_and_theme_see_the_same(ledger: Ledger, runs: Runs) -> None:
    flow = flows.strategies(ledger)
    job_state = runs.start(flow, "source", count=400)
    wide, dark = runs.watch(flow, job_state), runs.watch(flow, job_state, theme="dark", width=1100, height=700)
    narrow = runs.watch(flow, job_state, width=390, height=844)
    for view in (wide, dark, narrow):
        view.wait_status("completed")
    assert wide.read().picture == dark.read().picture
    assert narrow.read().routines == wide.read().routines
    assert narrow.read().facts["events"] == wide.read().facts["events"]


@pytest.mark.page_errors_expected
def test_a_server_that_is_stopped_and_started_again_is_found_again_and_the_page_is_right(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.steady(ledger)
    dashboard = dashboard_server(flow)
    job_state = flow.start("ticker", {"pace": 0.005})
    view = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
    listed = open_page(dashboard.url)
    view.wait_until_drawn("ticker")
    view.wait_seq(100)
    dashboard.stop()
    view.wait_live("offline")
    listed.wait_for_selector("html[data-live=offline]")
    banner = view.page.get_by_role("alert")
    expect(banner).to_contain_text(re.compile(r"Not live\.\s+The server was last heard \d+ s ago; what you see is of"))
    expect(view.page.locator("live-badge")).to_contain_text("Offline")
    expect(view.button("Pause")).to_have_attribute("aria-description", "The server cannot be reached.")
    before = view.read()
    eventually(lambda: job_state.read_history(0, 0).total > before.seq + 200, what="the job goes on unseen")
    assert view.read().picture == before.picture  # what is shown stands still
    dashboard.start()
    view.wait_live("live")
    listed.wait_for_selector("html[data-live=live]")
    caught_up = view.page.locator(".banner")
    expect(caught_up).to_contain_text(re.compile(r"Caught up\.\s+[\d,]+ events happened while this page was away"))
    expect(banner).to_have_text("")
    missed = int(re.sub(r"\D", "", caught_up.inner_text().split("events")[0]))
    assert missed >= 200
    job_state.update_shared_data("enough", True)
    view.wait_status("completed")
    assert view.read().counts == truth_of(flow, job_state)
    expect(listed.locator(f'[data-job="{job_state.job_id}"]')).to_have_attribute("data-status", "completed")


@pytest.mark.page_errors_expected
def test_handlers_that_ran_unseen_without_emitting_anything_have_happened(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow, holder = flows.held(ledger)
    dashboard = dashboard_server(flow)
    job_state = flow.start("source", {"count": 5})
    view, listed = JobView(open_page(dashboard.url_of_job(job_state.job_id))), open_page(dashboard.url)
    view.wait_until_drawn("holder")
    view.wait_seq(6)
    listed.locator("[data-job]").wait_for()
    dashboard.stop()
    view.wait_live("offline")
    listed.wait_for_selector("html[data-live=offline]")
    alert = view.page.get_by_role("alert")
    expect(alert).to_contain_text("Not live.")
    bottom = view.page.locator(".banner").evaluate("banner => banner.getBoundingClientRect().bottom")
    top = view.page.locator(".stage").evaluate("stage => stage.getBoundingClientRect().top")
    assert bottom <= top, "it covers nothing"
    holder.gate.set()
    assert JobState.wait_for_completion(flow, job_state, timeout=30)
    dashboard.start()
    for page in (view.page, listed):
        expect(page.locator(".banner")).to_contain_text("what else happened is here now")
    view.wait_status("completed")


@pytest.mark.page_errors_expected
def test_a_job_that_a_new_server_does_not_know_is_said_to_be_gone_and_its_last_picture_stays(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.steady(ledger)
    dashboard = dashboard_server(flow)
    job_state = flow.start("ticker", {"count": 20, "pace": 0.0})
    view = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
    view.wait_until_drawn("ticker")
    view.wait_status("completed")
    shown = view.read().picture
    port = int(dashboard.url.rsplit(":", 1)[1])
    dashboard.stop()
    view.wait_live("offline")
    with Dashboard(flows.steady(ledger), port=port):
        banner = view.page.get_by_role("alert")
        expect(banner).to_contain_text("Gone. This job is not on the server any more", timeout=20_000)
        assert view.read().picture == shown
        age = re.compile(r"Stale · ([3-9]|\d\d) s old")  # that of the picture, though the server answers
        expect(view.page.locator("live-badge")).to_contain_text(age, timeout=10_000)
        banner.get_by_role("link", name="All jobs").click()
        view.page.get_by_role("heading", name="No job yet").wait_for()


def test_a_job_that_is_dropped_while_it_is_watched_is_said_to_be_gone(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.steady(ledger)
    dashboard = dashboard_server(flow, keep_jobs=1)
    job_state = flow.start("ticker", {"count": 20, "pace": 0.0})
    view = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
    view.wait_until_drawn("ticker")
    view.wait_status("completed")
    shown = view.read().picture
    flow.start("ticker", {"count": 20, "pace": 0.0})
    expect(view.page.get_by_role("alert")).to_contain_text("Gone. This job is not on the server any more")
    assert view.read().picture == shown
    expect(view.button("Run again")).to_have_attribute("aria-description", "This job is not on the server any more.")


def test_the_tab_has_the_mark_and_the_title_of_how_its_job_stands(ledger: Ledger, runs: Runs) -> None:
    flow, holder = flows.held(ledger)
    job_state, view = runs.open(flow, "source", count=2)
    mark = view.page.locator("link[rel=icon]")
    expect(mark).to_have_attribute("href", re.compile(r"/mark-[\w-]+\.svg$"))
    holder.gate.set()
    view.wait_status("completed")
    expect(mark).to_have_attribute("href", re.compile(r"/completed-[\w-]+\.svg$"))
    expect(view.page).to_have_title(f"Completed · {flow.flow_id} {job_state.job_id[:8]} · Routilux")
    expect(view.page.locator("live-badge")).to_contain_text("Connected")
    src = view.page.evaluate("() => document.querySelector('link[rel=icon]').href")
    assert view.page.request.get(src).headers["content-type"].startswith("image/svg")


def test_what_is_added_to_a_flow_while_it_runs_appears_in_the_graph(ledger: Ledger, runs: Runs) -> None:
    flow, holder = flows.held(ledger)
    _, view = runs.open(flow, "source", count=3)
    view.until(lambda figures: figures.running == 1, "the handler runs")
    flow.add_routine(flows.Sink(ledger), "added")
    flow.connect("source", "item", "added", "item")
    view.wait_until_drawn("added")
    view.until(lambda figures: "source.item->added.item" in figures.connections, "the connection")
    holder.gate.set()
    view.wait_status("completed")
    assert view.read().routines["holder"]["done"] == 3
    _, again = runs.open(flow, "source", count=3)
    again.wait_status("completed")
    assert again.read().routines["added"]["done"] == 3


def test_a_retry_that_waits_is_told_with_its_time_and_held_by_a_pause(ledger: Ledger, runs: Runs) -> None:
    flow = flows.retrying(ledger, delay=60)
    _, view = runs.open(flow, "source", count=1)
    card = view.page.locator('[data-card="stubborn"]')
    expect(card).to_contain_text("retry 1 of 3")
    expect(card).to_contain_text(re.compile(r"in (60|5\d) s"))
    expect(card).to_contain_text("item 0 is a multiple of 1")
    assert view.read().routines["stubborn"]["status"] == "retry"
    view.pause()  # at once: nothing runs
    assert view.read().routines["stubborn"] == {"status": "paused", "done": 0, "errors": 0, "queued": 1, "running": 0}
    view.cancel()
    view.wait_status("cancelled")
    assert view.read().routines["stubborn"]["queued"] == 0


def test_a_client_that_stops_reading_is_thinned_and_a_browser_beside_it_does_not_notice(
    ledger: Ledger, runs: Runs
) -> None:
    flow = flows.steady(ledger)
    job_state, view = runs.open(flow, "ticker", pace=0.002)
    with raw_websocket(runs.server(flow)) as deaf:
        deaf.send_binary(event("subscribe", {"job_id": job_state.job_id}))
        measure(view.page)
        view.wait_seq(view.read().seq + 2000)
        assert view.read().live == "live"
        smoothness = measured(view.page)
        assert max(smoothness.shown) < 1000, smoothness
        view.pause()
        received = drain(deaf)
        print(f"\nthe deaf client got {received} messages; beside it the browser: {smoothness}")
        assert received <= 6  # the keyframe and the frames that may be on their way without an answer
    view.resume()


def drain(peer: websocket.WebSocket) -> int:
    """How many messages wait in a websocket."""
    count = 0
    peer.settimeout(0.5)
    with suppress(websocket.WebSocketTimeoutException):
        while peer.recv():
            count += 1
    return count


@pytest.mark.page_errors_expected
def test_a_page_says_that_it_is_stale_when_the_server_is_frozen_and_is_live_again_afterwards(
    open_page: OpenPage,
) -> None:
    with demo_process("--pace", "0.02") as server:
        view = JobView(open_page(server.url))
        view.wait_until_drawn("walker")
        view.wait_seq(20)
        server.freeze()
        try:
            view.wait_live("stale", within=15)
            expect(view.page.locator("live-badge")).to_contain_text(re.compile(r"Stale · \d+ s old"))
            expect(view.page.get_by_role("alert")).to_contain_text("It is slow to answer.")
            clock = view.read().facts["elapsed"]
            expect(view.page.locator("live-badge")).to_contain_text(re.compile(r"Stale · [5-9] s old"))
            assert view.read().facts["elapsed"] == clock  # a clock that went on would be a lie
        finally:
            server.thaw()
        view.wait_live("live")
        view.wait_seq(view.read().seq + 20)
        expect(view.page.get_by_role("alert")).to_have_text("")
