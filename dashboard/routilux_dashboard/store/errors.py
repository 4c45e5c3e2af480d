"""Explains database errors in words that say what to do, and tells whether retrying can help."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .schema import SchemaRefused

TRANSIENT = "transient"
"""The fault lies with the database or its machine; the same write may succeed later."""
PERMANENT = "permanent"
"""The fault lies with the rows; writing them will never succeed."""

_MEANINGS = {
    "full": "the disk is full; free some space",
    "disk I/O": "the disk cannot be read or written",
    "locked": "another process has locked it",
    "busy": "another process has locked it",
    "readonly": "it is read-only; allow this user to write the file and its folder",
    "read-only": "it is read-only; allow this user to write the file and its folder",
    "malformed": "the file is damaged; move it away, and a new one is created",
    "not a database": "the file is not a database, or damaged; move it away, and a new one is created",
    "unable to open": "it cannot be opened; check that its folder exists and that this user may write there",
    "no such table": "its tables are missing; move the file away, and a new one is created",
}
"""A part of SQLite's message → its meaning for the operator."""


class StoreFailed(Exception):
    """The store cannot be read; the message says why, and what to do."""


_TRANSIENT = (OperationalError, sqlite3.OperationalError, PoolTimeout, SchemaRefused, StoreFailed, OSError)


def kind_of(error: Exception) -> str:
    """Whether a write may succeed later (`TRANSIENT`) or never will (`PERMANENT`)."""
    if isinstance(error, _TRANSIENT):
        return TRANSIENT
    if isinstance(error, DBAPIError):
        return TRANSIENT if error.connection_invalidated or _of_the_database(error) else PERMANENT
    return PERMANENT


def reason_of(error: Exception, place: str) -> str:
    """One sentence about the problem with the store at `place`."""
    if isinstance(error, SchemaRefused | StoreFailed):
        return str(error)
    original = getattr(error, "orig", None) or error
    said = " ".join(str(original).split())
    for sign, meaning in _MEANINGS.items():
        if isinstance(original, sqlite3.Error) and sign in said:
            return f"{place}: {meaning} ({said})"
    if isinstance(error, SQLAlchemyError) and not isinstance(original, sqlite3.Error):
        return f"{place}: the database does not respond as expected ({said[:300]})"
    return f"{place}: {type(original).__name__}: {said[:300]}"


def _of_the_database(error: DBAPIError) -> bool:
    """SQLite reports a damaged file as `DatabaseError` itself rather than as one of its subclasses."""
    return type(error.orig) is sqlite3.DatabaseError or "InternalError" in type(error.orig).__name__
