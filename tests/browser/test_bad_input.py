"""Whatever a program calls its things and sends along, the page shows it as text; nothing of it runs or is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from routilux import ErrorHandler, Flow, OutputHandler, Routine
from tests.browser import flows
from tests.browser.conftest import DashboardServer, OpenPage
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs
from tests.browser.truth import truth_of

FUSED = """() => [...document.querySelectorAll("main *")].filter(
    (element) => getComputedStyle(element).fontVariantLigatures !== "none").length"""
SCRIPT = '<script>window.ran = "script"</script>'
IMAGE = '"><img src=x onerror="window.ran = `image`">'
TEMPLATE = "${window.ran = 1}{{ 7 * 7 }}{% raw %}'\"`"
RTL = "\u202egnp.exe\u2066"
EMOJI = "👩‍👩‍👧‍👦 é e\u0301 🇨🇭"
SURROGATE = "half \ud83d of a pair"
CONTROL = "nul \x00, escape \x1b[31m, bell \x07"
NASTY = {
    "script": SCRIPT,
    "image": IMAGE,
    "template": TEMPLATE,
    "rtl": RTL,
    "emoji": EMOJI,
    "surrogate": SURROGATE,
    "control": CONTROL,
    "__proto__": {"polluted": True},
    "constructor": IMAGE,
    IMAGE: SCRIPT,
}


class Nasty(Routine):
    """Calls everything by the worst names there are. <script>window.ran = "docstring"</script> `<b>code</b>`"""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.go)
        self.define_event(IMAGE, ["payload"])

    def go(self) -> None:
        """Begin. <img src=x onerror="window.ran = 1">"""
        context = self.get_execution_context()
        assert context is not None
        context.job_state.append_to_shared_log(dict(NASTY))
        context.job_state.update_shared_data(IMAGE, NASTY)
        context.job_state.update_routine_state(context.routine_id, dict(NASTY))
        self.send_output(SCRIPT, **NASTY)
        for text in (SCRIPT, IMAGE, TEMPLATE, RTL, EMOJI, SURROGATE, CONTROL):
            self.emit(IMAGE, payload=text)
        self.emit(IMAGE, payload=NASTY)


class Raises(Routine):
    """Raises what it gets, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot(IMAGE, handler=self.take)

    def take(self, payload: Any) -> None:
        if isinstance(payload, str):
            raise ValueError(payload)


def nasty() -> Flow:
    flow = Flow(f"flow {IMAGE}")
    flow.add_routine(Nasty(), f"begin {SCRIPT}")
    flow.add_routine(Raises(), f"end {IMAGE} {RTL} {EMOJI}")
    flow.set_error_handler(ErrorHandler("continue"))
    flow.connect(f"begin {SCRIPT}", IMAGE, f"end {IMAGE} {RTL} {EMOJI}", IMAGE, {"payload": "payload"})
    return flow


def nothing_ran(page: Page) -> None:
    """Neither script nor markup of a payload is in the page, and no prototype was touched."""
    assert page.evaluate("() => window.ran") is None
    assert page.evaluate("() => ({}).polluted") is None
    own = "script[type=module][src^='/static/'], img[src^='/static/']"
    strangers = f"script:not({own}), img:not({own}), iframe, object, embed, [onerror], [onclick], [onload]"
    assert page.locator(strangers).count() == 0


@pytest.fixture
def no_dialogs(open_page: OpenPage) -> Iterator[OpenPage]:
    """Pages that fail the test when anything opens a dialog of the browser."""
    opened: list[str] = []

    def took(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    def open_(*arguments: Any, **options: Any) -> Page:
        page = open_page(**options)
        page.on("dialog", took)
        page.goto(*arguments)
        return page

    yield open_
    assert opened == []


def test_names_and_payloads_full_of_markup_are_shown_as_text(
    no_dialogs: OpenPage, dashboard_server: DashboardServer
) -> None:
    flow = nasty()
    dashboard = dashboard_server(flow)
    job_state = flow.start(f"begin {SCRIPT}")
    page = no_dialogs(dashboard.url_of_job(job_state.job_id))
    page.wait_for_selector('[role=status][data-status="completed"]')
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"flow {IMAGE}")
    assert page.title().startswith("Completed · flow ")
    history = page.get_by_role("grid", name="History")
    expect(history).to_contain_text(SCRIPT.replace('"', r"\""))
    expect(history).to_contain_text(IMAGE)
    nothing_ran(page)
    names = page.eval_on_selector_all("[data-routine]", "(all) => all.map(({ dataset }) => dataset.routine)")
    assert names == [f"begin {SCRIPT}", f"end {IMAGE} {RTL} {EMOJI}"]
    for index in range(2):
        page.locator("[data-routine]").nth(index).click()
        expect(page.get_by_role("complementary", name="Inspector")).to_contain_text(names[index])
        nothing_ran(page)
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_role("region", name="Traceback")).to_contain_text("ValueError: nul")
    for tab, row in (("Shared log", 1), ("Outputs", 1), ("History", 9)):
        page.get_by_role("tab", name=tab).click()
        grid = page.get_by_role("grid", name=tab)
        expect(grid).to_contain_text("<script>")
        # At the row itself: by coordinates it could hit another one while the list still scrolls to its end.
        grid.locator(f'[role=row][aria-rowindex="{row + 1}"]').dispatch_event("click")
        tree = page.locator("record-detail data-tree")
        for text in (EMOJI, "half \ufffd of a pair", r"nul \u0000, escape \u001b[31m", r"\u202egnp.exe", "polluted"):
            expect(tree).to_contain_text(text)
        assert page.evaluate(FUSED) == 0, "letters that are drawn as one look like other data"
        nothing_ran(page)
    page.get_by_role("tab", name="Metrics").click()
    page.get_by_role("tabpanel").get_by_role("row").last.wait_for()
    nothing_ran(page)
    page.goto(dashboard.url)
    expect(page.get_by_role("table", name="Jobs")).to_contain_text(f"flow {IMAGE}")
    nothing_ran(page)


@pytest.mark.page_errors_expected
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/jobs/no-such-job", 404, "no-such-job"),
        ("/jobs/%3Cscript%3Ewindow.ran%3D1%3C%2Fscript%3E", 404, "<script>window.ran=1</script>"),
        ("/jobs/" + "x" * 2000, 404, "xxxx"),
        ("/no/such/page", 404, "/no/such/page"),
        ("/jobs/no-such-job?theme=%22%3E%3Cscript%3E", 404, "no-such-job"),
    ],
)
def test_a_page_that_is_not_there_says_so_and_leads_back(
    path: str, status: int, words: str, page: Page, dashboard_server: DashboardServer
) -> None:
    dashboard = dashboard_server(flows.empty())
    answer = page.goto(dashboard.url + path)
    assert answer is not None
    assert answer.status == status
    assert page.get_by_role("heading", level=1).inner_text().strip() != ""
    expect(page.get_by_role("main")).to_contain_text(words)
    nothing_ran(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="All jobs").click()
    page.get_by_role("heading", name="No job yet").wait_for()


class Unprintable:
    """Every question about it raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


class Mute(Exception):
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text either")


class Odd(Routine):
    """Emits what JSON cannot hold, stores it, and raises what has no text."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.go)
        self.define_slot("more", handler=self.fail)
        self.define_event("thing", ["value"])

    def go(self) -> None:
        cycle: list[Any] = [1]
        cycle.append(cycle)
        things: dict[str, Any] = {
            "object": Unprintable(),
            "bytes": b"\xff\x00",
            "set": {1},
            "nan": float("nan"),
            "infinite": float("-inf"),
            "huge": 10**400,
            "cycle": cycle,
            "keys": {(1, 2): "tuple", None: "none", 3: "three"},
            "function": lambda: None,
            "class": dict,
            "error": Mute(),
            "deep": deep(2000),
        }
        for name, value in things.items():
            self.emit("thing", value=value)
            self.send_output("odd", name=name, value=value)
        context = self.get_execution_context()
        assert context is not None
        context.job_state.append_to_shared_log({"things": list(things.values())})
        context.job_state.update_routine_state("odd", {"thing": Unprintable()})

    def fail(self, value: Any) -> None:
        raise Mute


def deep(levels: int) -> list[Any]:
    """Lists within lists."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def test_payloads_that_json_cannot_hold_and_errors_without_text_are_shown_and_hurt_nothing(runs: Runs) -> None:
    flow = Flow("odd")
    flow.add_routine(Odd(), "odd")
    flow.connect("odd", "thing", "odd", "more")
    flow.set_error_handler(ErrorHandler("continue"))
    job_state, view = runs.open(flow, "odd")
    view.wait_status("completed")
    assert view.read().counts == truth_of(flow, job_state)
    assert view.read().routines["odd"] == {"status": "completed", "done": 1, "errors": 12, "queued": 0, "running": 0}
    page = view.page
    history = page.get_by_role("grid", name="History")
    history.focus()
    page.keyboard.press("Home")
    for words in ("Unprintable", "NaN", "Mute"):
        expect(history).to_contain_text(re.compile(words, re.IGNORECASE))
    for name in ("Shared log", "Outputs"):
        page.get_by_role("tab", name=name).click()
        grid = page.get_by_role("grid", name=name)
        grid.get_by_role("row").nth(1).click()
        expect(page.locator("record-detail data-tree")).to_contain_text("Unprintable")
    page.locator("[data-routine]").first.click()
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("whose text cannot be made")


def test_a_payload_of_50_mb_is_shown_by_its_beginning_and_slows_nobody(ledger: Ledger, runs: Runs) -> None:
    flow = Flow("large")
    flow.add_routine(_Large(), "source")
    job_state, view = runs.open(flow, "source")
    view.wait_status("completed")
    assert len(job_state.execution_history[1].data["text"]) == 50_000_000
    page = view.page
    sizes = page.evaluate("() => performance.getEntriesByType('resource').map(({ transferSize }) => transferSize)")
    assert max(sizes) < 1_000_000
    row = page.get_by_role("grid", name="History").get_by_role("row").nth(2)
    expect(row).to_contain_text("… cut")
    row.click()
    expect(page.locator("record-detail")).to_contain_text("<img src=x")
    expect(page.locator("record-detail")).to_contain_text(re.compile("cut"))
    assert page.evaluate("() => document.body.outerHTML.length") < 1_000_000


class _Large(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.go)
        self.define_event("item", ["text", "bytes", "many"])

    def go(self) -> None:
        text = "<img src=x onerror=1>"
        text += "x" * (50_000_000 - len(text))
        self.emit("item", text=text, bytes=text.encode(), many=list(range(1_000_000)))
        self.send_output("large", text=text)
        context = self.get_execution_context()
        assert context is not None
        context.job_state.append_to_shared_log({"text": text})
        context.job_state.update_routine_state("source", {"text": text})


class _Broken(OutputHandler):
    def handle(self, *arguments: Any, **named: Any) -> None:
        raise RuntimeError("the printer is on fire")


@pytest.mark.filterwarnings("ignore:_Broken raised RuntimeError")
def test_an_output_handler_that_raises_hurts_neither_the_job_nor_its_page(ledger: Ledger, runs: Runs) -> None:
    flow = flows.strategies(ledger, "sequential")
    flow.set_output_handler(_Broken())
    job_state, view = runs.open(flow, "source", count=101)
    view.wait_status("completed")
    skipped = {"skipping": ledger.raised[job_state.job_id, "skipping"]}
    assert view.read().counts == truth_of(flow, job_state, skipped)
    view.page.get_by_role("tab", name="Outputs").click()
    rows = view.page.get_by_role("grid", name="Outputs")
    expect(rows).to_have_attribute("aria-rowcount", str(len(job_state.output_log) + 1))
    assert len(job_state.output_log) > 0


def test_hundreds_of_routines_are_shown_exactly_and_each_can_be_inspected(ledger: Ledger, runs: Runs) -> None:
    flow = flows.wide(ledger, 400)
    job_state, view = runs.open(flow, "source", count=20)
    view.wait_status("completed")
    view.wait_until_drawn("step-398")
    assert view.read().counts == truth_of(flow, job_state)
    view.page.locator('[data-routine="step-250"]').focus()
    view.page.keyboard.press("Enter")
    inspector = view.page.get_by_role("complementary", name="Inspector")
    expect(inspector).to_contain_text("step-250")
    expect(inspector).to_contain_text("passed to step-251.item")


def test_a_job_that_does_nothing_is_complete_and_says_so(runs: Runs) -> None:
    flow = flows.empty()
    job_state, view = runs.open(flow, "idle")
    view.wait_status("completed")
    view.wait_until_drawn("idle")
    shown = view.read()
    assert shown.counts == truth_of(flow, job_state)
    assert shown.facts["events"] == "0"
    assert shown.connections == {}
    for name, words in (("Shared log", "The shared log is empty"), ("Outputs", "No output yet")):
        view.page.get_by_role("tab", name=name).click()
        expect(view.page.get_by_role("tabpanel")).to_contain_text(words)


def test_self_loops_connections_that_lead_back_and_pairs_are_told_apart(ledger: Ledger, runs: Runs) -> None:
    flow = flows.shapes(ledger)
    job_state, view = runs.open(flow, "ticker", count=40, pace=0.0)
    view.wait_status("completed")
    view.wait_until_drawn("second")
    shown = view.read()
    assert shown.counts == truth_of(flow, job_state)
    assert shown.connections == {
        "ticker.again->ticker.again": 40,
        "ticker.item->first.item": 40,
        "first.passed->second.item": 60,
        "first.passed->second.other": 60,
        "second.back->first.item": 20,
    }
