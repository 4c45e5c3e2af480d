"""Controls that come before a job's first handler."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from routilux import Flow, JobHook, JobState, JournalEntry, JournalReader
from tests.engine.parts import DEADLINE, Diary, Node, chain, emits, names, over


class Moment(JobHook):
    """Calls `act(job_state)` in a thread of its own, and waits for it, when a job becomes `status`."""

    def __init__(self, status: str, act: Callable[[JobState], object]) -> None:
        self.status = status
        self.act = act

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        if self.status == job_state.status == "pending":
            self._do(job_state)

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        if entry.kind == "status" and entry.data["status"] == self.status:
            self._do(job_state)

    def _do(self, job_state: JobState) -> None:
        self.status = "once only"
        thread = threading.Thread(target=self.act, args=(job_state,))
        thread.start()
        thread.join(DEADLINE)
        assert not thread.is_alive()


@pytest.mark.parametrize("how", ["execute", "start"])
@pytest.mark.parametrize("status", ["pending", "running"])
def test_a_job_paused_before_its_first_handler_runs_nothing_until_resumed(flow: Flow, how: str, status: str) -> None:
    got = list[int]()
    flow.add_hook(Moment(status, lambda job: flow.pause(job, wait=False)))
    chain(flow, ("a", Node(emits(2))), ("b", Node(lambda node, data: got.append(data["n"]))))
    job: JobState = getattr(flow, how)("a")
    over(job, "paused")
    assert got == []
    assert names(job) == [("a", "start")]
    assert len(job.pending_tasks) == 1
    flow.resume(job)
    over(job)
    assert sorted(got) == [0, 1]


@pytest.mark.parametrize("how", ["execute", "start"])
@pytest.mark.parametrize("status", ["pending", "running"])
def test_a_job_cancelled_before_its_first_handler_runs_nothing(flow: Flow, how: str, status: str) -> None:
    got = list[int]()
    diary = Diary()
    flow.add_hook(diary)
    flow.add_hook(Moment(status, lambda job: flow.cancel(job, wait=False)))
    chain(flow, ("a", Node(lambda node, data: got.append(1))))
    job: JobState = getattr(flow, how)("a")
    over(job, "cancelled")
    assert got == []
    assert job.control.dropped == 1
    dropped = [entry.data["routines"] for entry in diary.take(job).entries if entry.kind == "dropped"]
    assert [row for row in dropped if row] == [{"a": 1}]
