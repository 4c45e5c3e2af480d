"""The graph from near and from afar: what is pointed at is told, and its figures are those of now."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import flows
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs


def point_at_a_tile(page: Page) -> Locator:
    """Move the pointer over the graph until it is over a tile; return what is said of it."""
    box = page.locator(".graph-stage").bounding_box()
    assert box is not None
    tip = page.locator('.graph-tip[data-of="routine"]')
    for step in range(200):
        page.mouse.move(box["x"] + box["width"] * (0.3 + step / 500), box["y"] + box["height"] / 2)
        if tip.is_visible():
            return tip
    raise AssertionError("no tile in the middle of the graph")


def test_from_afar_a_tile_is_told_with_its_figures_of_now_and_near_it_speaks_for_itself(
    ledger: Ledger, runs: Runs
) -> None:
    flow = flows.wide(ledger, 300)
    _, view = runs.open(flow, "source", count=10)
    view.wait_until_drawn("step-298")
    view.wait_status("completed")
    tip = point_at_a_tile(view.page)
    expect(tip).to_contain_text(re.compile(r"completed, 10? done"))
    for _ in range(14):
        view.page.mouse.wheel(0, -250)
    expect(view.page.locator(".graph-stage.near")).to_be_visible()
    expect(tip).to_be_hidden()


def test_what_is_said_of_a_connection_that_is_pointed_at_goes_on_counting(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    job_state, view = runs.open(flow, "ticker", pace=0.005)
    view.wait_until_drawn("sink")
    page = view.page
    page.locator('[data-label="ticker.item->left.item"]').hover()
    tip = page.locator('.graph-tip[data-of="connection"]')
    expect(tip).to_contain_text("ticker.item → left.item")
    view.wait_seq(view.read().seq + 200)
    flow.pause(job_state)
    view.wait_status("paused")
    count = view.read().connections["ticker.item->left.item"]
    expect(tip).to_contain_text(f"{count:,} messages")
    expect(page.locator('[data-label="ticker.item->left.item"]')).to_have_text(f"{count:,}")


def test_the_graph_is_moved_zoomed_and_brought_back(ledger: Ledger, runs: Runs) -> None:
    flow = flows.strategies(ledger)
    _, view = runs.open(flow, "source", count=10)
    view.wait_status("completed")
    view.wait_until_drawn("sink")
    page = view.page
    card = page.locator('[data-card="sink"]')
    start = card.bounding_box()
    box = page.locator(".graph-stage").bounding_box()
    assert start is not None
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 130, box["y"] + 80, steps=5)
    page.mouse.up()
    moved = card.bounding_box()
    assert moved is not None
    assert [round(moved["x"] - start["x"]), round(moved["y"] - start["y"])] == [100, 50]
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Fit").click()
    page.wait_for_function(
        "(x) => Math.abs(document.querySelector('[data-card=sink]').getBoundingClientRect().x - x) < 1", arg=start["x"]
    )
    card.click()
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("Takes what comes")
    page.mouse.click(box["x"] + 30, box["y"] + 30)
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("Routines by status")
