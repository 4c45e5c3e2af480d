"""A recording opened from the disk, without server or network, shows the job as its own page did."""

from __future__ import annotations

import base64
import os
import random
import re
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec.structs import replace
from playwright.sync_api import Locator, Page, Request, expect

from routilux import Flow, JobState, Routine
from routilux_dashboard import Dashboard
from routilux_dashboard.payloads.mask import NO_MASK, Mask
from routilux_dashboard.protocol import LogRow
from routilux_dashboard.recording import jsonl
from routilux_dashboard.recording.film import film_from_store
from routilux_dashboard.recording.html import LEAST, html_file
from routilux_dashboard.segments.segment import Segment
from routilux_dashboard.sources.local_source import LocalSource
from routilux_dashboard.sources.memory_film import film_from_memory
from routilux_dashboard.store import Store
from tests.browser import flows
from tests.browser.axe import is_sound
from tests.browser.conftest import DashboardServer, OpenPage, Screenshot
from tests.browser.job_view import JobView
from tests.browser.ledger import Ledger
from tests.dashboard.recording.made_up import a_run
from tests.waiting import eventually

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
TABS = {"wide": ["Shared log", "Outputs", "Metrics"], "narrow": ["Graph", "History", "Log", "Outputs", "Metrics"]}
PART = re.compile(rb'data-part="(\w+)"[^>]*>([^<]*)<')
Theme = Literal["light", "dark"]
OpenFile = Callable[..., JobView]

pytestmark = pytest.mark.usefixtures("front_end")


@pytest.fixture
def open_file(open_page: OpenPage, tmp_path: Path) -> Iterator[OpenFile]:
    """Writes a recording and opens it from the disk, in a browser without network; it may ask for nothing."""
    asked: list[str] = []

    def open_(pieces: Iterable[bytes], **options: Any) -> JobView:
        path = tmp_path / "recording.html"
        path.write_bytes(b"".join(pieces))
        page = open_page(offline=True, **options)

        def note(request: Request) -> None:
            asked.append(request.url)

        page.context.on("request", note)
        page.goto(path.as_uri())
        view = JobView(page)
        view.wait_live("replay")
        return view

    yield open_
    assert [url for url in asked if not url.startswith(("file://", "data:", "blob:"))] == []


def of_store(store: Path, job_state: JobState, mask: Mask = NO_MASK, **options: Any) -> Iterable[bytes]:
    """The recording of a job that a store has."""
    return html_file(kept_in(store, job_state), mask, **options)


def of_memory(dashboard: Dashboard, job_state: JobState) -> Iterable[bytes]:
    """The recording of a job that no store has."""
    job = dashboard._job_table.job(job_state.job_id)
    assert isinstance(job, LocalSource)
    found = film_from_memory(job)
    return html_file(found.segments, missing=found.missing, keyframe=found.keyframe)


def kept_in(store: Path, job_state: JobState) -> list[Segment]:
    """The segments that a store has of a job that has ended, once it has them all."""
    with Store(str(store)) as reader:
        job_id = job_state.job_id
        eventually(lambda: job_id in reader.last_segments([job_id]) and reader.summary(job_id).ended_at)
        return list(film_from_store(job_id, reader).segments)


def unpacked(recording: bytes) -> dict[str, bytes]:
    """The parts of a recording, as text; those of one name together."""
    parts: dict[str, bytes] = {}
    for name, text in PART.findall(recording):
        parts[name.decode()] = parts.get(name.decode(), b"") + zlib.decompress(base64.b64decode(text), 31)
    return parts


def wait_for_rows(page: Page) -> None:
    page.get_by_role("tabpanel").get_by_role("row").or_(page.locator("flow-graph [data-routine]")).first.wait_for()


# -- the same as the job's page


@pytest.mark.parametrize("kept", ["store", "memory"])
def test_a_recording_says_the_same_as_the_page_of_the_job(
    kept: str,
    ledger: Ledger,
    tmp_path: Path,
    dashboard_server: DashboardServer,
    open_page: OpenPage,
    open_file: OpenFile,
) -> None:
    flow, store = flows.strategies(ledger), tmp_path / "runs.db"
    dashboard: Dashboard = dashboard_server(flow, store=store if kept == "store" else "none")
    job_state = flow.start("source", {"count": 700})
    live = JobView(open_page(dashboard.url_of_job(job_state.job_id)))
    live.wait_status("completed")
    pieces = of_store(store, job_state) if kept == "store" else of_memory(dashboard, job_state)
    recorded = open_file(pieces)
    shown = recorded.until(lambda figures: "sink" in figures.routines, "the graph")
    assert shown.picture == live.read().picture
    assert shown.counts.records == len(job_state.execution_history)
    for tab in ("Shared log", "Outputs", "Metrics", "History"):
        both_show_the_same_in(tab, recorded.page, live.page)
    for page in (recorded.page, live.page):
        expect(open_first_record(page)).to_contain_text(re.compile(r"source\.start.*the start.*700", re.DOTALL))


def both_show_the_same_in(tab: str, *pages: Page) -> None:
    def texts() -> list[str]:
        return [page.get_by_role("tabpanel").inner_text() for page in pages]

    for page in pages:
        page.get_by_role("tab", name=tab).click()
        wait_for_rows(page)
    eventually(lambda: len(set(texts())) == 1, what=f"the same text in {tab}")


def open_first_record(page: Page) -> Locator:
    """What is shown of the first record of the history, which is far above what is in sight at first."""
    page.get_by_role("grid", name="History").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    return page.locator("record-detail")


def test_a_failed_job_shows_what_failed_it(
    ledger: Ledger, tmp_path: Path, dashboard_server: DashboardServer, open_file: OpenFile
) -> None:
    flow, store = flows.failing(ledger), tmp_path / "runs.db"
    dashboard_server(flow, store=store)
    view = open_file(of_store(store, flow.start("ticker", {"pace": 0.0})))
    view.wait_status("failed")
    view.page.get_by_role("button", name="show where").click()
    inspector = view.page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_role("region", name="Traceback")).to_contain_text("raise ZeroDivisionError")
    assert "routine=fragile" in view.page.url


def test_a_recording_has_no_controls_and_says_what_it_is(open_file: OpenFile) -> None:
    page = open_file(html_file(a_run(3))).page
    expect(page.locator("live-badge")).to_have_text("Recording")
    expect(page.locator("recording-note")).to_contain_text("Recording made 20")
    expect(page.locator("job-header")).to_contain_text("here:1")
    for name in ("Pause", "Resume", "Cancel", "Step", "Run again"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    assert page.locator("a[href]:not([href^='#'])").count() == 0  # there is nowhere to go


def test_a_large_flow_is_laid_out_by_a_worker_inside_the_file(
    ledger: Ledger, tmp_path: Path, dashboard_server: DashboardServer, open_file: OpenFile
) -> None:
    flow, store = flows.wide(ledger, 60), tmp_path / "runs.db"
    dashboard_server(flow, store=store)
    view = open_file(of_store(store, flow.start(next(iter(flow.routines)))))
    view.until(lambda figures: len(figures.routines) == 60, "every routine")
    assert len(view.page.workers) == 1


# -- safe to open


HOSTILE = "</script><script>window.harmed = 1</script><img src=x onerror='window.harmed = 2'><!--<script>"


def test_nothing_in_a_payload_or_a_name_is_ever_run(open_file: OpenFile) -> None:
    segments = list(a_run(3, payload={HOSTILE: HOSTILE, "__proto__": HOSTILE}))
    assert segments[0].beginning is not None
    first = replace(segments[0].beginning, flow_id=HOSTILE, origin=HOSTILE, params={HOSTILE: HOSTILE})
    segments[0] = replace(segments[0], beginning=first, log=[LogRow(1, "", {"said": HOSTILE}, False)])
    page = open_file(html_file(segments)).page
    detail = open_first_record(page)
    expect(detail).to_contain_text(HOSTILE)
    expect(page.locator("h1")).to_contain_text(HOSTILE)
    page.get_by_role("tab", name="Shared log").click()
    expect(page.get_by_role("grid", name="Shared log")).to_contain_text("</script>")
    assert page.evaluate("() => window.harmed ?? null") is None
    assert page.locator("main img, main script").count() == 0


@pytest.mark.page_errors_expected
def test_even_a_script_that_got_in_could_not_run_or_tell_anybody(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "recording.html"
    path.write_bytes(b"".join(html_file(a_run(3))))
    with listening() as (url, heard):
        page = open_page(path.as_uri())
        JobView(page).wait_live("replay")
        tried = page.evaluate(TRY_TO_TELL, url)
        assert tried == [f"{kind} refused" for kind in ("fetch", "image", "script", "style", "frame")]
        assert heard == []


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its address, and what it was asked for."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(404)

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", heard
        server.shutdown()
        thread.join()


TRY_TO_TELL = """async (url) => {
  const tried = [];
  const refused = (kind) => new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", () => resolve(`${kind} refused`), { once: true });
    setTimeout(() => resolve(`${kind} went through`), 5000);
  });
  const trying = async (kind, act) => { const answer = refused(kind); act(); tried.push(await answer); };
  const add = (tag, some) => document.body.append(Object.assign(document.createElement(tag), some));
  await trying("fetch", () => fetch(url).catch(() => {}));
  await trying("image", () => { new Image().src = url; });
  await trying("script", () => add("script", { textContent: "window.harmed = 1" }));
  await trying("style", () => add("link", { rel: "stylesheet", href: url }));
  await trying("frame", () => add("iframe", { src: url }));
  return tried;
}"""


def test_a_mask_leaves_no_secret_in_the_bytes_of_either_file(
    tmp_path: Path, dashboard_server: DashboardServer, open_file: OpenFile
) -> None:
    flow, store = Flow("secrets"), tmp_path / "runs.db"
    flow.add_routine(Teller(), "teller")
    dashboard_server(flow, store=store)
    segments = kept_in(store, flow.start("teller", {"api_token": SECRET}))
    assert SECRET.encode() in b"".join(jsonl.write(segments))
    assert any(SECRET.encode() in part for part in unpacked(b"".join(html_file(segments))).values())
    mask = Mask(["password", "token"])
    assert SECRET.encode() not in b"".join(jsonl.write(segments, mask))
    masked = b"".join(html_file(segments, mask))
    assert SECRET.encode() not in masked
    assert [name for name, part in unpacked(masked).items() if SECRET.encode() in part] == []
    page = open_file([masked]).page
    page.get_by_role("tab", name="Outputs").click()
    expect(page.get_by_role("grid", name="Outputs")).to_contain_text("•••")
    page.get_by_text("1 thing is not in this file").click()
    expect(page.locator("recording-note")).to_contain_text("Values named password, token are hidden.")


SECRET = "correct horse battery staple"


class Teller(Routine):
    """Puts a secret wherever one can be put."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.tell)
        self.define_event("told", ["password"])

    def tell(self, api_token: str = "none") -> None:
        context = self.get_execution_context()
        assert context is not None
        state = context.job_state
        self.emit("told", password=api_token, deep=[{"DB_PASSWORD": {"value": api_token}}])
        self.send_output("told", password=api_token)
        state.append_to_shared_log({"token": api_token})
        state.update_shared_data("the password", api_token)
        state.update_shared_data("login", {"user": "ann", "password": api_token})
        state.update_routine_state("teller", {"token": api_token})


# -- its size, and what is not in it


def test_what_was_left_out_for_the_size_is_said_and_the_counts_are_exact(open_file: OpenFile) -> None:
    count = 60_000
    noise = random.Random(1)
    segments = [with_noise(segment, noise) for segment in a_run(count, 5_000)]
    recording = b"".join(html_file(segments, limit=LEAST))
    assert len(recording) <= LEAST
    view = open_file([recording])
    shown = view.until(lambda figures: "sink" in figures.routines, "the graph")
    assert (shown.counts.events, shown.records, shown.counts.routines["sink"].done) == (count, count + 1, count)
    note = view.page.locator("recording-note")
    note.locator("summary").click()
    said = r"The data of [\d,]+ records \(1 to [\d,]+\) was left out, so that the file has at most 2 MB"
    expect(note).to_contain_text(re.compile(said))
    expect(open_first_record(view.page)).to_contain_text("left out of this recording")


def with_noise(segment: Segment, noise: random.Random) -> Segment:
    """With payloads that no compression makes much smaller."""
    payloads = [f'"{noise.randbytes(60).hex()}"'.encode() for _ in segment.records.data]
    return replace(segment, records=replace(segment.records, data=payloads))


@pytest.mark.page_errors_expected
@pytest.mark.parametrize("part", ["about", "keyframe"])
def test_a_damaged_file_says_that_it_is(part: str, open_page: OpenPage, tmp_path: Path) -> None:
    whole = b"".join(html_file(a_run(3)))
    at = whole.index(f'data-part="{part}"'.encode()) + 60
    path = tmp_path / "damaged.html"
    path.write_bytes(whole[:at] + b"AAAA" + whole[at + 4 :])
    page = open_page(path.as_uri(), offline=True)
    expect(page.get_by_role("alert")).to_contain_text("This recording cannot be shown. The file may be damaged.")


# -- sound, and looked at


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_part_of_a_recording_is_sound(
    theme: Theme,
    size: str,
    ledger: Ledger,
    tmp_path: Path,
    dashboard_server: DashboardServer,
    open_file: OpenFile,
    screenshot: Screenshot,
) -> None:
    flow, store = flows.strategies(ledger), tmp_path / "runs.db"
    dashboard_server(flow, store=store)
    width, height = SIZES[size]
    pieces = of_store(store, flow.start("source", {"count": 250}), Mask(["secret"]), missing=["Something else."])
    page = open_file(pieces, theme=theme, width=width, height=height).page
    page.locator('[data-routine="sink"]').first.wait_for()
    screenshot(page, f"recording-{theme}-{size}")
    is_sound(page, "at first")
    page.get_by_text("2 things are not in this file").click()
    is_sound(page, "what is missing")
    page.get_by_text("2 things are not in this file").click()
    for tab in TABS[size]:
        page.get_by_role("tab", name=tab).click()
        wait_for_rows(page)
        is_sound(page, tab)
    page.get_by_role("tab", name="Graph" if size == "narrow" else "History").click()
    page.locator("[data-routine=tolerant]").first.click()
    expect(page.get_by_role("complementary", name="Inspector")).to_contain_text("Last error")
    screenshot(page, f"recording-inspector-{theme}-{size}")
    is_sound(page, "a routine in the inspector")


@pytest.mark.parametrize("records", [int(os.environ.get("RECORDS", "20000"))])
def test_a_long_history_can_be_read_at_any_place(records: int, open_file: OpenFile) -> None:
    page = open_file(html_file(a_run(records, 5_000))).page
    grid = page.get_by_role("grid", name="History")
    expect(grid).to_contain_text(f"{records + 1:,}")
    expect(open_first_record(page)).to_contain_text("source.trigger")
    page.get_by_role("button", name="Close", exact=True).click()
    grid.evaluate("(rows) => { rows.scrollTop = rows.scrollHeight / 2 }")
    eventually(lambda: any(abs(n - records / 2) < 100 for n in numbers_in(grid)), what="rows of the middle")


def numbers_in(grid: Locator) -> list[int]:
    """The numbers of the rows in sight that have come."""
    return [int(row.replace(",", "")) for row in re.findall(r"^([\d,]+)\s+\d\d:", grid.inner_text(), re.MULTILINE)]
