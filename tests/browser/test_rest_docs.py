"""The page to try REST: it shows the server's own document, sends requests, and obeys the pages' policy."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.axe import axe
from tests.browser.conftest import DashboardServer, OpenPage, Screenshot
from tests.dashboard.flows import chain

Theme = Literal["light", "dark"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_call_is_listed_and_can_be_tried(
    dashboard_server: DashboardServer, open_page: OpenPage, screenshot: Screenshot, theme: Theme
) -> None:
    dashboard = dashboard_server(chain())
    page = open_page(theme=theme)
    page.goto(dashboard.url)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="REST").click()
    expect(page).to_have_title("REST · Routilux")
    expect(page.get_by_text("/jobs/{job_id}/history", exact=True)).to_be_visible()
    flows = page.locator("#operations-flows-flows")
    flows.get_by_role("button").first.click()
    flows.get_by_role("button", name="Try it out").click()
    flows.get_by_role("button", name="Execute").click()
    expect(flows.locator(".live-responses-table").get_by_text('"flow_id": "chain"').first).to_be_visible()
    screenshot(page, f"rest-{theme}")
    page.evaluate("() => document.querySelector('#rest-docs').replaceChildren()")  # what is ours of the page
    assert axe(page) == []
