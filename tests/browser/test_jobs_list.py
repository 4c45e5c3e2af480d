"""The list of jobs: live, filtered, of any length, and each row leads to its job."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from routilux import JobState
from tests.browser import flows
from tests.browser.conftest import DashboardServer, OpenPage
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger
from tests.browser.stage import Stage


def rows(page: Page) -> Locator:
    return page.locator("[data-job]")


def total(page: Page) -> int:
    """How many rows the list has, drawn or not."""
    return int(page.get_by_role("table", name="Jobs").get_attribute("aria-rowcount") or 0) - 1


def test_a_job_appears_by_itself_at_the_top_and_its_row_leads_to_it(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow, holder = flows.held(ledger)
    dashboard = dashboard_server(flow)
    page = open_page(dashboard.url)
    page.get_by_role("heading", name="No job yet").wait_for()
    first = flow.start("source", {"count": 5})
    expect(rows(page)).to_have_count(1)
    second = flow.start("source", {"count": 3})
    expect(rows(page).first).to_have_attribute("data-job", second.job_id)
    row = page.locator(f'[data-job="{first.job_id}"]')
    expect(row.locator(".queued")).to_have_text("4")
    expect(row.locator(".events")).to_have_text("5")
    row.get_by_role("link").click()
    view = JobView(page)
    view.wait_until_drawn("holder")
    assert page.url == dashboard.url_of_job(first.job_id)
    page.go_back()
    expect(rows(page)).to_have_count(2)
    holder.gate.set()
    expect(page.locator('[data-job][data-status="completed"]')).to_have_count(2)


def test_tiles_and_chips_filter_and_the_address_remembers(
    dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    stage = Stage(dashboard_server)
    page = open_page(stage.dashboard.url)
    expect(rows(page)).to_have_count(7)
    page.get_by_role("button", name="Failed, 24 h").click()
    expect(rows(page)).to_have_count(1)
    assert page.url.endswith("?status=failed")
    page.get_by_role("group", name="Filter by status").get_by_role("button", name="Paused").click()
    expect(rows(page)).to_have_attribute("data-status", "paused")
    page.reload()
    expect(rows(page)).to_have_attribute("data-status", "paused")
    page.go_back()
    expect(rows(page)).to_have_attribute("data-status", "failed")
    page.get_by_role("button", name="All 7").click()
    expect(rows(page)).to_have_count(7)
    page.goto(f"{stage.dashboard.url}/?status=running,failed")
    expect(rows(page)).to_have_count(3)
    stage.end()
    expect(rows(page)).to_have_count(1)  # what has ended leaves a list of what runs


def test_a_long_list_draws_only_what_is_in_sight_and_scrolls_to_its_end(
    dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    jobs = 1500
    flow = flows.empty()
    dashboard = dashboard_server(flow, keep_jobs=jobs)
    oldest, *_, newest = [flow.execute("idle") for _ in range(jobs)]
    page = open_page(dashboard.url)
    page.locator(f'[data-job="{newest.job_id}"]').wait_for()
    assert total(page) == jobs
    assert rows(page).count() < 100
    page.keyboard.press("End")
    last = page.locator(f'[data-job="{oldest.job_id}"]')
    expect(last).to_be_in_viewport()
    assert rows(page).count() < 100
    page.keyboard.press("Home")
    expect(page.locator(f'[data-job="{newest.job_id}"]')).to_be_in_viewport()


def test_what_is_read_in_the_list_stays_where_it_is_when_jobs_appear_above(
    dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.empty()
    dashboard = dashboard_server(flow)
    read = [flow.execute("idle") for _ in range(100)][50]
    page = open_page(dashboard.url)
    row = page.locator(f'[data-job="{read.job_id}"]')
    rows(page).first.wait_for()
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 50 * 45)
    expect(row).to_be_in_viewport()
    page.wait_for_function(
        "(id) => document.querySelector(`[data-job='${id}']`) && scrollY === 50 * 45", arg=read.job_id
    )
    before = row.bounding_box()
    for _ in range(20):
        flow.execute("idle")
    page.wait_for_function("() => document.querySelector('[role=table]').ariaRowCount === '121'")
    assert row.bounding_box() == before


def test_jobs_that_the_server_drops_leave_the_list(dashboard_server: DashboardServer, open_page: OpenPage) -> None:
    flow = flows.empty()
    dashboard = dashboard_server(flow, keep_jobs=3)
    page = open_page(dashboard.url)
    page.get_by_role("heading", name="No job yet").wait_for()
    started: list[JobState] = []
    for count in range(1, 7):
        started.append(flow.execute("idle"))
        expect(rows(page)).to_have_count(min(count, 3))
        expect(rows(page).first).to_have_attribute("data-job", started[-1].job_id)
    shown = page.eval_on_selector_all("[data-job]", "(all) => all.map(({ dataset }) => dataset.job)")
    assert shown == [job_state.job_id for job_state in reversed(started[-3:])]
