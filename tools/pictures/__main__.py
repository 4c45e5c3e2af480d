"""`python -m tools.pictures` draws the pictures in docs/diagrams, which are committed for readers on a forge."""

from __future__ import annotations

from pathlib import Path

from .room_picture import room_picture
from .run_picture import run_picture
from .status_picture import status_picture
from .thread_picture import thread_picture

ROOT = Path(__file__).resolve().parent.parent.parent
DIAGRAMS = ROOT / "docs" / "diagrams"


def pictures() -> dict[str, str]:
    """The pictures by file name."""
    return {
        "rooms-dashboard.svg": room_picture(ROOT / "dashboard" / "routilux_dashboard", "The dashboard's rooms"),
        "rooms-engine.svg": room_picture(ROOT / "engine" / "routilux", "The engine's rooms"),
        "run-states.svg": run_picture(),
        "statuses.svg": status_picture(),
        "threads.svg": thread_picture(),
    }


if __name__ == "__main__":
    for name, picture in pictures().items():
        (DIAGRAMS / name).write_text(picture, encoding="utf-8")
