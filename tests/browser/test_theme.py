"""Light, dark, or as the system has it; what is chosen stays chosen, and the canvas of the graph follows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import flows
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs


def background(page: Page) -> int:
    """How light the page is, 0 to 255."""
    red, green, blue = page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    return int(red + green + blue) // 3


def canvas(page: Page) -> str:
    """What is drawn of the connections."""
    return str(page.evaluate("() => document.querySelector('flow-graph canvas').toDataURL()"))


@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_theme_is_chosen_over_the_system_s_and_stays(system: str, ledger: Ledger, runs: Runs) -> None:
    flow = flows.strategies(ledger)
    job_state = runs.start(flow, "source", count=20)
    view = runs.watch(flow, job_state, theme=system)
    view.wait_status("completed")
    view.wait_until_drawn("sink")
    page = view.page
    is_dark = system == "dark"
    assert (background(page) < 128) == is_dark
    as_the_system = canvas(page)
    page.get_by_role("button", name="Theme: as the system has it").click()
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    page.wait_for_function("() => getComputedStyle(document.body).colorScheme === 'light'")
    assert background(page) > 128
    page.get_by_role("button", name="Theme: light").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert background(page) < 128
    if not is_dark:
        page.wait_for_function(
            "(before) => document.querySelector('flow-graph canvas').toDataURL() !== before", arg=as_the_system
        )
    page.reload()
    assert background(page) < 128
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.get_by_role("button", name="Theme: dark").click()
    assert (background(page) < 128) == is_dark
    view.wait_until_drawn("sink")
