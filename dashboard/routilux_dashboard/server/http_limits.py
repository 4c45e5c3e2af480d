"""Limits on an HTTP connection: a deadline for each request, and fairness between connections.

`GuardedRequests` is a mixin for the protocol class of the server's thread, which is built on `http.server`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from .gate import CLOSE, MORE_TIME

log = logging.getLogger("routilux_dashboard")

UPGRADED = "routilux.upgraded"
"""The key in the WSGI environment of the call that marks the connection as upgraded to a websocket."""


class GuardedRequests:
    """HTTP with a deadline for each request. `server.under_way` holds the requests in flight."""

    server: Any
    wfile: Any
    rfile: Any
    close_connection: bool

    error_content_type = "application/problem+json"
    error_message_format = (
        '{"type": "about:blank", "title": "Not HTTP", "status": %(code)d, '
        '"detail": "The request cannot be read: send HTTP/1.1."}'
    )

    # -- provided by the server's thread

    def set_deadline(self) -> Callable[[], object]:
        """Schedule the connection to be closed; return the call that cancels this."""
        raise NotImplementedError

    def take_turns(self) -> None:
        """Yield to other connections, even if this peer's next request is ready."""
        raise NotImplementedError

    # -- answering

    def handle_one_request(self) -> None:
        self._forget_deadline = self.set_deadline()
        try:
            super().handle_one_request()  # type: ignore[misc]
        finally:
            self._is_done()
        self.take_turns()

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()  # type: ignore[misc]
        environ[UPGRADED] = self._is_done
        environ[MORE_TIME] = self._take_longer
        environ[CLOSE] = self._close_after_answer
        self.server.under_way.add(self)
        return environ

    def finish(self) -> None:
        try:
            super().finish()  # type: ignore[misc]
        finally:  # if the peer has gone, the last flush fails and the files would keep the socket open
            with contextlib.suppress(OSError):
                self.wfile.close()
            self.rfile.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server uses
        log.debug(format, *args)

    def version_string(self) -> str:
        return "routilux"

    def _take_longer(self) -> None:
        self._forget_deadline()
        self._forget_deadline = self.set_deadline()

    def _is_done(self) -> None:
        self._forget_deadline()
        self.server.under_way.discard(self)

    def _close_after_answer(self) -> None:
        self.close_connection = True
