"""Finds the Chromium that drives the tests; `python -m tools.browser` installs Debian's if there is none."""

from __future__ import annotations

import os
import shutil
import sys

from tools import apt

NAMES = ("chromium", "chromium-browser", "google-chrome")
VARIABLE = "ROUTILUX_CHROMIUM"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""No sandbox: containers lack its prerequisites, and only our own pages are opened. No requests to other hosts."""


class BrowserMissing(Exception):
    """There is no Chromium, and none could be installed; the message says what to do."""


def find() -> str | None:
    """The path of a Chromium: `$ROUTILUX_CHROMIUM`, else one on the path, else None."""
    named = os.environ.get(VARIABLE)
    if named:
        if shutil.which(named) is None:
            raise BrowserMissing(f"{VARIABLE}={named!r} is not an executable program: correct or unset it")
        return shutil.which(named)
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def install() -> None:
    """Install Debian's Chromium."""
    try:
        apt.install("chromium")
    except apt.AptFailed as error:
        raise BrowserMissing(_advice(str(error))) from error


def _advice(problem: str) -> str:
    return (
        f"The tests drive a real browser, and no Chromium was found ({', '.join(NAMES)} on the path); {problem}.\n"
        f"Install one (Debian: apt-get install chromium) or set {VARIABLE}=/path/to/chromium"
    )


def main() -> int:
    """Command line: find a browser, or install one."""
    try:
        if find() is None:
            install()
        print(f"Browser: {find()}")
    except BrowserMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
