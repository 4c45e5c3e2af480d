"""`/healthz`: whether the dashboard lives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Response

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
        """Whether the dashboard lives."""
        services.live.wake()  # has the pump run now: one that does not is told as stuck
        services.live.settle()
        behind = time.time() - services.live.pumped_at / 1000
        healthy = behind < LATE_SECONDS
        state = Health("ok" if healthy else "stuck", round(behind, 3), len(services.monitor.jobs()))
        return reply(state, 200 if healthy else 503)
