"""Bringing a database to the tables that this code knows, from whatever version it has."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from .tables import SCHEMA

_LOCK = 7_265_107
"""Of PostgreSQL's advisory locks, the one that whoever migrates holds."""


class SchemaRefused(Exception):
    """The database was written by a newer version of this program, or by another program; nothing was changed."""


def bring_up(connection: Connection, place: str, to: int = SCHEMA) -> None:
    """Bring the database up to version `to`, within the transaction that `connection` is in.

    Raises `SchemaRefused` for one that is newer than this code, or has other tables.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    version = version_of(connection, place)
    if version < to:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
        script = ScriptDirectory.from_config(config)
        steps = {"fn": lambda found, _: script._upgrade_revs(str(to), found), "transactional_ddl": False}
        context = MigrationContext.configure(connection, opts=steps)
        with Operations.context(context):
            context.run_migrations()


def version_of(connection: Connection, place: str) -> int:
    """The version of the database's tables, 0 when it has none; `SchemaRefused` when it cannot be used."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        foreign = {"jobs", "chunks", "names", "writers"} & set(inspect(connection).get_table_names())
        if foreign:
            raise SchemaRefused(
                f"{place} has a table {min(foreign)!r} of another program: name another store, or 'none' for none"
            )
        return 0
    if not found.isdigit() or int(found) > SCHEMA:
        raise SchemaRefused(
            f"{place} was written by a newer version of routilux (its tables have version {found}, this one knows up "
            f"to {SCHEMA}): update routilux-dashboard, or name another store"
        )
    return int(found)
