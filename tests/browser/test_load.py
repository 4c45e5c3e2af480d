"""A page that watches a storm, or a busy process, stays responsive and exact."""

from __future__ import annotations

import gc
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from routilux import JobState
from tests.browser import flows
from tests.browser.conftest import DashboardServer
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs
from tests.browser.smoothness import measure, measured
from tests.browser.truth import truth_of

EVENTS = 200_000


def memory_mb() -> float:
    """What this process holds, in MB: the server, the engine and the test are one."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def unwatched() -> tuple[float, JobState]:
    """How much memory a job of so many events takes that nobody watches, MB; and the job, which keeps it."""
    before = memory_mb()
    flow, go = flows.burst()
    go.set()
    job_state = flow.start("source", {"count": EVENTS})
    assert JobState.wait_for_completion(flow, job_state, timeout=100)
    return memory_mb() - before, job_state


def test_a_job_of_200_000_events_is_watched_responsively_exactly_and_in_bounded_memory(runs: Runs) -> None:
    alone, _kept = unwatched()
    flow, go = flows.burst()
    job_state, view = runs.open(flow, "source", count=EVENTS)
    view.wait_until_drawn("step")
    before = memory_mb()
    measure(view.page)
    go.set()
    view.wait_status("completed", within=100)
    smoothness = measured(view.page)
    grown = memory_mb() - before
    assert view.read().counts == truth_of(flow, job_state)
    assert view.read().routines["step"]["done"] == EVENTS
    print(f"\n{EVENTS:,} events: {smoothness}; memory {grown:.0f} MB, unwatched {alone:.0f} MB")
    assert max(smoothness.frames) < 1000
    assert grown < alone + 60
    scroll_through(view)


def scroll_through(view: JobView) -> None:
    """Any place of a long history is reached, and the way back."""
    page = view.page
    grid = page.get_by_role("grid", name="History")
    last = EVENTS + 2
    expect(grid).to_have_attribute("aria-rowcount", str(last + 1))
    wait_for_row(page, last)
    for share, row in ((0.0, 1), (0.5, last // 2), (0.25, last // 4), (0.9, last * 9 // 10)):
        began = page.evaluate("() => performance.now()")
        scroll_to(grid, share)
        wait_for_row(page, row)
        print(f"row {row:,} shown {page.evaluate('() => performance.now()') - began:.0f} ms after the scroll")
    page.get_by_role("button", name="Go to the end").click()
    wait_for_row(page, last)
    assert page.get_by_role("button", name="Go to the end").count() == 0


def scroll_to(grid: Locator, share: float) -> None:
    grid.evaluate("(bar, share) => { bar.scrollTop = share * (bar.scrollHeight - bar.clientHeight) }", share)


def wait_for_row(page: Page, number: int) -> None:
    """Row `number`, or one near it, is in sight, with its data."""
    page.wait_for_function(
        """(wanted) => [...document.querySelectorAll("[role=grid] .row:not(.awaited)")].some((row) => {
             const grid = row.closest("[role=grid]").getBoundingClientRect();
             const { top, bottom } = row.getBoundingClientRect();
             const number = Number(row.querySelector(".n").textContent.replaceAll(",", ""));
             return Math.abs(number - wanted) < 25 && bottom > grid.top && top < grid.bottom;
           })""",
        arg=number,
        timeout=20_000,
    )


def test_a_job_with_a_history_limit_keeps_the_server_flat_however_much_happens(runs: Runs) -> None:
    flow, go = flows.burst(history_limit=1000)
    job_state, view = runs.open(flow, "source", count=EVENTS)
    view.wait_until_drawn("step")
    before = memory_mb()
    go.set()
    view.wait_status("completed", within=100)
    grown = memory_mb() - before
    assert grown < 60
    print(f"\nwith a limit of 1,000 records: {grown:.0f} MB")
    shown = view.read()
    assert shown.routines["step"]["done"] == EVENTS
    assert shown.connections == {"source.item->step.item": EVENTS}
    assert shown.facts["events"] == str(EVENTS)
    assert job_state.history_dropped == EVENTS + 2 - 1000
    grid = view.page.get_by_role("grid", name="History")
    scroll_to(grid, 0)
    wait_for_row(view.page, EVENTS + 2 - 1000)


def test_the_history_follows_the_end_until_the_reader_scrolls_up(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    _, view = runs.open(flow, "ticker", pace=0.005)
    page = view.page
    grid = page.get_by_role("grid", name="History")
    view.wait_seq(300)
    wait_for_the_end(page)
    grid.hover()
    page.mouse.wheel(0, -400)
    new = page.get_by_role("button", name="new · follow")
    expect(new).to_be_visible()
    stays = first_row(grid)
    view.wait_seq(view.read().seq + 200)
    assert first_row(grid) == stays  # what is read stays where it is
    expect(new).to_have_text(re.compile(r"[1-9][\d,]* new · follow"))
    new.click()
    expect(new).to_be_hidden()
    wait_for_the_end(page)
    view.pause()
    wait_for_row(page, view.read().seq)


def test_the_history_goes_on_following_when_its_room_grows_or_shrinks(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    _, view = runs.open(flow, "ticker", pace=0.005)
    page = view.page
    view.wait_seq(300)
    wait_for_the_end(page)
    bar = page.get_by_role("separator", name="Height of records and figures")
    for y in (300, 700, 250):
        bar.hover()
        page.mouse.down()
        page.mouse.move(400, y, steps=6)
        page.mouse.up()
        view.wait_seq(view.read().seq + 50)
        wait_for_the_end(page)
    page.set_viewport_size({"width": 1200, "height": 1000})
    view.wait_seq(view.read().seq + 50)
    wait_for_the_end(page)
    assert page.locator(".follow-pill").count() == 0


def wait_for_the_end(page: Page) -> None:
    """The newest row is in sight."""
    page.wait_for_function(
        """() => {
             const grid = document.querySelector("[role=grid]");
             const newest = grid.querySelector(`.row[aria-rowindex="${grid.ariaRowCount}"]`);
             return newest && newest.getBoundingClientRect().bottom <= grid.getBoundingClientRect().bottom + 1;
           }"""
    )


def first_row(grid: Locator) -> tuple[str, float]:
    """Number and place of the topmost row that is whole in sight."""
    number, top = grid.evaluate(
        """(bar) => {
             const { bottom } = bar.querySelector(".rows-head").getBoundingClientRect();
             const row = [...bar.querySelectorAll(".row")].find((row) => row.getBoundingClientRect().top >= bottom);
             return [row.id, row.getBoundingClientRect().top];
           }"""
    )
    return number, top


def test_beside_two_handlers_that_burn_processor_time_the_page_still_updates(
    ledger: Ledger, runs: Runs, dashboard_server: DashboardServer
) -> None:
    flow, burning = flows.steady(ledger), flows.burning(2)
    burners = [runs.start(burning, "burner") for _ in range(2)]
    job_state, view = runs.open(flow, "ticker", pace=0.005)
    delays_begin(view.page)
    measure(view.page)
    view.wait_seq(view.read().seq + 1500)
    smoothness, delays = measured(view.page), delays_of(view.page)
    print(f"\nbeside two busy threads: record to page {delays}; {smoothness}")
    assert max(smoothness.shown) < 3000
    assert all(burner.status == "running" for burner in burners)
    view.pause()
    assert view.read().seq == job_state.read_history(0, 0).total


def delays_begin(page: Page) -> None:
    """Have the page note how old the newest record is whenever it shows one."""
    page.evaluate(
        """() => {
          window.delays = [];
          new MutationObserver(() => {
            const records = document.querySelector("job-page").store.state.records;
            window.delays.push(Date.now() - Date.parse(records.at(-1).timestamp));
          }).observe(document.documentElement, { attributeFilter: ["data-seq"] });
        }"""
    )


def delays_of(page: Page) -> str:
    """From the record of an event to the picture of it."""
    ordered = sorted(page.evaluate("() => window.delays"))
    p50, p99 = (ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.99))
    return f"p50 {p50:.0f}, p99 {p99:.0f} ms ({len(ordered)} frames)"
