"""Stores in temporary files, and in databases on a PostgreSQL server that is started once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from routilux_dashboard.store import Store
from tests.dashboard.store.servers import PostgresServer
from tools.postgresql import ServerMissing, find

OpenStore = Callable[..., Store]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server; without one the test is skipped, in CI it fails."""
    try:
        programs = find()
    except ServerMissing as error:
        pytest.fail(str(error))
    if programs is None:
        missing = "no PostgreSQL server on this machine: `make test` installs one, ROUTILUX_POSTGRESQL names one"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    server = PostgresServer(programs)
    server.start()
    yield server
    server.remove()


_databases = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of the test's own may be: a file, and a database of a server."""
    if request.param == "sqlite":
        return str(tmp_path / "jobs.db")
    server: PostgresServer = request.getfixturevalue("postgresql")
    return server.new_database(f"test_{next(_databases)}")


@pytest.fixture
def open_store() -> Iterator[OpenStore]:
    """Opens stores: `open_store(place, …)`; they are stopped in the end."""
    with ExitStack() as opened:

        def open_(place: str | Path, **options: Any) -> Store:
            store = Store(str(place), **options)
            store.start()
            opened.callback(store.stop, timeout=1.0)
            return store

        yield open_
