"""A journal folded: the figures are those of a naive recount, however it is cut into batches."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from routilux import JournalBatch, RunningHandler, Totals
from routilux_dashboard.fold.counters import ACTIVITY_SECONDS, JobCounters
from routilux_dashboard.fold.routine_counters import ERRORS
from tests.dashboard.journals import (
    EPOCH_NS,
    NAMES,
    ROUTINES,
    SECOND,
    Record,
    Recount,
    Run,
    batch,
    entry,
    records,
    runs,
)

START = EPOCH_NS + 50 * SECOND


def folded(*batches: JournalBatch, now_ns: int = START) -> JobCounters:
    fold = JobCounters(NAMES, START)
    for each in batches:
        fold.add(each, now_ns)
    return fold


def figures(fold: JobCounters, now_ns: int) -> dict[str, Any]:
    """Everything that must not depend on how the journal was cut."""
    fold.series.finish(fold.level)
    return {
        "seq": fold.seq,
        "events": fold.events,
        "edges": {key: count for key, count in fold.messages.items() if count},
        "activity": fold.activity.row(None, now_ns),
        "rate": round(fold.send_rate.rates(now_ns).get(None, 0), 6),
        "chart": [sum(getattr(p, name) for p in fold.series.view().points) for name in ("events", "errors")],
        **{
            routine_id: (
                tally.outcomes,
                tally.received,
                tally.queued,
                (tally.total_ns, tally.min_ns, tally.max_ns, tally.ended),
                tally.digest.histogram(),
                fold.activity.row(routine_id, now_ns),
            )
            for routine_id, tally in fold.routines.items()
            if tally.received or tally.ended
        },
    }


def cut(made: list[Record], ended: list[Run], places: list[int]) -> list[JournalBatch]:
    """The batches of a reader that takes at these times (ns after the start), and at the end."""
    batches: list[JournalBatch] = []
    seq, since = 0, -1
    for place in [*sorted(places), 10**18]:
        until = 50 * SECOND + place
        some = [record for record in made if since < record[2] <= until]
        seq += len(some)
        batches.append(batch(some, [run for run in ended if since < run[1] + run[2] <= until], seq=seq))
        since = until
    return batches


@given(records(), runs())
def test_the_figures_equal_a_naive_recount(made: list[Record], ended: list[Run]) -> None:
    recount = Recount.of(made, ended)
    fold = folded(batch(made, ended))
    assert fold.events == recount.events
    assert +fold.messages == recount.edges
    for routine_id in ROUTINES:
        tally, durations = fold.routines[routine_id], recount.durations[routine_id]
        assert tally.done == recount.outcomes[routine_id, "completed"]
        assert tally.errors == sum(recount.outcomes[routine_id, outcome] for outcome in ERRORS)
        assert tally.outcomes["retry"] == recount.outcomes[routine_id, "retry"]
        assert tally.queued == recount.queued(routine_id)
        assert (tally.ended, tally.total_ns) == (len(durations), sum(durations))
        assert (tally.min_ns, tally.max_ns) == ((min(durations), max(durations)) if durations else (0, 0))
        assert sum(count for _, count in tally.digest.histogram()) == len(durations)


@given(records(), runs(), st.lists(st.integers(0, 90 * SECOND), max_size=8))
def test_any_cut_of_a_journal_into_batches_gives_the_same_figures(
    made: list[Record], ended: list[Run], places: list[int]
) -> None:
    now_ns = max([START, *(EPOCH_NS + r[2] for r in made), *(EPOCH_NS + r[1] + r[2] for r in ended)])
    whole = folded(batch(made, ended), now_ns=now_ns + SECOND)
    pieces = folded(*cut(made, ended, places), batch(seq=len(made)), now_ns=now_ns + SECOND)
    assert figures(whole, now_ns) == figures(pieces, now_ns)


@given(records(), runs(), st.integers(0, 60), st.integers(0, 60))
def test_attaching_in_mid_run_gives_the_same_counters(
    made: list[Record], ended: list[Run], missed_records: int, missed_runs: int
) -> None:
    totals = Totals()
    totals.add_records(made[:missed_records])
    totals.add_runs(ended[:missed_runs])
    late = folded(batch(made[missed_records:], ended[missed_runs:], seq=len(made), totals=totals))
    whole = folded(batch(made, ended))
    assert (late.seq, late.events, +late.messages) == (whole.seq, whole.events, +whole.messages)
    for routine_id in ROUTINES:
        ours, theirs = late.routines[routine_id], whole.routines[routine_id]
        assert (ours.outcomes, ours.queued, ours.ended) == (theirs.outcomes, theirs.queued, theirs.ended)
        assert (ours.total_ns, ours.min_ns, ours.max_ns) == (theirs.total_ns, theirs.min_ns, theirs.max_ns)


@given(runs())
def test_activity_is_the_runs_of_each_second_that_ended_in_the_last_twenty(ended: list[Run]) -> None:
    ends = [EPOCH_NS + start + duration for _, start, duration, _, _ in ended]
    now_ns = max(ends, default=START) + 3 * SECOND
    fold = folded(batch((), ended))
    for routine_id in ROUTINES:
        expected = [0] * ACTIVITY_SECONDS
        for run, end in zip(ended, ends, strict=True):
            age = now_ns // SECOND - end // SECOND
            if NAMES.target(run[0]).routine_id == routine_id and age < ACTIVITY_SECONDS:
                expected[-1 - age] += 1
        assert fold.activity.row(routine_id, now_ns) == expected


def test_what_a_running_handler_has_taken_is_not_queued_any_more() -> None:
    start: Record = (-1, {}, 50 * SECOND, 0)
    assert folded(batch([start])).routines["walker"].queued == 1
    fold = folded(batch([start], running=[RunningHandler("walker", "trigger", 5)]))
    assert (fold.routines["walker"].queued, fold.routines["walker"].running, fold.running) == (0, 1, 1)


def test_a_cut_between_the_two_lists_never_shows_less_than_nothing() -> None:
    running = [RunningHandler("walker", "trigger", 5)]
    fold = folded(batch([(-1, {}, 1, 0)], [(0, 1, 2, "completed", 0)], running=running))
    assert fold.routines["walker"].queued == 0


def test_dropped_activations_leave_the_queue() -> None:
    emitted: list[Record] = [(0, {}, 1, 0)] * 5
    fold = folded(batch(emitted, entries=[entry("dropped", routines={"reader": 3})]))
    assert (fold.routines["reader"].queued, fold.routines["reader"].dropped) == (2, 3)


def test_changes_name_what_a_batch_touched() -> None:
    fold = JobCounters(NAMES, START)
    changes = fold.add(batch([(0, {}, 1, 0)], [(2, 1, 2, "completed", 0)], [entry("routine_state", "walker")]), START)
    assert changes.routines == {"reader", "parser"}
    assert changes.connections == {"walker.file->reader.path"}
    assert (changes.states, changes.control) == ({"walker"}, False)
    assert fold.add(batch(entries=[entry("status", status="paused", previous="running", error=None)]), START).control


def test_entries_say_what_cannot_be_counted() -> None:
    failure: dict[str, Any] = {
        "slot": "path",
        "error": "no such file",
        "error_type": "OSError",
        "traceback": "Traceback …",
    }
    fold = folded(
        batch(
            entries=[
                entry("shared_log", n=7),
                entry("output", "reader", n=2),
                entry("retry", "reader", **failure, attempt=1, max_retries=3, delay=1.0, due_ns=START + SECOND),
                entry("error", "reader", **failure, outcome="failed"),
                entry("control", action="pause", state="effective", by="ops", reason="lunch", kept=4, dropped=0),
                entry("status", status="failed", previous="running", error="reader: OSError: no such file"),
                entry("a kind of tomorrow"),
            ]
        )
    )
    tally = fold.routines["reader"]
    assert (fold.log_total, fold.output_total, fold.status) == (7, 2, "failed")
    assert tally.last_error is not None
    assert tally.last_error is fold.last_failure
    assert (tally.last_error.routine_id, tally.last_error.error) == ("reader", "no such file")
    retry = tally.retry_ahead(START)
    assert retry is not None
    assert (retry.attempt, retry.max_retries) == (1, 3)
    assert tally.retry_ahead(START + SECOND) is None
    assert (fold.control_log[0].by, fold.control_log[0].reason, fold.control_log[0].kept) == ("ops", "lunch", 4)


def test_an_error_text_is_kept_short_and_of_a_traceback_the_end() -> None:
    failure: dict[str, Any] = {
        "slot": "path",
        "error": "x" * 10**6,
        "error_type": "OSError",
        "traceback": "y" * 10**6 + "the end",
    }
    error = folded(batch(entries=[entry("error", "reader", **failure, outcome="failed")])).routines["reader"].last_error
    assert error is not None
    assert len(error.error) + len(error.traceback) < 30_000
    assert error.traceback.endswith("the end")
