"""Stores of earlier versions are migrated without loss; a store of a newer version is not touched."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect

from routilux_dashboard.fold.checkpoints import with_figures
from routilux_dashboard.segments.history_query import HistoryQuery
from routilux_dashboard.store import SchemaRefused, Store
from routilux_dashboard.store.database import Database
from routilux_dashboard.store.schema import migrate
from routilux_dashboard.store.tables import SCHEMA, metadata
from tests.dashboard.store.conftest import OpenStore
from tests.dashboard.store.made_up import MadeUpJob


def at_version(place: str, version: int) -> Database:
    """A database whose tables are those of a version."""
    database = Database(place)
    engine = database._make_engine(database.url)
    with engine.connect().execution_options(routilux_writes=True) as connection, connection.begin():
        migrate(connection, place, version)
    engine.dispose()
    return database


def engine_of(place: str) -> Engine:
    database = Database(place)
    return database._make_engine(database.url)


def columns(place: str) -> dict[str, set[str]]:
    """The columns of each table in a database."""
    engine = engine_of(place)
    found = {name: {column["name"] for column in inspect(engine).get_columns(name)} for name in metadata.tables}
    engine.dispose()
    return found


def test_the_migrations_lead_to_the_tables_that_the_code_knows(place: str) -> None:
    at_version(place, SCHEMA)
    assert columns(place) == {table.name: {column.name for column in table.columns} for table in metadata.sorted_tables}
    engine = engine_of(place)
    for table in metadata.sorted_tables:
        found = {index["name"] for index in inspect(engine).get_indexes(table.name) if not index.get("unique")}
        assert found == {index.name for index in table.indexes}
    engine.dispose()


@pytest.mark.parametrize("version", range(1, SCHEMA))
def test_a_store_of_an_earlier_version_is_read(place: str, tmp_path: Path, open_store: OpenStore, version: int) -> None:
    segments = list(MadeUpJob().segments(700, 40))
    with Store(str(tmp_path / "newest.db")) as newest:
        newest.import_segments(with_figures(segments))
        expected = newest.jobs(), newest.playback("job-1").job(), newest.effects("job-1", 200)
    at_version(place, version)
    copy_rows(tmp_path / "newest.db", place)
    store = open_store(place)
    assert (store.jobs(), store.playback("job-1").job(), store.effects("job-1", 200)) == expected
    assert list(store.segments("job-1")) == segments
    assert [record.seq for record in store.history("job-1", HistoryQuery(q="näedle 1")).records] == []
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == str(SCHEMA)
        assert connection.exec_driver_sql("SELECT played FROM jobs").scalar_one() == segments[-1].n


def copy_rows(source: Path, place: str) -> None:
    """Copy what the tables of another version have room for."""
    known = columns_by_row(place)
    target, rows = Database(place), sqlite3.connect(source)
    engine = target._make_engine(target.url)
    with engine.connect().execution_options(routilux_writes=True) as connection, connection.begin():
        for table, names in known.items():
            for row in rows.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall():
                marks = ", ".join("?" * len(names))
                values = [
                    bool(value) if name in ("ended", "stopped") else value
                    for name, value in zip(names, row, strict=True)
                ]
                statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
                connection.exec_driver_sql(target.sql(statement), tuple(values))
    engine.dispose()
    rows.close()


def columns_by_row(place: str) -> dict[str, list[str]]:
    return {table: sorted(names) for table, names in columns(place).items()}


def test_a_store_of_a_newer_version_is_refused_and_not_touched(place: str) -> None:
    database = at_version(place, SCHEMA)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '99'")
    database.close()
    store = Store(place)
    with pytest.raises(
        SchemaRefused, match=f"newer version of routilux.*version 99, this one supports up to {SCHEMA}.*; update"
    ):
        store.start()


def test_tables_of_another_program_are_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE jobs (title TEXT)")
    connection.close()
    content = path.read_bytes()
    with pytest.raises(SchemaRefused, match="has a table 'jobs' of another program; choose another store"):
        Store(str(path)).start()
    assert path.read_bytes() == content
