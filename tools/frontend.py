"""Builds the front end (static/src → static/dist), unless the existing build is of the same sources.

`python -m tools.frontend` builds; `--all` also installs what the front end's tests and checks need.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools import node

ROOT = Path(__file__).resolve().parent.parent
TOOL_FILES = (
    "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "vite.recording.config.ts",
    "tools/licenses.ts", "tools/data-images.ts", "tools/one-page.ts",
)  # fmt: skip
CONFIGURATIONS = ("vite.config.ts", "vite.recording.config.ts")
"""Builds that go into the same folder, one after the other: the pages, and the page of a recording."""
STAMP = ".sources"
"""In static/dist: the fingerprint of the sources that it was built from."""


class BuildFailed(Exception):
    """The front end could not be built; the message says why and what to do."""


def sources(root: Path) -> Iterator[Path]:
    """Every file that the build depends on."""
    yield from (root / name for name in TOOL_FILES)
    for path in sorted((root / "static" / "src").rglob("*")):
        if path.is_file() and not path.name.endswith(".test.ts"):
            yield path


def fingerprint(root: Path) -> str:
    """A hash of the sources: their names and contents."""
    digest = hashlib.sha256()
    for path in sources(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def up_to_date(root: Path) -> bool:
    """Whether static/dist was built from the current sources."""
    dist = root / "static" / "dist"
    return (dist / "manifest.json").is_file() and _read(dist / STAMP) == fingerprint(root)


def install(root: Path, *, everything: bool = False) -> bool:
    """Install the lock file's packages (`everything`: for tests and checks too); return False if none was missing."""
    lock = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    stamp = root / "node_modules" / ".installed"
    if _read(stamp) in {f"{lock} all"} | (set() if everything else {f"{lock} build"}):
        return False
    scope = () if everything else ("--omit=dev",)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    _run(node.npm_script(), "ci", *scope, *quiet, root=root, what="npm ci")
    stamp.write_text(f"{lock} {'all' if everything else 'build'}")
    return True


def build(root: Path) -> bool:
    """Build static/dist if it is out of date; return False if it is not. Raises `BuildFailed`.

    The new folder takes the old one's place in one step, so that a running server never reads half a build.
    """
    if up_to_date(root):
        return False
    install(root)
    made_of = fingerprint(root)
    fresh, old, dist = (root / "static" / name for name in (f".dist-{os.getpid()}", f".dist-{os.getpid()}-old", "dist"))
    try:
        vite = root / "node_modules" / "vite" / "bin" / "vite.js"
        for configuration in CONFIGURATIONS:
            options = ("--config", configuration, "--outDir", fresh, "--logLevel", "warn")
            _run(vite, "build", *options, root=root, what="vite build")
        (fresh / STAMP).write_text(made_of)
        if dist.exists():
            dist.rename(old)
        fresh.rename(dist)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return True


def _run(*arguments: str | Path, root: Path, what: str) -> None:
    try:
        node.run(*arguments, cwd=root, what=what)
    except (node.NodeFailed, node.NodeMissing) as error:
        way = "Is there a way to the npm registry (`npm config get registry`)? " if what == "npm ci" else ""
        raise BuildFailed(
            f"The front end could not be built. {error}\n{way}"
            "ROUTILUX_SKIP_FRONTEND=1 installs without the pages; REST and Python work all the same."
        ) from None


def _read(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


def main() -> int:
    """Command line: build, and print how long it took."""
    parser = argparse.ArgumentParser(prog="python -m tools.frontend", description=__doc__)
    parser.add_argument("--all", action="store_true", help="install what the front end's tests and checks need, too")
    options = parser.parse_args()
    began = time.monotonic()
    try:
        if options.all:
            install(ROOT, everything=True)
        built = build(ROOT)
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    if built:
        print(f"Front end built in {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
