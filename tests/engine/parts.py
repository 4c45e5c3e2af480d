"""What the engine's tests are made of: a routine from a function, a handler that waits for the test, deadlines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias

from routilux import (
    ExecutionContext,
    Flow,
    JobHook,
    JobState,
    JournalBatch,
    JournalEntry,
    JournalReader,
    Routine,
)

Data: TypeAlias = dict[str, Any]
FlowMaker: TypeAlias = Callable[..., Flow]

DEADLINE = 10.0
"""Seconds after which a test gives up. Nothing waits that long unless something is wrong."""


class Node(Routine):
    """A routine whose slots all call `work(node, data)`; slots `trigger` and `input`, event `out`."""

    def __init__(
        self,
        work: Callable[[Node, Data], object] | None = None,
        *,
        events: Sequence[str] = ("out",),
        merge: Any = "override",
    ) -> None:
        super().__init__()
        self.work = work or (lambda node, data: None)
        for slot in ("trigger", "input"):
            self.define_slot(slot, handler=self.run, merge_strategy=merge)
        for event in events:
            self.define_event(event)

    def run(self, **data: Any) -> None:
        self.work(self, data)

    @property
    def ctx(self) -> ExecutionContext:
        context = self.get_execution_context()
        assert context is not None
        return context


def nothing(node: Node, data: Data) -> None:
    """A handler that does nothing."""


def pass_on(node: Node, data: Data) -> None:
    """A handler that emits what it got."""
    node.emit("out", **data)


def emits(count: int, event: str = "out") -> Callable[[Node, Data], None]:
    """A handler that emits `n` = 0, 1, … `count - 1`."""

    def work(node: Node, data: Data) -> None:
        for n in range(count):
            node.emit(event, n=n)

    return work


def raises(error: BaseException | type[BaseException], times: int = 1 << 30) -> Callable[[Node, Data], None]:
    """A handler that raises `error` the first `times` times."""
    left = [times]

    def work(node: Node, data: Data) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return work


def in_turn(*works: Callable[[Node, Data], object]) -> Callable[[Node, Data], None]:
    """A handler that does one after the other."""

    def work(node: Node, data: Data) -> None:
        for each in works:
            each(node, data)

    return work


def chain(flow: Flow, *nodes: tuple[str, Routine]) -> Flow:
    """Add the routines and connect each one's `out` to the next one's `input`."""
    for routine_id, routine in nodes:
        flow.add_routine(routine, routine_id)
    for (source, _), (target, _) in pairwise(nodes):
        flow.connect(source, "out", target, "input")
    return flow


class Door:
    """A handler stops here until the test opens; the test knows how many came."""

    def __init__(self) -> None:
        self._came = threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self, node: Node, data: Data) -> None:
        self.enter()

    def enter(self) -> None:
        self._came.release()
        assert self._open.wait(DEADLINE), "the door was not opened in time"

    def wait_for(self, count: int = 1) -> None:
        """Wait until `count` more handlers stand at the door."""
        for _ in range(count):
            assert self._came.acquire(timeout=DEADLINE), "no handler came to the door"

    def open(self) -> None:
        self._open.set()


class Diary(JobHook):
    """A hook that keeps its calls, in order, and the readers that it receives."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.readers: dict[str, JournalReader] = {}
        self.entries: list[JournalEntry] = []

    def job_started(self, job_state: JobState, reader: JournalReader) -> None:
        self.told.append(("started", job_state.job_id))
        self.readers[job_state.job_id] = reader

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        self.told.append((entry.kind, job_state.job_id))
        self.entries.append(entry)

    def job_ended(self, job_state: JobState) -> None:
        self.told.append(("ended", job_state.job_id))

    def take(self, job_state: JobState) -> JournalBatch:
        return self.readers[job_state.job_id].take()

    def of_kind(self, kind: str) -> list[JournalEntry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def controls(self) -> list[tuple[str, str]]:
        """Pairs (action, how far it was)."""
        return [(entry.data["action"], entry.data["state"]) for entry in self.of_kind("control")]


def over(job_state: JobState, status: str = "completed") -> JobState:
    """Wait until the job is over; it must be with that status."""
    flow = Flow(job_state.flow_id)
    assert JobState.wait_for_completion(flow, job_state, DEADLINE), f"{job_state} is not over"
    assert job_state.status == status
    return job_state


def in_threads(*works: Callable[[], object]) -> None:
    """Run the functions in threads that begin together; wait for all; raise what one of them raised."""
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(DEADLINE)
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive(), "a thread of the test hangs"
    if errors:
        raise errors[0]


def names(job_state: JobState) -> list[tuple[str, str]]:
    """The history as (routine, event) pairs."""
    return [(record.routine_id, record.event_name) for record in job_state.execution_history]


def assert_now(text: str) -> None:
    """The text must be a time in ISO form, of this minute."""
    moment = datetime.fromisoformat(text)
    assert abs(moment.timestamp() - time.time()) < 60
