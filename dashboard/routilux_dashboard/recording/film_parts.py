"""The moments of an HTML recording, in chapters: a keyframe and the frames that follow it."""

from __future__ import annotations

from typing import Any

import msgspec

from ..protocol import FlowDefinition, Frame, Keyframe
from ..times import SECOND
from .parts import Part, PartList, pack, unpack

CHAPTER_NS = 5 * SECOND
"""How much of the job's time a chapter covers at first."""
FRAMES = 200
"""In a chapter, at most."""
CHAPTERS = 400
"""When there are more, every second one is dropped, and chapters cover twice the time."""


class FilmParts:
    """Collects frames into parts; the rows of a part are frame numbers.

    A chapter is `{"keyframe": …, "frames": […]}` in the shapes of the wire, without what the file has elsewhere:
    records, rows of log and outputs and the charts' points are empty, and `flow` is null unless it differs from the
    previous chapter's (in the first chapter: from that of the job's end).
    """

    def __init__(self) -> None:
        self.parts = PartList("film")
        self.left_out = 0
        self.last = 0
        self._span_ns = CHAPTER_NS
        self._keyframes_only = False
        self._flow: FlowDefinition | None = None
        self._keyframe: Keyframe | None = None
        self._frames: list[Frame] = []
        self._until_ns = 0

    def due(self, now_ns: int) -> bool:
        """Whether a new chapter begins with the frame of that moment."""
        return self._keyframe is None or now_ns >= self._until_ns or len(self._frames) >= FRAMES

    def begin(self, keyframe: Keyframe, now_ns: int) -> None:
        """Begin a chapter."""
        self.close()
        self._keyframe = keyframe
        self._until_ns = now_ns + self._span_ns
        while len(self.parts.parts) > CHAPTERS:
            self.thin()

    def add(self, frame: Frame) -> None:
        """Add the next frame to the chapter."""
        self._frames.append(frame)

    def close(self) -> None:
        """End the current chapter."""
        keyframe, frames = self._keyframe, self._frames
        self._keyframe, self._frames = None, []
        if keyframe is None:
            return
        if self._keyframes_only:
            self.left_out += len(frames)
            frames = []
        known, self._flow = self._flow, keyframe.flow
        chapter = {"keyframe": _bare_keyframe(keyframe, known), "frames": [_bare_frame(frame) for frame in frames]}
        self.last = keyframe.frame
        self.parts.put(keyframe.frame, frames[-1].frame if frames else keyframe.frame, 1 + len(frames), chapter)

    def thin(self) -> bool:
        """Drop the frames between keyframes; the next time every second keyframe. False if nothing is left."""
        before = self._count()
        if not self._keyframes_only:
            self._keyframes_only = True
            self.parts.change(_without_frames)
        else:
            self._span_ns *= 2
            kept = set(list(self.parts.parts)[::2] if len(self.parts.parts) > 1 else ())
            self.parts.change(lambda part: part if part in kept else None)
        self.left_out += before - self._count()
        return bool(self.parts.parts)

    def _count(self) -> int:
        return sum(part.rows for part in self.parts)


def _without_frames(part: Part) -> Part:
    if part.rows == 1:
        return part
    chapter = unpack(part.text)
    return Part(part.name, pack({**chapter, "frames": []}), part.first, part.first, 1)


def _bare_keyframe(keyframe: Keyframe, known: FlowDefinition | None) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.structs.asdict(keyframe)
    for name in ("records", "log", "outputs", "series"):
        shown[name] = _empty(name, shown[name])
    if keyframe.flow == known:
        shown["flow"] = None
    return shown


def _bare_frame(frame: Frame) -> Frame:
    tails = {"log": frame.log, "outputs": frame.outputs}
    shown: Any = {name: _empty(name, tail) for name, tail in tails.items() if tail is not None}
    return msgspec.structs.replace(frame, records=[], samples=[], series=None, **shown)


def _empty(name: str, value: Any) -> Any:
    if name == "records":
        return []
    return msgspec.structs.replace(value, points=[]) if name == "series" else msgspec.structs.replace(value, rows=[])
