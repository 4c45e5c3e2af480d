"""Rows of a job: records of its history, log entries, outputs, and the pages in which REST returns them."""

from __future__ import annotations

from typing import Any

import msgspec

from .vocabulary import RecordKind

PAGE_LIMIT = 1_000
"""Rows of one page."""
CHAIN = 1_000
"""Links of a chain of causes, and effects of each kind, in one response."""


class Record(msgspec.Struct):
    """One record of the history. `cause` is the `seq` that led to it, or null."""

    seq: int
    timestamp: str
    routine_id: str
    event_name: str
    kind: RecordKind
    data: Any
    cause: int | None
    cut: bool


class LogRow(msgspec.Struct):
    """One entry of the shared log, numbered from 1."""

    n: int
    timestamp: str
    entry: Any
    cut: bool


class OutputRow(msgspec.Struct):
    """One output of a routine, numbered from 1."""

    n: int
    timestamp: str
    routine_id: str
    output_type: str
    data: Any
    cut: bool


class RoutineState(msgspec.Struct):
    """A preview of what `update_routine_state` stored."""

    state: Any
    cut: bool


class DataValue(msgspec.Struct):
    """A preview of a shared value."""

    value: Any
    cut: bool


class LogTail(msgspec.Struct):
    """The newest rows (at most 50, ending at number `total`)."""

    total: int
    rows: list[LogRow]


class OutputTail(msgspec.Struct):
    """The newest rows (at most 50, ending at number `total`)."""

    total: int
    rows: list[OutputRow]


class HistoryPage(msgspec.Struct):
    """`GET /jobs/{job_id}/history`: records of a range; `first` and `last` are the seqs kept, `total` all ever made.

    `searched_to`: the search for a filter was broken off there, for it took long; go on `after` that seq (or
    `before` it, backwards). Null when everything in the range has been looked at, or the page is full.
    """

    records: list[Record]
    first: int
    last: int
    total: int
    searched_to: int | None = None


class LogPage(msgspec.Struct):
    entries: list[LogRow]
    first: int
    last: int
    total: int


class OutputPage(msgspec.Struct):
    outputs: list[OutputRow]
    first: int
    last: int
    total: int


class RunRow(msgspec.Struct):
    """A handler run: where it was, when it began, how long it took and how it ended."""

    routine_id: str
    slot: str
    started_at: str
    duration_ms: float
    outcome: str


class Causes(msgspec.Struct):
    """What led to a record: the chain of its causes, from the first to itself.

    `complete` is false where the chain begins before the first stored record, or has more than a thousand links.
    """

    records: list[Record]
    complete: bool


class Effects(msgspec.Struct):
    """What a record led to at once: the handler runs that it caused, and the records that those made.

    At most a thousand of each; `complete` is false where there are more, or where they are not kept.
    """

    runs: list[RunRow]
    records: list[Record]
    complete: bool
