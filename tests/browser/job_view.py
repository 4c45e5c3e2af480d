"""The page of a job as a test sees it: by the names that outsiders rely on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.truth import Done, Truth
from tests.waiting import eventually

READ = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame().then(frame);  // data-seq is written when what it speaks of has been painted
  const int = (value) => Number(value);
  const each = (selector, entry) => Object.fromEntries([...document.querySelectorAll(selector)].map(entry));
  const fact = (name) => document.querySelector(`.fact.${name} dd`)?.textContent.trim().replaceAll(",", "") ?? "";
  const tab = document.querySelector("#tab-history .num")?.textContent.replaceAll(",", "") ?? "0";
  const status = document.querySelector("[role=status][data-status]");
  return {
    live: document.documentElement.dataset.live,
    seq: int(document.documentElement.dataset.seq),
    status: status?.dataset.status ?? null,
    headline: status?.textContent.trim() ?? "",
    routines: each("[data-routine]", ({ dataset }) => [dataset.routine, {
      status: dataset.status, done: int(dataset.done), errors: int(dataset.errors),
      queued: int(dataset.queued), running: int(dataset.running),
    }]),
    connections: each("[data-connection]", ({ dataset }) => [dataset.connection, int(dataset.count)]),
    facts: Object.fromEntries(["elapsed", "events", "rate", "queued", "errors"].map((name) => [name, fact(name)])),
    records: int(tab),
  };
}"""

PAUSED_FOR = """(least) => {
  const said = /for (\\d+):(\\d+):(\\d+)/.exec(document.querySelector(".sentence")?.textContent);
  return said && Number(said[1]) * 3600 + Number(said[2]) * 60 + Number(said[3]) >= least;
}"""


@dataclass(frozen=True)
class Figures:
    """Everything that the page says in figures, read at one moment."""

    live: str
    seq: int
    status: str | None
    headline: str
    routines: dict[str, dict[str, Any]]
    connections: dict[str, int]
    facts: dict[str, str]
    records: int

    @property
    def counts(self) -> Truth:
        """What is exact at the end of a job."""
        routines = {name: Done(figures["done"], figures["errors"]) for name, figures in self.routines.items()}
        facts = self.facts
        return Truth(routines, self.connections, int(facts["events"]), int(facts["errors"]), self.records)

    @property
    def running(self) -> int:
        """Handlers that run, over all routines."""
        return sum(figures["running"] for figures in self.routines.values())

    @property
    def picture(self) -> dict[str, Any]:
        """What two pages of the same job agree on while nothing moves."""
        facts = {name: value for name, value in self.facts.items() if name not in ("elapsed", "rate")}
        return {
            "seq": self.seq,
            "status": self.status,
            "headline": self.headline,
            "routines": self.routines,
            "connections": self.connections,
            "facts": facts,
            "records": self.records,
        }


class JobView:
    """One open page of one job."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def read(self) -> Figures:
        """All figures, of one moment."""
        return Figures(**self.page.evaluate(READ))

    def button(self, name: str) -> Locator:
        """The button with that name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def wait_until_drawn(self, routine_id: str) -> None:
        """The page is live and shows the graph."""
        self.wait_live()
        self.page.locator(f'[data-routine="{routine_id}"]').first.wait_for(state="attached")

    def wait_live(self, live: str = "live", within: float = 30) -> None:
        """The page says that it is so fresh."""
        self.page.wait_for_selector(f"html[data-live={live}]", timeout=within * 1000)

    def wait_status(self, status: str, within: float = 60) -> None:
        """The page says that the job is in that status."""
        self.page.wait_for_selector(f'[role=status][data-status="{status}"]', timeout=within * 1000)

    def wait_seq(self, seq: int, within: float = 60) -> None:
        """The page shows at least so many records."""
        self.page.wait_for_function(
            "(seq) => Number(document.documentElement.dataset.seq) >= seq", arg=seq, timeout=within * 1000
        )

    def wait_headline(self, words: str) -> None:
        """The page says so in words: "Pausing…"."""
        expect(self.page.locator("[role=status][data-status]")).to_have_text(words, timeout=30_000)

    def wait_paused_for(self, seconds: int) -> None:
        """The page itself says that so much time has passed since the pause: the test has looked on for so long."""
        self.page.wait_for_function(PAUSED_FOR, arg=seconds, timeout=60_000)

    def until(self, condition: Callable[[Figures], bool], what: str, within: float = 30) -> Figures:
        """Read until `condition` holds of what was read."""
        found: list[Figures] = []

        def holds() -> bool:
            found[:] = [self.read()]
            return condition(found[0])

        eventually(holds, within=within, what=what)
        return found[0]

    def pause(self) -> None:
        """Press Pause and wait until the page says that the job is paused."""
        self.button("Pause").click()
        self.wait_status("paused")

    def resume(self) -> None:
        """Press Resume and wait until the job is no longer paused."""
        self.button("Resume").click()
        self.page.wait_for_selector('[role=status]:not([data-status="paused"])')

    def cancel(self, reason: str = "") -> None:
        """Press Cancel, give a reason and confirm."""
        self.button("Cancel").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Reason").fill(reason)
        dialog.get_by_role("button", name="Cancel job").click()
