"""What release 0.10.0 saved can be loaded: no format, no modules of classes, no ids in connections, local times."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from routilux import ErrorStrategy, Flow, JobState, Routine
from tests.engine.parts import names, over

FILES = Path(__file__).parent / "release_0_10"


class ReleaseReader(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.read)
        self.define_event("row", ["data"])

    def read(self, **data: Any) -> None:
        self.emit("row", **data)


class ReleaseCounter(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("rows", handler=self.count, merge_strategy="append")

    def count(self, data: Any = None, **_: Any) -> None:
        context = self.get_execution_context()
        assert context is not None
        with context.job_state.edit_shared_data("seen", []) as seen:
            seen.value.append(data)


def plain(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def loaded_flow() -> Flow:
    flow = Flow()
    flow.deserialize(plain("flow"))
    return flow


def test_a_flow_of_that_release_loads_completely() -> None:
    given = plain("flow")
    before = copy.deepcopy(given)
    flow = Flow()
    flow.deserialize(given)
    assert given == before
    assert (flow.flow_id, flow.execution_strategy, flow.max_workers) == ("orders", "concurrent", 3)
    assert flow.execution_timeout == 300.0
    assert [type(routine) for routine in flow.routines.values()] == [ReleaseReader, ReleaseCounter]
    assert flow.routines["reader"].config() == given["routines"]["reader"]["_config"]
    assert flow.routines["counter"].config() == {"check": None}
    handler, own = flow.error_handler, flow.routines["counter"].get_error_handler()
    assert handler is not None
    assert own is not None
    assert (handler.max_retries, handler.retry_delay, handler.retry_count, handler.is_critical) == (5, 0.5, 2, True)
    assert (handler.retryable_exceptions, own.strategy) == ((Exception,), ErrorStrategy.CONTINUE)
    assert [flow.connection_ends(connection) for connection in flow.connections] == [
        ("reader", "row", "counter", "rows")
    ]


def test_an_ambiguous_connection_is_skipped_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    given = plain("flow")
    given["routines"]["second"] = copy.deepcopy(given["routines"]["counter"])
    flow = Flow()
    flow.deserialize(given)
    assert flow.connections == []
    assert "flow.connections[0]: it cannot be told which routines 'row' and 'rows' belong to" in caplog.text


def test_routine_ids_in_a_connection_are_used_if_present() -> None:
    given = plain("flow")
    given["routines"]["second"] = copy.deepcopy(given["routines"]["counter"])
    given["connections"][0] |= {"_source_routine_id": "reader", "_target_routine_id": "second"}
    flow = Flow()
    flow.deserialize(given)
    assert flow.connection_ends(flow.connections[0]) == ("reader", "row", "second", "rows")


def test_a_job_of_that_release_loads_completely() -> None:
    given = plain("job")
    job = JobState.load(FILES / "job.json")
    assert (job.job_id, job.status, job.current_routine_id) == (given["job_id"], "paused", "reader")
    for name in ("routine_states", "pause_points", "pending_tasks", "deferred_events", "shared_data"):
        assert getattr(job, name) == given[name]
    assert (job.shared_log, job.output_log) == (given["shared_log"], given["output_log"])
    assert (job.created_at, job.updated_at) == (datetime(2025, 3, 4, 10, 30), datetime(2025, 3, 4, 10, 31, 0, 500000))
    assert job.checkpoint == {"rows": 3}
    assert job.metadata == {}
    assert names(job) == [("reader", "start"), ("reader", "row"), ("reader", "row")]
    assert [record.kind for record in job.execution_history] == ["start", "event", "event"]
    assert job.execution_history[0].timestamp == datetime(2025, 3, 4, 10, 30, 0, 100)


def test_a_paused_job_of_that_release_resumes_although_its_tasks_name_memory_addresses() -> None:
    """D3: that release itself would lose them."""
    flow, job = loaded_flow(), JobState.load(FILES / "job.json")
    flow.set_execution_strategy("sequential")
    flow.resume(job)
    over(job)
    assert job.get_shared_data("seen") == [[6], [6, 7], [6, 7, 8]]
    assert names(job)[3:] == [("reader", "row"), ("reader", "completed")]
    flow.shutdown()


def test_a_loaded_job_is_saved_in_the_present_format(tmp_path: Path) -> None:
    job = JobState.load(FILES / "job.json")
    job.save(tmp_path / "job.json")
    again = JobState.load(tmp_path / "job.json")
    assert again.serialize() == job.serialize()
    assert again.serialize()["format"] == 1
    assert again.execution_history[1].timestamp == datetime(2025, 3, 4, 10, 30, 0, 200000)
    assert again.serialize()["execution_history"][1]["timestamp"].endswith("+00:00")


def test_an_unknown_class_of_that_release_is_named() -> None:
    given = plain("flow")
    given["routines"]["reader"]["_type"] = "NobodyKnows"
    with pytest.raises(ValueError, match=r"flow\.routines\['reader'\]: routine class 'NobodyKnows' is not known here"):
        Flow().deserialize(given)
