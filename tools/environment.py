"""Makes `.venv` with everything needed to run the project or, with `--dev`, to work on it.

Runs on the machine's own Python, standard library only. Nothing is installed again while pyproject.toml is the same.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".installed"
NPM_SHIM = """#!/bin/sh
exec "{node}" "{npm}" "$@"
"""


class SetupFailed(Exception):
    """The environment can't be made; the message says why and what to do."""


def group(name: str, groups: dict[str, list[Any]]) -> Iterator[str]:
    """The requirements of a dependency group of pyproject.toml, including those of nested groups."""
    for item in groups[name]:
        if isinstance(item, str):
            yield item
        else:
            yield from group(item["include-group"], groups)


def fingerprint(project: dict[str, Any]) -> str:
    """A hash of the settings that decide what to install; those of linters are not part of it."""
    parts = [project["build-system"], project["project"], project["dependency-groups"], project["tool"]["hatch"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def create() -> None:
    """Make `.venv` unless a working one exists."""
    if PYTHON.exists() and _succeeds(PYTHON, "-c", "import pip"):
        return
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise SetupFailed(
            f"{sys.executable} cannot make virtual environments: its module 'ensurepip' is missing.\n"
            f"On Debian and Ubuntu: apt-get install {package}; or use another Python: make PYTHON=/path/to/python3 …"
        )
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    _call(sys.executable, "-m", "venv", "--clear", VENV)


def install(*, dev: bool) -> None:
    """Install the project (editable) and the front end's build tools; with `dev`, those for tests and checks too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = fingerprint(project)
    if _stamped() in {f"{wanted} dev"} | (set() if dev else {f"{wanted} run"}):
        return
    print("Installing the dependencies into .venv", flush=True)
    began = time.monotonic()
    extra = list(group("dev" if dev else "front-end", project["dependency-groups"]))
    # The front end is built afterwards, by tools.frontend, which reports its progress.
    environ = {**os.environ, "ROUTILUX_SKIP_FRONTEND": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    _call(PYTHON, "-m", "pip", "install", "--quiet", "--editable", ROOT, *extra, environ=environ)
    if dev and os.name != "nt":
        _link_node()
    STAMP.write_text(f"{wanted} {'dev' if dev else 'run'}")
    print(f"Installed in {time.monotonic() - began:.1f} s", flush=True)


def _link_node() -> None:
    """Put `node` and `npm` of the wheel into the environment's bin, for people who type them."""
    find = "from tools import node; print(node.node()); print(node.npm_script())"
    found = subprocess.run([PYTHON, "-c", find], cwd=ROOT, capture_output=True, text=True, check=True)
    node, npm = found.stdout.splitlines()
    link = PYTHON.with_name("node")
    link.unlink(missing_ok=True)
    link.symlink_to(node)
    for name, script in {"npm": npm, "npx": npm.replace("npm-cli.js", "npx-cli.js")}.items():
        shim = PYTHON.with_name(name)
        shim.write_text(NPM_SHIM.format(node=link, npm=script))
        shim.chmod(0o755)


def _stamped() -> str:
    return STAMP.read_text() if STAMP.is_file() else ""


def _succeeds(*command: str | Path) -> bool:
    return subprocess.run([str(part) for part in command], capture_output=True, check=False).returncode == 0


def _call(*command: str | Path, environ: dict[str, str] | None = None) -> None:
    parts = [str(part) for part in command]
    code = subprocess.run(parts, cwd=ROOT, env=environ, check=False).returncode
    if code != 0:
        raise SetupFailed(f"Exit code {code} from: {' '.join(parts)}")


def main() -> int:
    """Command line: make the environment."""
    parser = argparse.ArgumentParser(prog="python -m tools.environment", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="with what tests and checks need")
    options = parser.parse_args()
    try:
        create()
        install(dev=options.dev)
    except SetupFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
