"""Lines of a recording, one after the other, put together to segments; what does not fit is refused."""

from __future__ import annotations

import msgspec

from ..segments.check import SegmentPosition, SegmentRefused, check
from ..segments.segment import Records, Runs, Segment, SourceName, TargetName
from . import lines
from .open_segment import OpenSegment
from .refusal import InvalidRecording, require

MAX_NAMES = 200_000
"""Sources, and targets, of a recording."""


class Assembly:
    """Takes lines in; gives a segment whenever one is complete."""

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
        """Take the next line; the segment that it completes.

        Raises:
            InvalidRecording: the line does not fit.
        """
        require(not self.whole, "the recording has ended with the line before")
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
            raise InvalidRecording('it is not the beginning of a recording, which is a line of type "recording"')
        require(
            line.format <= lines.FORMAT,
            f"the recording has format {line.format}, and this program knows up to {lines.FORMAT}: "
            "open it with a newer routilux-dashboard",
        )
        require(line.format >= 1, f"there is no format {line.format}")
        self._job_id = line.job_id

    def _end(self, line: lines.EndLine) -> None:
        require(self._open.lines == 0, "the recording ends in the midst of a segment")
        made = self._last.n if self._last is not None else 0
        require(made > 0, "the recording has no segment")
        require(
            (line.lines, line.segments) == (self._lines, made),
            f"{line.lines:,} lines and {line.segments:,} segments were written, "
            f"but {self._lines:,} and {made:,} are here",
        )
        self.whole = True

    def _complete(self, line: lines.SegmentLine) -> Segment:
        segment = self._open.segment(self._job_id or "", line)
        last = self._last
        place = (last.n, last.seq) if last is not None else (0, 0)
        position = SegmentPosition(
            self._job_id, *place, self._runs, self._entry, self._sources.keys(), self._targets.keys()
        )
        try:
            check(segment, position)
        except SegmentRefused as refused:
            raise InvalidRecording(str(refused)) from None
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
                raise InvalidRecording("a second recording begins here: one file holds one job")
            case _:
                self._open.add(line)

    def _name_source(self, line: lines.SourceLine) -> None:
        source = SourceName(
            line.number, line.routine_id, line.event_name, line.kind, line.connection_ids, line.target_ids
        )
        self._sources[line.number] = source
        require(len(self._sources) <= MAX_NAMES, f"no recording has more than {MAX_NAMES:,} sources")
        self._open.sources.append(source)

    def _name_target(self, line: lines.TargetLine) -> None:
        target = TargetName(line.number, line.routine_id, line.slot)
        self._targets[line.number] = target
        require(len(self._targets) <= MAX_NAMES, f"no recording has more than {MAX_NAMES:,} targets")
        self._open.targets.append(target)


def _check_numbers(segment: Segment) -> None:
    """JSON has numbers of any size; what segments are kept in and sent as has not. (Payloads stay JSON.)"""
    try:
        msgspec.msgpack.encode(msgspec.structs.replace(segment, records=Records(), runs=Runs()))
    except (OverflowError, ValueError, TypeError) as error:
        raise InvalidRecording(f"something in segment {segment.n} cannot be kept: {error}") from None
