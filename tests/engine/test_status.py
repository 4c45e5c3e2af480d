"""The table of statuses says what happens: every transition in it, and no other."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from routilux import Flow, JobState
from routilux.status import TRANSITIONS
from tests.engine.parts import DEADLINE, Data, Diary, Node, nothing, over, raises
from tests.waiting import eventually


def waits_at_checkpoints(node: Node, data: Data) -> None:
    while True:
        node.ctx.checkpoint()
        node.ctx.sleep(0.001)


@pytest.fixture
def interrupted() -> Iterator[None]:
    """A signal raises `TimeoutError` in the main thread, as an alarm of the user's may."""

    def alarm(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError("alarm")

    before = signal.signal(signal.SIGUSR1, alarm)
    yield
    signal.signal(signal.SIGUSR1, before)


def flow_that(work: object, diary: Diary) -> Flow:
    flow = Flow()
    flow.add_routine(Node(work), "it")  # type: ignore[arg-type]
    flow.add_hook(diary)
    return flow


def complete_pause_resume_and_cancel(diary: Diary) -> None:
    flow = flow_that(nothing, diary)
    job_state = flow.execute("it")
    flow.pause(job_state)
    flow.resume(job_state)
    over(job_state)
    flow.cancel(job_state)


def pause_resume_and_cancel(diary: Diary) -> None:
    flow = flow_that(waits_at_checkpoints, diary)
    job_state = flow.start("it")
    flow.pause(job_state)
    flow.resume(job_state)
    flow.cancel(job_state)


def cancel_a_paused_one(diary: Diary) -> None:
    flow = flow_that(waits_at_checkpoints, diary)
    job_state = flow.start("it")
    flow.pause(job_state)
    flow.cancel(job_state)


def fail(diary: Diary) -> None:
    flow_that(raises(ValueError), diary).execute("it")


def interrupt_a_handler_that_waits_at_a_checkpoint(diary: Diary) -> None:
    flow = flow_that(waits_at_checkpoints, diary)

    def pause_and_interrupt() -> None:
        eventually(lambda: bool(flow.live_jobs()) and flow.live_jobs()[0].status == "running")
        flow.pause(flow.live_jobs()[0])
        os.kill(os.getpid(), signal.SIGUSR1)

    thread = threading.Thread(target=pause_and_interrupt)
    thread.start()
    assert flow.execute("it").status == "failed"
    thread.join(DEADLINE)


@pytest.mark.usefixtures("interrupted")
def test_every_transition_of_the_table_happens_and_no_other() -> None:
    diary = Diary()
    for history in (
        complete_pause_resume_and_cancel,
        pause_resume_and_cancel,
        cancel_a_paused_one,
        fail,
        interrupt_a_handler_that_waits_at_a_checkpoint,
    ):
        history(diary)
    seen = {(entry.data["previous"], entry.data["status"]) for entry in diary.of_kind("status")}
    assert seen == {(old, new) for old, following in TRANSITIONS.items() for new in following}


def test_a_job_that_has_not_started_cannot_be_controlled() -> None:
    job_state = JobState("flow")
    for control in (Flow("flow").pause, Flow("flow").resume, Flow("flow").cancel):
        with pytest.raises(ValueError, match="has not started"):
            control(job_state)
    assert set(job_state.control.refusals.values()) == {"the job has not started"}
