"""Locate the templates and the built front end, and look up the names of the built files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

_PACKAGE = Path(__file__).resolve().parent
_MANIFESTS = ("manifest.json", ".vite/manifest.json")
ENTRY = "static/src/main.ts"
DOCS_ENTRY = "static/src/rest-docs.ts"
"""The additional entry of the page for trying out the REST API."""


class _Chunk(msgspec.Struct):
    """An entry in Vite's manifest."""

    file: str
    css: list[str] = []
    imports: list[str] = []


@dataclass(frozen=True)
class Assets:
    """The files a page loads, relative to the folder of the built front end."""

    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    preloads: list[str] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        """Whether the front end has not been built."""
        return not self.scripts


def folder(name: str) -> Path:
    """The path of a folder that is inside the installed package, or at the root of a checkout.

    If neither exists, this returns the checkout's path; the code that needs the folder reports the error.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent.parent / name


def built() -> Path:
    """The path of the built front end."""
    return folder("static") / "dist"


def read_assets(dist: Path, entries: tuple[str, ...] = (ENTRY,)) -> Assets:
    """The files that Vite built from `entries` into `dist`; empty if an entry or the manifest is missing or
    unreadable."""
    for name in _MANIFESTS:
        try:
            chunks = msgspec.json.decode((dist / name).read_bytes(), type=dict[str, _Chunk])
        except (OSError, msgspec.DecodeError):
            continue
        if all(entry in chunks for entry in entries):
            return _assets(chunks, entries)
    return Assets()


def _assets(chunks: dict[str, _Chunk], entries: tuple[str, ...]) -> Assets:
    found = Assets()
    waiting, seen = list(reversed(entries)), set[str]()
    while waiting:
        key = waiting.pop()
        if key in seen or key not in chunks:
            continue
        seen.add(key)
        chunk = chunks[key]
        (found.scripts if key in entries else found.preloads).append(chunk.file)
        found.styles.extend(chunk.css)
        waiting.extend(chunk.imports)
    return found
