"""Writes down what goes wrong in a page: errors, failed requests, and requests to anybody but our own server."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError, WebSocket

LOCAL = {"127.0.0.1", "localhost", "[::1]", "::1"}


class PageWatch:
    """What has gone wrong in the pages of a browser context, oldest first, in `problems`."""

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._web_error)
        context.on("request", self._request)
        context.on("requestfailed", self._request_failed)
        context.on("response", self._response)
        context.on("page", self._page)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            where = message.location
            self.problems.append(f"console {message.type}: {message.text} ({where['url']}:{where['lineNumber']})")

    def _web_error(self, error: WebError) -> None:
        self.problems.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        self._third_party(request.url)

    def _request_failed(self, request: Request) -> None:
        # A page that is left or reloaded aborts what it was still reading.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"answer {response.status}: {response.request.method} {response.url}")

    def _page(self, page: Page) -> None:
        page.on("websocket", self._web_socket)

    def _web_socket(self, socket: WebSocket) -> None:
        self._third_party(socket.url)

    def _third_party(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOCAL:
            self.problems.append(f"third-party request: {url}")
