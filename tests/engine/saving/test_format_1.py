"""Documents of format 1 that the engine saved before its modules moved into rooms still load, whatever moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import routilux
from routilux import ErrorStrategy, Flow, JobState, Routine
from tests.engine.parts import over

FILES = Path(__file__).parent / "format_1"


class Sender(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=lambda **_: None)
        self.define_event("row", ["data"])


class Collector(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("rows", handler=self.collect)

    def collect(self, flattened_data: dict[str, Any]) -> None:
        context = self.get_execution_context()
        assert context is not None
        with context.job_state.edit_shared_data("rows", []) as rows:
            rows.value.append(flattened_data)


def saved(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))
    return document


def loaded(name: str) -> Flow:
    flow = Flow()
    flow.deserialize(saved(name))
    return flow


def test_built_in_routines_load_from_the_modules_that_older_documents_name() -> None:
    document, flow = saved("built_ins"), loaded("built_ins")
    assert len({plain["_class"].partition(":")[0] for plain in document["routines"].values()}) == 8
    for routine_id, plain in document["routines"].items():
        routine = flow.routines[routine_id]
        assert type(routine) is getattr(routilux, plain["_type"])
        assert plain["_id"] in repr(routine)
    assert flow.routines["clipper"].get_config("max_length") == 10
    assert flow.routines["validator"].get_config("rules") == {"age": "is_positive"}
    handler = flow.routines["transformer"].get_error_handler()
    assert handler is not None
    assert (handler.strategy, handler.max_retries, handler.retry_delay) == (ErrorStrategy.RETRY, 2, 0.5)


def test_saving_a_loaded_flow_again_changes_only_the_modules_of_its_classes() -> None:
    def without_classes(document: dict[str, Any]) -> dict[str, Any]:
        for plain in document["routines"].values():
            del plain["_class"]
        return document

    assert without_classes(loaded("built_ins").serialize()) == without_classes(saved("built_ins"))


@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_a_paused_job_resumes_with_everything_that_was_saved(strategy: str) -> None:
    flow, job = loaded("shift"), JobState.load(FILES / "job.json")
    assert (job.status, job.checkpoint, len(job.pending_tasks)) == ("paused", {"rows": 3}, 3)
    assert [entry["sent"] for entry in job.shared_log] == [3]
    assert [output["rows"] for output in (entry["data"] for entry in job.output_log)] == [3]
    flow.set_execution_strategy(strategy)
    flow.resume(job)
    over(job)
    rows = job.get_shared_data("rows")
    assert sorted(rows, key=str) == [{"n": "deferred"}, {"n.0": 0}, {"n.0": 1}, {"n.0": 2}]
    performance = job.execution_tracker.get_routine_performance("sender")
    assert performance is not None
    assert performance["total_executions"] == 1
    flow.shutdown()
