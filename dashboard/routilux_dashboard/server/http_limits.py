"""What an HTTP connection takes from its peer: how long a request may take, and that others have their turn.

`GuardedRequests` is mixed into the protocol of the server's thread, which is built on `http.server`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from .gate import CLOSE, MORE_TIME

log = logging.getLogger("routilux_dashboard")

UPGRADED = "routilux.upgraded"
"""Where the WSGI environment holds the call that says that this is a websocket from now on."""


class GuardedRequests:
    """HTTP with a deadline for each request. `server.under_way` holds what is being answered."""

    server: Any
    wfile: Any
    rfile: Any
    close_connection: bool

    error_content_type = "application/problem+json"
    error_message_format = (
        '{"type": "about:blank", "title": "Not HTTP", "status": %(code)d, '
        '"detail": "The request cannot be read: send HTTP/1.1."}'
    )

    # -- what the server's thread gives

    def set_deadline(self) -> Callable[[], object]:
        """Have the connection ended some time from now; return what takes that back."""
        raise NotImplementedError

    def take_turns(self) -> None:
        """Let others run, even when this peer has its next request ready."""
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
        finally:  # a peer that has gone makes the last flush fail, and the files would keep the socket open
            with contextlib.suppress(OSError):
                self.wfile.close()
            self.rfile.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server calls it by
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
