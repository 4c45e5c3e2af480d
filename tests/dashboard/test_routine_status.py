"""The status of a routine, and the sentence that says why it is not running."""

from __future__ import annotations

import pytest

from routilux import Flow, RunningHandler
from routilux_dashboard.flows.describe import describe
from routilux_dashboard.fold.counters import JobCounters
from routilux_dashboard.fold.outlook import job_context
from routilux_dashboard.fold.routine_status import StatusReason, routine_status
from routilux_dashboard.fold.wiring import Wiring
from routilux_dashboard.times import clock
from tests.dashboard.flows import Collector, Emitter
from tests.dashboard.journals import EPOCH_NS, SECOND, HandMadeNames, batch, entry

NOW = EPOCH_NS + 100 * SECOND


class Relay(Emitter):
    """Takes and emits `item`."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item")


@pytest.fixture
def wiring() -> Wiring:
    """`walker → reader → parser → reader` (a circle), `parser → report`, and `alone`."""
    flow = Flow()
    for name in ("walker", "reader", "parser"):
        flow.add_routine(Relay(), name)
    flow.add_routine(Collector(), "report")
    flow.add_routine(Emitter(), "alone")
    for source, target in (("walker", "reader"), ("reader", "parser"), ("parser", "reader"), ("parser", "report")):
        flow.connect(source, "item", target, "item")
    return Wiring(describe(flow))


class Situation:
    """A job, as its journal says."""

    def __init__(self, wiring: Wiring, job_status: str = "running", held: str = "") -> None:
        self.wiring = wiring
        self.job_status = job_status
        self.held = held
        self.held_since_ns: int | None = None
        self.fold = JobCounters(HandMadeNames(), EPOCH_NS)

    def ran(self, routine_id: str, outcome: str = "completed") -> Situation:
        self.fold.routines[routine_id].received += 1
        self.fold.routines[routine_id].add_runs([5])
        self.fold.routines[routine_id].correct(outcome, 1)
        return self

    def queued(self, routine_id: str, count: int = 1) -> Situation:
        self.fold.routines[routine_id].received += count
        return self

    def running(self, *slots: tuple[str, str]) -> Situation:
        for routine_id, _ in slots:
            self.queued(routine_id)
        self.fold.add(batch(running=[RunningHandler(*slot, 5) for slot in slots]), NOW)
        return self

    def told(self, kind: str, routine_id: str | None, **data: object) -> Situation:
        self.fold.add(batch(entries=[entry(kind, routine_id, **data)]), NOW)  # type: ignore[arg-type]
        return self

    def of(self, routine_id: str, *, busy: bool = False) -> StatusReason:
        context = job_context(
            self.job_status, self.held, "walker", self.fold.routines, frozenset(), self.wiring, NOW, self.held_since_ns
        )
        return routine_status(routine_id, self.fold.routines[routine_id], context, self.wiring, busy)


def test_a_routine_is_running_while_one_of_its_handlers_is(wiring: Wiring) -> None:
    assert Situation(wiring).running(("reader", "item")).of("reader") == ("running", "handling item")
    two = Situation(wiring).running(("reader", "item"), ("reader", "item")).queued("reader", 7)
    assert two.of("reader") == ("running", "2 handlers run")


def test_before_it_runs_a_routine_is_pending_and_waits_for_what_can_come(wiring: Wiring) -> None:
    job = Situation(wiring).running(("walker", "trigger"))
    assert job.of("reader") == ("pending", "waiting for walker.item or parser.item")
    assert job.of("report") == ("pending", "waiting for parser.item")
    assert job.of("alone") == ("pending", "nothing queued")


def test_between_runs_a_routine_is_idle(wiring: Wiring) -> None:
    job = Situation(wiring).ran("report").queued("walker")
    assert job.of("report") == ("idle", "waiting for parser.item")


def test_between_runs_that_follow_each_other_closely_a_routine_runs_unless_the_job_is_held(wiring: Wiring) -> None:
    job = Situation(wiring).ran("report").queued("walker")
    assert job.of("report", busy=True) == ("running", "waiting for parser.item")
    held = Situation(wiring, held="the job is pausing").ran("report").queued("walker")
    assert held.of("report", busy=True) == ("idle", "waiting for parser.item; the job is pausing")


def test_a_routine_with_work_waits_for_a_worker_or_takes_turns(wiring: Wiring) -> None:
    job = Situation(wiring).running(("walker", "trigger")).queued("reader", 3)
    assert job.of("reader") == ("pending", "waiting for a worker")
    assert job.ran("reader").of("reader") == ("idle", "waiting for a worker")
    assert job.of("reader", busy=True) == ("running", "takes turns with other routines")


def test_a_paused_job_holds_what_is_queued(wiring: Wiring) -> None:
    job = Situation(wiring, "paused", "the job is paused").ran("reader").queued("reader", 3)
    assert job.of("reader", busy=True) == ("paused", "held: the job is paused")
    assert job.of("report") == ("pending", "waiting for parser.item; the job is paused")
    job.held_since_ns = NOW - 5 * SECOND
    assert job.of("reader") == ("paused", f"held since {clock(NOW - 5 * SECOND)}: the job is paused")


def test_a_retry_says_which_and_when(wiring: Wiring) -> None:
    due = NOW + 4 * SECOND
    job = Situation(wiring).ran("reader", "retry")
    job.told("retry", "reader", attempt=2, max_retries=3, due_ns=due, slot="item", error="503", error_type="OSError")
    assert job.of("reader") == ("retry", f"retry 2 of 3 at {clock(due)}")
    job.held = "the job is paused"
    assert job.of("reader") == ("paused", f"held: the job is paused; retry 2 of 3 at {clock(due)}")


def test_a_routine_is_completed_when_nothing_more_can_come(wiring: Wiring) -> None:
    job = Situation(wiring).ran("walker").running(("report", "item"))
    assert job.of("walker") == ("completed", "nothing more can come")
    assert job.of("reader") == ("completed", "nothing came")
    assert job.of("alone") == ("pending", "nothing queued")


def test_in_a_circle_a_routine_may_still_get_what_it_sends(wiring: Wiring) -> None:
    job = Situation(wiring).ran("walker").ran("reader").queued("parser")
    assert job.of("reader")[0] == "idle"
    assert job.of("walker")[0] == "completed"


def test_in_a_completed_job_every_routine_is_completed(wiring: Wiring) -> None:
    job = Situation(wiring, "completed").ran("walker").ran("reader").ran("reader", "error_continued")
    assert [job.of(name)[0] for name in ("walker", "reader", "parser", "alone")] == ["completed"] * 4


def test_a_routine_that_never_worked_has_failed_though_the_job_went_on(wiring: Wiring) -> None:
    job = Situation(wiring, "completed").ran("walker").ran("reader", "error_continued")
    job.told("error", "reader", slot="item", error="no", error_type="ValueError", outcome="error_continued")
    assert job.of("reader") == ("failed", "ValueError: no")
    assert Situation(wiring, "completed").ran("reader", "skipped").of("reader")[0] == "completed"


def test_a_failed_job_says_where_it_failed_and_what_that_cut_off(wiring: Wiring) -> None:
    job = Situation(wiring, "failed").ran("walker").ran("reader", "failed")
    job.told("dropped", None, routines={"parser": 2})
    assert job.of("walker") == ("completed", "nothing more can come")
    assert job.of("reader") == ("failed", "a handler failed")
    assert job.of("parser") == ("cancelled", "2 queued were dropped")
    assert job.of("report") == ("cancelled", "upstream failed")
    assert job.of("alone") == ("pending", "nothing queued")


def test_a_cancelled_job_says_what_it_dropped(wiring: Wiring) -> None:
    job = Situation(wiring, "cancelled").ran("walker").told("dropped", None, routines={"reader": 1})
    assert job.of("reader") == ("cancelled", "1 queued was dropped")
    assert job.of("parser") == ("cancelled", "the job was cancelled")
    quiet = Situation(wiring, "cancelled").ran("walker")
    assert quiet.of("walker")[0] == "completed"
    assert quiet.of("reader") == ("cancelled", "nothing came before the job was cancelled")


def test_before_anything_has_happened_every_routine_is_pending(wiring: Wiring) -> None:
    job = Situation(wiring, "pending")
    assert {job.of(name) for name in ("walker", "reader", "alone")} == {("pending", "nothing queued")}


def test_a_long_error_makes_no_long_sentence(wiring: Wiring) -> None:
    job = Situation(wiring, "failed").ran("reader", "failed")
    job.told("error", "reader", slot="item", error="x" * 10_000, error_type="ValueError", outcome="failed")
    assert len(job.of("reader")[1]) == 200
