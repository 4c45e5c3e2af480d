"""The server itself: whether it lives, and a page to try calls on."""

from __future__ import annotations

import time
from typing import Literal

from flask import Response, request

from ..assets import DOCS_ENTRY, ENTRY
from ..protocol import calls
from ..rendering import page
from ..server.gate import STRANGER
from .services import Services, reply

LATE_SECONDS = 3.0


def healthz(services: Services, _call: calls.GetHealth) -> Response:
    services.live.wake()  # runs the pump now, so that only a stuck one is late
    services.live.settle()
    behind = time.time() - services.live.pumped_at / 1000
    job_table, healthy = services.job_table, behind < LATE_SECONDS
    status: Literal["ok", "stuck"] = "ok" if healthy else "stuck"
    state = calls.Health(status, round(behind, 3), None, None)
    if STRANGER not in request.environ:
        state = calls.Health(status, state.behind_seconds, len(job_table.jobs()), job_table.store_health())
    return reply(state, 200 if healthy else 503)


def docs(_services: Services, _call: calls.GetDocs) -> Response:
    return page("docs.html", entries=(ENTRY, DOCS_ENTRY))
