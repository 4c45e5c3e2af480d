"""A PostgreSQL server for the tests, on a free port and in a temporary folder; it can be stopped and restarted."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.waiting import eventually

USER = "routilux"


class PostgresServer:
    """A server whose programs are in `programs`; as root it runs as another user, because PostgreSQL refuses root."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="routilux-postgresql-"))
        self._as = _somebody() if os.geteuid() == 0 else None
        if self._as is not None:
            shutil.chown(self._folder, self._as)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        made = ["initdb", "-D", "data", "-U", USER, "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync"]
        subprocess.run(self._command(*made), cwd=self._folder, user=self._as, check=True, capture_output=True)

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": ""}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        command = self._command("postgres", "-D", "data", "-p", str(self.port), *settings)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, user=self._as, stdout=log, stderr=log)
        eventually(self._answers, within=60, what="the PostgreSQL server answers")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop despite open connections; with SIGQUIT without any cleanup."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def remove(self) -> None:
        """Stop, and leave nothing."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def url(self, database: str = "postgres") -> str:
        """Where a database is."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """Make a database; return where it is."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [str(self._programs / program), *arguments]


def database_of(url: str) -> str:
    """The name of the database in a URL."""
    return make_url(url).database or ""


def _somebody() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"  # words: quoted
