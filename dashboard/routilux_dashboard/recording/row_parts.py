"""The rows of an HTML recording, in parts that the page reads by range; payloads apart from the rest."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from ..payloads.json_text import problem_of
from ..payloads.preview import preview
from ..protocol import LogRow, OutputRow
from ..segments.segment import Segment, SourceName
from .parts import PartList

BLOCK = 1_000
"""Rows in a part."""
_PLAIN = 120
"""Bytes up to which a payload may need no preview."""
_LONG_NUMBER = re.compile(rb"\d{16}")

Row = TypeVar("Row", LogRow, OutputRow)


class RecordRows:
    """Collects records into parts: `rows` and, as long as there is room, `payloads`."""

    def __init__(self) -> None:
        self.rows = PartList("records")
        self.payloads = PartList("payloads")
        self._names: dict[tuple[str, str, str], int] = {}
        self._numbers: dict[int, int] = {}
        self._block = _Columns(1)

    @property
    def sources(self) -> list[tuple[str, str, str]]:
        """The names of the numbers in `rows`."""
        return list(self._names)

    def name(self, sources: list[SourceName]) -> None:
        """Learn the names of numbers in the segments that follow."""
        for source in sources:
            names = (source.routine_id, source.event_name, source.kind)
            self._numbers[source.number] = self._names.setdefault(names, len(self._names))

    def add(self, segment: Segment) -> None:
        """Add the records of the next segment."""
        rows, cut = segment.records, set(segment.records.cut)
        if segment.lost:
            self.close(segment.after_seq + 1)
        for i, data in enumerate(rows.data):
            shown, shortened = _shown(data)
            if shortened or i in cut:
                self._block.cut.append(len(self._block.source))
            self._block.source.append(self._numbers[rows.source[i]])
            self._block.us.append(rows.time_ns[i] // 1_000)
            self._block.cause.append(rows.cause[i])
            self._block.data.append(shown)
            if len(self._block.source) == BLOCK:
                self.close(segment.after_seq + i + 2)

    def close(self, following: int) -> None:
        """End the current part; the next one begins with record `following`."""
        block, self._block = self._block, _Columns(following)
        if not block.source:
            return
        count = len(block.source)
        numbers = block.first, block.first + count - 1, count
        columns = {"first": block.first, "source": block.source, "us": block.us, "cause": block.cause, "cut": block.cut}
        self.rows.put(*numbers, columns)
        self.payloads.put(*numbers, {"first": block.first, "data": block.data})


class NumberedRows:
    """Collects rows that carry their numbers (log, outputs) into parts of one kind."""

    def __init__(self, name: str) -> None:
        self.rows = PartList(name)
        self._open: list[Any] = []

    def add(self, rows: list[Row]) -> None:
        """Append rows."""
        for row in rows:
            self._open.append(row)
            if len(self._open) == BLOCK:
                self.close()

    def close(self) -> None:
        """End the current part."""
        if self._open:
            self.rows.put(self._open[0].n, self._open[-1].n, len(self._open), self._open)
            self._open = []


class _Columns:
    """The columns of the current part. `us`: microseconds since the epoch."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.source: list[int] = []
        self.us: list[int] = []
        self.cause: list[int] = []
        self.cut: list[int] = []
        self.data: list[msgspec.Raw] = []


def _shown(data: bytes) -> tuple[msgspec.Raw, bool]:
    """A payload as the page shows it, and whether it was shortened."""
    if problem_of(data) is not None:
        return msgspec.Raw(b"null"), True
    if _needs_no_preview(data):
        return msgspec.Raw(data), False
    value, cut = preview(msgspec.json.decode(data))
    return msgspec.Raw(msgspec.json.encode(value)), cut


def _needs_no_preview(data: bytes) -> bool:
    """Whether a payload is so small that it is its own preview."""
    brackets = data.count(b"[") + data.count(b"{")
    return len(data) <= _PLAIN and brackets <= 6 and data.count(b",") < 50 and not _LONG_NUMBER.search(data)
