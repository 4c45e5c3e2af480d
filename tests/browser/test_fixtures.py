"""The fixtures notice what they are there to notice."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import axe
from tests.browser.conftest import Screenshot
from tests.browser.watch import PageWatch
from tests.waiting import eventually

GOOD = '<!doctype html><html lang="en"><title>T</title><link rel="icon" href="data:,"><main><h1>Hello</h1></main>'


@pytest.fixture
def site() -> Iterator[str]:
    """A server whose `/` is in order; `/bad` breaks everything that a page can break; all else is a 404."""
    bad = (
        '<!doctype html><html><link rel="icon" href="data:,"><script>console.error("told"); throw new Error("thrown")'
        '</script><img src="/missing.png"><img src="http://elsewhere.invalid/pixel.png">'
    )
    pages = {"/": GOOD, "/bad": bad}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_in_order_has_no_problems(page: Page, site: str) -> None:
    page.goto(site)
    assert page.inner_text("h1") == "Hello"
    assert axe(page) == []


def test_every_kind_of_trouble_is_written_down(browser: Browser, site: str) -> None:
    context = browser.new_context()
    watch = PageWatch(context)
    context.new_page().goto(f"{site}/bad")

    def told(start: str) -> bool:
        return any(problem.startswith(start) for problem in watch.problems)

    expected = [
        "console error: told",
        "uncaught: ",
        "answer 404: GET",
        "third-party request: http://elsewhere.invalid/",
    ]
    for start in expected:
        assert told(start), watch.problems
    assert told("request failed: GET http://elsewhere.invalid/")
    context.close()


def test_a_web_socket_to_elsewhere_is_a_third_party_request(browser: Browser, site: str) -> None:
    context = browser.new_context()
    watch = PageWatch(context)
    page = context.new_page()
    page.goto(site)
    page.evaluate("() => new Promise((done) => { new WebSocket('ws://elsewhere.invalid/').onclose = () => done() })")
    eventually(lambda: "third-party request: ws://elsewhere.invalid/" in watch.problems, what=repr(watch.problems))
    context.close()


@pytest.mark.page_errors_expected
def test_a_test_may_expect_trouble(page: Page, site: str) -> None:
    page.goto(f"{site}/bad")


def test_what_a_screen_reader_cannot_use_is_found(page: Page) -> None:
    page.set_content("<html lang=en><title>T</title><main><h1>T</h1><button></button></main>")
    assert [found.split(" ")[0] for found in axe(page)] == ["button-name"]


def test_a_screenshot_has_the_size_of_the_window(page: Page, screenshot: Screenshot) -> None:
    page.set_content(GOOD)
    png = screenshot(page, "fixtures").read_bytes()
    assert struct.unpack(">II", png[16:24]) == (1440, 900)
