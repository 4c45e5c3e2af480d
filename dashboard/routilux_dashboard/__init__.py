"""Watch the jobs of a program's flows live in a browser, pause, resume and cancel them there, see them again later."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .app import Dashboard
    from .forwarding.connection import connect
    from .server.listener import CannotListen
    from .store.retention import Retention

__all__ = ["CannotListen", "Dashboard", "Retention", "__version__", "connect"]

_MODULES = {
    "CannotListen": "server.listener",
    "Dashboard": "app",
    "Retention": "store.retention",
    "connect": "forwarding.connection",
}


def __getattr__(name: str) -> Any:
    """The public names, when they are asked for: `routilux --help` and the wire's shapes need no web server."""
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
