"""The lines of a JSON lines recording. Each line holds one thing, and its `type` says which.

`docs/recordings.md` describes them for users. Times in `*_ns` are nanoseconds since the epoch;
`timestamp` and `*_at` are ISO 8601.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ..protocol import FlowDefinition
from ..segments.segment import SegmentFacts

FORMAT = 1
"""Of the lines; a reader refuses a higher format."""
MAX_NUMBER = 2**63 - 1

Count = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
Number = Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
Ahead = Annotated[int, Meta(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Index = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""The number of a source or target; negative for the engine's own sources."""
Name = Annotated[str, Meta(max_length=2_000)]
Column = Annotated[str, Meta(max_length=2_000, pattern=r"^[^\x00]*$")]
"""Text that goes into a database column; some databases don't allow a NUL in it."""


class InvalidRecording(ValueError):
    """The file is not a sound recording; the message says where and why."""


def require(condition: bool, reason: str) -> None:
    """Raise `InvalidRecording` for `reason` unless `condition` is true."""
    if not condition:
        raise InvalidRecording(reason)


class Line(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, omit_defaults=True):
    """One line."""


class RecordingLine(Line, tag="recording"):
    """The first line. `masked` names the keys whose values were left out of the whole file."""

    format: Count
    made_by: Name
    made_at: Name
    job_id: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    masked: list[Name] = []


class BeginningLine(Line, tag="beginning"):
    """The job's start: its flow, entry routine and parameters."""

    flow_id: Column
    origin: Column
    created_at: Column
    entry: Name | None
    params: Any


class FlowLine(Line, tag="flow"):
    """The flow; again whenever it changed."""

    flow: FlowDefinition


class SourceLine(Line, tag="source"):
    """The name of a `source` number in the records that follow."""

    number: Index
    routine_id: Name
    event_name: Name
    kind: Name
    connection_ids: tuple[str, ...] = ()
    target_ids: tuple[str, ...] = ()


class TargetLine(Line, tag="target"):
    """The name of a `target` number in the runs that follow."""

    number: Index
    routine_id: Name
    slot: Name


class RecordLine(Line, tag="record", gc=False):
    """A record of the history. `cut`: `data` is a preview of a payload that was too large or not JSON."""

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
    """A handler run that ended. `cause` is the `seq` of the record that caused it."""

    target: Index
    routine_id: str
    slot: str
    start_ns: Count
    duration_ns: Count
    outcome: str
    cause: Number | None = None


class EntryLine(Line, tag="entry"):
    """A rare entry of the journal: a change of status, a control, an error, a retry, a stored value."""

    number: Count
    time_ns: Count
    kind: Name
    routine_id: Name | None
    data: dict[str, Any]


class LogLine(Line, tag="log"):
    """An entry of the shared log, numbered from 1."""

    n: Number
    timestamp: Name
    entry: Any
    cut: bool = False


class OutputLine(Line, tag="output"):
    """An output of a routine, numbered from 1."""

    n: Number
    timestamp: Name
    routine_id: str
    output_type: str
    data: Any
    cut: bool = False


class StateLine(Line, tag="state"):
    """A routine's stored state at the end of the segment."""

    routine_id: str
    state: Any
    cut: bool = False


class DataLine(Line, tag="data"):
    """A shared value at the end of the segment."""

    key: str
    value: Any
    cut: bool = False


class SumLine(Line, tag="sum"):
    """Runs without lines of their own, summed by `target` and `outcome`."""

    target: Index
    outcome: str
    count: Count
    total_ns: Count
    min_ns: Count
    max_ns: Count


class EmittedLine(Line, tag="emitted"):
    """How many records of a `source` have no lines of their own."""

    source: Index
    count: Count


class Running(msgspec.Struct, omit_defaults=True):
    """A handler that was running at the end of a segment. `target` is its number, if it has one."""

    routine_id: str
    slot: str
    start_ns: Count
    target: Index | None = None


class SegmentLine(Line, tag="segment"):
    """The end of a segment: everything since the previous segment happened until `at_ns`.

    Attributes:
        after_seq, seq: the `seq` before its first record, and that of its last one.
        after_run: how many runs came before its first one.
        facts: the engine's facts about the job at `at_ns`.
        running: the handlers that were running at `at_ns`.
        lost: how many of the job's records, up to `after_seq`, have no lines.
        ahead_ns: about how far the clock of entries was ahead of that of records and runs.
    """

    n: Number
    at_ns: Count
    after_seq: Count
    seq: Count
    after_run: Count
    facts: SegmentFacts
    running: list[Running] = []
    lost: Count = 0
    final: bool = False
    ahead_ns: Ahead = 0


class EndLine(Line, tag="end"):
    """The last line, without which the file is incomplete: how many lines precede it, and how many segments."""

    lines: Count
    segments: Count


AnyLine = (
    RecordingLine | BeginningLine | FlowLine | SourceLine | TargetLine | RecordLine | RunLine | EntryLine | LogLine
    | OutputLine | StateLine | DataLine | SumLine | EmittedLine | SegmentLine | EndLine
)  # fmt: skip
