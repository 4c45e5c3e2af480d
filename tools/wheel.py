"""Checks a built wheel: it must contain everything the pages need, and nothing that only the checkout needs.

`python -m tools.wheel FILE.whl` says so.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

DIST = "routilux_dashboard/static/dist/"
NEEDED = (
    "routilux/__init__.py",
    "routilux/py.typed",
    "routilux_dashboard/__init__.py",
    "routilux_dashboard/py.typed",
    f"{DIST}manifest.json",
    f"{DIST}licenses.md",
)
OUT_OF_PLACE = (".ts", ".map", "package.json", ".test.py", "conftest.py")


def problems(wheel: Path) -> list[str]:
    """The problems of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        missing = [name for name in NEEDED if name not in names]
        if f"{DIST}manifest.json" in names:
            manifest = json.loads(archive.read(f"{DIST}manifest.json"))
            missing += [name for name in sorted(_files(manifest)) if name not in names]
            if not any(chunk.get("isEntry") for chunk in manifest.values()):
                missing.append("an entry in manifest.json")
    if not any(name.startswith("routilux_dashboard/templates/") for name in names):
        missing.append("routilux_dashboard/templates/")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        missing.append("LICENSE")
    astray = [name for name in sorted(names) if name.endswith(OUT_OF_PLACE) or "node_modules" in name]
    return [f"missing: {name}" for name in missing] + [f"does not belong there: {name}" for name in astray]


def _files(manifest: dict[str, dict[str, object]]) -> set[str]:
    found: set[str] = set()
    for chunk in manifest.values():
        for key in ("file", "css", "assets"):
            value = chunk.get(key, [])
            found.update(f"{DIST}{name}" for name in ([value] if isinstance(value, str) else _strings(value)))
    return found


def _strings(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def main() -> int:
    """Command line: print the problems of the named wheels."""
    wrong = 0
    for path in map(Path, sys.argv[1:]):
        found = problems(path)
        wrong += len(found)
        with zipfile.ZipFile(path) as archive:
            print(f"{path}: {len(archive.namelist())} files, {path.stat().st_size / 1024:.0f} KB")
        for problem in found:
            print(f"  {problem}")
    return 1 if wrong or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    raise SystemExit(main())
