"""One Chromium for all browser tests, a fresh context for each, and a page that may not go wrong unnoticed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.ledger import Ledger
from tests.browser.runs import Runs
from tests.browser.watch import PageWatch
from tools import frontend
from tools.browser import FLAGS, BrowserMissing, find

if TYPE_CHECKING:
    from routilux import Flow
    from routilux_dashboard import Dashboard

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"

DashboardServer = Callable[..., "Dashboard"]
OpenPage = Callable[..., Page]
Screenshot = Callable[[Page, str], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def front_end() -> None:
    """The built front end, of the sources as they are."""
    frontend.build(ROOT)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; without one the test is skipped, in CI it fails."""
    try:
        path = find()
    except BrowserMissing as error:
        pytest.fail(str(error))
    if path is None:
        missing = "no Chromium on this machine: `make test` installs one, ROUTILUX_CHROMIUM names one"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        flags = [flag for flag in FLAGS if flag != "--headless"]
        launched = playwright.chromium.launch(executable_path=path, headless=True, args=flags)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens pages, each as if in a browser of its own: `open_page(url, theme="dark", width=1440, height=900, …)`.

    The test fails at its end if a page logged an error or a warning, threw, had a request fail or refused, or asked a
    server elsewhere for anything; not with the mark `page_errors_expected`.
    """
    watches: list[PageWatch] = []
    with ExitStack() as contexts:

        def open_(
            url: str | None = None,
            *,
            theme: Literal["light", "dark"] = "light",
            width: int = 1440,
            height: int = 900,
            **options: Any,
        ) -> Page:
            size = {"width": width, "height": height}
            context = browser.new_context(color_scheme=theme, viewport=size, **options)  # type: ignore[arg-type]
            contexts.callback(context.close)
            watches.append(PageWatch(context))
            page = context.new_page()
            if url is not None:
                page.goto(url)
            return page

        yield open_
    problems = [problem for watch in watches for problem in watch.problems]
    if problems and request.node.get_closest_marker("page_errors_expected") is None:
        pytest.fail("The page was in trouble:\n" + "\n".join(problems))


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """An empty page, light, 1440 by 900."""
    return open_page()


@pytest.fixture
def dashboard_server(front_end: None) -> Iterator[DashboardServer]:
    """Starts dashboards in this process: `dashboard_server(flow, …, **options).url`; on a free port."""
    from routilux_dashboard import Dashboard

    with ExitStack() as running:

        def start(*flows: Flow, port: int = 0, **options: Any) -> Dashboard:
            dashboard = Dashboard(*flows, port=port, **options)
            dashboard.start()
            running.callback(dashboard.stop)
            return dashboard

        yield start


@pytest.fixture(scope="session")
def screenshot() -> Screenshot:
    """Takes a picture of what the window shows: `screenshot(page, "job-light")` → build/screenshots/job-light.png."""

    def take(page: Page, name: str) -> Path:
        path = SCREENSHOTS / f"{name}.png"
        page.evaluate("() => document.fonts.ready.then(() => null)")
        page.screenshot(path=path)
        return path

    return take


@pytest.fixture
def ledger() -> Ledger:
    """Where the handlers of `tests.browser.flows` note what they did."""
    return Ledger()


@pytest.fixture
def runs(dashboard_server: DashboardServer, open_page: OpenPage) -> Iterator[Runs]:
    """Starts jobs and opens their pages: `job_state, view = runs.open(flow, "source", count=5)`."""
    runs = Runs(dashboard_server, open_page)
    yield runs
    runs.end()
