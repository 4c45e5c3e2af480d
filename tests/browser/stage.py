"""A server with a job in every state that a page has to show, for checks and pictures that go through them all."""

from __future__ import annotations

from collections.abc import Callable

from routilux import Flow, JobState
from routilux_dashboard import Dashboard
from tests.browser import flows
from tests.browser.ledger import Ledger
from tests.waiting import eventually

STATES = ("running", "pausing", "paused", "cancelled", "failed", "completed", "empty")


class Stage:
    """`url(state)` is the page of a job in that state; `dashboard.url` lists them all. Nothing moves by itself."""

    def __init__(self, serve: Callable[..., Dashboard]) -> None:
        ledger = Ledger()
        held, self._holder = flows.held(ledger)
        steady, failing, done = flows.steady(ledger), flows.failing(ledger), flows.strategies(ledger)
        idle = flows.empty()
        self.dashboard = serve(held, steady, failing, done, idle)
        self._jobs: dict[str, tuple[Flow, JobState]] = {
            "running": (held, held.start("source", {"count": 5})),
            "pausing": (held, held.start("source", {"count": 5})),
            "paused": (steady, steady.start("ticker")),
            "cancelled": (steady, steady.start("ticker")),
            "failed": (failing, failing.start("ticker", {"pace": 0.0})),
            "completed": (done, done.start("source", {"count": 250})),
            "empty": (idle, idle.start("idle")),
        }
        for state in STATES:
            self._bring(state)

    def url(self, state: str) -> str:
        """The page of the job in that state."""
        return self.dashboard.url_of_job(self._jobs[state][1].job_id)

    def status(self, state: str) -> str:
        """What its page says in `data-status`."""
        return self._jobs[state][1].status

    def end(self) -> None:
        """Let every handler go."""
        self._holder.gate.set()
        for flow, job_state in self._jobs.values():
            if job_state.status in ("running", "paused"):
                flow.cancel(job_state)

    def _bring(self, state: str) -> None:
        flow, job_state = self._jobs[state]
        if state in ("running", "pausing"):
            eventually(lambda: len(job_state.read_history(0, 100).records) == 6)
            if state == "pausing":
                flow.pause(job_state, "waiting for a word", by="ops", wait=False)
        elif state in ("paused", "cancelled"):
            eventually(lambda: job_state.read_history(0, 0).total > 150)
            (flow.pause if state == "paused" else flow.cancel)(job_state, "checking the parser", by="ops")
        else:
            assert JobState.wait_for_completion(flow, job_state, timeout=30)
