"""The cost of being watched: W1 with no hook, with the dashboard on, and with browsers on the job's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter

from playwright.sync_api import Page, sync_playwright

from benchmarks import w1, workloads
from benchmarks.live_client import live_client
from benchmarks.report import Measured, interleave
from routilux import JobState
from routilux_dashboard import Dashboard
from tools.browser import FLAGS, find


class Unwatched:
    """W1 without a dashboard."""

    def __init__(self) -> None:
        self.flow = w1.make_flow(execution_timeout=600)

    def run(self) -> float:
        """Return the seconds from the first emission to the end of the job."""
        source = self._source()
        source.go.clear()
        job_state = self.flow.start("source")
        self.ready(job_state)
        source.go.set()
        if not JobState.wait_for_completion(self.flow, job_state, timeout=120):
            raise RuntimeError(f"{job_state!r} did not end")
        took = perf_counter() - source.started
        if len(job_state.execution_history) != w1.EVENTS + 2:
            raise RuntimeError(f"{job_state!r} lost events")
        self.done(job_state)
        return took

    def _source(self) -> w1.Source:
        source = self.flow.routines["source"]
        assert isinstance(source, w1.Source)
        return source

    def ready(self, job_state: JobState) -> None:
        """Called before the first emission."""

    def done(self, job_state: JobState) -> None:
        """Called after the time was taken."""


class Followed(Unwatched):
    """W1 with the dashboard on and a live client, in its own process, that draws nothing."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self.dashboard = stack.enter_context(Dashboard(self.flow, port=0, store="none"))
        self.watchers = stack.enter_context(ExitStack())

    def ready(self, job_state: JobState) -> None:
        self.watchers.enter_context(live_client(self.dashboard.url, job_state.job_id))

    def done(self, job_state: JobState) -> None:
        self.watchers.close()


class Watched(Unwatched):
    """W1 with the dashboard on and `browsers` pages of a real Chromium open on the job."""

    def __init__(self, stack: ExitStack, browsers: int) -> None:
        super().__init__()
        self.dashboard = stack.enter_context(Dashboard(self.flow, port=0, store="none"))
        self.pages = stack.enter_context(_pages(browsers)) if browsers else []

    def ready(self, job_state: JobState) -> None:
        for page in self.pages:
            page.goto(f"{self.dashboard.url}/jobs/{job_state.job_id}")
        for page in self.pages:
            page.wait_for_selector("html[data-live=live]")
            page.wait_for_selector('[data-routine="sink"]')

    def done(self, job_state: JobState) -> None:
        for page in self.pages:
            page.wait_for_selector('[role=status][data-status="completed"]')
            page.wait_for_selector(f'[data-routine="sink"][data-done="{w1.ITEMS}"]')


@contextmanager
def _pages(count: int) -> Iterator[list[Page]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        yield [browser.new_page() for _ in range(count)]
        browser.close()


def measure(rounds: int) -> list[Measured]:
    """Measure W1 without a dashboard, with one, with a client and with a browser, and the deque limit."""
    with ExitStack() as stack:
        kinds = {
            "no hook": Unwatched().run,
            "deque limit": lambda: workloads.deque_limit(w1.ITEMS)[0],
            "dashboard on": Watched(stack, 0).run,
            "client that draws nothing": Followed(stack).run,
            "one browser": Watched(stack, 1).run,
        }
        return interleave(kinds, rounds, w1.EVENTS)
