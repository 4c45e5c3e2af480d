"""An emission crosses the rooms in the order that docs/architecture.md gives, from `Routine.emit` to the socket."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from routilux import Flow
from routilux_dashboard import Dashboard
from tests.dashboard.flows import chain
from tests.dashboard.peers import live

ROOT = Path(__file__).resolve().parent.parent
SERVER_THREAD = "routilux-dashboard"
PACKAGES = (ROOT / "engine" / "routilux", ROOT / "dashboard" / "routilux_dashboard")
LEAVES = {"protocol", "payloads", "times", "names", "flows", "segments", "worker_pool"}
"""Shapes and small functions that every room uses."""


def room_of(frame: FrameType) -> tuple[str, str] | None:
    """The package and the room of a frame's function, or `None` for other code."""
    path = Path(frame.f_code.co_filename)
    for package in PACKAGES:
        if path.is_relative_to(package):
            return package.name, path.relative_to(package).parts[0].removesuffix(".py")
    return None


class Visits:
    """The rooms that each thread entered, in the order of their first call, while `recording`."""

    def __init__(self) -> None:
        self.recording = False
        self.rooms: dict[tuple[str, str], list[str]] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self.recording or event != "call":
            return
        found = room_of(frame)
        if found is not None:
            package, room = found
            rooms = self.rooms.setdefault((threading.current_thread().name, package), [])
            if room not in rooms:
                rooms.append(room)


def path_on_the_page() -> list[str]:
    """The dashboard's rooms in the order in which the page of the architecture lists them on the way."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.split("## From `emit` to the page")[1].split("\n## ")[0]
    return re.findall(r"^\| \d \| `(\w+)/", section, re.MULTILINE)


def test_an_emission_crosses_the_rooms_in_the_order_written_down() -> None:
    visits = Visits()
    threading.setprofile(visits)
    try:
        flow: Flow = chain()
        with Dashboard(flow, port=0, store="none") as dashboard, live(dashboard) as client:
            client.call("subscribe", {"jobs": True})
            client.wait(lambda messages: [name for name, _ in messages if name == "jobs"])
            visits.recording = True
            job = flow.start("emitter", {"count": 5})
            client.wait(lambda messages: any(job.job_id in str(message) for _, message in messages))
            visits.recording = False
    finally:
        threading.setprofile(None)
    engine_side = [rooms for (thread, package), rooms in visits.rooms.items() if package == "routilux" and
                   thread != SERVER_THREAD]  # fmt: skip
    assert any({"routine", "execution"} <= set(rooms) for rooms in engine_side)
    assert not [thread for thread, package in visits.rooms if package == "routilux_dashboard" and "flow" in thread]
    crossed = [room for room in visits.rooms[SERVER_THREAD, "routilux_dashboard"] if room not in LEAVES]
    written = path_on_the_page()
    assert len(written) <= 5
    assert [room for room in crossed if room in written and room != "server"] == written[1:]
