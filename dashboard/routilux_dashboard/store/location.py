"""Where a store is: the default file, a path, or a database's URL."""

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
    """What was named as the store is neither a path nor the URL of a database that can be used."""


def locate(store: str | os.PathLike[str] | None) -> str | None:
    """The store that is meant: a path or URL, or `None` for no store at all.

    `None` means `$ROUTILUX_STORE`, and without that a file in the user's data folder; "none" means no store.

    >>> locate("none") is None, locate("runs.db")
    (True, 'runs.db')
    """
    named = os.fspath(store) if store is not None else os.environ.get(VARIABLE) or _default()
    return None if named.lower() == NONE else named


def url_of(place: str) -> URL:
    """The URL for SQLAlchemy of a path or URL; raises `BadLocation` for a database that is neither of the two.

    >>> url_of("runs.db").render_as_string(), url_of("postgres://me@host/runs").drivername
    ('sqlite+pysqlite:///runs.db', 'postgresql+psycopg')
    """
    if "://" not in place:
        return URL.create(_DRIVERS["sqlite"], database=place)
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        raise BadLocation(
            f"The store {place[:200]!r} is no URL of a database: postgresql://host/name is one"
        ) from error
    driver = _DRIVERS.get(url.drivername, url.drivername)
    if driver not in _DRIVERS.values():
        raise BadLocation(f"The store's database {url.drivername!r} is not known: use a path, sqlite or postgresql")
    return url.set(drivername=driver)


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database; `None` for a server."""
    if not url.drivername.startswith("sqlite") or not url.database:
        return None
    return Path(url.database.removeprefix("file:").partition("?")[0])


def looked_at(url: URL) -> URL:
    """The URL of a SQLite file that nobody writes, to be read without a file beside it.

    >>> looked_at(url_of("runs 1.db")).database
    'file:runs%201.db'
    """
    file, query = file_of(url), {"immutable": "1", "mode": "ro", "uri": "true"}
    return url if file is None else url.set(database=f"file:{quote(str(file))}", query=query)


def shown(url: URL) -> str:
    """The place as people are told it: a path, or the URL without its password.

    >>> shown(url_of("postgresql://me:secret@host/runs"))
    'postgresql://me:***@host/runs'
    """
    file = file_of(url)
    if file is not None:
        return str(file.absolute())
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def make_default_folder(url: URL) -> None:
    """Make the user's data folder when the store is in it; a folder that somebody named is theirs to make."""
    file = file_of(url)
    if file is not None and str(file) == _default():
        file.parent.mkdir(parents=True, exist_ok=True)


def _default() -> str:
    return str(platformdirs.user_data_path("routilux", appauthor=False) / "jobs.db")
