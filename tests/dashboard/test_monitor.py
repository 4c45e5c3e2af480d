"""The job table on the real engine: exact figures, frames that lead from state to state, jobs apart from each other."""

from __future__ import annotations

import logging
import math
import threading
from collections import Counter
from typing import Any

import msgspec
import pytest

from routilux import ErrorHandler, Flow, JobState, Routine
from routilux_dashboard.jobs.job_list import INTERVAL_NS
from routilux_dashboard.jobs.job_table import JobTable
from routilux_dashboard.protocol import Keyframe
from routilux_dashboard.sources.local_source import LocalSource
from tests.dashboard.films import Clock, Film
from tests.dashboard.flows import Collector, Emitter, chain, gated
from tests.waiting import eventually


class Sorter(Routine):
    """Fails on each seventh, skips a routine state now and then, logs, and sends the rest on."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.sort)
        self.define_event("even")
        self.define_event("odd")

    def sort(self, i: int) -> None:
        context = self.get_execution_context()
        assert context is not None
        if i % 7 == 0:
            raise ValueError(f"{i} is not wanted")
        if i % 100 == 1:
            context.job_state.update_routine_state(context.routine_id, {"last": i})
            context.job_state.append_to_shared_log({"seen": i})
            self.send_output("seen", i=i)
        self.emit("odd" if i % 2 else "even", i=i)


class Looper(Routine):
    """Sends to itself until it has counted down."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("item", handler=self.count)
        self.define_event("again")

    def count(self, i: int) -> None:
        if i % 5:
            self.emit("again", i=i - 1)


def sorting(strategy: str = "sequential") -> Flow:
    flow = Flow("sorting", strategy, 3)
    flow.add_routine(Emitter(), "emitter")
    flow.add_routine(Sorter(), "sorter")
    flow.add_routine(Looper(), "looper")
    flow.add_routine(Collector(), "collector")
    flow.routines["sorter"].set_as_optional()
    flow.connect("emitter", "item", "sorter", "item")
    flow.connect("sorter", "even", "collector", "item")
    flow.connect("sorter", "odd", "looper", "item")
    flow.connect("sorter", "odd", "collector", "item")
    flow.connect("looper", "again", "looper", "item")
    return flow


def watched(flow: Flow, clock: Clock | None = None) -> JobTable:
    job_table = JobTable(now_ns=clock or Clock())
    job_table.watch(flow)
    return job_table


def check_against_history(state: Keyframe, flow: Flow, job_state: JobState) -> None:
    """Every figure equals what the records say, one by one."""
    history = job_state.execution_history
    emitted = Counter((r.routine_id, r.event_name) for r in history if r.kind == "event")
    errors = Counter(r.routine_id for r in history if r.kind.startswith("error"))
    received = Counter({job_state.entry_routine_id: 1})
    for connection in flow.connections:
        source, event, target, _ = flow.connection_ends(connection)
        assert state.connections[flow.connection_id(connection)].count == emitted[source, event]
        received[target] += emitted[source, event]
    for routine_id, figures in state.routines.items():
        assert figures.errors == errors[routine_id]
        assert figures.done == received[routine_id] - errors[routine_id]
        assert (figures.queued, figures.running) == (0, 0)
        assert sum(count for _, count in figures.histogram) == figures.done + figures.errors
    assert state.seq == state.job.seq == len(history)
    assert (state.job.counts.events, state.job.counts.errors) == (emitted.total(), errors.total())


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_at_the_end_every_figure_is_what_the_history_says(strategy: str) -> None:
    flow = sorting(strategy)
    job_table = watched(flow)
    job_state = flow.start("emitter", {"count": 3_000})
    film = Film(job_table, job_state.job_id)
    state = film.until("completed")
    check_against_history(state, flow, job_state)
    assert {figures.status for figures in state.routines.values()} == {"completed"}


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_a_keyframe_and_the_frames_since_are_the_state(strategy: str) -> None:
    flow = sorting(strategy)
    job_table = watched(flow)
    film = Film(job_table, flow.start("emitter", {"count": 2_000}).job_id)
    film.until("completed")
    film.settle()
    state, keyframe = film.state, film.job.keyframe()
    keyframe.at = state.at
    assert [frame.frame for frame in film.frames] == list(range(1, len(film.frames) + 1))
    assert msgspec.to_builtins(state) == msgspec.to_builtins(keyframe)


def test_a_job_that_is_watched_late_has_the_same_counters() -> None:
    flow, collector = gated()
    job_state = flow.start("emitter", {"count": 20})
    assert collector.taken.acquire(timeout=10)
    job_table = watched(flow)
    film = Film(job_table, job_state.job_id)
    film.tick()
    assert (film.state.job.counts.events, film.state.job.counts.queued, film.state.job.counts.running) == (20, 19, 1)
    assert film.state.job.status == "running"
    collector.gate.set()
    check_counters = film.until("completed")
    assert check_counters.routines["collector"].done == 20
    assert check_counters.connections["emitter.item->collector.item"].count == 20


def test_a_job_is_known_and_can_be_read_before_the_first_tick() -> None:
    flow, collector = gated()
    job_table = watched(flow)
    job_state = flow.start("emitter", {"count": 3, "text": "<b>"})
    job = job_table.job(job_state.job_id)
    view = job.view()
    assert (view.job_id, view.flow_id, view.entry, view.params) == (
        job_state.job_id,
        "chain",
        "emitter",
        {"count": 3, "text": "<b>"},
    )
    assert set(view.routines) == {"emitter", "collector"}
    assert job.keyframe().frame == 0
    assert job_table.jobs_full().jobs[0].job_id == job_state.job_id
    collector.gate.set()
    assert JobState.wait_for_completion(flow, job_state, 10)


def test_the_parameters_are_right_though_the_job_was_seen_before_it_had_them() -> None:
    job_table = JobTable(now_ns=Clock())

    def look() -> None:  # what the pump does when a job that is being made wakes it
        if job_table.jobs():
            job_table.tick()

    job_table.wake = look
    flow = chain()
    job_table.watch(flow)
    job_state = flow.execute("emitter", {"count": 2})
    job_table.tick()
    assert job_table.job(job_state.job_id).summary.params == {"count": 2}
    assert job_table.job(job_state.job_id).summary.rerunnable


class Pessimist(Routine):
    """Says of itself that it failed."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.work)

    def work(self) -> None:
        context = self.get_execution_context()
        assert context is not None
        context.job_state.update_routine_state(context.routine_id, {"status": "error"})


def test_a_job_that_failed_by_what_a_routine_stored_says_so() -> None:
    flow = Flow()
    flow.add_routine(Pessimist(), "pessimist")
    job_table = watched(flow)
    job_state = flow.execute("pessimist")
    job_table.tick()
    error = job_table.job(job_state.job_id).summary.error
    assert job_state.status == "failed"
    assert error is not None
    assert "stored 'failed' or 'error'" in error.error


def test_many_threads_may_read_while_the_pump_makes_the_first_picture() -> None:
    flow = sorting()
    job_table = watched(flow)
    job_state = flow.execute("emitter", {"count": 200})
    job, found = job_table.job(job_state.job_id), []

    def read() -> None:
        found.extend([job.keyframe().frame, job.view().seq, len(job.actions())])

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    job_table.tick()
    for reader in readers:
        reader.join()
    assert len(found) == 24


def test_a_frame_comes_only_when_something_changed() -> None:
    clock = Clock()
    flow, collector = gated()
    job_table = watched(flow, clock)
    film = Film(job_table, flow.start("emitter", {"count": 2}).job_id)
    assert collector.taken.acquire(timeout=10)
    film.tick()
    assert film.state.routines["collector"].status == "running"
    clock.move(30)
    film.settle()
    assert film.state.job.rate == 0
    assert not any(film.state.job.activity)
    for _ in range(100):
        clock.move(0.05)
        assert film.tick() is None
    collector.gate.set()
    film.until("completed")


def test_rates_and_activity_fade_until_they_are_nothing() -> None:
    clock = Clock()
    flow, collector = gated()
    job_table = watched(flow, clock)
    film = Film(job_table, flow.start("emitter", {"count": 40}).job_id)
    assert collector.taken.acquire(timeout=10)
    film.tick()
    assert film.state.job.rate > 0
    assert film.state.connections["emitter.item->collector.item"].rate > 0
    assert sum(film.state.job.activity) == 40
    assert sum(film.state.routines["emitter"].activity) == 1
    frames = 0
    for _ in range(23 * 20):
        clock.move(0.05)
        frames += film.tick() is not None
    assert 20 <= frames <= 20 + 2 * 20
    assert (film.state.job.rate, film.state.connections["emitter.item->collector.item"].rate) == (0, 0)
    assert sum(film.state.job.activity) == sum(film.state.routines["emitter"].activity) == 0
    collector.gate.set()
    film.until("completed")


def test_a_job_that_has_ended_has_one_last_frame_and_then_costs_nothing() -> None:
    clock = Clock()
    flow = chain()
    job_table = watched(flow, clock)
    film = Film(job_table, flow.execute("emitter", {"count": 5}).job_id)
    last = film.tick()
    assert last is not None
    assert (last.job.status, last.job.rate, sum(last.job.activity)) == ("completed", 0, 5)
    assert sum(sample.events for sample in last.samples) == 5
    assert film.job.is_final
    clock.move(30)
    for _ in range(3):
        assert film.tick() is None
    assert sum(film.shown.activity) == 5
    assert not job_table.busy


def test_a_completed_job_that_is_paused_and_resumed_is_followed_on() -> None:
    flow = chain()
    job_table = watched(flow)
    job_state = flow.execute("emitter", {"count": 5})
    film = Film(job_table, job_state.job_id)
    film.tick()
    flow.pause(job_state, "why not", by="ops")
    assert film.until("paused").job.ended_at is None
    flow.resume(job_state)
    assert film.until("completed").routines["collector"].done == 5
    flow.cancel(job_state)
    assert film.until("cancelled").seq == len(job_state.execution_history)


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_a_pause_is_told_while_it_drains_and_then_nothing_moves_until_the_resume(strategy: str) -> None:
    clock = Clock()
    flow, collector = gated(execution_strategy=strategy, max_workers=2)
    job_table = watched(flow, clock)
    job_state = flow.start("emitter", {"count": 12})
    film = Film(job_table, job_state.job_id)
    assert collector.taken.acquire(timeout=10)
    flow.pause(job_state, "checking", by="ops", wait=False)
    film.tick()
    control = film.state.job.control
    assert (control.action, control.state, control.by, control.reason) == ("pause", "draining", "ops", "checking")
    assert {handler.routine_id for handler in control.waiting_for} == {"collector"}
    assert control.refusals["pause"] is not None
    assert film.state.routines["emitter"].status in ("completed", "idle")
    clock.move(0.6)
    later = film.tick()
    assert later is not None
    assert later.job.control.waiting_for[0].running_ms > control.waiting_for[0].running_ms
    collector.gate.set()
    paused = film.until("paused")
    assert paused.job.control.state == "effective"
    assert paused.job.counts.running == 0
    assert paused.job.counts.queued == paused.job.control.kept == paused.routines["collector"].queued > 0
    assert paused.routines["collector"].status == "paused"
    clock.move(30)
    film.settle()
    assert film.state.job.counts == paused.job.counts
    assert not job_table.busy
    flow.resume(job_state, by="ops")
    assert film.until("completed").routines["collector"].done == 12
    steps = [(note["action"], note["state"], note["by"]) for note in film.job.actions()]
    assert steps[0] == ("pause", "draining", "ops")
    assert ("pause", "effective", "ops") in steps
    assert steps[-1] == ("resume", "effective", "ops")


def test_a_cancel_tells_what_it_dropped() -> None:
    flow, collector = gated()
    job_table = watched(flow)
    job_state = flow.start("emitter", {"count": 9})
    film = Film(job_table, job_state.job_id)
    assert collector.taken.acquire(timeout=10)
    flow.cancel(job_state, "enough", wait=False)
    film.tick()
    assert (film.state.job.control.action, film.state.job.control.dropped) == ("cancel", 8)
    collector.gate.set()
    state = film.until("cancelled")
    assert (state.job.counts.queued, state.job.counts.running) == (0, 0)
    assert state.routines["collector"].status == "cancelled"
    assert film.job.states()["_cancellation"].state == {"reason": "enough"}
    assert "_cancellation" not in state.states


def test_one_job_controlled_is_nothing_to_the_other() -> None:
    flow, collector = gated(execution_strategy="concurrent", max_workers=4)
    job_table = watched(flow)
    films = [Film(job_table, flow.start("emitter", {"count": 10}).job_id) for _ in range(2)]
    assert collector.taken.acquire(timeout=10)
    flow.cancel(films[0].job.job_state, wait=False)
    collector.gate.set()
    films[0].until("cancelled")

    def other_completed() -> bool:
        job_table.tick()
        return films[1].shown.status == "completed"

    eventually(other_completed)
    assert films[1].shown.routines["collector"].done == 10
    assert films[1].shown.control.action is None


def test_a_failure_is_told_with_its_place() -> None:
    flow = sorting()
    flow.routines["sorter"].set_error_handler(ErrorHandler("stop"))
    job_table = watched(flow)
    film = Film(job_table, flow.execute("emitter", {"count": 20}).job_id)
    state = film.until("failed")
    assert state.job.error is not None
    assert (state.job.error.routine_id, state.job.error.slot, state.job.error.error_type) == (
        "sorter",
        "item",
        "ValueError",
    )
    assert "Traceback" in state.job.error.traceback
    assert state.routines["sorter"].last_error == state.job.error
    assert state.routines["sorter"].status == "failed"
    assert state.routines["sorter"].detail == "ValueError: 0 is not wanted"
    assert state.routines["collector"].status == "cancelled"


def test_a_job_over_its_time_says_so() -> None:
    flow, collector = gated()
    job_table = watched(flow)
    job_state = flow.start("emitter", {"count": 3}, timeout=0.01)
    film = Film(job_table, job_state.job_id)
    eventually(lambda: job_state.cancelled.is_set())
    collector.gate.set()
    error = film.until("failed").job.error
    assert error is not None
    assert "timeout" in error.error


class Unsteady(Routine):
    """Fails until it is told not to."""

    def __init__(self) -> None:
        super().__init__()
        self.well = False
        self.define_slot("trigger", handler=self.work)

    def work(self) -> None:
        if not self.well:
            raise ConnectionError("503 from localhost")


def test_a_retry_is_told_with_its_time_until_it_is_due() -> None:
    clock, unsteady = Clock(), Unsteady()
    flow = Flow("fetching")
    flow.add_routine(unsteady, "fetch")
    unsteady.set_error_handler(ErrorHandler("retry", max_retries=2, retry_delay=0.3, retry_backoff=1.0))
    job_table = watched(flow, clock)
    film = Film(job_table, flow.start("fetch").job_id)
    eventually(lambda: film.tick() and film.state.routines["fetch"].status == "retry")
    figures = film.state.routines["fetch"]
    assert figures.retry is not None
    assert (figures.retry.attempt, figures.retry.max_retries, figures.queued, figures.running) == (1, 2, 1, 0)
    assert figures.detail.startswith("retry 1 of 2 at ")
    assert figures.last_error is not None
    assert figures.last_error.error == "503 from localhost"
    unsteady.well = True
    done = film.until("completed").routines["fetch"]
    assert (done.done, done.errors, done.retries, done.status, done.retry) == (1, 0, 1, "completed", None)


def test_logs_outputs_and_states_are_shown_and_read_by_range() -> None:
    flow = sorting()
    job_table = watched(flow)
    film = Film(job_table, flow.execute("emitter", {"count": 10_000}).job_id)
    film.tick()
    job, state = film.job, film.state
    assert (state.log.total, state.outputs.total) == (job.log().total, job.outputs().total)
    assert state.log.total > 50
    assert [row.n for row in state.log.rows] == list(range(state.log.total - 49, state.log.total + 1))
    assert state.log.rows == job.log(state.log.total - 50, 50).entries
    assert state.outputs.rows == job.outputs(state.outputs.total - 50, 50).outputs
    assert state.outputs.rows[-1].output_type == "seen"
    assert state.outputs.rows[-1].timestamp.endswith("+00:00")
    assert state.states["sorter"].state["last"] == 9_901
    assert job.states()["sorter"] == state.states["sorter"]
    assert state.records == job.history(state.seq - 50, 50).records
    assert [record.seq for record in job.history(7, 3).records] == [8, 9, 10]
    assert job.history(0, 10**9).records[-1].seq == 1_000
    assert job.log(-5, -5).entries == []


def test_bounded_logs_are_numbered_on() -> None:
    flow = sorting()
    flow.history_limit = 20
    job_table = watched(flow)
    film = Film(job_table, flow.execute("emitter", {"count": 20_000}).job_id)
    film.tick()
    page = film.job.log(0, 1_000)
    assert page.first == page.entries[0].n > 1
    assert page.last == page.entries[-1].n == page.total == film.state.log.total
    assert film.state.routines["emitter"].done == 1
    assert film.state.connections["emitter.item->sorter.item"].count == 20_000


def test_rows_that_left_before_they_were_taken_are_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routilux.journal.journal.UNREAD_BOUND", 200)
    flow = sorting()
    flow.history_limit = 20
    job_table = watched(flow)
    job_state = flow.execute("emitter", {"count": 20_000})
    film = Film(job_table, job_state.job_id)
    film.tick()
    collector, sorter = film.state.routines["collector"], film.state.routines["sorter"]
    assert film.state.connections["emitter.item->sorter.item"].count == 20_000 == sorter.done + sorter.errors
    assert collector.done == sum(
        film.state.connections[name].count for name in ("sorter.even->collector.item", "sorter.odd->collector.item")
    )
    assert film.state.job.counts.queued == 0
    assert film.state.records[-1].seq == film.state.seq == film.job.history().total
    assert collector.max_ms is not None


def test_metrics_are_the_trackers_figures() -> None:
    flow = sorting()
    job_table = watched(flow)
    job_state = flow.execute("emitter", {"count": 100})
    job_table.tick()
    metrics = job_table.job(job_state.job_id).metrics()
    assert msgspec.json.encode(metrics)
    assert metrics["flow"] == job_state.execution_tracker.get_flow_performance()
    performance = job_state.execution_tracker.get_routine_performance("sorter")
    assert performance is not None
    assert {key: metrics["routines"]["sorter"][key] for key in performance} == performance
    shown = job_table.job(job_state.job_id).view().routines["sorter"]
    assert math.isclose(shown.avg_ms or 0, performance["avg_execution_time"] * 1000)
    assert math.isclose(shown.max_ms or 0, performance["max_execution_time"] * 1000)


def test_a_change_of_the_structure_comes_with_a_frame() -> None:
    clock = Clock()
    flow, collector = gated()
    job_table = watched(flow, clock)
    film = Film(job_table, flow.start("emitter", {"count": 2}).job_id)
    film.tick()
    flow.add_routine(Collector(), "late")
    flow.connect("emitter", "item", "late", "item")
    clock.move(0.3)
    frame = film.tick()
    assert frame is not None
    assert frame.flow is not None
    assert "late" in film.state.routines
    assert "emitter.item->late.item" in film.state.connections
    collector.gate.set()
    film.until("completed")


class Holder:
    """A payload with code of its own."""

    def __repr__(self) -> str:
        raise AssertionError("code of a payload was run")

    __str__ = __repr__


class Hostile(Routine):
    """Emits what JSON cannot hold."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.emit_all)
        self.define_event("<script>alert(1)</script>")
        self.define_event("boom")
        self.define_slot("boom", handler=self.fail)

    def emit_all(self, **_: Any) -> None:
        circle: list[Any] = []
        circle.append(circle)
        payloads = (circle, float("nan"), b"\xff", "\ud800", {(1, 2): 3}, Holder(), "x" * 50_000_000, 10**5_000, "<b>")
        for payload in payloads:
            self.emit("<script>alert(1)</script>", payload=payload)
            self.send_output("<i>", payload=payload)
        context = self.get_execution_context()
        assert context is not None
        context.job_state.update_shared_data("<u>", circle)
        context.job_state.append_to_shared_log({"payload": Holder(), "timestamp": "yesterday"})
        self.emit("boom")

    def fail(self) -> None:
        class Silent(Exception):
            def __str__(self) -> str:
                raise ValueError

        raise Silent


def test_payloads_that_json_cannot_hold_hurt_nothing() -> None:
    flow = Flow("<h1>")
    flow.add_routine(Hostile(), "<hr>")
    flow.connect("<hr>", "boom", "<hr>", "boom")
    job_table = watched(flow)
    film = Film(job_table, flow.execute("<hr>", {"<p>": object()}).job_id)
    frame = film.tick()
    assert frame is not None
    assert frame.job.status == "failed"
    assert len(msgspec.msgpack.encode(film.job.keyframe())) < 200_000
    for page in (film.job.history(), film.job.log(), film.job.outputs(), film.job.states(), film.job.data()):
        assert msgspec.json.encode(page)
    assert [record.event_name for record in film.state.records][1] == "<script>alert(1)</script>"
    assert [record.cut for record in film.state.records][6:9] == [False, True, True]
    assert film.job.data() == {"<u>": {"value": ["<holds itself>"], "cut": True}}
    assert film.state.log.rows[0].timestamp == ""


def test_the_list_is_told_in_changes_at_most_four_times_a_second() -> None:
    clock = Clock()
    flow, collector = gated()
    job_table = watched(flow, clock)
    first = job_table.tick().jobs
    assert first is not None
    assert (first.full, first.jobs, first.flows) == (False, [], ["chain"])
    job_state = flow.start("emitter", {"count": 3})
    assert collector.taken.acquire(timeout=10)
    assert job_table.tick().jobs is None
    assert job_table.busy
    clock.move(INTERVAL_NS / 1e9)
    told = job_table.tick().jobs
    assert told is not None
    assert [job.job_id for job in told.jobs] == [job_state.job_id]
    assert (told.counts, told.jobs[0].status) == ({"running": 1}, "running")
    assert sum(told.activity) == 3
    assert told.rate == told.jobs[0].rate > 0
    collector.gate.set()
    assert JobState.wait_for_completion(flow, job_state, 10)
    told_at_the_end = []
    for _ in range(25 * 20):
        clock.move(0.05)
        jobs = job_table.tick().jobs
        if jobs is not None:
            told_at_the_end.append(jobs)
    assert [job.status for job in told_at_the_end[0].jobs] == ["completed"]
    assert all(not jobs.jobs for jobs in told_at_the_end[1:])
    assert sum(told_at_the_end[-1].activity) == 0
    assert len(told_at_the_end) <= 25
    assert not job_table.busy


def test_the_oldest_jobs_that_have_ended_are_forgotten_and_the_list_says_so() -> None:
    clock = Clock()
    flow, collector = gated()
    collector.gate.set()
    job_table = JobTable(keep_jobs=2, now_ns=clock)
    job_table.watch(flow)
    ended = [flow.execute("emitter", {"count": 1}).job_id for _ in range(4)]
    collector.gate.clear()
    live = flow.start("emitter", {"count": 1})
    job_table.tick()
    assert [job.job_id for job in job_table.jobs()] == [live.job_id, ended[3], ended[2]]
    told = job_table.tick().jobs or job_table.jobs_full()
    assert told.counts == {"running": 1, "completed": 2}
    with pytest.raises(KeyError):
        job_table.job(ended[0])
    collector.gate.set()
    assert JobState.wait_for_completion(flow, live, 10)


def test_jobs_with_long_histories_are_forgotten_sooner_but_never_the_newest() -> None:
    flow = chain()
    job_table = JobTable(keep_records=100, now_ns=Clock())
    job_table.watch(flow)
    for count, kept in ((40, 1), (40, 2), (40, 2), (400, 1), (5, 1), (5, 2)):
        newest = flow.execute("emitter", {"count": count})
        job_table.tick()
        assert len(job_table.jobs()) == kept
        assert job_table.jobs()[0].job_id == newest.job_id


def test_removed_jobs_are_named_once() -> None:
    clock = Clock()
    flow = chain()
    job_table = JobTable(keep_jobs=0, now_ns=clock)
    job_table.watch(flow)
    job_id = flow.execute("emitter", {"count": 1}).job_id
    told = job_table.tick().jobs
    assert told is not None
    assert (told.removed, told.jobs, job_table.jobs()) == ([job_id], [], [])
    clock.move(1)
    again = job_table.tick().jobs
    assert again is None or again.removed == []


def test_what_matters_at_once_wakes_the_pump() -> None:
    woken: list[int] = []
    flow = sorting()
    job_table = JobTable(lambda: woken.append(1))
    job_table.watch(flow)
    flow.execute("emitter", {"count": 1_000})
    assert 3 <= len(woken) < 10
    job_table.wake = None
    flow.execute("emitter", {"count": 1})


def test_watching_a_flow_twice_is_watching_it_once() -> None:
    flow = chain()
    job_table = watched(flow)
    job_table.watch(flow)
    flow.execute("emitter", {"count": 1})
    assert len(job_table.tick().frames) == 1
    with pytest.raises(ValueError, match="'chain' is watched already"):
        job_table.watch(chain())
    assert job_table.flows == [flow]
    assert job_table.definition("chain").flow_id == "chain"


def test_nothing_is_heard_of_flows_that_are_let_go() -> None:
    flow = chain()
    job_table = watched(flow)
    job_table.release()
    flow.execute("emitter", {"count": 1})
    assert (job_table.flows, job_table.jobs(), job_table.tick().frames) == ([], [], [])


def test_one_job_that_cannot_be_shown_is_logged_once_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    flow = chain()
    job_table = watched(flow)
    bad, good = (flow.execute("emitter", {"count": 1}).job_id for _ in range(2))
    tick = LocalSource.tick

    def broken(job: LocalSource, now_ns: int) -> Any:
        if job.job_id == bad:
            raise RuntimeError("no")
        return tick(job, now_ns)

    monkeypatch.setattr(LocalSource, "tick", broken)
    with caplog.at_level(logging.ERROR):
        frames = job_table.tick().frames + job_table.tick().frames
    assert [frame.job_id for frame in frames] == [good]
    assert len(caplog.records) == 1


def test_two_hundred_idle_jobs_are_looked_at_and_nothing_is_made_of_them() -> None:
    clock = Clock()
    flow, collector = gated(execution_strategy="concurrent", max_workers=2)
    job_table = watched(flow, clock)
    jobs = [flow.start("emitter", {"count": 1}) for _ in range(200)]
    assert collector.taken.acquire(timeout=10)
    clock.move(30)
    eventually(lambda: not job_table.tick().frames)
    shown = [job.keyframe().frame for job in job_table.jobs()]
    clock.move(30)
    assert job_table.tick() == ([], None)
    assert [job.keyframe().frame for job in job_table.jobs()] == shown
    collector.gate.set()
    for job_state in jobs:
        assert JobState.wait_for_completion(flow, job_state, 20)
