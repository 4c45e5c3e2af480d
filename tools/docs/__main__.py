"""`python -m tools.docs` writes what is made from the code into docs/, and docs/ as HTML into build/docs."""

from __future__ import annotations

from pathlib import Path

from .reference import reference
from .site import build
from .status_picture import status_picture
from .thread_picture import thread_picture

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
DIAGRAMS = DOCS / "diagrams"
REFERENCE = DOCS / "reference"
TARGET = ROOT / "build" / "docs"


def pictures() -> dict[str, str]:
    """The pictures by file name."""
    return {"statuses.svg": status_picture(), "threads.svg": thread_picture()}


def write(folder: Path, files: dict[str, str]) -> None:
    """Write these files, and nothing where they are so already."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"Wrote {path.relative_to(ROOT)}")


def main() -> None:
    """Write all of it."""
    write(DIAGRAMS, pictures())
    write(REFERENCE, reference())
    pages = build(DOCS, TARGET)
    print(f"Built {pages} pages: {TARGET.relative_to(ROOT) / 'index.html'}")


if __name__ == "__main__":
    main()
