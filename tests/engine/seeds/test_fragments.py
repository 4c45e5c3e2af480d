"""The fragments of the seed documents run as they stand, each in surroundings that have what it presupposes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from routilux import JobState
from tests.engine.parts import over
from tests.engine.seeds.blocks import Block, blocks
from tests.engine.seeds.deviations import decided
from tests.engine.seeds.fragments import after, job_with_handler, run, with_retries, with_routines, with_source
from tests.engine.seeds.printed import assert_prints


def fragment(name: str) -> Block:
    document, number = name.split("-")
    return blocks(document)[int(number) - 1]


# -- seed 000


def test_000_a_job_state_is_told_states_and_records_and_gives_them_back() -> None:
    names = after("000", 1, 2, 3, 4, 5)
    assert names["state"] == {"status": "completed", "stats": {"count": 1}, "result": "success"}
    assert [(record.routine_id, record.event_name, record.data) for record in names["history"]] == [
        ("routine1", "output", {"result": "success"})
    ]
    assert (names["job_state"].flow_id, names["job_state"].status) == ("my_flow", "pending")


def test_000_the_tracker_has_the_figures_that_are_listed() -> None:
    names = with_routines()
    names["flow"].add_routine(names["flow"].routines["my_routine"].__class__(), "routine1")
    names["flow"].execute("routine1")
    run(fragment("000-6"), names)
    assert {key: names["perf"][key] for key in ("total_executions", "completed", "failed", "success_rate")} == {
        "total_executions": 1,
        "completed": 1,
        "failed": 0,
        "success_rate": 1.0,
    }
    assert 0 < names["perf"]["min_execution_time"] <= names["perf"]["avg_execution_time"]
    assert names["perf"]["avg_execution_time"] <= names["perf"]["max_execution_time"]
    assert names["flow_perf"]["total_routines"] == 1


# -- seeds 001 and 004: handlers


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("001-6", "AttributeError: 'Worker' object has no attribute 'counter'"),
        ("001-8", "AttributeError: 'Flow' object has no attribute '_current_execution_job_state'"),
        ("004-6", "AttributeError: 'Worker' object has no attribute 'counter'"),
    ],
)
def test_a_handler_that_is_shown_as_wrong_fails_its_job(name: str, error: str) -> None:
    job = job_with_handler(fragment(name))
    assert job.status == "failed"
    record = job.execution_history[-1]
    assert f"{record.data['error_type']}: {record.data['error']}" == error


@pytest.mark.parametrize("name", ["001-10", "004-8", "004-10"])
def test_a_handler_that_is_shown_as_wrong_reaches_nothing_of_its_own_job(name: str) -> None:
    """These do not fail, but what they store goes elsewhere: the engine notes only that the routine completed."""
    job = over(job_with_handler(fragment(name)))
    assert job.routine_states == {"worker": {"status": "completed"}}


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("001-7", {"counter": 1}),
        ("001-9", {"processed": True}),
        ("001-11", {"processed": True}),
        ("004-7", {"counter": 1}),
        ("004-9", {"processed": True}),
        ("004-11", {"processed": True}),
    ],
)
def test_a_handler_that_is_shown_as_right_stores_in_its_own_job(name: str, stored: dict[str, Any]) -> None:
    job = over(job_with_handler(fragment(name)))
    assert job.routine_states == {"worker": {"status": "completed"} | stored}


# -- seed 002

SAID_IN_002 = {
    # What it prints, where it shows no output: by its comments, or by the rules where it says nothing.
    "002-2": "Execution 1 history: 3 records\nExecution 2 history: 3 records\nExecution 3 history: 3 records\n",
    "002-4": "Source status: completed\nSource metadata: {'status': 'completed'}\n"
    "Updated state: {'status': 'completed', 'execution_time': 0.5, 'custom_field': 'value'}\n",
    "002-5": "Initial status: running\nFinal status: completed\n",
    "002-10": "Execution successful!\n",
}


@pytest.mark.parametrize("block", blocks("002")[1:], ids=lambda block: block.name)
def test_002_a_fragment_runs_and_prints_what_is_said(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = with_source()
    printed = run(block, names)
    assert_prints(printed, decided(block, block.prints or SAID_IN_002.get(block.name, "")))
    for kept in names["kept"]:
        json.dumps(kept if isinstance(kept, dict) else kept.serialize())
    check = CHECKS_OF_002.get(block.name)
    if check is not None:
        check(names)


def _a_file_was_written_and_resumed(names: dict[str, Any]) -> None:
    assert JobState.load("job_state.json").job_id == names["job_state"].job_id
    assert names["resumed"] is names["new_job_state"]
    over(names["resumed"])


def _another_host_goes_on(names: dict[str, Any]) -> None:
    assert names["new_flow"].routines["source"] is not names["flow"].routines["source"]
    assert type(names["new_flow"].routines["source"]) is names["Source"]
    assert names["resumed"] is names["new_job_state"]
    assert [data["_type"] for data in names["kept"]] == ["Flow", "JobState"]
    over(names["resumed"])


def _the_threads_did_not_touch_the_flow_job(names: dict[str, Any]) -> None:
    assert len(names["job_state"].execution_history) == 3


def _all_ran(names: dict[str, Any]) -> None:
    assert [job.entry_params["batch"] for job in map(over, names["executions"])] == list(range(10))


def _only_that_one_is_paused(names: dict[str, Any]) -> None:
    jobs = [names[name] for name in ("job_state1", "job_state2", "job_state")]
    assert [job.status for job in jobs] == ["completed", "completed", "paused"]


def _they_are_apart(names: dict[str, Any]) -> None:
    assert "job_state" not in names["flow_data"]
    assert names["job_state_data"]["job_id"] not in json.dumps(names["flow_data"])


CHECKS_OF_002 = {
    "002-7": _a_file_was_written_and_resumed,
    "002-8": _the_threads_did_not_touch_the_flow_job,
    "002-11": _all_ran,
    "002-12": _another_host_goes_on,
    "002-14": _only_that_one_is_paused,
    "002-15": _they_are_apart,
}


# -- seed 003: examples at a prompt; their comments and texts say what they give

SAID_IN_003 = {
    "003-1": "completed\ncompleted\n",
    "003-2": "my_routine emitted start\nmy_routine emitted out\nprocessor emitted out\n"
    "optional_routine emitted error_continued\nmy_routine emitted completed\n",
    "003-3": "Routine completed successfully\n",
    "003-6": "Routine completed successfully\n",
    "003-7": "Result: good\n",
    "003-8": "",
    "003-11": "2025-01-15T10:30:00: my_routine -> start\n2025-01-15T10:30:00: my_routine -> out\n"
    "2025-01-15T10:30:00: processor -> out\n2025-01-15T10:30:00: optional_routine -> error_continued\n"
    "2025-01-15T10:30:00: my_routine -> completed\n",
    "003-12": "Event: out, Data: {}\n",
    "003-13": "Found 1 error records\n",
    "003-14": "Execution completed successfully\n",
    "003-15": "True\n",
    "003-16": "True\n",
}


@pytest.mark.parametrize("block", blocks("003"), ids=lambda block: block.name)
def test_003_an_example_gives_what_is_said(block: Block) -> None:
    names = with_retries() if block.name == "003-15" else with_routines()
    assert_prints(run(block, names), decided(block, SAID_IN_003.get(block.name, "")))


def test_003_what_the_examples_store_is_there() -> None:
    names = with_routines()
    for number, stored in ((4, {"status": "completed", "result": "success"}), (5, {"status": "failed"})):
        run(fragment(f"003-{number}"), names)
        assert stored.items() <= names["job_state"].get_routine_state("my_routine").items()
    for name in ("003-9", "003-10"):
        run(fragment(name), names)
    records = names["job_state"].execution_history[-2:]
    assert [(record.routine_id, record.event_name, record.data) for record in records] == [
        ("processor", "output", {"result": "processed", "count": 10}),
        ("optional_routine", "error_continued", {"error": "Service unavailable", "error_type": "ConnectionError"}),
    ]


def test_003_an_error_in_a_state_is_shown() -> None:
    names = with_routines()
    names["job_state"].update_routine_state("validator", {"error": "too short"})
    assert run(fragment("003-8"), names) == "Error: too short\n"
