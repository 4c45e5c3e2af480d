"""The programs of the tutorials run as they stand, and print what the tutorials say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from routilux import Flow, JobState, Routine
from routilux.job_state import JobState as SameJobState
from tests.engine.parts import over

# As in the tutorials, the routines below are written without type hints on what they take.


class DataSource(Routine):
    items: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.trigger_slot = self.define_slot("trigger", handler=self.send)
        self.output_event = self.define_event("output", ["data"])

    def send(self, **kwargs: Any) -> None:
        for item in self.items:
            self.emit("output", data=item)


def source(*items: str) -> DataSource:
    routine = DataSource()
    routine.items = list(items)
    return routine


class SimpleProcessor(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.input_slot = self.define_slot("input", handler=self.process)
        self.output_event = self.define_event("output", ["result"])

    def process(self, data: Any = None, **kwargs: Any) -> None:
        data_value = data or kwargs.get("data", "")
        ctx = self.get_execution_context()
        if ctx:
            ctx.job_state.update_routine_state(ctx.routine_id, {"last_processed": data_value, "processed": True})
        self.emit("output", result=f"Processed: {data_value}")


class StatefulProcessor(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.input_slot = self.define_slot("input", handler=self.process)
        self.output_event = self.define_event("output", ["result"])

    def process(self, data: Any = None, **kwargs: Any) -> None:
        data_value = data or kwargs.get("data", "")
        ctx = self.get_execution_context()
        if not ctx:
            return
        current_state = ctx.job_state.get_routine_state(ctx.routine_id) or {}
        processed_count = current_state.get("processed_count", 0) + 1
        try:
            result = data_value.upper()
            ctx.job_state.update_routine_state(
                ctx.routine_id,
                {
                    "processed_count": processed_count,
                    "last_processed": data_value,
                    "last_result": result,
                    "status": "success",
                },
            )
            self.emit("output", result=result)
        except Exception as e:
            error_count = current_state.get("error_count", 0) + 1
            ctx.job_state.update_routine_state(
                ctx.routine_id,
                {
                    "processed_count": processed_count,
                    "error_count": error_count,
                    "last_error": str(e),
                    "status": "error",
                },
            )
            raise


class DataCollector(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.input_slot = self.define_slot("input", handler=self.collect)

    def collect(self, data: Any = None, **kwargs: Any) -> None:
        data_value = data or kwargs.get("data", "")
        ctx = self.get_execution_context()
        if ctx:
            ctx.job_state.append_to_shared_log({"action": "collected", "data": data_value, "routine": "collector"})
            collected_items = ctx.job_state.get_shared_data("collected_items", [])
            collected_items.append(data_value)
            ctx.job_state.update_shared_data("collected_items", collected_items)


class DataProcessor(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.input_slot = self.define_slot("input", handler=self.process)
        self.output_event = self.define_event("output", ["result"])

    def process(self, data: Any = None, **kwargs: Any) -> None:
        data_value = data or kwargs.get("data", "")
        ctx = self.get_execution_context()
        if ctx:
            collected_items = ctx.job_state.get_shared_data("collected_items", [])
            result = f"Processed {len(collected_items)} items, current: {data_value}"
            ctx.job_state.append_to_shared_log({"action": "processed", "data": data_value, "result": result})
            self.emit("output", result=result)


def chained(flow_id: str, first: Routine, second: Routine) -> tuple[Flow, str, str]:
    flow = Flow(flow_id=flow_id)
    source_id = flow.add_routine(first, "source")
    processor_id = flow.add_routine(second, "processor")
    flow.connect(source_id, "output", processor_id, "input")
    return flow, source_id, processor_id


def by_the_flow(flow: Flow, job_state: JobState) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated"):
        flow.wait_for_completion(timeout=2.0)


def by_the_job(flow: Flow, job_state: JobState) -> None:
    SameJobState.wait_for_completion(flow, job_state, timeout=2.0)


both_ways_to_wait = pytest.mark.parametrize("wait", [by_the_flow, by_the_job])
Wait = Callable[[Flow, JobState], None]


def test_step_1_a_job_state_tells_of_its_run() -> None:
    flow, source_id, processor_id = chained("jobstate_flow", source("test"), SimpleProcessor())
    job_state = flow.execute(source_id)
    assert job_state.status == "completed"
    assert job_state.flow_id == "jobstate_flow"
    history = job_state.get_execution_history()
    assert [(record.routine_id, record.event_name) for record in history] == [
        ("source", "start"),
        ("source", "output"),
        ("processor", "output"),
        ("source", "completed"),
    ]
    assert job_state.get_routine_state(processor_id) == {"last_processed": "test", "processed": True}


@both_ways_to_wait
def test_step_2_routines_store_their_state_in_the_job(wait: Wait) -> None:
    flow, source_id, processor_id = chained("stateful_flow", source("hello", "world", "routilux"), StatefulProcessor())
    job_state = flow.execute(source_id)
    wait(flow, job_state)
    processor_state = job_state.get_routine_state(processor_id)
    assert processor_state is not None
    assert processor_state.get("processed_count", 0) == 3
    assert processor_state.get("error_count", 0) == 0
    assert processor_state.get("last_processed", "none") == "routilux"


@both_ways_to_wait
def test_step_3_routines_share_data_and_a_log(wait: Wait) -> None:
    flow = Flow(flow_id="shared_data_flow")
    source_id = flow.add_routine(source("a", "b", "c"), "source")
    collector_id = flow.add_routine(DataCollector(), "collector")
    processor_id = flow.add_routine(DataProcessor(), "processor")
    flow.connect(source_id, "output", collector_id, "input")
    flow.connect(source_id, "output", processor_id, "input")
    job_state = flow.execute(source_id)
    wait(flow, job_state)
    assert job_state.get_shared_data("collected_items", []) == ["a", "b", "c"]
    log = job_state.get_shared_log()
    assert len(log) == 6
    assert [entry["data"] for entry in log if entry["action"] == "collected"] == ["a", "b", "c"]
    assert [entry["data"] for entry in log if entry["action"] == "processed"] == ["a", "b", "c"]
    assert all(list(entry)[-1] == "timestamp" for entry in log)


@both_ways_to_wait
def test_step_4_the_history_can_be_read(wait: Wait) -> None:
    flow, source_id, processor_id = chained("history_flow", source("a", "b", "c"), SimpleProcessor())
    job_state = flow.execute(source_id)
    wait(flow, job_state)
    history = job_state.get_execution_history()
    assert len([record for record in history if record.kind == "event"]) == 6
    assert len(job_state.get_execution_history(processor_id)) == 3
    times = [record.timestamp for record in history]
    assert times == sorted(times)


class Generator(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.trigger_slot = self.define_slot("trigger", handler=self.generate)
        self.output_event = self.define_event("output", ["data"])

    def generate(self, count: int = 3, **kwargs: Any) -> None:
        count = count or kwargs.get("count", 3)
        ctx = self.get_execution_context()
        if ctx:
            ctx.job_state.update_routine_state(ctx.routine_id, {"generated_count": count})
        for i in range(count):
            self.emit("output", data=f"item_{i}")


class Validator(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.input_slot = self.define_slot("input", handler=self.validate)
        self.output_event = self.define_event("output", ["data", "valid"])

    def validate(self, data: Any = None, **kwargs: Any) -> None:
        data_value = data or kwargs.get("data", "")
        ctx = self.get_execution_context()
        if not ctx:
            return
        current_state = ctx.job_state.get_routine_state(ctx.routine_id) or {}
        is_valid = "item" in str(data_value)
        if is_valid:
            valid_count = current_state.get("valid_count", 0) + 1
            ctx.job_state.update_routine_state(ctx.routine_id, {"valid_count": valid_count, "last_valid": data_value})
        else:
            invalid_count = current_state.get("invalid_count", 0) + 1
            ctx.job_state.update_routine_state(
                ctx.routine_id, {"invalid_count": invalid_count, "last_invalid": data_value}
            )
        self.emit("output", data=data_value, valid=is_valid)


class Aggregator(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.input_slot = self.define_slot("input", handler=self.aggregate)

    def aggregate(self, data: Any = None, valid: Any = None, **kwargs: Any) -> None:
        data_value = data or kwargs.get("data", "")
        is_valid = valid if valid is not None else kwargs.get("valid", False)
        ctx = self.get_execution_context()
        if ctx:
            current_state = ctx.job_state.get_routine_state(ctx.routine_id) or {}
            total_received = current_state.get("total_received", 0) + 1
            total_valid = current_state.get("total_valid", 0)
            if is_valid:
                total_valid += 1
            ctx.job_state.update_routine_state(
                ctx.routine_id, {"total_received": total_received, "total_valid": total_valid}
            )
        print(f"Aggregated: {data_value} (valid={is_valid})")


@both_ways_to_wait
def test_step_5_the_complete_example(wait: Wait, capsys: pytest.CaptureFixture[str]) -> None:
    flow = Flow(flow_id="stateful_workflow")
    source_id = flow.add_routine(Generator(), "source")
    validator_id = flow.add_routine(Validator(), "validator")
    agg_id = flow.add_routine(Aggregator(), "aggregator")
    flow.connect(source_id, "output", validator_id, "input")
    flow.connect(validator_id, "output", agg_id, "input")
    job_state = flow.execute(source_id, entry_params={"count": 5})
    wait(flow, job_state)
    assert capsys.readouterr().out == "".join(f"Aggregated: item_{n} (valid=True)\n" for n in range(5))
    source_state = job_state.get_routine_state(source_id)
    validator_state = job_state.get_routine_state(validator_id)
    aggregator_state = job_state.get_routine_state(agg_id)
    assert source_state == {"generated_count": 5, "status": "completed"}
    assert validator_state == {"valid_count": 5, "last_valid": "item_4"}
    assert aggregator_state == {"total_received": 5, "total_valid": 5}
    assert job_state.status == "completed"


# -- the page about JobState -----------------------------------------------------------------------------------------


def one_source() -> tuple[Flow, str]:
    flow = Flow(flow_id="my_flow")
    return flow, flow.add_routine(source("test"), "source")


def test_each_execution_is_independent() -> None:
    flow, source_id = one_source()
    job_state1 = flow.execute(source_id, entry_params={"value": "A"})
    job_state2 = flow.execute(source_id, entry_params={"value": "B"})
    job_state3 = flow.execute(source_id, entry_params={"value": "C"})
    assert job_state1.status == "completed"
    assert job_state1.job_id != job_state2.job_id
    assert job_state2.job_id != job_state3.job_id
    assert job_state1 is not job_state2
    assert [len(job.execution_history) for job in (job_state1, job_state2, job_state3)] == [3, 3, 3]


def test_the_history_is_the_listing_of_the_page() -> None:
    flow, source_id = one_source()
    job_state = flow.execute(source_id)
    assert [(record.routine_id, record.event_name) for record in job_state.execution_history] == [
        ("source", "start"),
        ("source", "output"),
        ("source", "completed"),
    ]
    assert [record.data for record in job_state.execution_history[:2]] == [{}, {"data": "test"}]
    assert len(job_state.get_execution_history("source")) == 3


def test_routine_states_can_be_read_and_replaced() -> None:
    flow, source_id = one_source()
    job_state = flow.execute(source_id)
    source_state = job_state.get_routine_state("source")
    assert source_state is not None
    assert source_state.get("status") == "completed"
    job_state.update_routine_state("source", {"status": "completed", "execution_time": 0.5, "custom_field": "value"})
    assert job_state.get_routine_state("source") == {
        "status": "completed",
        "execution_time": 0.5,
        "custom_field": "value",
    }


def test_pause_resume_and_cancel_in_the_order_of_the_page() -> None:
    flow, source_id = one_source()
    job_state = flow.execute(source_id)
    flow.pause(job_state, reason="Manual pause for inspection")
    assert job_state.status == "paused"
    resumed_job_state = flow.resume(job_state)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        flow.wait_for_completion(timeout=5.0)
    assert resumed_job_state.status == "completed"
    another_job_state = flow.execute(source_id)
    flow.cancel(another_job_state, reason="No longer needed")
    assert another_job_state.status == "cancelled"


def test_executions_from_threads_are_isolated() -> None:
    flow, source_id = one_source()
    jobs: dict[str, JobState] = {}

    def run_execution(flow: Flow, entry_id: str, value: str) -> None:
        jobs[value] = flow.execute(entry_id, entry_params={"value": value})

    threads = [threading.Thread(target=run_execution, args=(flow, source_id, value)) for value in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {value: over(job).execution_history[0].data for value, job in jobs.items()} == {
        "A": {"value": "A"},
        "B": {"value": "B"},
    }


def test_a_batch_of_executions_is_managed_one_by_one() -> None:
    flow, source_id = one_source()
    executions = [flow.execute(source_id, entry_params={"batch": i}) for i in range(10)]
    for job_state in executions[::2]:
        flow.pause(job_state)
    for job_state in executions:
        if job_state.status == "paused":
            flow.resume(job_state)
    for job_state in executions:
        over(job_state)


# -- the page about state management ---------------------------------------------------------------------------------


def test_a_job_state_can_be_used_by_hand() -> None:
    job_state = JobState(flow_id="my_flow")
    job_state.update_routine_state("routine1", {"status": "completed", "stats": {"count": 1}, "result": "success"})
    assert job_state.get_routine_state("routine1") == {
        "status": "completed",
        "stats": {"count": 1},
        "result": "success",
    }
    job_state.record_execution(routine_id="routine1", event_name="output", data={"result": "success"})
    assert len(job_state.get_execution_history()) == 1
    assert job_state.get_execution_history(routine_id="routine1")[0].data == {"result": "success"}


def test_the_tracker_gives_the_promised_figures() -> None:
    flow, source_id, processor_id = chained("my_flow", source("a", "b"), SimpleProcessor())
    over(flow.execute(source_id))
    tracker = flow.execution_tracker
    assert tracker is not None
    performance = tracker.get_routine_performance(processor_id)
    assert performance is not None
    assert performance["total_executions"] == performance["completed"] == 2
    assert performance["failed"] == 0
    assert performance["success_rate"] == 1.0
    times = [performance[f"{which}_execution_time"] for which in ("min", "avg", "max")]
    assert times == sorted(times)
    assert tracker.get_flow_performance()["total_events"] == 4
