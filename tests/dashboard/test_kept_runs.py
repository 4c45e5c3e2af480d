"""Handler runs that are kept in memory: all of them, or the newest, whether they are packed yet or not."""

from __future__ import annotations

import pytest

from routilux import JournalBatch, Source, Target
from routilux_dashboard.sources.run_log import CHUNK, Run, RunLog


class Names:
    """Two targets, and a clock that is 1,000 ns ahead."""

    def source(self, number: int) -> Source:
        raise LookupError(number)

    def target(self, number: int) -> Target:
        return Target(number, f"r{number}", "input")

    def wall_ns(self, monotonic_ns: int) -> int:
        return monotonic_ns + 1000


def run(seq: int, outcome: str = "completed") -> Run:
    return (seq % 2, 10 * seq, 5, outcome, seq)


def batch(runs: list[Run]) -> JournalBatch:
    return JournalBatch(0, [], runs, [], (), None, 0)


@pytest.mark.parametrize("count", [3, CHUNK - 1, CHUNK, 3 * CHUNK + 7])
@pytest.mark.parametrize("at_once", [1000, 10 * CHUNK])
def test_what_is_added_comes_back_in_order(count: int, at_once: int) -> None:
    kept = RunLog(Names())
    for first in range(1, count + 1, at_once):
        kept.add(batch([run(seq) for seq in range(first, min(first + at_once, count + 1))]))
    assert len(kept) == count
    assert [found.cause for found in kept] == list(range(1, count + 1))
    found = next(iter(kept))
    assert (found.routine_id, found.slot, found.start_ns, found.duration_ns, found.outcome) == (
        "r1", "input", 1010, 5, "completed",
    )  # fmt: skip


def test_the_runs_of_a_record_and_of_an_outcome_are_found_wherever_they_are() -> None:
    kept = RunLog(Names())
    seqs = [1, CHUNK // 2, CHUNK + 5, 3 * CHUNK]
    kept.add(batch([run(seq, "failed" if seq in seqs else "completed") for seq in range(1, 3 * CHUNK + 1)]))
    kept.add(batch([run(seqs[1], "retry")]))
    for _ in range(2):  # the second time it is known where to look
        assert kept.causes_of("failed") == frozenset(seqs)
        assert [found.outcome for found in kept.caused_by(seqs[1])] == ["failed", "retry"]
        assert [found.cause for found in kept.caused_by(seqs[3])] == [seqs[3]]
        assert list(kept.caused_by(4 * CHUNK)) == []


def test_beyond_the_bound_the_oldest_leave_and_are_counted() -> None:
    kept = RunLog(Names(), bound=4 * CHUNK)
    total = 0
    for _ in range(6):
        kept.add(batch([run(seq) for seq in range(total + 1, total + CHUNK + 1)]))
        total += CHUNK
    assert kept.left > 0
    assert kept.left + len(kept) == total
    assert len(kept) <= 4 * CHUNK
    assert [found.cause for found in kept] == list(range(kept.left + 1, total + 1))
