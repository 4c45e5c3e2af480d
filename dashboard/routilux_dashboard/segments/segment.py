"""Segments: a job's run as numbered pieces of plain data. One shape for the store, the network and recordings.

A job is recorded like a film. Its journal is read every 20 to 100 ms, and everything new becomes one segment; from all
segments together the job can be folded again, live, later or elsewhere, exactly as its engine had it:

    journal ──► segment 1, 2, 3 … ──┬─► store            (chunks of rows, `store.store`)
    (engine)    (this module)       ├─► forwarding       (MessagePack to a server elsewhere)
                                    └─► recordings       (JSON lines, a page)
                                            │
                        check ──► fold.playback ──► the job at any record or time (`cut`)

Numbering
    Segments of a job are numbered from 1 without gaps. A segment continues the job after segment `n` - 1: its first
    record is `after_seq` + 1, its first run is run number `after_run` + 1, and its entries count on. A receiver that
    has segment `n` wants `n` + 1 and nothing else, so every segment is applied exactly once, however often it is sent.

Rows
    Records and runs are many, so they are stored as columns: one list a field, all of the same length. They refer to
    sources and targets by number; a segment that uses a number for the first time also names it (`sources`,
    `targets`). A later segment may give a number a new name, which holds from then on. Payloads are JSON text of at
    most 64 KB; larger ones, and values that JSON can't hold, are previews whose rows are listed in `cut`.

Events without rows
    Records may be missing: they were made before the job was watched, or memory was full. `lost` counts them and `sums`
    has their totals by source and target, so that counters stay exact. `thin` turns rows into sums.

Times
    All times are nanoseconds since the epoch. Records and runs are timed by a monotonic clock that was set to wall time
    once; entries by the wall clock. `ahead_ns` is how far the second was ahead of the first.

Invariants (`check` refuses a segment from elsewhere that breaks one)
    - `seq` = `after_seq` + the number of records, and `after_seq` = the previous `seq` + `lost`;
    - `after_run` = the previous number of runs + the runs in `sums`;
    - every number in rows has a name; a cause is 0 or a `seq` that is not later than the segment's last;
    - the first segment has `beginning` and `flow`; a `final` one ends the job (a completed job may still continue).

Field names are stored and sent, so they don't change.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..protocol import Control, DataValue, FlowDefinition, JobStatus, LogRow, OutputRow, RoutineState

FORMAT = 1
"""Of segments; a reader refuses a higher format."""


class SourceName(msgspec.Struct, array_like=True, frozen=True):
    """The name of a number in `Records.source`: the engine's `Source`."""

    number: int
    routine_id: str
    event_name: str
    kind: str
    connection_ids: tuple[str, ...] = ()
    target_ids: tuple[str, ...] = ()


class TargetName(msgspec.Struct, array_like=True, frozen=True):
    """The name of a number in `Runs.target`: the engine's `Target`."""

    number: int
    routine_id: str
    slot_name: str


class Records(msgspec.Struct, array_like=True):
    """Records of the history; row i has the `seq` number `after_seq` + 1 + i.

    `cause` is the `seq` of the record that caused it, or 0. `data` is JSON; `cut` has the indices of rows whose data is
    a preview, because the payload was too large or not JSON.
    """

    source: list[int] = []
    time_ns: list[int] = []
    cause: list[int] = []
    data: list[bytes] = []
    cut: list[int] = []


class Runs(msgspec.Struct, array_like=True):
    """Handler runs that ended. `outcome` is an index into `OUTCOMES`; `cause` as in `Records`."""

    target: list[int] = []
    start_ns: list[int] = []
    duration_ns: list[int] = []
    outcome: list[int] = []
    cause: list[int] = []


class Entry(msgspec.Struct, array_like=True):
    """A rare entry of the journal (`JournalEntry`); its `data` is a preview."""

    number: int
    time_ns: int
    kind: str
    routine_id: str | None
    data: dict[str, Any]


class RunningNow(msgspec.Struct, array_like=True, frozen=True):
    """A handler that was running at the segment's end. If it has a `target` number, its names are empty."""

    routine_id: str
    slot: str
    start_ns: int
    target: int = -1


class RunSums(msgspec.Struct, array_like=True, frozen=True):
    """The runs of a target and outcome that have no rows, summed (`RunTotals`)."""

    target: int
    outcome: int
    count: int
    total_ns: int
    min_ns: int
    max_ns: int


class Sums(msgspec.Struct, array_like=True):
    """Totals of everything that has no rows (`Totals`); `emissions` by source."""

    emissions: dict[int, int] = {}
    runs: list[RunSums] = []


class TrackerMetrics(msgspec.Struct):
    """The execution tracker's figures: `get_flow_performance`, and `get_routine_performance` by routine id."""

    flow: dict[str, Any]
    routines: dict[str, dict[str, Any]]


class SegmentFacts(msgspec.Struct):
    """The engine's facts about the job besides its journal, as of the segment's end.

    `past`: the segment was cut (`segments.cut`) and these facts are derived from its entries. Its control is known only
    if they have one; otherwise `action` is not set.
    """

    status: JobStatus
    updated_at: str
    ended_at: str | None
    control: Control
    rerunnable: bool = False
    metrics: TrackerMetrics | None = None
    """Set in segments at whose end the job is at rest."""
    past: bool = False


class JobStart(msgspec.Struct):
    """How a job was started; in its first segment, and again if it changed."""

    flow_id: str
    origin: str
    created_at: str
    entry: str | None
    params: Any


class Segment(msgspec.Struct, omit_defaults=True):
    """Everything new in a job since its segment `n` - 1, and its state at `at_ns`.

    Attributes:
        after_seq, seq: the `seq` before its first record, and that of its last one.
        after_run: how many runs came before its first one.
        beginning: how the job was started; in the first segment, and again if it changed.
        flow: the flow's definition; in the first segment, and again whenever it changed.
        sources, targets: names of numbers from now on.
        log, outputs: new rows.
        states, data: values that were stored, as of `at_ns`.
        running: the handlers that are running at `at_ns`.
        sums, lost: totals of events without rows, and how many records they include. `after_seq` includes them.
        final: the job has ended and nothing should follow, except that a completed job may continue.
        ahead_ns: about how far the clock of entries was ahead of that of records and runs.
    """

    job_id: str
    n: int
    at_ns: int
    after_seq: int
    seq: int
    after_run: int
    facts: SegmentFacts
    beginning: JobStart | None = None
    flow: FlowDefinition | None = None
    sources: list[SourceName] = []
    targets: list[TargetName] = []
    records: Records = msgspec.field(default_factory=Records)
    runs: Runs = msgspec.field(default_factory=Runs)
    entries: list[Entry] = []
    log: list[LogRow] = []
    outputs: list[OutputRow] = []
    states: dict[str, RoutineState] = {}
    data: dict[str, DataValue] = {}
    running: list[RunningNow] = []
    sums: Sums | None = None
    lost: int = 0
    final: bool = False
    ahead_ns: int = 0
