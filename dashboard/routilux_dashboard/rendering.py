"""Render an HTML page from a template and the built front end."""

from __future__ import annotations

import logging

from flask import Response, render_template

from .assets import ENTRY, built, read_assets
from .protocol import Problem

log = logging.getLogger("routilux_dashboard")

NOT_BUILT = Problem(
    "about:blank",
    "The front end is not built",
    503,
    "The pages' scripts and styles are missing. In a checkout run `make demo`, or `python -m tools.frontend`, "
    "and reload; an installed routilux-dashboard includes them: reinstall it.",
)


def page(template: str, status: int = 200, *, entries: tuple[str, ...] = (ENTRY,), **values: object) -> Response:
    """Render `template` with the scripts and styles that Vite built for `entries`."""
    assets = read_assets(built(), entries)
    if assets.missing and template != "problem.html":
        log.error("%s: %s", NOT_BUILT.title, NOT_BUILT.detail)
        return page("problem.html", NOT_BUILT.status, problem=NOT_BUILT)
    response = Response(render_template(template, assets=assets, **values), status, content_type="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response
