"""Flows and disturbances that hypothesis makes, and what a run of them leaves to compare."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from routilux import ErrorHandler, Flow, JobState
from tests.engine.parts import DEADLINE, Data, Node

EVENTS = ("out", "alt")
MOST_ACTIVATIONS = 120


@dataclass(frozen=True)
class Shape:
    """A flow: routine `r0` is the entry; loops are cut by a countdown `ttl` in the data.

    Attributes:
        emissions: for each routine the events it emits, in order.
        edges: (source, event, target) by number; a pair may be there twice.
        ttl: how many generations there are.
        flaky: routines that fail at their first attempt of each activation, and are retried.
    """

    emissions: tuple[tuple[str, ...], ...]
    edges: tuple[tuple[int, str, int], ...]
    ttl: int
    flaky: frozenset[int]

    def activations(self) -> int:
        """How many there are in one job, as far as `MOST_ACTIVATIONS`."""
        count, generation = 0, Counter({0: 1})
        for _ in range(self.ttl + 1):
            count += generation.total()
            if count > MOST_ACTIVATIONS:
                break
            following: Counter[int] = Counter()
            for routine, times in generation.items():
                for event in self.emissions[routine]:
                    for source, name, target in self.edges:
                        if (source, name) == (routine, event):
                            following[target] += times
            generation = following
        return count


@st.composite
def shapes(draw: st.DrawFn, *, flaky: bool = False) -> Shape:
    """Chains, fans, loops and whatever else comes of it."""
    count = draw(st.integers(1, 5))
    routine = st.integers(0, count - 1)
    emissions = tuple(tuple(draw(st.lists(st.sampled_from(EVENTS), min_size=n == 0, max_size=3))) for n in range(count))
    edges = tuple(draw(st.lists(st.tuples(routine, st.sampled_from(EVENTS), routine), min_size=2, max_size=10)))
    fails = frozenset(draw(st.sets(routine))) if flaky else frozenset()
    ttl = draw(st.integers(0, 8))
    while Shape(emissions, edges, ttl, fails).activations() > MOST_ACTIVATIONS:
        ttl -= 1
    return Shape(emissions, edges, ttl, fails)


class Bench:
    """A flow of a shape; it notes every activation, and whether a handler ever ran in a job that says paused.

    `inside` says what the handler of an activation does to its own job, by the activation's number in the job.
    """

    def __init__(
        self,
        shape: Shape,
        strategy: str,
        workers: int = 3,
        inside: dict[int, Callable[[Flow, JobState], object]] | None = None,
    ) -> None:
        self.flow = Flow("random", strategy, workers)
        self.shape = shape
        self.inside = inside or {}
        self.activations: dict[str, list[tuple[str, str]]] = {}
        self.wrong: list[str] = []
        self._numbers: dict[str, itertools.count[int]] = {}
        self._failed: set[tuple[str, str, str]] = set()
        for n in range(len(shape.emissions)):
            node = Node(self._work, events=EVENTS)
            if n in shape.flaky:
                node.set_error_handler(ErrorHandler("retry", 1, 0.0))
            self.flow.add_routine(node, f"r{n}")
        for source, event, target in shape.edges:
            self.flow.connect(f"r{source}", event, f"r{target}", "input")

    def start(self, name: str) -> JobState:
        self.activations[name] = []
        self._numbers[name] = itertools.count()
        return self.flow.start("r0", {"job": name, "path": "", "ttl": self.shape.ttl})

    def _work(self, node: Node, data: Data) -> None:
        flow, job, me = node.ctx
        name, path = data["job"], f"{data['path']}/{me}"
        self._look(job, "begins")
        act = self.inside.get(next(self._numbers[name]))
        if act is not None:
            act(flow, job)
        if int(me[1:]) in self.shape.flaky and (name, me, data["path"]) not in self._failed:
            self._failed.add((name, me, data["path"]))
            raise ValueError("the first attempt")
        self.activations[name].append((me, data["path"]))
        job.append_to_shared_log({"path": path})
        node.send_output("path", path=path)
        with job.edit_shared_data("count", default=0) as count, job.edit_routine_state(me) as state:
            count.value += 1
            state["count"] = state.get("count", 0) + 1
        if data["ttl"]:
            for n, event in enumerate(self.shape.emissions[int(me[1:])]):
                node.emit(event, job=name, path=f"{path}.{n}", ttl=data["ttl"] - 1)
        self._look(job, "ends")

    def _look(self, job: JobState, when: str) -> None:
        status = job.status
        if status != "running":
            self.wrong.append(f"a handler {when} while the job is {status}")


def outcome(bench: Bench, job: JobState, name: str, *, ordered: bool) -> dict[str, Any]:
    """What a job leaves, without times; in order, or sorted where the order is the workers' affair."""

    def rows(items: list[Any]) -> list[Any]:
        return items if ordered else sorted(items, key=repr)

    return {
        "status": job.status,
        "activations": rows(bench.activations[name]),
        "history": rows(
            [
                (record.routine_id, record.event_name, record.kind, {**record.data, "execution_time": 0})
                for record in job.execution_history
                if record.kind != "retry"
            ]
        ),
        "states": {key: {**state, "execution_time": 0} for key, state in job.routine_states.items()},
        "data": job.shared_data,
        "log": rows([row["path"] for row in job.shared_log]),
        "outputs": rows([(row["routine_id"], row["data"]) for row in job.output_log]),
        "pending": job.pending_tasks,
    }


def figures(bench: Bench, job: JobState, name: str) -> tuple[int, ...]:
    """What must not change while the job is paused."""
    performances = job.execution_tracker.routine_executions
    return (
        job.read_history(limit=0).total,
        len(job.shared_log),
        len(job.output_log),
        len(bench.activations[name]),
        sum(map(len, performances.values())),
        len(job.pending_tasks),
    )


class Keeper:
    """Resumes a job whenever it is paused, the only one to do so; looks whether it really stands still."""

    def __init__(self, bench: Bench, job: JobState, name: str, disturbers: list[threading.Thread]) -> None:
        self.pauses = 0
        self._bench, self._job, self._name, self._disturbers = bench, job, name, disturbers

    def keep(self) -> None:
        """Wait until the job has ended and the disturbing threads have stopped."""
        job, flow = self._job, self._bench.flow
        while True:
            assert JobState.wait_for_completion(flow, job, DEADLINE), f"{job} does not come to rest"
            if job.status == "paused":
                self._look()
                flow.resume(job)
            elif not any(thread.is_alive() for thread in self._disturbers):
                if job.status != "paused":
                    return
            else:
                self._disturbers[0].join(0.001)

    def _look(self) -> None:
        self.pauses += 1
        before = figures(self._bench, self._job, self._name)
        for _ in range(5):
            after = figures(self._bench, self._job, self._name)
            assert self._job.status == "paused"
            assert after == before
