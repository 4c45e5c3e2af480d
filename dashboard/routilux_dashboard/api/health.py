"""`/healthz`: whether the dashboard lives."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from .replies import reply

if TYPE_CHECKING:
    from .services import Services

LATE_SECONDS = 3.0


def add(routes: Blueprint, services: Services) -> None:
    """Add the route."""

    @routes.get("/healthz")
    def healthz() -> Response:
        services.live.wake()  # has the pump run now: one that does not is told as stuck
        services.live.settle()
        behind = time.time() - services.live.pumped_at / 1000
        healthy = behind < LATE_SECONDS
        state = {"status": "ok" if healthy else "stuck", "behind_seconds": round(behind, 3)}
        return reply({**state, "jobs": len(services.monitor.jobs())}, 200 if healthy else 503)
