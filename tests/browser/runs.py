"""Jobs that a test starts and opens in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from routilux import Flow, JobState
from routilux_dashboard import Dashboard
from tests.browser.job_view import JobView


class Runs:
    """Each flow gets a server before its first job starts; `end` cancels what still runs."""

    def __init__(self, serve: Callable[..., Dashboard], open_page: Callable[..., Page]) -> None:
        self._serve = serve
        self._open_page = open_page
        self._servers: dict[int, Dashboard] = {}
        self._jobs: list[tuple[Flow, JobState]] = []

    def server(self, flow: Flow) -> Dashboard:
        """The server of the flow, started when there is none yet."""
        if id(flow) not in self._servers:
            self._servers[id(flow)] = self._serve(flow)
        return self._servers[id(flow)]

    def start(self, flow: Flow, entry: str, **params: Any) -> JobState:
        """A job of the flow, under way."""
        self.server(flow)
        job_state = flow.start(entry, params)
        self._jobs.append((flow, job_state))
        return job_state

    def watch(self, flow: Flow, job_state: JobState, **options: Any) -> JobView:
        """The page of a job, live; `options` as for `open_page`."""
        view = JobView(self._open_page(self.server(flow).url_of_job(job_state.job_id), **options))
        view.wait_live()
        return view

    def open(self, flow: Flow, entry: str, **params: Any) -> tuple[JobState, JobView]:
        """A job under way, and its page."""
        job_state = self.start(flow, entry, **params)
        return job_state, self.watch(flow, job_state)

    def end(self) -> None:
        """Cancel what has not ended."""
        for flow, job_state in self._jobs:
            if job_state.status in ("running", "paused"):
                flow.cancel(job_state, wait=False)
