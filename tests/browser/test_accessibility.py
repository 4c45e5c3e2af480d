"""axe-core finds nothing to complain of, in any state, theme and size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser import flows
from tests.browser.axe import is_sound
from tests.browser.conftest import DashboardServer, OpenPage
from tests.browser.job_view import JobView
from tests.browser.stage import STATES, Stage

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
TABS = {"wide": ["Shared log", "Outputs", "Metrics"], "narrow": ["Graph", "History", "Log", "Outputs", "Metrics"]}
Theme = Literal["light", "dark"]

pytestmark = pytest.mark.parametrize("theme", ["light", "dark"])


@pytest.fixture
def stage(dashboard_server: DashboardServer) -> Iterator[Stage]:
    stage = Stage(dashboard_server)
    yield stage
    stage.end()


def open_in(open_page: OpenPage, theme: Theme, size: str) -> Page:
    width, height = SIZES[size]
    return open_page(theme=theme, width=width, height=height)


@pytest.mark.parametrize("size", SIZES)
def test_the_page_of_a_job_is_sound_in_every_state(stage: Stage, open_page: OpenPage, theme: Theme, size: str) -> None:
    page = open_in(open_page, theme, size)
    view = JobView(page)
    for state in STATES:
        page.goto(stage.url(state))
        view.wait_live()
        view.wait_status(stage.status(state))
        page.locator("[data-routine]").first.wait_for()
        is_sound(page, state)


@pytest.mark.parametrize("size", SIZES)
def test_every_part_of_a_job_s_page_is_sound(stage: Stage, open_page: OpenPage, theme: Theme, size: str) -> None:
    page = open_in(open_page, theme, size)
    page.goto(stage.url("completed"))
    page.locator("[data-routine=tolerant]").click()
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("Last error")
    is_sound(page, "a routine in the inspector")
    if size == "narrow":
        page.get_by_role("button", name="Close inspector").click()
    for tab in TABS[size]:
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tabpanel").get_by_role("row").or_(page.locator("flow-graph [data-routine]")).first.wait_for()
        is_sound(page, tab)
    page.get_by_role("tab", name="Outputs").click()
    page.get_by_role("grid", name="Outputs").get_by_role("row").nth(1).click()
    page.locator("record-detail data-tree").wait_for()
    is_sound(page, "a row opened")
    page.goto(stage.url("running"))
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").wait_for()
    is_sound(page, "the dialog")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.page_errors_expected
def test_the_list_of_jobs_and_the_page_of_a_problem_are_sound(
    stage: Stage, dashboard_server: DashboardServer, open_page: OpenPage, theme: Theme, size: str
) -> None:
    page = open_in(open_page, theme, size)
    page.goto(stage.dashboard.url)
    page.locator('[data-job][data-status="failed"]').wait_for()
    is_sound(page, "the list")
    page.goto(f"{stage.dashboard.url}/?status=pending")
    page.get_by_text("No job is pending").wait_for()
    is_sound(page, "a filter that nothing passes")
    page.goto(f"{stage.dashboard.url}/jobs/no-such-job")
    is_sound(page, "a problem")
    page.goto(dashboard_server(flows.empty()).url)
    page.get_by_role("heading", name="No job yet").wait_for()
    is_sound(page, "no job yet")


@pytest.mark.page_errors_expected
def test_a_page_without_its_server_is_sound(
    dashboard_server: DashboardServer, open_page: OpenPage, theme: Theme
) -> None:
    flow = flows.empty()
    dashboard = dashboard_server(flow)
    job_state = flow.start("idle")
    view = JobView(open_page(dashboard.url_of_job(job_state.job_id), theme=theme))
    view.wait_until_drawn("idle")
    dashboard.stop()
    view.page.get_by_role("button", name="Try now").wait_for()
    is_sound(view.page, "offline")
