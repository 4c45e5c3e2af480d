"""Files that are broken or mean harm: each is refused with an error that names the place; nothing of it is run.

All loads happen in another process, whose audit hook reports every opened file, import, compilation and call outside.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from routilux import JobState
from tests.engine.parts import DEADLINE
from tests.engine.saving.hostile import EVIL_TEXT, SYSTEM
from tests.engine.saving.samples import flow_plain, job_plain

ROOT = Path(__file__).parents[3]
SECONDS = 2.0
"""CPU time that a load may take."""
ERROR_CHARACTERS = 2000
MIB = 1024

Plain = dict[str, Any]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="peaks of memory are asked for as POSIX does")


class Watched:
    """The other process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.saving.watched"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.peak_kib = 0

    def ask(self, request: Plain) -> list[Plain]:
        """The outcome of loading it, and each of its mutations."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.peak_kib = answer["peak_kib"]
        reports: list[Plain] = answer["reports"]
        return reports

    def end(self) -> None:
        self._process.communicate(timeout=DEADLINE)


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    process = Watched()
    yield process
    process.end()


@pytest.fixture
def fresh() -> Iterator[Watched]:
    """A process of its own, whose memory has not been large before."""
    process = Watched()
    process.ask({"job": {}})
    yield process
    process.end()


def text_of(report: Plain) -> str:
    """The error's text, once it is sure that nothing else happened."""
    assert_harmless(report)
    assert report["error"] is not None, report
    kind, text, length = report["error"]
    assert kind in ("ValueError", "JSONDecodeError"), report
    assert int(length) < ERROR_CHARACTERS
    return str(text)


def assert_harmless(report: Plain, *allowed: str) -> None:
    """Nothing was done but reading, and parsing what may be a condition."""
    events = [event for event in report["events"] if not event.startswith(("compile ", *allowed))]
    assert events == [], report
    parsed = [event for event in report["events"] if event.startswith("compile ")]
    assert all(event.startswith("compile ('<unknown>',)") for event in parsed), "eval and exec name another file"
    assert report["seconds"] < SECONDS, report


def text_of_file(report: Plain) -> str:
    """As `text_of`; the file itself is opened, and nothing else."""
    opened = [event for event in report["events"] if event.startswith("open ")]
    assert len(opened) <= 1
    report["events"] = [event for event in report["events"] if event not in opened]
    return text_of(report)


# -- something wrong at one place


@pytest.mark.parametrize("kind", ["job", "flow"])
def test_any_value_anywhere_in_a_document_is_rejected_by_path_or_harmless(watched: Watched, kind: str) -> None:
    found = watched.ask({"mutations": kind})
    assert len(found) > 800
    for report in found:
        assert_harmless(report)
        if report["error"] is None:
            assert not report["breaks"], report
        elif report["breaks"]:
            assert text_of(report).startswith((f"{kind}.", "Route")), report
        else:
            text_of(report)
    refused = sum(report["error"] is not None for report in found)
    print(f"{len(found)} documents, {refused} refused")


def changed(plain: Plain, *way: str | int, value: Any) -> Plain:
    inner: Any = plain
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = value
    return plain


JOBS: list[tuple[Any, str]] = [
    ([], "job: an object with text keys is needed, not list"),
    ("job", "job: an object with text keys is needed, not 'job'"),
    (None, "job: an object with text keys is needed, not None"),
    ({}, "job._type: 'JobState' is needed, not None"),
    ({"_type": "Flow"}, "job._type: 'JobState' is needed, not 'Flow'"),
    ({**job_plain(), "format": 2}, "job.format: format 1 (a newer version of routilux may have written this)"),
    ({**job_plain(), "status": "hacked"}, "job.status: one of cancelled, completed, failed"),
    ({**job_plain(), "created_at": "yesterday"}, "job.created_at: a time like"),
    ({**job_plain(), "created_at": "0001-01-01T00:00:00+23:59"}, "job.created_at: a time like"),
    ({**job_plain(), "updated_at": "9999-12-31T23:59:59.999999-23:59"}, "job.updated_at: a time like"),
    ({**job_plain(), "history_dropped": 10**400}, "job.history_dropped: a whole number"),
    (
        changed(job_plain(), "execution_history", 2, "cause", value=3),
        "job.execution_history[2].cause: the number of an",
    ),
    (changed(job_plain(), "execution_history", 0, "kind", value="x"), "job.execution_history[0].kind: one of"),
    (changed(job_plain(), "execution_history", 1, "_type", value="X"), "job.execution_history[1]._type"),
    (
        changed(job_plain(), "pending_tasks", 0, "slot_routine_id", value="no"),
        "Flow 'sample' cannot resume this job",
    ),
    (changed(job_plain(), "pending_tasks", 0, "slot_name", value="gone"), "Flow 'sample' cannot resume this job"),
    ({**job_plain(), "entry_routine_id": "nobody"}, "Routine 'nobody' of job"),
]


@pytest.mark.parametrize(("plain", "error"), JOBS, ids=[error[:60] for _, error in JOBS])
def test_a_document_that_is_no_job_is_rejected(watched: Watched, plain: Any, error: str) -> None:
    (report,) = watched.ask({"job": plain})
    assert text_of(report).startswith(error)


def of_class(name: str) -> Plain:
    return changed(flow_plain(), "routines", "a", "_class", value=name)


def with_exceptions(*names: str) -> Plain:
    return changed(flow_plain(), "error_handler", "retryable_exceptions", value=list(names))


def connected(key: str, name: str) -> Plain:
    return changed(flow_plain(), "connections", 0, key, value=name)


def with_routes(*routes: Any) -> Plain:
    return changed(flow_plain(), "routines", "router", "_config", "routes", value=list(routes))


def lambda_of(text: str) -> Plain:
    return {"_type": "lambda_expression", "expression": text}


ROUTES = "flow.routines['router']._config.routes"
FLOWS: list[tuple[Any, str]] = [
    ([], "flow: an object"),
    ({"_type": "JobState"}, "flow._type: 'Flow' is needed, not 'JobState'"),
    ({**flow_plain(), "format": "2"}, "flow.format: format 1"),
    (of_class("os:system"), "flow.routines['a']: routine class 'os:system' is not known here"),
    (of_class("this:Zen"), "flow.routines['a']: routine class 'this:Zen' is not known here"),
    (of_class("builtins:eval"), "flow.routines['a']: routine class 'builtins:eval' is not known here"),
    (changed(flow_plain(), "routines", "a", value={"_type": "Popen"}), "flow.routines['a']: routine class 'Popen'"),
    (with_exceptions("KeyError"), "flow.error_handler.retryable_exceptions[0]: an exception class"),
    (
        with_exceptions("builtins:KeyError", "os:system"),
        "flow.error_handler.retryable_exceptions[1]: an exception class",
    ),
    (with_exceptions("this:Zen"), "flow.error_handler.retryable_exceptions[0]: an exception class"),
    (
        connected("_target_routine_id", "nowhere"),
        "flow.connections[0]: there is no slot 'input' of a routine 'nowhere'",
    ),
    (connected("_source_event_name", "no"), "flow.connections[0]: there is no event 'no' of a routine 'a'"),
    (changed(flow_plain(), "routines", "a", "_slots", "input", "name", value="trigger"), "flow.routines['a']._slots["),
    (with_routes(["x", EVIL_TEXT]), "Route 'x': "),
    (with_routes(["x", "().__class__.__bases__[0].__subclasses__()"]), "Route 'x': "),
    (with_routes(["x", "data." + "x." * 5000]), "Route 'x': "),
    (with_routes(["x", "[" * 50_000]), "Route 'x': "),
    (with_routes(["x", "9**9**9**9 and " * 150 + "1"]), "Route 'x': "),
    (with_routes(["x", lambda_of(EVIL_TEXT)]), f"{ROUTES}[0][1]: "),
    (with_routes(["x", lambda_of(f"lambda data: {EVIL_TEXT}")]), f"{ROUTES}[0][1]: "),
    (with_routes(["x", lambda_of("lambda data: (lambda: data)()")]), f"{ROUTES}[0][1]: "),
    (with_routes(["x", {"total": lambda_of("exec('import os')")}]), f"{ROUTES}[0][1]['total']: "),
    (with_routes(["x", SYSTEM]), f"{ROUTES}[0][1]: route 'x' needs the function 'os:system', which is not known here"),
    (with_routes(["x", {"kind": SYSTEM}]), f"{ROUTES}[0][1]['kind']: route 'x' needs the function 'os:system'"),
    (with_routes(["x", {**SYSTEM, "callable_type": "builtin", "name": "eval"}]), f"{ROUTES}[0][1]: route 'x' needs"),
    (with_routes("x"), f"{ROUTES}[0]: a list is needed, not 'x'"),
    (with_routes([["x"], "data"]), f"{ROUTES}[0]"),
]


@pytest.mark.parametrize(("plain", "error"), FLOWS, ids=[error[:60] for _, error in FLOWS])
def test_a_document_that_is_no_flow_or_names_forbidden_classes_is_rejected(
    watched: Watched, plain: Any, error: str
) -> None:
    (report,) = watched.ask({"flow": plain})
    assert text_of(report).startswith(error)


def test_a_system_call_in_a_document_is_never_restored(watched: Watched) -> None:
    plain = flow_plain()
    for slot in plain["routines"]["a"]["_slots"].values():
        slot |= {"handler": SYSTEM, "merge_strategy": SYSTEM}
    plain["routines"]["b"]["_config"] |= {"run": SYSTEM, "list": [SYSTEM, {"again": SYSTEM}], "text": EVIL_TEXT}
    plain["routines"]["transformer"]["_config"]["transformation_map"] = {"to_string": SYSTEM, "new": SYSTEM}
    plain["__reduce__"] = plain["routines"]["a"]["__reduce__"] = ["os.system", [EVIL_TEXT]]
    (report,) = watched.ask({"flow": plain})
    assert_harmless(report)
    assert report["error"] is None


# -- nesting and size


@pytest.mark.parametrize("kind", ["job", "flow"])
def test_a_document_of_a_hundred_thousand_levels_is_rejected(watched: Watched, kind: str) -> None:
    for report in watched.ask({"deep": kind}):
        assert text_of(report).endswith("it is nested too deeply")


def job_text() -> str:
    return json.dumps(job_plain(), indent=2)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_file_of_a_hundred_thousand_levels_is_rejected(watched: Watched, opening: str, tmp_path: Path) -> None:
    (tmp_path / "top.json").write_text(opening * 100_000)
    text = job_text().replace('"shared_data": {', '"shared_data": {"deep": ' + opening * 100_000, 1)
    (tmp_path / "within.json").write_text(text)
    for name in ("top", "within"):
        (report,) = watched.ask({"file": str(tmp_path / f"{name}.json")})
        assert text_of_file(report).endswith(f"{name}.json is nested too deeply")


def test_a_file_of_a_hundred_megabytes_is_refused_before_it_is_read_whole(fresh: Watched, tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    with path.open("w") as file:
        file.write('{"_type": "JobState", "shared_data": {"x": "')
        for _ in range(100):
            file.write("x" * 1_000_000)
        file.write('"}}')
    before = fresh.peak_kib
    (report,) = fresh.ask({"file": str(path)})
    assert text_of_file(report).endswith("job.json is larger than 67,108,864 bytes; allow more with max_bytes")
    assert fresh.peak_kib - before < 100 * MIB


def test_the_callers_size_limit_applies(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    JobState("f").save(path)
    with pytest.raises(ValueError, match="is larger than 100 bytes"):
        JobState.load(path, max_bytes=100)
    assert JobState.load(path, max_bytes=path.stat().st_size).flow_id == "f"


def test_many_of_everything_takes_time_and_memory_in_proportion(fresh: Watched) -> None:
    """Ten thousand connections without ids, names of exceptions, routines of one class."""
    plain = flow_plain()
    connection = {key: plain["connections"][0][key] for key in ("_type", "_source_event_name", "_target_slot_name")}
    plain["connections"] = [connection] * 10_000
    plain["routines"] |= {f"r{number}": plain["routines"]["a"] for number in range(2_000)}
    (report,) = fresh.ask({"flow": plain})
    assert_harmless(report)
    assert report["error"] is None
    (report,) = fresh.ask({"flow": with_exceptions(*["json.decoder:JSONDecodeError"] * 10_000)})
    assert_harmless(report)
    assert report["error"] is None
    assert fresh.peak_kib < 300 * MIB


# -- files that are no JSON, or not whole


def test_a_truncated_file_is_rejected(watched: Watched, tmp_path: Path) -> None:
    path, text = tmp_path / "job.json", job_text()
    for part in range(50):
        path.write_text(text[: len(text) * part // 50])
        (report,) = watched.ask({"file": str(path)})
        assert "job.json is no JSON, or was cut off: " in text_of_file(report)


FILES: list[tuple[bytes, str]] = [
    (b"", "is no JSON"),
    (b"\x00" * 1000, "is no"),
    (b"\xff\xfe\xfd", "is not UTF-8 text"),
    (b'{"_type": "JobState", "flow_id": "\xc3\x28"}', "is not UTF-8 text"),
    (b'{"_type": "JobState", "flow_id": "\xed\xa0\x80"}', "is not UTF-8 text"),
    (b'\xef\xbb\xbf{"_type": "JobState", "flow_id": "\\ud800"}', "job.status: a text is needed"),
    ('{"_type": "JobState"}'.encode("utf-16"), "is not UTF-8 text"),
    (b'{"_type": "JobState", "flow_id": "a", "flow_id": "b"}', "an object has the key 'flow_id' twice"),
    (b'{"routine_states": {"r": {}, "s": {}, "r": {}}}', "an object has the key 'r' twice"),
    (b'{"_type": "JobState", "format": ' + b"9" * 5000 + b"}", "job.json cannot be read: "),
    (b'{"_type": "JobState", "format": 1e999}', "job.format: format 1"),
    (b'{"_type": "JobState", "format": NaN}', "job.format: format 1"),
    (b"import os; os.system('touch /tmp/hostile')", "is no JSON"),
    (b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93.", "is no"),
    (b"!!python/object/apply:os.system ['touch /tmp/hostile']", "is no JSON"),
    (b"'single'", "is no JSON"),
    (b"[1, 2] [3]", "is no JSON"),
    (b"null", "job: an object with text keys is needed, not None"),
]


@pytest.mark.parametrize(("content", "error"), FILES, ids=[repr(content[:40]) for content, _ in FILES])
def test_a_file_that_is_no_job_is_rejected(watched: Watched, tmp_path: Path, content: bytes, error: str) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(content)
    (report,) = watched.ask({"file": str(path)})
    assert error in text_of_file(report)
