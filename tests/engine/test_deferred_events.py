"""Deferred events: kept while the job is paused, emitted in order when it is resumed."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from routilux import Flow, JobHook, JobState, JournalEntry
from tests.engine.parts import DEADLINE, Data, Door, Node, chain, names, over


def deferring(flow: Flow, got: list[Any]) -> None:
    """Routine `a` defers two events, emits one and pauses; `b` notes what arrives, and where it runs."""

    def stop(node: Node, data: Data) -> None:
        node.emit_deferred_event("out", n=1)
        node.emit_deferred_event("out", n=2)
        node.emit("out", n=3)
        node.ctx.flow.pause(node.ctx.job_state)

    def note(node: Node, data: Data) -> None:
        got.append((data["n"], node.ctx.routine_id, node.ctx.job_state.job_id))

    chain(flow, ("a", Node(stop)), ("b", Node(note)))


def test_deferred_events_are_emitted_on_resume_in_order_and_before_queued_activations(flow: Flow) -> None:
    got = list[Any]()
    flow.max_workers = 1
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    assert [(row["routine_id"], row["event_name"], row["data"]) for row in job.deferred_events] == [
        ("a", "out", {"n": 1}),
        ("a", "out", {"n": 2}),
    ]
    assert got == []
    flow.resume(job)
    over(job)
    assert job.deferred_events == []
    assert got == [(n, "b", job.job_id) for n in (1, 2, 3)]
    assert names(job) == [("a", "start"), ("a", "out"), ("a", "out"), ("a", "out"), ("a", "completed")]


@pytest.mark.parametrize(
    "row",
    [
        {"routine_id": "gone", "event_name": "out", "data": {}},
        {"routine_id": "a", "event_name": "gone", "data": {}},
        {"routine_id": "a", "event_name": "out", "data": 5},
        {"routine_id": "a"},
    ],
)
def test_a_deferred_event_that_cannot_be_emitted_costs_a_warning_only(flow: Flow, row: Data) -> None:
    got = list[Any]()
    flow.max_workers = 1
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    job.deferred_events.insert(1, row)
    with pytest.warns(UserWarning, match="eferred"):
        flow.resume(job)
    over(job)
    assert [n for n, _, _ in got] == [1, 2, 3]


def test_a_warning_that_is_an_error_does_not_leave_the_resumed_job_half_way(flow: Flow) -> None:
    got = list[Any]()
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    job.deferred_events.insert(0, {"routine_id": "gone", "event_name": "out", "data": {}})
    with pytest.raises(UserWarning):  # as the filters of this test run make it
        flow.resume(job)
    over(job)
    assert sorted(n for n, _, _ in got) == [1, 2, 3]


def test_deferring_an_event_outside_a_handler_is_refused() -> None:
    with pytest.raises(RuntimeError, match="emit_deferred_event"):
        Node().emit_deferred_event("out")


def test_withdrawing_a_pause_emits_the_deferred_events_and_continues(flow: Flow) -> None:
    """The running handler ends while the events are on their way: the job must not come to rest under them."""
    door, got = Door(), list[int]()

    class AtResume(JobHook):
        def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
            if entry.kind == "control" and entry.data["state"] == "withdrawn":
                door.open()
                JobState.wait_for_completion(flow, job_state, 0.1)

    def work(node: Node, data: Data) -> None:
        node.emit_deferred_event("out", n=1)
        door.enter()

    flow.add_hook(AtResume())
    chain(flow, ("a", Node(work)), ("b", Node(lambda node, data: got.append(data["n"]))))
    job = flow.start("a")
    door.wait_for()
    flow.pause(job, wait=False)
    flow.resume(job)
    over(job)
    assert got == [1]


@pytest.mark.parametrize("control", ["pause", "cancel"])
def test_a_control_that_comes_while_deferred_events_go_out_holds_for_them_too(flow: Flow, control: str) -> None:
    got = list[Any]()

    class AtResume(JobHook):
        armed = True

        def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
            if self.armed and entry.kind == "control" and entry.data["action"] == "resume":
                self.armed = False
                thread = threading.Thread(target=getattr(flow, control), args=(job_state,), kwargs={"wait": False})
                thread.start()
                thread.join(DEADLINE)

    flow.add_hook(AtResume())
    deferring(flow, got)
    job = over(flow.start("a"), "paused")
    flow.resume(job)
    over(job, {"pause": "paused", "cancel": "cancelled"}[control])
    assert got == []
    if control == "pause":
        assert sorted(task["data"]["n"] for task in job.pending_tasks) + [
            row["data"]["n"] for row in job.deferred_events
        ] in ([1, 2, 3], [3, 1, 2])
        flow.resume(job)
        over(job)
        assert sorted(n for n, _, _ in got) == [1, 2, 3]
    else:
        assert job.control.dropped >= 1
        assert job.control.kept == 0
