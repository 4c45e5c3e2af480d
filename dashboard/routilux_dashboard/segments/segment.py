"""A stretch of a job's journal as plain data: what a store keeps, a program sends, a recording holds.

A job's segments are numbered from 1 without gaps. Rows are columns (one list for each field, all of
the same length), for they are many; times are nanoseconds since the epoch. Payloads are JSON text.
Everything else that is rare or small is in the shapes that the wire has.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ..protocol import Control, FlowDefinition, JobStatus, LogRow, OutputRow, RoutineState

ENDED = frozenset({"completed", "failed", "cancelled"})
"""The statuses of a job that has ended. A lost job may have ended or not."""
OUTCOMES = ("completed", "failed", "error_continued", "skipped", "retry", "cancelled")
"""How a handler run can end. `Runs.outcome` is an index into this."""
FORMAT = 1
"""Of segments; whoever reads one refuses a higher format."""


class SourceName(msgspec.Struct, array_like=True, frozen=True):
    """What a number in `Records.source` means: as the engine's `Source`."""

    number: int
    routine_id: str
    event_name: str
    kind: str
    connection_ids: tuple[str, ...] = ()
    target_ids: tuple[str, ...] = ()


class TargetName(msgspec.Struct, array_like=True, frozen=True):
    """What a number in `Runs.target` means: as the engine's `Target`."""

    number: int
    routine_id: str
    slot_name: str


class Records(msgspec.Struct, array_like=True):
    """Records of the history; row i has the `seq` that the segment's `after_seq` + 1 + i says.

    `cause` is the `seq` that led to it, or 0. `data` is JSON; `cut` has the indices of rows whose
    payload was too large or could not be held, and is a preview.
    """

    source: list[int] = []
    time_ns: list[int] = []
    cause: list[int] = []
    data: list[bytes] = []
    cut: list[int] = []


class Runs(msgspec.Struct, array_like=True):
    """Handler runs that ended. `outcome` is an index of `film.tally.OUTCOMES`; `cause` as in `Records`."""

    target: list[int] = []
    start_ns: list[int] = []
    duration_ns: list[int] = []
    outcome: list[int] = []
    cause: list[int] = []


class Entry(msgspec.Struct, array_like=True):
    """A rare entry of the journal (`JournalEntry`), its `data` a preview."""

    number: int
    time_ns: int
    kind: str
    routine_id: str | None
    data: dict[str, Any]


class RunningNow(msgspec.Struct, array_like=True, frozen=True):
    """A handler that ran when the segment was taken. With a `target`, that says which, and the names are empty."""

    routine_id: str
    slot: str
    start_ns: int
    target: int = -1


class RunSums(msgspec.Struct, array_like=True, frozen=True):
    """Runs of a target and outcome that have no rows, added up (`RunTotals`)."""

    target: int
    outcome: int
    count: int
    total_ns: int
    min_ns: int
    max_ns: int


class Sums(msgspec.Struct, array_like=True):
    """What has no rows: it happened before anybody read, or could not be kept (`Totals`). `emissions` by source."""

    emissions: dict[int, int] = {}
    runs: list[RunSums] = []


class DataValue(msgspec.Struct):
    """A preview of a shared value."""

    value: Any
    cut: bool


class Metrics(msgspec.Struct):
    """The tracker's figures: `get_flow_performance`, and `get_routine_performance` by routine id."""

    flow: dict[str, Any]
    routines: dict[str, dict[str, Any]]


class Facts(msgspec.Struct):
    """What the engine says of the job besides its journal, as of the segment's end.

    `past`: the segment was cut (`film.cutting`), and these are derived: of its control is known only what its
    entries say, and nothing (no `action`) when it has none.
    """

    status: JobStatus
    updated_at: str
    ended_at: str | None
    control: Control
    rerunnable: bool = False
    metrics: Metrics | None = None
    """In segments that end with the job at rest."""
    past: bool = False


class JobStart(msgspec.Struct):
    """What a job was started with; in its first segment, and again when it changed."""

    flow_id: str
    origin: str
    created_at: str
    entry: str | None
    params: Any


class Segment(msgspec.Struct, omit_defaults=True):
    """What happened in a job since its segment `n` - 1, and how it stands at `at_ns`.

    Attributes:
        after_seq: the `seq` before its first record; `seq`, that of its last.
        after_run: how many runs there were before its first.
        sources, targets: names that are used from now on.
        log, outputs: new rows; states, data: values that were stored, as they are at `at_ns`.
        running: the handlers that run at `at_ns`.
        ahead_ns: how far the clock that entries are made by was ahead of that of records and runs, about.
        sums, lost: what has no rows, and how many records are among it. `after_seq` counts these.
        flow: the definition, in the first segment and when it changed.
        final: the job has ended, and nothing is expected to follow (a completed job may still go on).
    """

    job_id: str
    n: int
    at_ns: int
    after_seq: int
    seq: int
    after_run: int
    facts: Facts
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
