"""Hooks: what they are told, when, and that they cannot hurt the job."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from routilux import ErrorHandler, Flow, JobHook, JobState, JournalEntry, JournalReader
from tests.engine.parts import (
    DEADLINE,
    Data,
    Diary,
    Door,
    FlowMaker,
    Node,
    chain,
    emits,
    in_threads,
    in_turn,
    names,
    over,
    pass_on,
    raises,
)
from tests.waiting import eventually


def kinds(diary: Diary) -> list[str]:
    return [kind for kind, _ in diary.told]


def test_a_hook_hears_of_the_start_the_rare_entries_and_the_end(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)

    def work(node: Node, data: Data) -> None:
        job = node.ctx.job_state
        job.append_to_shared_log({"a": 1})
        job.update_shared_data("key", 2)
        node.send_output("kind", x=3)
        job.update_routine_state("a", {"n": 4})
        node.emit("out")

    chain(flow, ("a", Node(work)), ("b", Node()))
    job = flow.execute("a")
    eventually(lambda: diary.told and diary.told[-1][0] == "ended")
    told = kinds(diary)
    assert told[:2] == ["started", "status"]
    assert told[2:6] == ["shared_log", "shared_data", "output", "routine_state"]
    assert told[-2:] == ["status", "ended"]
    by_kind = {entry.kind: entry for entry in diary.entries}
    assert by_kind["shared_log"].data == {"n": 1}
    assert by_kind["shared_data"].data == {"key": "key"}
    assert (by_kind["output"].routine_id, by_kind["output"].data) == ("a", {"n": 1})
    assert {job_id for _, job_id in diary.told} == {job.job_id}
    assert diary.take(job).entries == diary.entries


def test_a_hook_is_not_called_for_emissions_and_handler_runs(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(emits(50))), ("b", Node(pass_on)), ("c", Node()))
    over(flow.execute("a"))
    eventually(lambda: kinds(diary)[-1] == "ended")
    assert len(diary.told) < 12


def test_hooks_receive_errors_and_retries(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    node = Node(raises(ValueError("no")))
    node.set_error_handler(ErrorHandler("retry", 1, 0.0))
    chain(flow, ("a", node))
    over(flow.start("a"), "failed")
    eventually(lambda: kinds(diary)[-1] == "ended")
    assert [kind for kind in kinds(diary) if kind in ("retry", "error", "dropped")] == ["retry", "error", "dropped"]
    (error,) = diary.of_kind("error")
    assert error.data.items() >= {"slot": "trigger", "error": "no", "error_type": "ValueError"}.items()
    assert error.data["outcome"] == "failed"
    assert "ValueError" in error.data["traceback"]
    (ended,) = [entry for entry in diary.of_kind("status") if entry.data["status"] == "failed"]
    assert "no" in ended.data["error"]


def test_entries_are_numbered_from_one_without_gaps(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(in_turn(*[lambda node, data: node.send_output("x")] * 20))))
    job = over(flow.execute("a"))
    numbers = [entry.number for entry in diary.take(job).entries]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(entry.time_ns > 1e18 for entry in diary.entries)


@pytest.mark.parametrize("method", ["job_started", "entry_added", "job_ended"])
def test_a_hook_that_raises_is_dropped_and_logged_and_the_job_does_not_notice(
    flow: Flow, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    calls = list[str]()

    def refuse(*args: object) -> None:
        calls.append(method)
        raise RuntimeError("a bad hook")

    hook, diary = JobHook(), Diary()
    setattr(hook, method, refuse)
    flow.add_hook(hook)
    flow.add_hook(diary)
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    over(flow.execute("a"))
    eventually(lambda: diary.told[-1][0] == "ended")
    assert calls == [method]
    assert "a bad hook" in caplog.text
    over(flow.execute("a"))  # dropped for that job only
    eventually(lambda: len(calls) == 2)


def test_a_new_hook_is_called_for_jobs_in_progress(flow: Flow) -> None:
    door, diary = Door(), Diary()
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    flow.add_hook(diary)
    assert diary.told == [("started", job.job_id)]
    door.open()
    over(job)
    eventually(lambda: diary.told[-1] == ("ended", job.job_id))


def test_a_hook_added_twice_is_called_once(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    flow.add_hook(diary)
    chain(flow, ("a", Node()))
    job = over(flow.execute("a"))
    eventually(lambda: kinds(diary)[-1] == "ended")
    job.add_hook(diary)
    assert kinds(diary).count("started") == 1


def test_two_equal_hooks_are_two_hooks(flow: Flow) -> None:
    class Equal(Diary):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Equal)

        __hash__ = None  # type: ignore[assignment]

    first, second = Equal(), Equal()
    flow.add_hook(first)
    flow.add_hook(second)
    chain(flow, ("a", Node()))
    over(flow.execute("a"))
    assert kinds(first)[0] == kinds(second)[0] == "started"


def test_a_removed_hook_is_not_called_again(flow: Flow) -> None:
    door, diary = Door(), Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(door)))
    job = flow.start("a")
    door.wait_for()
    flow.remove_hook(diary)
    told = list(diary.told)
    door.open()
    over(job)
    over(flow.execute("a"))
    assert diary.told == told


def test_a_hook_added_to_an_ended_job_is_called_at_once(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    job = over(flow.execute("a"))
    eventually(lambda: not flow.live_jobs())
    diary = Diary()
    job.add_hook(diary)
    eventually(lambda: kinds(diary) == ["started", "ended"])
    batch = diary.take(job)
    assert batch.totals is not None
    assert batch.totals.emissions.total() == batch.lost == batch.seq == len(job.execution_history)


def test_a_completed_job_that_is_reopened_ends_again(flow: Flow) -> None:
    diary, late = Diary(), Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node()))
    job = over(flow.execute("a"))
    eventually(lambda: kinds(diary)[-1] == "ended")
    flow.pause(job)
    job.add_hook(late)
    assert kinds(late) == ["started"]
    flow.resume(job)
    over(job)
    eventually(lambda: kinds(diary)[-1] == "ended")
    assert kinds(diary).count("ended") == 2
    assert kinds(late).count("ended") == 1


def test_pausing_is_no_end(flow: Flow) -> None:
    diary = Diary()
    flow.add_hook(diary)
    chain(flow, ("a", Node(lambda node, data: node.ctx.flow.pause(node.ctx.job_state))))
    job = over(flow.start("a"), "paused")
    eventually(lambda: kinds(diary)[-1] == "control")
    assert "ended" not in kinds(diary)
    flow.resume(job)
    over(job)


def test_a_hook_attached_at_any_moment_hears_the_beginning_first_and_the_end_once(
    new_flow: FlowMaker, hasty_switches: None
) -> None:
    """Jobs run and end while hooks are attached to the flow from another thread."""
    flow = new_flow("flow", "concurrent", max_workers=2)
    chain(flow, ("a", Node(emits(2))), ("b", Node(lambda node, data: node.send_output("x"))))
    diaries = [Diary() for _ in range(40)]

    def attach() -> None:
        for diary in diaries:
            flow.add_hook(diary)
            flow.add_hook(diary)

    def run() -> None:
        for _ in range(40):
            over(flow.start("a"))

    in_threads(attach, run, attach)
    eventually(lambda: not flow.live_jobs())
    last = over(flow.start("a")).job_id
    for diary in diaries:
        eventually(partial(lambda diary: diary.told[-1] == ("ended", last), diary))
        jobs = {job_id for _, job_id in diary.told}
        for job_id in jobs:
            told = [kind for kind, of in diary.told if of == job_id]
            assert told[0] == "started"
            assert told.count("started") == 1
            assert told.count("ended") == 1
            assert told[-1] == "ended"


def test_hooks_attached_from_many_threads_are_all_kept(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow")
    chain(flow, ("a", Node()))
    for _ in range(20):
        job = flow.execute("a")
        diaries = [Diary() for _ in range(8)]
        in_threads(*(partial(job.add_hook, diary) for diary in diaries))
        assert all(diary.told for diary in diaries)
        flow.pause(job)
        assert [kinds(diary)[-1] for diary in diaries] == ["control"] * 8


def test_a_slow_hook_delays_only_its_own_job(new_flow: FlowMaker) -> None:
    flow, other = new_flow("slow", "concurrent"), new_flow("quick", "concurrent")
    door = Door()

    class Slow(JobHook):
        def job_ended(self, job_state: JobState) -> None:
            door.enter()

    flow.add_hook(Slow())
    for each in (flow, other):
        chain(each, ("a", Node(emits(3))), ("b", Node()))
    job = flow.start("a")
    door.wait_for()
    assert job.status == "completed"
    over(other.start("a"))
    door.open()
    over(job)


def test_a_hook_may_read_the_job_from_within(flow: Flow) -> None:
    seen = list[tuple[str, int]]()

    class Reader(JobHook):
        def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
            job_state.control  # noqa: B018
            job_state.execution_tracker.get_flow_performance()
            job_state.pending_tasks  # noqa: B018
            seen.append((job_state.status, job_state.read_history().total))

    flow.add_hook(Reader())
    chain(flow, ("a", Node(emits(2))), ("b", Node(lambda node, data: node.send_output("x"))))
    job = over(flow.execute("a"))
    eventually(lambda: seen[-1] == ("completed", len(names(job))))


def test_jobs_run_without_hooks(flow: Flow) -> None:
    chain(flow, ("a", Node()))
    flow.remove_hook(JobHook())
    over(flow.execute("a"))


def test_a_hook_may_be_attached_from_a_handler(flow: Flow) -> None:
    diary = Diary()
    chain(flow, ("a", Node(lambda node, data: node.ctx.flow.add_hook(diary))), ("b", Node()))
    job = over(flow.execute("a"))
    eventually(lambda: diary.told[-1] == ("ended", job.job_id))
    assert kinds(diary)[0] == "started"


def test_a_reader_may_be_used_from_another_thread_than_the_hook(flow: Flow) -> None:
    taken = list[int]()

    class Handing(JobHook):
        def job_started(self, job_state: JobState, reader: JournalReader) -> None:
            self.reader = reader

    hook = Handing()
    flow.add_hook(hook)
    chain(flow, ("a", Node(emits(10))), ("b", Node()))
    over(flow.execute("a"))
    thread = threading.Thread(target=lambda: taken.append(len(hook.reader.take().records)))
    thread.start()
    thread.join(DEADLINE)
    assert taken == [12]
