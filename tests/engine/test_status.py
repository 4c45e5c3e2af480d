"""The table of statuses says what happens: every transition in it, and no other."""

from __future__ import annotations

import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from routilux import ErrorHandler, Flow, JobState
from routilux.status import TRANSITIONS
from tests.engine.parts import DEADLINE, Data, Diary, Node, chain, emits, in_turn, nothing, over, raises
from tests.waiting import eventually


def waits_at_checkpoints(node: Node, data: Data) -> None:
    while True:
        node.ctx.checkpoint()
        node.ctx.sleep(0.001)


def waiting_lines() -> set[int]:
    """The lines of `Condition.wait` where it waits without a timeout, and is ready for an interrupt."""
    source, first = inspect.getsourcelines(threading.Condition.wait)
    lines = [line.strip() for line in source]
    ready = lines.index("waiter.acquire()", next(n for n, line in enumerate(lines) if line.startswith("try:")))
    return {first + ready}


def main_thread_waits() -> bool:
    """Whether it stands in a wait, and not on its way there: an interrupt on the way would leave the lock released."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    in_wait = frame is not None and frame.f_code is threading.Condition.wait.__code__
    return frame is not None and in_wait and frame.f_lineno in waiting_lines()


Interrupt = Callable[[BaseException], None]


@pytest.fixture
def interrupt() -> Iterator[Interrupt]:
    """Has a signal raise something in the main thread, as an alarm of the user's may."""
    raised: list[BaseException] = []

    def alarm(_number: int, _frame: FrameType | None) -> None:
        if raised:
            raise raised.pop()

    def kill() -> bool:
        if raised:  # a signal that comes just before the wait is seen after it only
            signal.pthread_kill(
                threading.main_thread().ident or 0, signal.SIGUSR1
            )  # another thread's would not wake it
        return not raised

    def send(error: BaseException) -> None:
        eventually(main_thread_waits)
        raised.append(error)
        eventually(kill)

    before = signal.signal(signal.SIGUSR1, alarm)
    yield send
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


def paused_in_the_main_thread(flow: Flow, then: Callable[[JobState], None]) -> threading.Thread:
    """Pause the job that the main thread is about to execute, and do `then` with it, in another thread."""

    def pause() -> None:
        eventually(lambda: bool(flow.live_jobs()) and flow.live_jobs()[0].status == "running")
        job_state = flow.live_jobs()[0]
        flow.pause(job_state)
        then(job_state)

    thread = threading.Thread(target=pause)
    thread.start()
    return thread


def test_every_transition_of_the_table_happens_and_no_other(interrupt: Interrupt) -> None:
    diary = Diary()
    for history in (complete_pause_resume_and_cancel, pause_resume_and_cancel, cancel_a_paused_one, fail):
        history(diary)
    flow = flow_that(waits_at_checkpoints, diary)
    thread = paused_in_the_main_thread(flow, lambda _: interrupt(SystemExit(3)))
    with pytest.raises(SystemExit):
        flow.execute("it")
    thread.join(DEADLINE)
    seen = {(entry.data["previous"], entry.data["status"]) for entry in diary.of_kind("status")}
    assert seen == {(old, new) for old, following in TRANSITIONS.items() for new in following}


def test_an_exception_raised_by_a_signal_in_a_paused_job_is_its_handlers_error_after_a_resume(
    interrupt: Interrupt,
) -> None:
    flow = Flow()
    chain(flow, ("it", Node(in_turn(emits(1), waits_at_checkpoints))), ("next", Node()))
    flow.set_error_handler(ErrorHandler("continue"))
    statuses: list[str] = []

    def interrupt_and_resume(job_state: JobState) -> None:
        interrupt(TimeoutError("alarm"))
        statuses.append(job_state.status)
        flow.resume(job_state)

    thread = paused_in_the_main_thread(flow, interrupt_and_resume)
    job_state = flow.execute("it")
    thread.join(DEADLINE)
    assert (statuses, job_state.status) == (["paused"], "completed")
    assert [record.kind for record in job_state.execution_history if record.kind != "event"] == [
        "start",
        "error_continued",
        "completed",
    ]


def test_a_job_that_has_not_started_cannot_be_controlled() -> None:
    job_state = JobState("flow")
    for control in (Flow("flow").pause, Flow("flow").resume, Flow("flow").cancel):
        with pytest.raises(ValueError, match="has not started"):
            control(job_state)
    assert set(job_state.control.refusals.values()) == {"the job has not started"}
