"""Rows of a job: records of its history, log entries, outputs, and the pages in which REST returns them."""

from __future__ import annotations

from typing import Any

import msgspec

from .vocabulary import RecordKind


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
