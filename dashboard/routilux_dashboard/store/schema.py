"""Migrations: bring a database of any earlier version to the tables that this code reads and writes."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from .tables import SCHEMA

_LOCK = 7_265_107
"""The PostgreSQL advisory lock that is held during a migration."""


class SchemaRefused(Exception):
    """The database belongs to a newer version of this program, or to another program; nothing was changed."""


def migrate(connection: Connection, place: str, to: int = SCHEMA) -> None:
    """Bring the database to version `to`, within the current transaction of `connection`.

    Raises `SchemaRefused` if the database is newer than this code, or has another program's tables.
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
    """The version of the database's tables, 0 if it has none. Raises `SchemaRefused` if it can't be used."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        foreign = {"jobs", "chunks", "names", "writers"} & set(inspect(connection).get_table_names())
        if foreign:
            raise SchemaRefused(
                f"{place} has a table {min(foreign)!r} of another program; choose another store, or 'none' for no store"
            )
        return 0
    if not found.isdigit() or int(found) > SCHEMA:
        raise SchemaRefused(
            f"{place} was written by a newer version of routilux (its tables have version {found}, this one supports "
            f"up to {SCHEMA}); update routilux-dashboard, or choose another store"
        )
    return int(found)
