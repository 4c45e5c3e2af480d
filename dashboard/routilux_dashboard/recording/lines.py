"""The lines of a recording in JSON lines: each is one thing, and says in `type` which.

docs/recordings.md describes them for people. Times in `*_ns` are nanoseconds since the epoch;
`timestamp` and `*_at` are ISO 8601.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ..protocol import FlowDefinition
from ..segments.segment import Facts

FORMAT = 1
"""Of the lines; whoever reads a recording refuses a higher one."""
MAX_NUMBER = 2**63 - 1

Count = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
Number = Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
Ahead = Annotated[int, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Index = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""The number of a source or target; the engine's own sources have negative ones."""
Name = Annotated[str, Meta(max_length=2_000)]
Column = Annotated[str, Meta(max_length=2_000, pattern=r"^[^\x00]*$")]
"""Text that databases have columns for, which not all can hold a NUL in."""


class InvalidRecording(ValueError):
    """A file is no recording, or not a sound one; the message says where and why."""


def require(holds: bool, otherwise: str) -> None:
    """Refuse for the reason `otherwise` unless it holds."""
    if not holds:
        raise InvalidRecording(otherwise)


class Line(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, omit_defaults=True):
    """One line."""


class RecordingLine(Line, tag="recording"):
    """The first line: what this is. `masked`: names of keys whose values were left out of the whole file."""

    format: Count
    made_by: Name
    made_at: Name
    job_id: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    masked: list[Name] = []


class BeginningLine(Line, tag="beginning"):
    """What the job was started with."""

    flow_id: Column
    origin: Column
    created_at: Column
    entry: Name | None
    params: Any


class FlowLine(Line, tag="flow"):
    """The flow, at the beginning and when it changed."""

    flow: FlowDefinition


class SourceLine(Line, tag="source"):
    """What a `source` number means in the records from here on."""

    number: Index
    routine_id: Name
    event_name: Name
    kind: Name
    connection_ids: tuple[str, ...] = ()
    target_ids: tuple[str, ...] = ()


class TargetLine(Line, tag="target"):
    """What a `target` number means in the runs from here on."""

    number: Index
    routine_id: Name
    slot: Name


class RecordLine(Line, tag="record", gc=False):
    """One record of the history. `cut`: `data` is a preview of what was too large or could not be held."""

    seq: Number
    time_ns: Count
    routine_id: str
    event_name: str
    kind: str
    source: Index
    data: msgspec.Raw
    cause: Number | None = None
    cut: bool = False


class RunLine(Line, tag="run", gc=False):
    """One handler run that ended. `cause`: the `seq` of the record that led to it."""

    target: Index
    routine_id: str
    slot: str
    start_ns: Count
    duration_ns: Count
    outcome: str
    cause: Number | None = None


class EntryLine(Line, tag="entry"):
    """A rare entry of the journal: a change of status, a control, an error, a retry, something stored."""

    number: Count
    time_ns: Count
    kind: Name
    routine_id: Name | None
    data: dict[str, Any]


class LogLine(Line, tag="log"):
    """One entry of the shared log, numbered from 1."""

    n: Number
    timestamp: Name
    entry: Any
    cut: bool = False


class OutputLine(Line, tag="output"):
    """One output of a routine, numbered from 1."""

    n: Number
    timestamp: Name
    routine_id: str
    output_type: str
    data: Any
    cut: bool = False


class StateLine(Line, tag="state"):
    """What a routine had stored of itself at the end of the segment."""

    routine_id: str
    state: Any
    cut: bool = False


class DataLine(Line, tag="data"):
    """A shared value, as it was at the end of the segment."""

    key: str
    value: Any
    cut: bool = False


class SumLine(Line, tag="sum"):
    """Runs that have no line each, added up: by `target` and `outcome`."""

    target: Index
    outcome: str
    count: Count
    total_ns: Count
    min_ns: Count
    max_ns: Count


class EmittedLine(Line, tag="emitted"):
    """Records that have no line each: how many of a `source`."""

    source: Index
    count: Count


class Running(msgspec.Struct, omit_defaults=True):
    """A handler that ran at the end of a segment. `target`: its number, where it has one."""

    routine_id: str
    slot: str
    start_ns: Count
    target: Index | None = None


class SegmentLine(Line, tag="segment"):
    """The end of a segment: everything since the one before happened until `at_ns`.

    `seq`: of its last record, `after_seq` of the one before its first; `after_run`: runs before its
    first. `facts`: what the engine said of the job then; `running`: the handlers that ran then.
    `ahead_ns`: how far the clock of entries was ahead of that of records and runs, about.
    """

    n: Number
    at_ns: Count
    after_seq: Count
    seq: Count
    after_run: Count
    facts: Facts
    running: list[Running] = []
    lost: Count = 0
    final: bool = False
    ahead_ns: Ahead = 0


class EndLine(Line, tag="end"):
    """The last line: without it the file is not whole. How many lines there are before it, and segments."""

    lines: Count
    segments: Count


AnyLine = (
    RecordingLine | BeginningLine | FlowLine | SourceLine | TargetLine | RecordLine | RunLine | EntryLine | LogLine
    | OutputLine | StateLine | DataLine | SumLine | EmittedLine | SegmentLine | EndLine
)  # fmt: skip
