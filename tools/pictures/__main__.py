"""`python -m tools.pictures` draws the pictures in docs/diagrams, which are committed for readers on a forge."""

from __future__ import annotations

from pathlib import Path

from .status_picture import status_picture
from .thread_picture import thread_picture

DIAGRAMS = Path(__file__).resolve().parent.parent.parent / "docs" / "diagrams"


def pictures() -> dict[str, str]:
    """The pictures by file name."""
    return {"statuses.svg": status_picture(), "threads.svg": thread_picture()}


if __name__ == "__main__":
    for name, picture in pictures().items():
        (DIAGRAMS / name).write_text(picture, encoding="utf-8")
