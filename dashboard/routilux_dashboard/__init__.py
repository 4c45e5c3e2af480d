"""Watch the jobs of a program's flows live in a browser, and pause, resume and cancel them there; see them again later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import Dashboard
    from .remote.connection import connect
    from .server.listener import CannotListen

__version__ = "0.1.0"
__all__ = ["CannotListen", "Dashboard", "__version__", "connect"]


def __getattr__(name: str) -> Any:
    """The public names, when they are asked for: `routilux --help` and the wire's shapes need no web server."""
    if name == "Dashboard":
        from .app import Dashboard

        return Dashboard
    if name == "CannotListen":
        from .server.listener import CannotListen

        return CannotListen
    if name == "connect":
        from .remote.connection import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
