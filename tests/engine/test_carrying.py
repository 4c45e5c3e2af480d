"""A handler's context in another thread, and handlers that wait at a checkpoint."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from routilux import Flow, JobCancelled, JobState, Routine, carry
from tests.waiting import eventually

STRATEGIES = pytest.mark.parametrize("strategy", ["sequential", "concurrent"])


class Worker(Routine):
    """Runs `body` as its entry; what it emits as `out` is noted by `sink`."""

    def __init__(self, body: Callable[[Worker], Any]) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.run)
        self.define_event("out")
        self.body = body

    def run(self, **_: Any) -> None:
        self.body(self)


class Sink(Routine):
    """Notes what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in", handler=self.take)
        self.seen: list[Any] = []

    def take(self, i: Any = None, **_: Any) -> None:
        self.seen.append(i)


def make_flow(body: Callable[[Worker], Any], strategy: str) -> tuple[Flow, Sink]:
    flow, sink = Flow("carrying", execution_strategy=strategy, max_workers=2), Sink()
    flow.add_routine(Worker(body), "worker")
    flow.add_routine(sink, "sink")
    flow.connect("worker", "out", "sink", "in")
    return flow, sink


def finish(flow: Flow, job_state: JobState) -> str:
    assert JobState.wait_for_completion(flow, job_state, timeout=10)
    return job_state.status


@STRATEGIES
def test_a_carried_function_emits_as_its_handler_and_the_job_waits_for_it(strategy: str) -> None:
    go = threading.Event()

    def body(worker: Worker) -> None:
        def later() -> None:
            assert go.wait(10)
            context = worker.get_execution_context()
            assert context is not None
            worker.emit("out", i=context.routine_id)

        threading.Thread(target=carry(later)).start()

    flow, sink = make_flow(body, strategy)
    job_state = flow.start("worker")
    assert not JobState.wait_for_completion(flow, job_state, timeout=0.05)
    go.set()
    assert finish(flow, job_state) == "completed"
    assert sink.seen == ["worker"]
    records = [(record.event_name, record.cause) for record in job_state.execution_history]
    assert records == [("start", None), ("out", 1), ("completed", None)]


@STRATEGIES
def test_a_pause_waits_for_carried_functions(strategy: str) -> None:
    go, running = threading.Event(), threading.Event()

    def body(worker: Worker) -> None:
        def later() -> None:
            running.set()
            assert go.wait(10)
            worker.emit("out", i=1)

        threading.Thread(target=carry(later)).start()

    flow, sink = make_flow(body, strategy)
    job_state = flow.start("worker")
    assert running.wait(10)
    flow.pause(job_state, wait=False)
    assert job_state.control.state == "draining"
    go.set()
    assert finish(flow, job_state) == "paused"
    assert (sink.seen, len(job_state.pending_tasks)) == ([], 1)
    flow.resume(job_state)
    assert finish(flow, job_state) == "completed"
    assert sink.seen == [1]


@STRATEGIES
def test_a_carried_function_that_is_thrown_away_does_not_hold_its_job(strategy: str) -> None:
    flow, _ = make_flow(lambda _: carry(print), strategy)
    job_state = flow.start("worker")
    gc.collect()
    assert finish(flow, job_state) == "completed"


def test_a_carried_function_is_called_once() -> None:
    def body(worker: Worker) -> None:
        carried = carry(worker.emit)
        carried("out", i=1)
        with pytest.raises(RuntimeError, match="carry it again"):
            carried("out", i=2)

    flow, sink = make_flow(body, "sequential")
    assert flow.execute("worker").status == "completed"
    assert sink.seen == [1]


def test_outside_a_handler_there_is_nothing_to_carry() -> None:
    assert carry(print) is print


def in_steps(steps: int, at: threading.Event) -> Callable[[Worker], None]:
    """A handler that emits at every step and stops at a checkpoint in between."""

    def body(worker: Worker) -> None:
        context = worker.get_execution_context()
        assert context is not None
        for i in range(steps):
            worker.emit("out", i=i)
            at.set()
            context.checkpoint()
            context.sleep(0.001)

    return body


@STRATEGIES
def test_a_long_handler_pauses_at_its_checkpoint_and_continues_there(strategy: str) -> None:
    at = threading.Event()
    flow, sink = make_flow(in_steps(200, at), strategy)
    job_state = flow.start("worker")
    for _ in range(5):
        at.clear()
        assert at.wait(10)
        flow.pause(job_state)
        assert job_state.status == "paused"
        history = len(job_state.execution_history)
        assert job_state.control.waiting_for == ()
        assert not at.wait(0) or len(job_state.execution_history) == history
        flow.resume(job_state)
    assert finish(flow, job_state) == "completed"
    assert sink.seen == list(range(200))


@STRATEGIES
def test_cancelling_ends_a_handler_at_its_checkpoint(strategy: str) -> None:
    at = threading.Event()
    flow, _ = make_flow(in_steps(1_000_000, at), strategy)
    job_state = flow.start("worker")
    assert at.wait(10)
    flow.cancel(job_state)
    assert job_state.status == "cancelled"
    assert job_state.routine_states.get("worker") is None


@STRATEGIES
def test_a_job_that_is_paused_at_a_checkpoint_can_be_cancelled(strategy: str) -> None:
    at = threading.Event()
    flow, _ = make_flow(in_steps(1_000_000, at), strategy)
    job_state = flow.start("worker")
    assert at.wait(10)
    flow.pause(job_state)
    flow.cancel(job_state)
    assert job_state.status == "cancelled"
    eventually(lambda: not job_state._running_handlers(), what="the handler has ended")


@STRATEGIES
def test_a_job_saved_at_a_checkpoint_restarts_that_handler_elsewhere(strategy: str) -> None:
    at = threading.Event()
    flow, sink = make_flow(in_steps(3, at), strategy)
    job_state = flow.start("worker")
    assert at.wait(10)
    flow.pause(job_state)
    loaded = JobState()
    loaded.deserialize(job_state.serialize())
    flow.cancel(job_state)
    sink.seen.clear()
    other, _ = make_flow(in_steps(3, at), strategy)
    other.routines["sink"].get_slot("in").handler = sink.take  # type: ignore[union-attr]
    other.resume(loaded)
    assert finish(other, loaded) == "completed"
    assert sink.seen[-3:] == [0, 1, 2]


def test_job_cancelled_is_no_exception_that_a_handler_catches_by_accident() -> None:
    assert not issubclass(JobCancelled, Exception)
