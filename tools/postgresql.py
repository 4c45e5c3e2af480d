"""Finds PostgreSQL for the tests of the store; `python -m tools.postgresql` installs Debian's if there is none."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools import apt

VARIABLE = "ROUTILUX_POSTGRESQL"
_DEBIAN = Path("/usr/lib/postgresql")


class ServerMissing(Exception):
    """There is no PostgreSQL server, and none could be installed; the message says what to do."""


def find() -> Path | None:
    """The folder of a server's programs: `$ROUTILUX_POSTGRESQL`, else Debian's newest, else one on the path."""
    named = os.environ.get(VARIABLE)
    if named:
        if not (Path(named) / "initdb").is_file():
            raise ServerMissing(
                f"{VARIABLE}={named!r} has no initdb: name the folder of a server's programs, or unset it"
            )
        return Path(named)
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: _number(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def install() -> None:
    """Install Debian's server."""
    try:
        apt.install("postgresql")
    except apt.AptFailed as error:
        raise ServerMissing(
            f"The store is tested with a real PostgreSQL, and none was found; {error}.\n"
            f"Install one (Debian: apt-get install postgresql) or set {VARIABLE}=/path/to/bin"
        ) from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def main() -> int:
    """Command line: find a server, or install one."""
    try:
        if find() is None:
            install()
        print(f"PostgreSQL: {find()}")
    except ServerMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
