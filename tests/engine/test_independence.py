"""Jobs of one flow do nothing to one another."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from routilux import Flow, JobState
from tests.engine.parts import DEADLINE, Data, Door, FlowMaker, Node, chain, emits, in_threads, names, over, pass_on
from tests.waiting import eventually

COUNT = 8


class TwoJobs:
    """Two jobs of one flow, both with one handler at a door of their own and more waiting behind it."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.doors = {"one": Door(), "two": Door()}
        self.got: dict[str, list[int]] = {"one": [], "two": []}
        flow.max_workers = 6

        def send(node: Node, data: Data) -> None:
            for n in range(COUNT):
                node.emit("out", job=data["job"], n=n)

        def work(node: Node, data: Data) -> None:
            self.doors[data["job"]].enter()
            self.got[data["job"]].append(data["n"])
            if data["n"] == 0 and node.ctx.job_state.metadata.get("fails"):
                raise ValueError("as it was told to")

        chain(flow, ("a", Node(send)), ("b", Node(work)), ("c", Node()))
        self.one, self.two = (flow.start("a", {"job": name}, "sequential") for name in ("one", "two"))
        for door in self.doors.values():
            door.wait_for()

    def let_one_go(self) -> None:
        self.doors["one"].open()

    def let_two_go_and_look(self) -> None:
        """The second job must end as if it had been alone."""
        assert self.two.status == "running"
        assert self.two.control.action is None
        self.doors["two"].open()
        over(self.two)
        assert self.got["two"] == list(range(COUNT))
        assert names(self.two) == [("a", "start"), *[("a", "out")] * COUNT, ("a", "completed")]
        assert self.two.pause_points == []
        assert self.two.pending_tasks == []


def test_pausing_one_job_leaves_the_other_running(flow: Flow) -> None:
    jobs = TwoJobs(flow)
    flow.pause(jobs.one, wait=False)
    jobs.let_one_go()
    over(jobs.one, "paused")
    assert len(jobs.one.pending_tasks) == COUNT - 1
    assert {task["data"]["job"] for task in jobs.one.pending_tasks} == {"one"}
    jobs.let_two_go_and_look()
    assert jobs.got["one"] == [0]
    flow.resume(jobs.one)
    over(jobs.one)
    assert jobs.got["one"] == list(range(COUNT))


def test_cancelling_one_job_leaves_the_other_running(flow: Flow) -> None:
    jobs = TwoJobs(flow)
    flow.cancel(jobs.one, wait=False)
    jobs.let_one_go()
    over(jobs.one, "cancelled")
    jobs.let_two_go_and_look()
    assert jobs.got["one"] == [0]


def test_failing_of_one_job_leaves_the_other_running(flow: Flow) -> None:
    jobs = TwoJobs(flow)
    jobs.one.metadata["fails"] = True
    jobs.let_one_go()
    over(jobs.one, "failed")
    jobs.let_two_go_and_look()


def test_the_end_of_one_job_leaves_the_other_running(flow: Flow) -> None:
    jobs = TwoJobs(flow)
    jobs.let_one_go()
    over(jobs.one)
    jobs.let_two_go_and_look()


@pytest.mark.parametrize("control", ["pause", "cancel"])
def test_concurrent_jobs_are_as_independent(new_flow: FlowMaker, control: str) -> None:
    flow = new_flow("flow", "concurrent", max_workers=2)
    doors = {"one": Door(), "two": Door()}
    got: dict[str, list[int]] = {"one": [], "two": []}

    def send(node: Node, data: Data) -> None:
        for n in range(COUNT):
            node.emit("out", job=data["job"], n=n)

    def work(node: Node, data: Data) -> None:
        doors[data["job"]].enter()
        got[data["job"]].append(data["n"])

    chain(flow, ("a", Node(send)), ("b", Node(work)))
    one = flow.start("a", {"job": "one"})
    doors["one"].wait_for(2)  # it has both workers
    two = flow.start("a", {"job": "two"})
    getattr(flow, control)(one, wait=False)
    doors["one"].open()
    over(one, {"pause": "paused", "cancel": "cancelled"}[control])
    doors["two"].open()
    over(two)
    assert sorted(got["two"]) == list(range(COUNT))
    assert len(got["one"]) == 2
    if control == "pause":
        flow.resume(one)
        over(one)
        assert sorted(got["one"]) == list(range(COUNT))


def test_jobs_have_states_data_logs_and_histories_of_their_own(flow: Flow) -> None:
    def work(node: Node, data: Data) -> None:
        job, name = node.ctx.job_state, data["job"]
        job.update_routine_state("b", {"name": name})
        job.update_shared_data("name", name)
        job.append_to_shared_log({"name": name})
        node.send_output("name", name=name)

    chain(flow, ("a", Node(lambda node, data: node.emit("out", **data))), ("b", Node(work)))
    jobs = {name: flow.start("a", {"job": name}) for name in map(str, range(20))}
    for name, job in jobs.items():
        over(job)
        assert job.get_routine_state("b") == {"name": name}
        assert job.shared_data == {"name": name}
        assert [row["name"] for row in job.shared_log] == [name]
        assert [row["data"] for row in job.output_log] == [{"name": name}]
        assert [record.data for record in job.execution_history[:2]] == [{"job": name}] * 2
    assert len({job.job_id for job in jobs.values()}) == 20


def test_jobs_started_from_many_threads_are_independent(flow: Flow, hasty_switches: None) -> None:
    got = dict[int, list[int]]()
    jobs = list[JobState]()

    def collect(node: Node, data: Data) -> None:
        got.setdefault(data["job"], []).append(data["n"])

    def send(node: Node, data: Data) -> None:
        for n in range(10):
            node.emit("out", job=data["job"], n=n)

    chain(flow, ("a", Node(send)), ("b", Node(pass_on)), ("c", Node(collect)))

    def run(job: int) -> None:
        jobs.append(over(flow.execute("a", {"job": job})))

    in_threads(*(partial(run, n) for n in range(8)))
    assert {job: sorted(rows) for job, rows in got.items()} == {n: list(range(10)) for n in range(8)}
    assert len({job.job_id for job in jobs}) == 8
    assert {len(job.execution_history) for job in jobs} == {22}


def test_jobs_share_the_workers_of_a_flow_fairly(new_flow: FlowMaker) -> None:
    """A job of many small activations does not keep a small job from its turn."""
    flow = new_flow("flow", "concurrent", max_workers=1)
    stop = threading.Event()

    def forever(node: Node, data: Data) -> None:
        if not stop.is_set():
            node.emit("out")

    flow.add_routine(Node(forever), "loop")
    flow.connect("loop", "out", "loop", "input")
    chain(flow, ("a", Node(emits(3))), ("b", Node()))
    long = flow.start("loop")
    over(flow.start("a"))
    assert long.status == "running"
    stop.set()
    over(long)


def test_pausing_one_of_many_jobs_again_and_again_disturbs_no_other(new_flow: FlowMaker, hasty_switches: None) -> None:
    flow = new_flow("flow", "concurrent", max_workers=3)

    def count_down(node: Node, data: Data) -> None:
        if data["n"]:
            node.emit("out", n=data["n"] - 1)

    flow.add_routine(Node(count_down), "a")
    flow.connect("a", "out", "a", "input")
    jobs = [flow.start("a", {"n": 100}) for _ in range(4)]

    def disturb(job: JobState) -> None:
        for _ in range(15):
            flow.pause(job)
            flow.resume(job)

    in_threads(partial(disturb, jobs[0]), partial(disturb, jobs[1]))
    for job in jobs:
        over(job)
        assert len([event for _, event in names(job) if event == "out"]) == 100
    assert jobs[2].pause_points == jobs[3].pause_points == []
    eventually(lambda: flow.live_jobs() == [])


def test_a_handler_of_one_job_may_control_another(flow: Flow) -> None:
    door = Door()
    chain(flow, ("slow", Node(lambda node, data: door.enter())), ("after", Node()))
    slow = flow.start("slow")
    door.wait_for()

    def control(node: Node, data: Data) -> None:
        flow.pause(slow, wait=False)
        door.open()
        assert JobState.wait_for_completion(flow, slow, DEADLINE)
        flow.resume(slow)

    flow.add_routine(Node(control), "a")
    over(flow.start("a"))
    over(slow)
