"""Kept records as rows of the history: payloads are previews, as they are live."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from ..film.preview import preview
from ..film.rows import kind_of
from ..film.segment import Records, SourceName, TargetName
from ..film.tally import OUTCOMES
from ..film.times import MILLISECOND, iso
from ..film.trail import RunRow
from ..protocol import Record

SMALL = 100
"""A payload of fewer bytes is shown whole, unless it is nested deep or has a number too large for a browser."""
_OPENINGS = re.compile(rb"[\[{]")
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
    shown = []
    for index, (data, cut) in zip(wanted, payloads, strict=True):
        name = sources.get(rows.source[index], _UNKNOWN)
        shown.append(
            Record(
                first_seq + index,
                iso(rows.time_ns[index]),
                name.routine_id,
                name.event_name,
                kind_of(name.kind),
                data,
                rows.cause[index] or None,
                cut or index in rows.cut,
            )
        )
    return shown


def run_row(target: TargetName | None, start_ns: int, duration_ns: int, outcome: int) -> RunRow:
    """A handler run as REST has it."""
    name = target or _NO_TARGET
    return RunRow(name.routine_id, name.slot_name, iso(start_ns), duration_ns / MILLISECOND, OUTCOMES[outcome])


def _payloads(texts: list[bytes]) -> list[tuple[object, bool]]:
    """What is shown of each payload, and whether something was left out; they are decoded together."""
    values = _decode(b"[" + b",".join(texts) + b"]")
    return [(value, False) if _small(text) else preview(value) for text, value in zip(texts, values, strict=True)]


def _small(text: bytes) -> bool:
    return len(text) < SMALL and len(_OPENINGS.findall(text)) <= _NESTED and _LONG_NUMBER.search(text) is None
