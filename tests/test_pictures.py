"""The pictures in docs/diagrams/ are current, and the table of threads matches real runs."""

from __future__ import annotations

import ast
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from routilux import ErrorHandler, Flow, JobHook, JobState, JournalEntry, Routine, carry
from routilux_dashboard import Dashboard
from tests.waiting import eventually
from tools import imports
from tools.pictures.__main__ import DIAGRAMS, pictures
from tools.pictures.svg import COLOURS
from tools.pictures.threads import (
    BLOCKING,
    CARRIED,
    CONCURRENT_EXECUTE,
    CONCURRENT_START,
    DUE,
    ENTRY,
    HANDLERS,
    PAGES,
    SEQUENTIAL_EXECUTE,
    SEQUENTIAL_START,
    THREADS,
    WAYS,
)

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (ROOT / "engine" / "routilux", ROOT / "dashboard" / "routilux_dashboard")
SECONDS = 10.0


@pytest.mark.parametrize("name", sorted(pictures()))
def test_a_picture_is_current(name: str) -> None:
    assert (DIAGRAMS / name).read_text(encoding="utf-8") == pictures()[name], "it is out of date: run `make docs`"


@pytest.mark.parametrize("name", sorted(pictures()))
def test_a_picture_has_a_description_and_a_dark_theme(name: str) -> None:
    picture = pictures()[name]
    root = ET.fromstring(picture)
    assert [child.tag.partition("}")[2] for child in root][:2] == ["title", "desc"]
    assert "prefers-color-scheme: dark" in picture
    assert set(re.findall(r"var\(--([\w-]+)\)", picture)) <= set(COLOURS)


# -- the table of threads --------------------------------------------------------------------------------------------


class Work(Routine):
    """Notes which threads its handlers run in; fails once and carries one function over."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: defaultdict[str, set[str]] = defaultdict(set)
        self.failed = False
        self.define_slot("trigger", handler=self.enter)
        self.define_slot("next", handler=self.proceed)
        self.define_event("next")
        self.set_error_handler(ErrorHandler("retry", retry_delay=0))

    def note(self, what: str) -> None:
        self.seen[what].add(threading.current_thread().name)

    def note_carried(self) -> None:
        self.note(CARRIED)

    def enter(self) -> None:
        self.note(ENTRY)
        self.emit("next")

    def proceed(self) -> None:
        self.note(HANDLERS)
        if not self.failed:
            self.failed = True
            raise OSError("try again")
        carried = carry(self.note_carried)
        thread = threading.Thread(target=carried, name="a handler's own")
        thread.start()
        thread.join()


def flow_of(work: Work, way: str) -> Flow:
    flow = Flow("flow", way.partition(":")[0], max_workers=2)
    flow.add_routine(work, "work")
    flow.connect("work", "next", "work", "next")
    return flow


def run(flow: Flow, way: str) -> JobState:
    job_state = (flow.execute if way.endswith("execute") else flow.start)("work")
    assert JobState.wait_for_completion(flow, job_state, SECONDS)
    assert job_state.status == "completed"
    flow.shutdown()
    return job_state


def names_in_table(what: str, way: str) -> set[str]:
    return {kind.name for kind in THREADS if what in kind.runs.get(way, ())}


def as_in_table(name: str, job_state: JobState) -> str:
    """A thread's name in the form of the table; `""` for a thread of the user."""
    if name == threading.current_thread().name or name == "a handler's own":
        return ""
    if name == f"routilux-flow-{job_state.job_id[:8]}":
        return "routilux-<flow>-<job>"
    return re.sub(r"^routilux-flow-\d+$", "routilux-<flow>-<n>", name)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", [ENTRY, HANDLERS, CARRIED])
def test_a_handler_runs_in_the_thread_given_in_the_table(what: str, way: str) -> None:
    work = Work()
    job_state = run(flow_of(work, way), way)
    assert {as_in_table(name, job_state) for name in work.seen[what]} == names_in_table(what, way)


@pytest.mark.parametrize(
    ("first", "then"), [(SEQUENTIAL_EXECUTE, SEQUENTIAL_START), (CONCURRENT_EXECUTE, CONCURRENT_START)]
)
def test_a_resumed_job_runs_in_the_threads_of_a_started_one(first: str, then: str) -> None:
    work = Work()
    flow = flow_of(work, first)

    def pause_here() -> None:
        context = work.get_execution_context()
        assert context is not None
        work.emit("next")
        context.flow.pause(context.job_state)

    slot = work.get_slot("trigger")
    assert slot is not None
    slot.handler = pause_here
    job_state = flow.execute("work")
    assert JobState.wait_for_completion(flow, job_state, SECONDS)
    assert (job_state.status, dict(work.seen)) == ("paused", {})
    flow.resume(job_state)
    assert JobState.wait_for_completion(flow, job_state, SECONDS)
    assert {as_in_table(name, job_state) for name in work.seen[HANDLERS]} == names_in_table(HANDLERS, then)


class EndedBy(JobHook):
    """Notes the thread that discarded the queue when the time was up."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def entry_added(self, job_state: JobState, entry: JournalEntry) -> None:
        if entry.kind == "dropped":
            self.names.append(threading.current_thread().name)


def test_the_timer_thread_ends_jobs_that_exceed_their_time_limit() -> None:
    work, hook = Work(), EndedBy()
    work.set_error_handler(ErrorHandler("retry", retry_delay=60))
    flow = flow_of(work, CONCURRENT_START)
    flow.add_hook(hook)
    job_state = flow.start("work", timeout=0.1)
    assert JobState.wait_for_completion(flow, job_state, SECONDS)
    flow.shutdown()
    assert set(hook.names) == names_in_table(DUE, CONCURRENT_START)


def test_the_dashboards_threads_are_in_the_table() -> None:
    with Dashboard(Flow("watched"), port=0):
        running = {thread.name for thread in threading.enumerate()}
        assert names_in_table(PAGES, WAYS[0]) <= running
    eventually(lambda: not any(thread.name.startswith("routilux-dashboard") for thread in threading.enumerate()))
    assert names_in_table(BLOCKING, WAYS[0]) == {"routilux-dashboard-native-<n>"}


def makes_a_thread(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("threading.Thread", "Thread")


def modules_with_threads(package: Path) -> Iterator[str]:
    """The modules that make a `Thread`."""
    for module, path in imports.python_modules(package).items():
        if any(map(makes_a_thread, ast.walk(ast.parse(path.read_text(encoding="utf-8"))))):
            yield module


def test_every_module_that_makes_threads_is_in_the_table() -> None:
    made_in = {kind.made_in for kind in THREADS if kind.made_in is not None}
    assert {module for package in PACKAGES for module in modules_with_threads(package)} == made_in
