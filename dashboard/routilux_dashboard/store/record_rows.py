"""Stored records as rows of the history page, with the same previews of payloads as live ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from ..fold.rows import kind_of
from ..payloads.preview import preview
from ..protocol import OUTCOMES, Record, RecordKind, RunRow
from ..segments.segment import Records, SourceName, TargetName
from ..times import MILLISECOND, SECOND, iso

SMALL = 100
"""A payload of fewer bytes needs no preview, unless it is deeply nested or has a number too large for a browser."""
_DIGITS = 16
_LONG_NUMBER = re.compile(rb"\d{16}")
_NESTED = 6
_UNKNOWN = SourceName(0, "", "", "custom")
_NO_TARGET = TargetName(0, "", "")
_decode = msgspec.json.Decoder().decode


def record_rows(
    first_seq: int, rows: Records, indices: Iterable[int], sources: Mapping[int, SourceName]
) -> list[Record]:
    """The rows at `indices` of a chunk whose first row has `first_seq`."""
    wanted = list(indices)
    payloads = _payloads([rows.data[index] for index in wanted])
    named: dict[int, tuple[str, str, RecordKind]] = {}
    clock = _Clock()
    shown = []
    for index, (data, cut) in zip(wanted, payloads, strict=True):
        number = rows.source[index]
        names = named.get(number)
        if names is None:
            name = sources.get(number, _UNKNOWN)
            names = named[number] = (name.routine_id, name.event_name, kind_of(name.kind))
        time, cause = clock.iso(rows.time_ns[index]), rows.cause[index] or None
        shown.append(Record(first_seq + index, time, *names, data, cause, cut or index in rows.cut))
    return shown


def run_row(target: TargetName | None, start_ns: int, duration_ns: int, outcome: int) -> RunRow:
    """A handler run as REST returns it."""
    name = target or _NO_TARGET
    return RunRow(name.routine_id, name.slot_name, iso(start_ns), duration_ns / MILLISECOND, OUTCOMES[outcome])


def _payloads(texts: list[bytes]) -> list[tuple[object, bool]]:
    """A preview of each payload, and whether it was shortened. All are decoded at once."""
    values = _decode(b"[" + b",".join(texts) + b"]")
    return [(value, False) if _small(text) else preview(value) for text, value in zip(texts, values, strict=True)]


def _small(text: bytes) -> bool:
    if len(text) >= SMALL or text.count(b"{") + text.count(b"[") > _NESTED:
        return False
    return len(text) < _DIGITS or _LONG_NUMBER.search(text) is None


class _Clock:
    """Formats times like `times.iso`, but formats each second once: records are close together."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def iso(self, time_ns: int) -> str:
        second, rest = divmod(time_ns, SECOND)
        if second != self._second:
            self._second, self._text = second, iso(second * SECOND)[:20]
        return f"{self._text}{rest // 1000:06d}+00:00"
