"""Where a store is: the default file, a path, or a database URL."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import platformdirs
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

VARIABLE = "ROUTILUX_STORE"
NONE = "none"
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}


class BadLocation(ValueError):
    """The location of a store is neither a path nor the URL of a supported database."""


def locate(store: str | os.PathLike[str] | None) -> str | None:
    """Return the path or URL of a store, or `None` for no store.

    `None` means `$ROUTILUX_STORE`, and without that a file in the user's data folder; "none" means no store.

    >>> locate("none") is None, locate("runs.db")
    (True, 'runs.db')
    """
    named = os.fspath(store) if store is not None else os.environ.get(VARIABLE) or _default()
    return None if named.lower() == NONE else named


def url_of(location: str) -> URL:
    """The SQLAlchemy URL of a path or URL; raises `BadLocation` for an unsupported database.

    >>> url_of("runs.db").render_as_string(), url_of("postgres://me@host/runs").drivername
    ('sqlite+pysqlite:///runs.db', 'postgresql+psycopg')
    """
    if "://" not in location:
        return URL.create(_DRIVERS["sqlite"], database=location)
    try:
        url = make_url(location)
    except (ArgumentError, ValueError) as error:
        text = f"The store {location[:200]!r} is not a database URL; write a path, or postgresql://host/name"
        raise BadLocation(text) from error
    driver = _DRIVERS.get(url.drivername, url.drivername)
    if driver not in _DRIVERS.values():
        raise BadLocation(f"The store's database {url.drivername!r} is not supported; use a path, sqlite or postgresql")
    return url.set(drivername=driver)


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database; `None` for a server."""
    if not url.drivername.startswith("sqlite") or not url.database:
        return None
    return Path(url.database.removeprefix("file:").partition("?")[0])


def immutable_url(url: URL) -> URL:
    """The URL that reads a SQLite file as immutable, so that no WAL file is needed beside it.

    >>> immutable_url(url_of("runs 1.db")).database
    'file:runs%201.db'
    """
    file, query = file_of(url), {"immutable": "1", "mode": "ro", "uri": "true"}
    return url if file is None else url.set(database=f"file:{quote(str(file))}", query=query)


def shown(url: URL) -> str:
    """The location as text for people: a path, or the URL without its password.

    >>> shown(url_of("postgresql://me:secret@host/runs"))
    'postgresql://me:***@host/runs'
    """
    file = file_of(url)
    if file is not None:
        return str(file.absolute())
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def make_default_folder(url: URL) -> None:
    """Create the user's data folder if the store is in it; any other folder is the user's to create."""
    file = file_of(url)
    if file is not None and str(file) == _default():
        file.parent.mkdir(parents=True, exist_ok=True)


def _default() -> str:
    return str(platformdirs.user_data_path("routilux", appauthor=False) / "jobs.db")
