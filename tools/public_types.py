"""`python -m tools.public_types`: checks with pyright that all public names are completely typed."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WHOLE = "routilux"
"""Every name of every module of this package must have a complete type."""
PUBLIC = "routilux_dashboard"
"""Of this one, the names in `__all__` and the types of their results."""
RETURNED = ["routilux_dashboard.forwarding.connection.ServerConnection"]


class PyrightFailed(Exception):
    """Pyright did not run; the message has its output."""


def report(package: str) -> dict[str, Any]:
    """The report of `pyright --verifytypes` on an installed package; raises `PyrightFailed`."""
    folder = str(Path(sys.executable).parent)  # pyright looks the package up with the first `python` there is
    env = {**os.environ, "PATH": os.pathsep.join([folder, os.environ.get("PATH", "")])}
    env["PYRIGHT_PYTHON_IGNORE_WARNINGS"] = "1"
    command = [sys.executable, "-m", "pyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(command, env=env, cwd=elsewhere, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)["typeCompleteness"]
    except (ValueError, KeyError):
        raise PyrightFailed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}") from None
    if not found.get("pyTypedPath"):
        raise PyrightFailed(f"{package} has no py.typed, or is not installed here")
    return found


def symbols(found: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """The symbols of a report with one of these names, or inside one of them."""
    return [
        symbol
        for symbol in found["symbols"]
        if any(symbol["name"] == name or symbol["name"].startswith(f"{name}.") for name in names)
    ]


def incomplete(chosen: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each symbol whose type is unknown or only inferred."""
    for symbol in chosen:
        if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]:
            said = [row["message"].replace("\n", ";") for row in symbol["diagnostics"]]
            yield f"{symbol['name']}: {' '.join(said) or 'its type is unknown'}"


def public_names(package: str) -> list[str]:
    """Where the names of a package's `__all__` are defined."""
    module = importlib.import_module(package)
    things = [(name, getattr(module, name)) for name in module.__all__]
    defined = [f"{thing.__module__}.{thing.__qualname__}" for _, thing in things if hasattr(thing, "__qualname__")]
    return [*(f"{package}.{name}" for name, _ in things), *defined]


def main() -> int:
    """Print the incomplete symbols, or how many are complete."""
    bad = 0
    for package, names in ((WHOLE, [WHOLE]), (PUBLIC, [*public_names(PUBLIC), *RETURNED])):
        chosen = symbols(report(package), names)
        lines = list(incomplete(chosen))
        bad += len(lines) + (not chosen)
        for line in lines:
            print(line, file=sys.stderr)
        share = 100 * (len(chosen) - len(lines)) / max(len(chosen), 1)
        print(f"{package}: {share:.4g} % of {len(chosen)} public symbols have complete types")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
