"""Checks segments from elsewhere: the program that sent them may be broken or hostile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from ..protocol import JOB_STATUSES, OUTCOMES
from .entries import SHAPES
from .segment import Records, Runs, Segment

LATEST_NS = 2**63 - 1
"""In the year 2262; databases and the wire have no larger integers."""
COUNT = 2**53
_STATUSES = frozenset(JOB_STATUSES) - {"lost"}
_json = msgspec.json.Decoder()


class SegmentRefused(ValueError):
    """A segment does not follow, or is invalid; the message says why. Nothing was changed."""


class SegmentPosition(NamedTuple):
    """Where a job's next segment must continue: its last segment, record, run and entry, and the numbers with names."""

    job_id: str | None
    n: int
    seq: int
    runs: int
    entry: int
    sources: Collection[int]
    targets: Collection[int]


def check(segment: Segment, position: SegmentPosition) -> None:
    """Raise `SegmentRefused` unless `segment` is complete and follows `position`. Payloads are not checked."""
    check_order(segment, position)
    records, runs = segment.records, segment.runs
    _check_lengths("records", records.source, records.time_ns, records.cause, records.data)
    _check_lengths("runs", runs.target, runs.start_ns, runs.duration_ns, runs.outcome, runs.cause)
    _check_numbers(segment, position)
    _check_sums(segment)
    _check_records(segment, {*position.sources, *(source.number for source in segment.sources)})
    _check_runs(segment, {*position.targets, *(target.number for target in segment.targets)})
    _check_entries(segment, position.entry)
    _check_rows(segment)


def check_payloads(records: Records) -> None:
    """Raise `SegmentRefused` unless every payload is valid JSON.

    Payloads are decoded completely: skipping values would miss invalid UTF-8 and numbers beyond all bounds.
    """
    for place, data in enumerate(records.data):
        try:
            _json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SegmentRefused(f"The payload of record {place} of a segment is not JSON: {error}") from None


def check_order(segment: Segment, position: SegmentPosition) -> None:
    """Raise `SegmentRefused` unless `segment` is the job's next one. Enough for a segment that was checked before."""
    if position.job_id is not None and segment.job_id != position.job_id:
        raise SegmentRefused(f"The segment belongs to job {segment.job_id!r}, not to {position.job_id!r}")
    if segment.n != position.n + 1:
        raise SegmentRefused(f"Segment {segment.n} does not follow segment {position.n}: those between are missing")
    if position.n == 0 and (segment.beginning is None or segment.flow is None):
        raise SegmentRefused("The first segment of a job must have beginning and flow")
    if segment.facts.status not in _STATUSES:
        raise SegmentRefused(f"{segment.facts.status!r} is not a status that a program can report")


def _check_lengths(what: str, *columns: Sequence[Any]) -> None:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) != 1:
        raise SegmentRefused(f"The columns of the {what} have different lengths: {lengths}")


def _check_numbers(segment: Segment, position: SegmentPosition) -> None:
    lost, count = segment.lost, len(segment.records.source)
    without_rows = sum(sums.count for sums in segment.sums.runs) if segment.sums is not None else 0
    if not 0 <= lost <= COUNT or segment.after_seq != position.seq + lost:
        raise SegmentRefused(f"after_seq is {segment.after_seq!r}, after record {position.seq} and {lost!r} lost ones")
    if segment.seq != segment.after_seq + count:
        raise SegmentRefused(f"seq is {segment.seq!r}, but {count} records follow {segment.after_seq}")
    if segment.after_run != position.runs + without_rows:
        raise SegmentRefused(f"after_run is {segment.after_run!r}, but {position.runs + without_rows} runs precede")
    _check_range("at_ns", [segment.at_ns], 0, LATEST_NS)


def _check_sums(segment: Segment) -> None:
    sums = segment.sums
    if sums is None:
        return
    _check_range("emissions", sums.emissions.values(), 0, COUNT)
    if sum(sums.emissions.values()) > segment.lost:
        raise SegmentRefused(f"sums has more emissions than the {segment.lost} records that were lost")
    for run in sums.runs:
        _check_range("a sum's outcome", [run.outcome], 0, len(OUTCOMES) - 1)
        _check_range("a sum of runs", [run.count, run.total_ns, run.min_ns, run.max_ns], 0, LATEST_NS)


def _check_records(segment: Segment, sources: set[int]) -> None:
    records = segment.records
    used = [*records.source, *(segment.sums.emissions if segment.sums is not None else ())]
    _check_known("source", used, sources)
    _check_range("time of a record", records.time_ns, 0, LATEST_NS)
    _check_range("cause of a record", records.cause, 0, segment.seq)
    _check_range("index in cut", records.cut, 0, len(records.source) - 1)
    if any(later <= earlier for earlier, later in pairwise(records.cut)):
        raise SegmentRefused("The indices in cut are not in order")


def _check_runs(segment: Segment, targets: set[int]) -> None:
    runs: Runs = segment.runs
    used = [*runs.target, *(run.target for run in segment.sums.runs)] if segment.sums is not None else runs.target
    _check_known("target", used, targets)
    _check_known("target", [handler.target for handler in segment.running if handler.target != -1], targets)
    _check_range("start of a run", runs.start_ns, 0, LATEST_NS)
    _check_range("duration of a run", runs.duration_ns, 0, LATEST_NS)
    _check_range("end of a run", map(int.__add__, runs.start_ns, runs.duration_ns), 0, LATEST_NS)
    _check_range("outcome of a run", runs.outcome, 0, len(OUTCOMES) - 1)
    _check_range("cause of a run", runs.cause, 0, segment.seq)
    _check_range("start of a handler", [handler.start_ns for handler in segment.running], 0, LATEST_NS)


def _check_entries(segment: Segment, last: int) -> None:
    for entry in segment.entries:
        if not last < entry.number <= COUNT:
            raise SegmentRefused(f"Entry {entry.number!r} does not follow entry {last}")
        last = entry.number
        _check_range("time of an entry", [entry.time_ns], 0, LATEST_NS)
        shape = SHAPES.get(entry.kind)
        if shape is None:
            continue
        try:
            msgspec.convert(entry.data, shape)
        except msgspec.ValidationError as error:
            raise SegmentRefused(f"Entry {entry.number} ({entry.kind}) is invalid: {error}") from None


def _check_rows(segment: Segment) -> None:
    for what, numbers in (("log", [row.n for row in segment.log]), ("outputs", [row.n for row in segment.outputs])):
        _check_range(f"number of a row of the {what}", numbers, 1, COUNT)
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise SegmentRefused(f"The rows of the {what} are not in order of their numbers")


def _check_known(what: str, used: Iterable[int], known: set[int]) -> None:
    unknown = set(used) - known
    if unknown:
        raise SegmentRefused(f"Unknown {what} number {min(unknown)}")


def _check_range(what: str, values: Iterable[int], least: int, most: int) -> None:
    found = list(values)
    if found and not (least <= min(found) and max(found) <= most):
        wrong = next(value for value in found if not least <= value <= most)
        raise SegmentRefused(f"The {what} is {wrong!r}; it must be from {least} to {most}")
