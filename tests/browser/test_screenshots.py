"""Pictures of both pages, for people to look at: build/screenshots; and docs/job.png, the README's, when asked for."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Literal

import pytest

from routilux import Flow
from routilux_dashboard.demos import stdlib_census
from tests.browser import flows
from tests.browser.conftest import ROOT, DashboardServer, OpenPage, Screenshot
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
THEMES: list[Literal["light", "dark"]] = ["light", "dark"]
DOCS = "ROUTILUX_DOCS_PICTURE"


def size_of(picture: Path) -> tuple[int, ...]:
    return struct.unpack(">II", picture.read_bytes()[16:24])


def test_pictures_of_both_pages_in_both_themes_wide_and_narrow(
    ledger: Ledger, dashboard_server: DashboardServer, open_page: OpenPage, screenshot: Screenshot
) -> None:
    census, steady = stdlib_census.make_flow(), flows.steady(ledger)
    failing, done = flows.failing(ledger), flows.strategies(ledger)
    dashboard = dashboard_server(census, steady, failing, done)
    done.start("source", {"count": 500})
    failing.start("ticker", {"pace": 0.0})
    paused = steady.start("ticker")
    job_state = census.start(stdlib_census.ENTRY, {"pace": 0.05})
    steady.pause(paused, "checking the parser", by="ops")
    for theme in THEMES:
        for size, (width, height) in SIZES.items():
            page = open_page(dashboard.url, theme=theme, width=width, height=height)
            page.locator('[data-job][data-status="paused"]').wait_for()
            pictures = [screenshot(page, f"jobs-{theme}-{size}")]
            page.goto(dashboard.url_of_job(job_state.job_id))
            JobView(page).wait_seq(250)
            page.locator('[data-routine="ranking"]').wait_for()
            pictures.append(screenshot(page, f"job-{theme}-{size}"))
            page.close()
            assert [size_of(picture) for picture in pictures] == [(width, height)] * 2
    assert job_state.status == "running"  # what the pictures show
    for flow, job in ((census, job_state), (steady, paused)):
        flow.cancel(job)


@pytest.mark.skipif(DOCS not in os.environ, reason=f"set {DOCS}=1 to make docs/job.png anew")
@pytest.mark.timeout(400)
def test_the_picture_of_the_readme(dashboard_server: DashboardServer, open_page: OpenPage) -> None:
    """The whole census, under way far enough for some files to have been rejected."""
    flow: Flow = stdlib_census.make_flow()
    dashboard = dashboard_server(flow)
    job_state = flow.start(stdlib_census.ENTRY)
    view = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
    view.page.locator('[data-routine="parser"]').click()
    view.until(lambda figures: figures.routines["triage"]["errors"] > 0, "files that cannot be decoded", within=300)
    view.page.screenshot(path=ROOT / "docs" / "job.png")
    flow.cancel(job_state)
