"""`/healthz`: whether the dashboard lives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from flask import Response, request

from ..server.gate import STRANGER
from .replies import reply
from .route import Answer, Table
from .shapes import Health

if TYPE_CHECKING:
    from .services import Services

LATE_SECONDS = 3.0


def add(table: Table, services: Services) -> None:
    """Add the row."""

    @table.get("/healthz", "server", Answer(Health), Answer(Health, 503))
    def healthz() -> Response:
        """Whether the dashboard lives. Needs no token; jobs and store are told to whoever has one."""
        services.live.wake()  # has the pump run now: one that does not is told as stuck
        services.live.settle()
        behind = time.time() - services.live.pumped_at / 1000
        monitor, healthy = services.monitor, behind < LATE_SECONDS
        status: Literal["ok", "stuck"] = "ok" if healthy else "stuck"
        state = Health(status, round(behind, 3), None, None)
        if STRANGER not in request.environ:
            state = Health(status, state.behind_seconds, len(monitor.jobs()), monitor.store_health())
        return reply(state, 200 if healthy else 503)
