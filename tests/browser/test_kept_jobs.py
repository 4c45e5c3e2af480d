"""What the pages show of a store: jobs of programs that died, jobs of long ago, and what is not being kept."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from routilux_dashboard.recording import jsonl
from tests.browser import flows
from tests.browser.axe import axe
from tests.browser.conftest import ROOT, DashboardServer, OpenPage
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger
from tests.dashboard.commands import call
from tests.dashboard.recording.made_up import JOB_ID as IMPORTED
from tests.dashboard.recording.made_up import a_run
from tests.waiting import eventually

Theme = Literal["light", "dark"]
REACHED = "() => document.documentElement.scrollWidth <= innerWidth"

PROGRAM = """
import sys, time
from routilux_dashboard import Dashboard
from tests.browser import flows
from tests.browser.ledger import Ledger
from tests.waiting import eventually

flow, _ = flows.held(Ledger())
with Dashboard(flow, port=0, store=sys.argv[1]) as dashboard:
    job = flow.start("source", {"count": 5})
    eventually(lambda: job.read_history(0, 0).total == 6)
    print(job.job_id, dashboard.url, flush=True)
    sys.stdin.read()
"""

SENDER = """
import sys
from routilux_dashboard import connect
from tests.browser import flows
from tests.browser.ledger import Ledger

flow = flows.steady(Ledger())
with connect(sys.argv[1], flow, name="nightly") as connection:
    print(flow.start("ticker", {"pace": 0.02}).job_id, flush=True)
    sys.stdin.read()
"""


@contextmanager
def program(store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program with a job that stays in a handler, stored in `store`, and the job's id."""
    command = [sys.executable, "-c", PROGRAM, str(store)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            job_id, *_ = process.stdout.readline().split()
            eventually(lambda: stored_records(store) == 6, within=30, what="the job is in the store")
            yield process, job_id
        finally:
            process.kill()


def stored_records(store: Path) -> int:
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
        return int(database.execute("select coalesce(max(seq), 0) from jobs").fetchone()[0])


def lost_job(store: Path) -> str:
    """The id of a job whose program was killed."""
    with program(store) as (process, job_id):
        process.kill()
        process.wait()
    return job_id


def is_sound(page: Page, what: str) -> None:
    assert axe(page) == [], what
    assert page.evaluate(REACHED), what


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_job_whose_program_died_is_lost_in_the_list_and_on_its_page(
    tmp_path: Path, ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage, theme: Theme
) -> None:
    store = tmp_path / "jobs.db"
    job_id = lost_job(store)
    dashboard = dashboard_server(flows.empty(), store=store)
    page = open_page(dashboard.url, theme=theme)
    lost = page.locator(f'[data-job="{job_id}"][data-status="lost"]')
    lost.wait_for()
    tile = page.get_by_role("button", name=re.compile(r"^Lost 1 newest"))
    expect(tile).to_be_visible()
    is_sound(page, "the list")
    tile.click()
    assert page.url.endswith("?status=lost")
    expect(page.locator("[data-job]")).to_have_count(1)
    lost.get_by_role("link").click()
    view = JobView(page)
    view.wait_status("lost")
    view.wait_until_drawn("holder")
    expect(page.locator(".sentence")).to_contain_text(
        re.compile(r"nothing heard of its program since [\d :-]+, for \d\d:\d\d:\d\d · 5 events kept")
    )
    expect(page.locator("live-badge")).to_contain_text("Connected")
    expect(page).to_have_title(re.compile(r"^Lost · "))
    assert view.read().routines["holder"]["status"] == "lost"
    for name in ("Pause", "Cancel", "Run again"):
        expect(view.button(name)).to_have_attribute("aria-disabled", "true")
        expect(view.button(name)).to_have_attribute("aria-description", re.compile(r"\w"))
    expect(page.get_by_role("grid", name="History").get_by_role("row")).to_have_count(7)
    is_sound(page, "the job")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("tab", name="Routines").click()
    page.locator('.routine-item[data-routine="holder"]').wait_for()
    is_sound(page, "the job, narrow")


def test_older_jobs_than_the_server_pushes_come_as_the_list_is_scrolled_and_can_be_opened(
    tmp_path: Path, ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow, done = flows.empty(), flows.strategies(ledger)
    first = dashboard_server(flow, done, store=tmp_path / "jobs.db")
    oldest = done.execute("source", {"count": 250})
    ran = [flow.execute("idle").job_id for _ in range(700)]
    first.stop()
    second = dashboard_server(flow, store=tmp_path / "jobs.db", keep_jobs=20)
    page = open_page(second.url)
    page.locator(f'[data-job="{ran[-1]}"]').wait_for()
    expect(page.get_by_role("button", name=re.compile("^All 701$"))).to_be_visible()

    def reaches_the_oldest() -> bool:
        page.keyboard.press("End")
        return page.locator(f'[data-job="{oldest.job_id}"]').count() == 1

    eventually(reaches_the_oldest, within=30)
    assert page.get_by_role("table", name="Jobs").get_attribute("aria-rowcount") == "702"
    page.locator(f'[data-job="{oldest.job_id}"]').get_by_role("link").click()
    view = JobView(page)
    view.wait_status("completed")
    view.wait_until_drawn("tolerant")
    figures = view.read()
    assert figures.records == oldest.read_history(0, 0).total
    assert figures.facts["errors"] != "0"
    page.get_by_role("grid", name="History").get_by_role("row").nth(1).wait_for()
    page.get_by_role("tab", name="Shared log").click()
    page.get_by_role("grid", name="Shared log").get_by_role("row").nth(1).wait_for()


def test_a_page_that_is_open_says_where_its_job_runs_and_turns_lost_when_the_program_there_is_killed(
    dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    dashboard = dashboard_server()
    command = [sys.executable, "-c", SENDER, dashboard.url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        listed = open_page(dashboard.url, width=390, height=844)
        row = listed.locator(f'[data-job="{job_id}"]')
        where = re.compile(rf"nightly @ .+:{process.pid}")
        expect(row.locator(".where")).to_have_text(where)
        view = JobView(open_page(dashboard.url_of_job(job_id)))
        view.wait_until_drawn("ticker")
        view.wait_seq(50)
        expect(view.page.locator(".origin")).to_have_text(where)
        view.pause()
        expect(view.page.locator('[data-routine="ticker"]').first).to_have_accessible_name(
            re.compile(r"ticker, paused, .* held since \d\d:\d\d:\d\d")
        )
        process.kill()
    view.wait_status("lost")
    expect(view.button("Resume").or_(view.button("Pause"))).to_have_attribute(
        "aria-description", re.compile(r"^Nothing has been heard of its program since \d\d:\d\d:\d\d\.$")
    )
    expect(row).to_have_attribute("data-status", "lost")


def test_a_list_that_is_open_shows_what_is_imported_where_it_belongs(
    tmp_path: Path, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow, recording = flows.empty(), tmp_path / "run.jsonl"
    dashboard = dashboard_server(flow, store=tmp_path / "jobs.db")
    recording.write_bytes(b"".join(jsonl.write(a_run(20))))
    page = open_page(dashboard.url)
    expect(page.get_by_text("No job yet")).to_be_visible()
    newer = flow.execute("idle").job_id
    page.locator(f'[data-job="{newer}"]').wait_for()
    assert call("import", str(recording), "--server", dashboard.url).code == 0
    row = page.locator(f'[data-job="{IMPORTED}"][data-status="completed"]')
    row.wait_for()
    assert [found.get_attribute("data-job") for found in page.locator("[data-job]").all()] == [newer, IMPORTED]
    row.get_by_role("link").click()
    view = JobView(page)
    view.wait_status("completed")
    assert view.read().facts["errors"] == "0"


@pytest.mark.page_errors_expected
def test_older_jobs_that_cannot_be_read_are_asked_for_again(
    tmp_path: Path, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    flow = flows.empty()
    dashboard = dashboard_server(flow, store=tmp_path / "jobs.db", keep_jobs=2)
    for _ in range(6):
        flow.execute("idle")
    page = open_page()
    page.route("**/api/v1/jobs?*", lambda route: route.fulfill(status=503, json={"title": "Busy", "detail": "Later."}))
    page.goto(dashboard.url)
    page.get_by_text("Older jobs could not be read.").wait_for()
    expect(page.locator("[data-job]")).to_have_count(2)
    is_sound(page, "what could not be read")
    page.unroute_all()
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("[data-job]")).to_have_count(6)
    flow.execute("idle")  # one that was pushed goes from the server's memory, and stays in the list
    expect(page.locator("[data-job]")).to_have_count(7)
    expect(page.get_by_role("button", name="All 7")).to_be_visible()


@pytest.mark.page_errors_expected
def test_the_list_is_right_by_itself_when_its_server_was_stopped_and_started_again(
    tmp_path: Path, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    store, flow = tmp_path / "jobs.db", flows.empty()
    earlier = dashboard_server(flow, store=store)
    ran = [flow.execute("idle").job_id for _ in range(4)]
    earlier.stop()
    dashboard = dashboard_server(flow, store=store)
    ran.append(flow.execute("idle").job_id)
    page = open_page(dashboard.url)
    everything = page.get_by_role("button", name="All 5")
    expect(everything).to_be_visible()
    dashboard.stop()
    page.locator("html[data-live=offline]").wait_for()
    expect(page.get_by_role("alert")).to_contain_text("Not live.")
    expect(page.locator("[data-job]")).to_have_count(5)  # what is shown stands still
    expect(page.locator("jobs-older")).to_have_text("")
    flow.execute("idle")
    dashboard.start()
    page.locator("html[data-live=live]").wait_for()
    expect(page.get_by_role("button", name="All 6")).to_be_visible()
    expect(page.locator("[data-job]")).to_have_count(6)
    expect(page.get_by_role("button", name=re.compile("^Completed, 24 h 6"))).to_be_visible()
    expect(page.locator("jobs-older")).to_have_text("")


def test_what_the_store_does_not_keep_is_told_until_it_does(
    tmp_path: Path, ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage
) -> None:
    store = tmp_path / "jobs.db"
    flow = flows.steady(ledger)
    dashboard = dashboard_server(flow, store=store)
    job_state = flow.start("ticker", {"pace": 0.01})
    listed, page = open_page(dashboard.url), open_page(dashboard.url_of_job(job_state.job_id))
    view = JobView(page)
    view.wait_until_drawn("ticker")
    notices = [each.locator("store-notice") for each in (listed, page)]
    for notice in notices:
        expect(notice).to_have_text("")
    with sqlite3.connect(store, isolation_level=None) as other:
        other.execute("begin exclusive")
        for notice in notices:
            expect(notice).to_contain_text(re.compile(r"Not being kept\..*locked.*[\d,]+ rows wait"), timeout=30_000)
        for each in (listed, page):
            is_sound(each, "a notice")
        seen = view.read().seq
        view.wait_seq(seen + 20)  # jobs run on, and are shown
        other.execute("rollback")
    for notice in notices:
        expect(notice).to_have_text("", timeout=60_000)
    flow.cancel(job_state)
