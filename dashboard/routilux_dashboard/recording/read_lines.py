"""The lines of a recording → segments. Whoever wrote the file may mean harm: nothing in it is believed or run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ..segments.segment import Segment
from . import lines
from .assembly import Assembly
from .payloads import MAX_NESTING, may_be_deep, nesting_problem
from .refusal import InvalidRecording

__all__ = ["InvalidRecording", "read"]

MAX_LINE = 8 * 1024 * 1024
"""Bytes of one line."""
AROUND = 5
"""How deep a value may lie in its line."""
_decoder = msgspec.json.Decoder(lines.AnyLine)
_any_decoder = msgspec.json.Decoder(dict[str, Any])


def read(pieces: Iterable[bytes]) -> Iterator[Segment]:
    """The segments of a recording, one after the other as they are read.

    Args:
        pieces: the file in order, in pieces of any size (an open binary file will do).

    Raises:
        InvalidRecording: it is no recording, is not whole, or something in it is not as it must be.
            The message names the line. Segments that came before it are sound by themselves.

    Memory stays that of one segment, whatever the file holds: lines, names and segments have bounds.
    """
    assembly = Assembly()
    number = 0
    for number, line in enumerate(_lines(pieces), 1):
        try:
            segment = assembly.take(_line(line))
        except InvalidRecording as refused:
            raise InvalidRecording(f"line {number:,}: {refused}") from None
        if segment is not None:
            yield segment
    if not assembly.whole:
        raise InvalidRecording(f"line {number:,}: the file ends here and is not whole: its last line is missing")


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines that are not empty, and never one longer than `MAX_LINE`."""
    rest = bytearray()
    count = 0
    for piece in pieces:
        first, *others = piece.split(b"\n")
        rest += first
        for other in others:
            count += 1
            yield from _sized(bytes(rest), count)
            rest = bytearray(other)
        if len(rest) > MAX_LINE:
            yield from _sized(bytes(rest), count + 1)
    yield from _sized(bytes(rest), count + 1)


def _sized(line: bytes, number: int) -> list[bytes]:
    if len(line) > MAX_LINE:
        raise InvalidRecording(f"line {number:,}: it is longer than {MAX_LINE:,} bytes, and no line of a recording is")
    return [line] if line.strip() else []


def _line(line: bytes) -> lines.AnyLine:
    try:
        if may_be_deep(line) and (problem := nesting_problem(_any_decoder.decode(line), MAX_NESTING + AROUND)):
            raise InvalidRecording(problem)
        found: lines.AnyLine = _decoder.decode(line)
        return found
    except RecursionError:
        raise InvalidRecording(f"it is nested more than {MAX_NESTING} deep") from None
    except msgspec.ValidationError as error:
        raise InvalidRecording(f"it is no line of a recording: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRecording(f"it is not JSON: {error}") from None
