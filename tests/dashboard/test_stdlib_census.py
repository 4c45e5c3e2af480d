"""The census of the standard library, on small trees with real files, real threads and real errors."""

from __future__ import annotations

import inspect
import random
import resource
import shutil
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from routilux import Flow, JobState
from routilux_dashboard.demos import demo_names, load_demo, python_source, python_syntax, stdlib_census
from tests.waiting import eventually

BROKEN = {
    "bad_bytes.py": b"name = '\xff'\n",
    "bad_char.py": "price = 5€\n".encode(),
    "bad_coding.py": b"# coding: uft-8\n",
    "future.py": b"from __future__ import rested_snopes\n",
    "mystery.py": b"def (:\n",
    "null.py": b"x = 1\0\n",
    "old.py": b"print 'hello'\n",
}
SOUND = {
    "escapes.py": b"pattern = '\\d+'\nif pattern is 'x':\n    pass\n",
    "latin.py": "# coding: latin-1\nname = 'é'\n".encode("latin-1"),
    "shop.py": b"import stock\nimport json\n\n\ndef sell(n):\n    return n if n and stock.has(n) else None\n",
    "stock/__init__.py": b"from .shelf import has\n",
    "stock/shelf.py": b"def has(n):\n    for m in range(n):\n        if m > 3: return True\n    return False\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with sound and broken files."""
    for name, content in (SOUND | BROKEN).items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    return tmp_path


@pytest.fixture
def library(tree: Path) -> Path:
    """The same with some real packages, so that a census takes a moment."""
    for package in ("asyncio", "json", "email"):
        shutil.copytree(Path(sysconfig.get_path("stdlib"), package), tree / package)
    return tree


def wait(flow: Flow, job_state: JobState) -> JobState:
    assert JobState.wait_for_completion(flow, job_state, timeout=60)
    return job_state


def take_census(root: Path, strategy: str = "concurrent", **params: Any) -> JobState:
    flow = stdlib_census.make_flow(strategy)
    return wait(flow, flow.start(stdlib_census.ENTRY, {"root": str(root), **params}))


def report_of(job_state: JobState) -> dict[str, Any]:
    assert job_state.status == "completed", [r.data for r in job_state.execution_history if r.event_name == "error"]
    report: dict[str, Any] = job_state.get_shared_data("report")
    return report


def records(job_state: JobState, routine_id: str, event_name: str) -> list[dict[str, Any]]:
    return [r.data for r in job_state.get_execution_history(routine_id) if r.event_name == event_name]


def counts_of(job_state: JobState) -> dict[str, dict[str, Any]]:
    """All counts in the routine states: what does not depend on which worker came last."""
    return {
        routine_id: {key: value for key, value in state.items() if isinstance(value, int)}
        for routine_id, state in job_state.routine_states.items()
    }


def test_a_demo_is_found_by_its_name_and_another_name_is_told_the_names_there_are() -> None:
    assert demo_names() == [stdlib_census.NAME]
    assert load_demo(stdlib_census.NAME).SUMMARY == stdlib_census.SUMMARY
    with pytest.raises(ValueError, match=r"no demo 'census'.*'stdlib-census'"):
        load_demo("census")


def test_the_entry_tells_its_parameters_and_what_they_mean() -> None:
    trigger = stdlib_census.make_flow().routines[stdlib_census.ENTRY].get_slot("trigger")
    assert trigger is not None
    assert trigger.handler is not None
    parameters = inspect.signature(trigger.handler).parameters
    defaults = {name: p.default for name, p in parameters.items() if p.kind is not p.VAR_KEYWORD}
    assert defaults == {"root": None, "limit": 0, "pace": 0.0}
    assert all(f"{name}:" in str(inspect.getdoc(trigger.handler)) for name in defaults)


def test_every_file_is_counted_once_and_the_report_comes_once(tree: Path) -> None:
    job_state = take_census(tree)
    report = report_of(job_state)
    assert report["files"] == len(SOUND) + len(BROKEN)
    assert report["parsed"] == len(SOUND) + 1  # future.py parses, and does not compile
    assert set(report["rejected"]) == set(BROKEN) - {"future.py"}
    assert records(job_state, "ranking", "report") == [report]
    assert len(records(job_state, "walker", "file")) == report["files"]
    assert len(records(job_state, "parser", "rejected")) == len(report["rejected"])
    assert [row["output_type"] for row in job_state.output_log].count("table") == 1


def test_the_ranking_knows_who_imports_whom(tree: Path) -> None:
    rows = {row["module"]: row for row in report_of(take_census(tree))["top"]}
    assert rows["stock.shelf"]["rank"] == 1
    assert rows["stock.shelf"]["fan_in"] == 1
    assert rows["stock"]["fan_in"] == 1
    assert rows["stock.shelf"]["complexity"] == 3
    assert rows["shop"]["complexity"] == 3


def test_broken_files_are_explained_and_those_that_nobody_can_decode_are_errors(tree: Path) -> None:
    job_state = take_census(tree)
    kinds = {entry["path"]: entry["kind"] for entry in job_state.get_shared_log(lambda e: e["event"] == "rejected")}
    assert kinds == {
        "bad_bytes.py": "undecodable",
        "bad_char.py": "broken on purpose",
        "bad_coding.py": "undecodable",
        "mystery.py": "unexplained",
        "null.py": "unexplained",
        "old.py": "python 2",
    }
    errors = [record["error"] for record in records(job_state, "triage", "error_continued")]
    assert sorted(error.split()[0] for error in errors) == ["'bad_bytes.py'", "'bad_coding.py'"]
    assert len(records(job_state, "triage", "filed")) == 4


def test_a_file_that_does_not_compile_is_an_error_of_the_optional_compiler_alone(tree: Path) -> None:
    job_state = take_census(tree)
    assert [record["error_type"] for record in records(job_state, "compiler", "error_continued")] == ["SyntaxError"]
    assert report_of(job_state)["parsed"] == len(SOUND) + 1
    assert job_state.get_shared_data("operations")


def test_sequential_and_concurrent_give_the_same_result(library: Path) -> None:
    one, other = take_census(library, "sequential"), take_census(library, "concurrent")
    assert report_of(one) == report_of(other)
    assert counts_of(one) == counts_of(other)
    for book in ("scores", "imports", "rejected", "operations"):
        assert one.get_shared_data(book) == other.get_shared_data(book)


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_ten_random_pauses_change_nothing(library: Path, strategy: str) -> None:
    undisturbed = take_census(library)
    flow = stdlib_census.make_flow(strategy)
    job_state = flow.start(stdlib_census.ENTRY, {"root": str(library)})
    chance = random.Random(strategy)
    seen = 0
    for _ in range(10):
        seen += chance.randrange(1, 40)
        eventually(lambda goal=seen: records_made(job_state) >= goal)  # type: ignore[misc]
        flow.pause(job_state, reason="a test")
        assert job_state.status == "paused"
        seen = records_made(job_state)
        before = counts_of(job_state)
        assert not job_state.cancelled.wait(0.02)
        assert (records_made(job_state), counts_of(job_state)) == (seen, before)
        flow.resume(job_state)
    wait(flow, job_state)
    assert report_of(job_state) == report_of(undisturbed)
    assert counts_of(job_state) == counts_of(undisturbed)


def records_made(job_state: JobState) -> int:
    return job_state.read_history(limit=0).total


def test_limit_takes_the_first_files_only(tree: Path) -> None:
    job_state = take_census(tree, limit=4)
    assert [record["path"] for record in records(job_state, "walker", "file")] == sorted(SOUND | BROKEN)[:4]
    assert report_of(job_state)["files"] == 4


def test_a_folder_inside_a_package_gives_full_module_names() -> None:
    job_state = take_census(Path(sysconfig.get_path("stdlib"), "json"))
    assert {"json", "json.decoder"} <= {record["module"] for record in records(job_state, "walker", "file")}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"folder": "/no/such/folder"}, "'/no/such/folder', which is no folder"),
        ({"limit": -1}, "limit is -1"),
        ({"pace": -0.5}, "pace -0.5"),
    ],
)
def test_bad_parameters_fail_the_job_and_say_why(tree: Path, params: dict[str, Any], words: str) -> None:
    job_state = take_census(Path(params.pop("folder", tree)), **params)
    assert job_state.status == "failed"
    assert words in job_state.routine_states[stdlib_census.ENTRY]["error"]


def test_a_folder_without_python_files_fails_the_job_and_says_so(tmp_path: Path) -> None:
    job_state = take_census(tmp_path)
    assert job_state.status == "failed"
    assert "no Python file" in job_state.routine_states[stdlib_census.ENTRY]["error"]


def test_a_slow_census_is_cancelled_at_once(tree: Path) -> None:
    flow = stdlib_census.make_flow()
    job_state = flow.start(stdlib_census.ENTRY, {"root": str(tree), "pace": 3600.0})
    eventually(lambda: records(job_state, "reader", "text"))
    flow.cancel(job_state, reason="seen enough")
    assert wait(flow, job_state).status == "cancelled"
    assert len(records(job_state, "walker", "file")) == 1


def test_a_file_that_changes_while_the_job_is_paused_fails_it(library: Path) -> None:
    flow = stdlib_census.make_flow("sequential")
    job_state = flow.start(stdlib_census.ENTRY, {"root": str(library)})
    eventually(lambda: records(job_state, "reader", "text"))
    flow.pause(job_state)
    waiting = [task["data"]["path"] for task in job_state.pending_tasks if "digest" in task["data"]]
    (library / waiting[-1]).write_text("changed = True\n")
    wait(flow, flow.resume(job_state))
    assert job_state.status == "failed"
    assert "has changed since it was first read" in str(job_state.execution_history[-1].data["error"])


@contextmanager
def no_file_descriptors_left() -> Iterator[None]:
    """The kernel refuses this process to open anything: what a program meets that keeps too many files open."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_reader_that_cannot_open_a_file_for_now_is_retried(tree: Path) -> None:
    flow = stdlib_census.make_flow()
    job_state = flow.start(stdlib_census.ENTRY, {"root": str(tree), "pace": 0.02})
    eventually(lambda: records(job_state, "reader", "text"))
    with no_file_descriptors_left():
        eventually(lambda: any(r.event_name == "retry" for r in job_state.execution_history))
    wait(flow, job_state)
    retries = [record for record in job_state.execution_history if record.event_name == "retry"]
    assert "Too many open files" in retries[0].data["error"]
    assert report_of(job_state) == report_of(take_census(tree))


def test_a_file_that_is_written_to_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    """A writer appends until the engine has recorded a retry; then the census ends as if nothing had been."""
    log = tmp_path / "growing.py"
    log.write_bytes(b"# a line that somebody wrote\n" * 100_000)
    flow = stdlib_census.make_flow()
    with writer_at_work(log):
        job_state = begin_census(flow, tmp_path)
        while not reader_retries(job_state):  # the writer was out of luck
            with suppress(ValueError):  # the job has failed by itself: the parser found another file
                flow.cancel(job_state)
            job_state = begin_census(flow, tmp_path)
    assert "was written to while it was read" in reader_retries(wait(flow, job_state))[0]["error"]
    assert report_of(job_state) == report_of(take_census(tmp_path))


def begin_census(flow: Flow, root: Path) -> JobState:
    """A job whose reader has read the only file, or tried to."""
    job_state = flow.start(stdlib_census.ENTRY, {"root": str(root)})
    eventually(lambda: reader_retries(job_state) or records(job_state, "reader", "text"))
    return job_state


def reader_retries(job_state: JobState) -> list[dict[str, Any]]:
    return records(job_state, "reader", "retry")


@contextmanager
def writer_at_work(file: Path) -> Iterator[None]:
    enough = threading.Event()

    def write() -> None:
        with file.open("ab", buffering=0) as stream:
            while not enough.is_set():
                stream.write(b"\n")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def test_two_files_of_one_module_name_keep_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    for name in ("twin.py", "twin/__init__.py"):
        (tmp_path / name).write_text("x = 1\n")
    report = report_of(take_census(tmp_path))
    assert sorted(row["module"] for row in report["top"]) == ["twin", "twin/__init__.py"]


def test_a_folder_that_cannot_be_read_is_told_and_not_left_out(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        python_source.list_sources(tmp_path / "gone")


@pytest.mark.parametrize(
    ("source", "complexity", "nesting"),
    [
        ("def f(): return 1", 1, 0),
        ("def f(x):\n if x: pass\n elif x: pass\n elif x: pass", 4, 1),
        ("def f(x):\n for y in x:\n  while y:\n   if y: pass", 4, 3),
        ("def f(x): return [y for y in x if y and x]", 4, 0),
        ("def f(x):\n try: pass\n except ValueError: pass\n except KeyError: pass", 3, 1),
        ("def f(x):\n match x:\n  case 1: pass\n  case _: pass", 3, 1),
        ("def f(x):\n def g():\n  if x: pass\n return g", 1, 0),
    ],
)
def test_complexity_is_one_and_one_for_each_decision(source: str, complexity: int, nesting: int) -> None:
    function = next(m for m in python_syntax.measure_functions(python_syntax.parse(source, "x.py")) if m.name == "f")
    assert (function.complexity, function.nesting) == (complexity, nesting)


@pytest.mark.parametrize("text", ["x = 1\0", "(" * 3000 + ")" * 3000])
def test_what_the_parser_cannot_take_is_a_syntax_error(text: str) -> None:
    with pytest.raises(SyntaxError):
        python_syntax.parse(text, "x.py")


@pytest.mark.parametrize(
    "make", [lambda: b"# coding: rot13\nx", lambda: b"\xef\xbb\xbf# coding: latin-1\n", lambda: b"\xff"]
)
def test_what_is_no_text_is_undecodable(make: Callable[[], bytes]) -> None:
    with pytest.raises(python_source.Undecodable):
        python_source.decode(make())
