"""Where templates and the built front end are, and what the built files are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

_PACKAGE = Path(__file__).resolve().parent
_MANIFESTS = ("manifest.json", ".vite/manifest.json")
ENTRY = "static/src/main.ts"
DOCS_ENTRY = "static/src/rest-docs.ts"
"""What the page to try REST asks for besides."""


class _Chunk(msgspec.Struct):
    """One file in Vite's manifest."""

    file: str
    css: list[str] = []
    imports: list[str] = []


@dataclass(frozen=True)
class Assets:
    """The files that every page asks for, relative to the folder of the built front end."""

    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    preloads: list[str] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        """Whether the front end has not been built."""
        return not self.scripts


def folder(name: str) -> Path:
    """A folder that ships inside the package, or stands beside it in a checkout.

    `Path` of the checkout's also when neither is there: what is missing is told where it is needed.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent.parent / name


def built() -> Path:
    """The folder of the built front end."""
    return folder("static") / "dist"


def read_assets(dist: Path, entries: tuple[str, ...] = (ENTRY,)) -> Assets:
    """What Vite has built of `entries` into `dist`; nothing when one is not there or not readable."""
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
