"""The OpenAPI document of everything that is served, and a page on which it can be tried."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Response

from ..assets import DOCS_ENTRY, ENTRY
from ..rendering import page
from ..server.encoding import to_json
from .openapi import document
from .replies import encoded
from .route import Answer, Table


def add(table: Table, prefix: str) -> None:
    """Add the rows."""

    @cache  # made when it is first asked for: the table is whole by then, and does not change
    def described() -> bytes:
        from .. import __version__

        return to_json(document(table.routes, __version__, prefix))

    @table.get("/openapi.json", "server", Answer(dict[str, Any]))
    def openapi() -> Response:
        """This document."""
        return encoded(described())

    @table.get("/docs", "server", Answer(media="text/html"), Answer(status=503, media="text/html"))
    def docs() -> Response:
        """A page on which every call can be tried."""
        return page("docs.html", entries=(ENTRY, DOCS_ENTRY))
