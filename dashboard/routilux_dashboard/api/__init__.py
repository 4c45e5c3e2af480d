"""REST under `/api/v1`: everything that the pages can do, for programs."""

from __future__ import annotations

from flask import Blueprint

from . import controls, docs, flows, health, jobs, lists, past, recordings
from .route import Table
from .services import Services

PREFIX = "/api/v1"


def table(services: Services) -> Table:
    """Everything that is served from `services`."""
    rows = Table()
    for room in (flows, jobs, lists, past, controls, recordings, health):
        room.add(rows, services)
    docs.add(rows, PREFIX)
    return rows


def blueprint(services: Services) -> Blueprint:
    """The routes, served from `services`."""
    routes = Blueprint("api", __name__, url_prefix=PREFIX)
    table(services).register(routes)
    return routes
