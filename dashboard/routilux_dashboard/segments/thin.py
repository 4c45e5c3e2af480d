"""Makes segments smaller when memory is short: payloads go first, then rows; counters stay exact."""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec

from ..protocol import DataValue, RoutineState
from .segment import Records, Runs, RunSums, Segment, Sums

_NOTHING = b"null"


def drop_payloads(segment: Segment) -> Segment:
    """The segment with every payload replaced by null and marked as cut. Rows, times and causes stay."""
    records = segment.records
    count = len(records.source)
    replace = msgspec.structs.replace
    return replace(
        segment,
        records=Records(records.source, records.time_ns, records.cause, [_NOTHING] * count, list(range(count))),
        log=[replace(row, entry=None, cut=True) for row in segment.log],
        outputs=[replace(row, data=None, cut=True) for row in segment.outputs],
        states=dict.fromkeys(segment.states, RoutineState(None, True)),
        data=dict.fromkeys(segment.data, DataValue(None, True)),
    )


def drop_rows(segment: Segment) -> Segment:
    """The segment without payloads and rows: its records and runs are counted in `sums`."""
    thin = drop_payloads(segment)
    count, runs = len(segment.records.source), len(segment.runs.target)
    if not count and not runs:
        return thin
    before = segment.sums or Sums()
    return msgspec.structs.replace(
        thin,
        after_seq=segment.after_seq + count,
        after_run=segment.after_run + runs,
        records=Records(),
        runs=Runs(),
        sums=Sums(dict(Counter(before.emissions) + Counter(segment.records.source)), _sum(before.runs, segment.runs)),
        lost=segment.lost + count,
    )


def _sum(before: list[RunSums], runs: Runs) -> list[RunSums]:
    """The sums `before` plus the rows, by target and outcome."""
    durations: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for target, outcome, duration in zip(runs.target, runs.outcome, runs.duration_ns, strict=True):
        durations[target, outcome].append(duration)
    found = {(sums.target, sums.outcome): sums for sums in before}
    for key, each in durations.items():
        fresh = RunSums(*key, len(each), sum(each), min(each), max(each))
        found[key] = _merge(found[key], fresh) if key in found else fresh
    return list(found.values())


def _merge(one: RunSums, other: RunSums) -> RunSums:
    return RunSums(
        one.target,
        one.outcome,
        one.count + other.count,
        one.total_ns + other.total_ns,
        min(one.min_ns, other.min_ns),
        max(one.max_ns, other.max_ns),
    )
