"""What is wrong with a database, in words that say what to do."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .schema import SchemaRefused

TRANSIENT = "passing"
"""Of the database or its machine: the same may well succeed later."""
PERMANENT = "own"
"""Of what was to be written: it will never succeed."""

_SAID = {
    "full": "there is no space left: make room on the disk",
    "disk I/O": "the disk cannot be written or read",
    "locked": "another process has locked it",
    "busy": "another process has locked it",
    "readonly": "it can be read only: allow this user to write it, and its folder",
    "read-only": "it can be read only: allow this user to write it, and its folder",
    "malformed": "the file is damaged: move it aside, then a new one is made",
    "not a database": "the file is no database, or damaged: move it aside, then a new one is made",
    "unable to open": "it cannot be opened: see that its folder is there, and that this user may write there",
    "no such table": "its tables are gone: move the file aside, then a new one is made",
}
"""What SQLite says → what that means to people."""


class StoreFailed(Exception):
    """The store cannot be read; the message says why, and what to do."""


_TRANSIENT = (OperationalError, sqlite3.OperationalError, PoolTimeout, SchemaRefused, StoreFailed, OSError)


def kind_of(error: Exception) -> str:
    """Whether the database is in trouble (`TRANSIENT`), or what was to be written cannot be (`PERMANENT`)."""
    if isinstance(error, _TRANSIENT):
        return TRANSIENT
    if isinstance(error, DBAPIError):
        return TRANSIENT if error.connection_invalidated or _of_the_database(error) else PERMANENT
    return PERMANENT


def reason_of(error: Exception, place: str) -> str:
    """One sentence: what is wrong with the store at `place`."""
    if isinstance(error, SchemaRefused | StoreFailed):
        return str(error)
    original = getattr(error, "orig", None) or error
    said = " ".join(str(original).split())
    for sign, meaning in _SAID.items():
        if isinstance(original, sqlite3.Error) and sign in said:
            return f"{place}: {meaning} ({said})"
    if isinstance(error, SQLAlchemyError) and not isinstance(original, sqlite3.Error):
        return f"{place}: the database does not answer as it should ({said[:300]})"
    return f"{place}: {type(original).__name__}: {said[:300]}"


def _of_the_database(error: DBAPIError) -> bool:
    """`DatabaseError` itself, and not one of its kinds, is how SQLite tells of a damaged file."""
    return type(error.orig) is sqlite3.DatabaseError or "InternalError" in type(error.orig).__name__
