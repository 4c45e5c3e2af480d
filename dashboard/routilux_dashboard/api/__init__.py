"""REST under `/api/v1`: everything that the pages can do, for programs."""

from __future__ import annotations

from flask import Blueprint

from . import controls, flows, health, jobs, lists
from .services import Services

PREFIX = "/api/v1"


def blueprint(services: Services) -> Blueprint:
    """The routes, served from `services`."""
    routes = Blueprint("api", __name__, url_prefix=PREFIX)
    for room in (flows, jobs, lists, controls, health):
        room.add(routes, services)
    return routes
