"""Reads the lines of a recording into segments. The file may be hostile: everything is checked, and nothing is run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ..payloads.json_text import MAX_NESTING, may_be_deep, nesting_problem
from ..segments.check import SegmentPosition, SegmentRefused, check
from ..segments.segment import Records, Runs, Segment, SourceName, TargetName
from . import lines
from .lines import InvalidRecording, require
from .open_segment import OpenSegment

__all__ = ["InvalidRecording", "read"]

MAX_NAMES = 200_000
"""The most sources, and the most targets, of a recording."""
MAX_LINE = 8 * 1024 * 1024
"""Bytes of one line."""
AROUND = 5
"""How deep a payload may lie within its line."""
_decoder = msgspec.json.Decoder(lines.AnyLine)
_any_decoder = msgspec.json.Decoder(dict[str, Any])


def read(pieces: Iterable[bytes]) -> Iterator[Segment]:
    """The segments of a recording, one after the other as they are read.

    Args:
        pieces: the file in order, in pieces of any size (an open binary file will do).

    Raises:
        InvalidRecording: the file is not a recording, is incomplete, or has an invalid line, which the message names.
            The segments before that line are sound.

    Takes the memory of one segment, whatever is in the file: lines, names and segments are bounded.
    """
    assembler = SegmentAssembler()
    number = 0
    for number, line in enumerate(_lines(pieces), 1):
        try:
            segment = assembler.take(_line(line))
        except InvalidRecording as error:
            raise InvalidRecording(f"line {number:,}: {error}") from None
        if segment is not None:
            yield segment
    if not assembler.whole:
        raise InvalidRecording(f"line {number:,}: the file is incomplete: it ends here, without the last line")


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that are not empty. None is longer than `MAX_LINE`."""
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
        raise InvalidRecording(f"line {number:,}: it is longer than {MAX_LINE:,} bytes, which is the limit")
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
        raise InvalidRecording(f"it is not a line of a recording: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRecording(f"it is not JSON: {error}") from None


class SegmentAssembler:
    """Puts lines together to segments."""

    def __init__(self) -> None:
        self.whole = False
        self._job_id: str | None = None
        self._lines = 0
        self._sources: dict[int, SourceName] = {}
        self._targets: dict[int, TargetName] = {}
        self._last: Segment | None = None
        self._runs = 0
        self._entry = 0
        self._open = OpenSegment()

    def take(self, line: lines.AnyLine) -> Segment | None:
        """Add the next line; returns the segment that it completes, if any.

        Raises:
            InvalidRecording: the line does not fit here.
        """
        require(not self.whole, "the recording ended with the previous line")
        if self._job_id is None:
            self._begin(line)
        elif isinstance(line, lines.SegmentLine):
            return self._complete(line)
        elif isinstance(line, lines.EndLine):
            self._end(line)
        else:
            self._add(line)
        self._lines += 1
        return None

    def _begin(self, line: lines.AnyLine) -> None:
        if not isinstance(line, lines.RecordingLine):
            raise InvalidRecording('a recording begins with a line of type "recording", and this is not one')
        require(
            line.format <= lines.FORMAT,
            f"the recording has format {line.format}, and this version reads up to {lines.FORMAT}; "
            "use a newer routilux-dashboard",
        )
        require(line.format >= 1, f"there is no format {line.format}")
        self._job_id = line.job_id

    def _end(self, line: lines.EndLine) -> None:
        require(self._open.lines == 0, "the recording ends within a segment")
        count = self._last.n if self._last is not None else 0
        require(count > 0, "the recording has no segment")
        require(
            (line.lines, line.segments) == (self._lines, count),
            f"{line.lines:,} lines and {line.segments:,} segments were written, "
            f"but the file has {self._lines:,} and {count:,}",
        )
        self.whole = True

    def _complete(self, line: lines.SegmentLine) -> Segment:
        segment = self._open.finish(self._job_id or "", line)
        last = self._last
        place = (last.n, last.seq) if last is not None else (0, 0)
        position = SegmentPosition(
            self._job_id, *place, self._runs, self._entry, self._sources.keys(), self._targets.keys()
        )
        try:
            check(segment, position)
        except SegmentRefused as error:
            raise InvalidRecording(str(error)) from None
        _check_numbers(segment)
        self._lines += 1
        self._open = OpenSegment()
        self._last = segment
        self._runs = segment.after_run + len(segment.runs.target)
        self._entry = segment.entries[-1].number if segment.entries else self._entry
        return segment

    def _add(self, line: lines.AnyLine) -> None:
        self._open.count()
        match line:
            case lines.SourceLine():
                self._name_source(line)
            case lines.TargetLine():
                self._name_target(line)
            case lines.RecordLine() | lines.EmittedLine():
                self._open.add_record(line, self._sources.get(line.source))
            case lines.RunLine() | lines.SumLine():
                self._open.add_run(line, self._targets.get(line.target))
            case lines.RecordingLine():
                raise InvalidRecording("a second recording begins here, but a file holds one job")
            case _:
                self._open.add(line)

    def _name_source(self, line: lines.SourceLine) -> None:
        source = SourceName(
            line.number, line.routine_id, line.event_name, line.kind, line.connection_ids, line.target_ids
        )
        self._sources[line.number] = source
        require(len(self._sources) <= MAX_NAMES, f"a recording has more than {MAX_NAMES:,} sources")
        self._open.sources.append(source)

    def _name_target(self, line: lines.TargetLine) -> None:
        target = TargetName(line.number, line.routine_id, line.slot)
        self._targets[line.number] = target
        require(len(self._targets) <= MAX_NAMES, f"a recording has more than {MAX_NAMES:,} targets")
        self._open.targets.append(target)


def _check_numbers(segment: Segment) -> None:
    """JSON has integers of any size, MessagePack has not. (Payloads stay JSON.)"""
    try:
        msgspec.msgpack.encode(msgspec.structs.replace(segment, records=Records(), runs=Runs()))
    except (OverflowError, ValueError, TypeError) as error:
        raise InvalidRecording(f"segment {segment.n} has a value that cannot be stored: {error}") from None
