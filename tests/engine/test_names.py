"""The names that programs import, and the defaults that they rely on."""

from __future__ import annotations

import importlib
import inspect

import pytest

import routilux
from routilux import ErrorHandler, Flow, JobState, OutputHandler, Routine, Slot

CORE = [
    "Flow",
    "Routine",
    "ExecutionContext",
    "Slot",
    "Event",
    "Connection",
    "JobState",
    "ExecutionRecord",
    "ExecutionTracker",
]
ERRORS = ["ErrorHandler", "ErrorStrategy"]
OUTPUT = ["OutputHandler", "QueueOutputHandler", "CallbackOutputHandler", "NullOutputHandler"]
WATCHING = [
    "JobHook",
    "JournalReader",
    "JournalBatch",
    "JournalEntry",
    "RunningHandler",
    "Totals",
    "RunTotals",
    "Source",
    "Target",
]
WATCHING += ["HistoryRange", "ControlState"]

MODULES = {
    "routine": ["Routine", "ExecutionContext"],
    "slot": ["Slot"],
    "event": ["Event"],
    "connection": ["Connection"],
    "flow": ["Flow"],
    "job_state": ["JobState", "ExecutionRecord"],
    "execution_tracker": ["ExecutionTracker"],
    "error_handler": ERRORS,
    "output_handler": OUTPUT,
}


@pytest.mark.parametrize("name", CORE + ERRORS + OUTPUT + WATCHING)
def test_the_package_has_every_public_name(name: str) -> None:
    assert name in routilux.__all__
    assert inspect.isclass(getattr(routilux, name))


@pytest.mark.parametrize(("module", "names"), MODULES.items())
def test_the_modules_have_the_same_names(module: str, names: list[str]) -> None:
    found = importlib.import_module(f"routilux.{module}")
    for name in names:
        assert getattr(found, name) is getattr(routilux, name)


def test_the_version_is_the_level_of_the_api() -> None:
    assert routilux.__version__ == "0.10.0"


def parameters(call: object) -> dict[str, object]:
    return {
        name: None if parameter.default is parameter.empty else parameter.default
        for name, parameter in inspect.signature(call).parameters.items()  # type: ignore[arg-type]
        if name != "self"
    }


def starts_with(call: object, **expected: object) -> bool:
    """The documented parameters come first, in order and with these defaults; more may follow."""
    return list(parameters(call).items())[: len(expected)] == list(expected.items())


def test_signatures_are_the_documented_ones() -> None:
    assert starts_with(Flow, flow_id=None, execution_strategy="sequential", max_workers=5, execution_timeout=None)
    assert parameters(Flow.add_routine) == {"routine": None, "routine_id": None}
    assert list(parameters(Flow.connect)) == [
        "source_routine_id",
        "source_event",
        "target_routine_id",
        "target_slot",
        "param_mapping",
    ]
    run = {"entry_routine_id": None, "entry_params": None, "execution_strategy": None, "timeout": None}
    assert parameters(Flow.execute) == run | {"output_handler": None}
    assert parameters(Flow.start) == run | {"output_handler": None}
    assert starts_with(Flow.pause, job_state=None, reason="", checkpoint=None)
    assert starts_with(Flow.cancel, job_state=None, reason="")
    assert starts_with(Flow.wait_for_completion, timeout=None, job_state=None)
    assert parameters(Flow.shutdown) == {"wait": True, "timeout": None}
    assert parameters(Routine.define_slot) == {"name": None, "handler": None, "merge_strategy": "override"}
    assert parameters(Routine.define_event) == {"name": None, "output_params": None}
    assert starts_with(Routine.emit, event_name=None, flow=None)
    assert parameters(Slot) == {"name": "", "routine": None, "handler": None, "merge_strategy": "override"}
    assert parameters(ErrorHandler) == {
        "strategy": "stop",
        "max_retries": 3,
        "retry_delay": 1.0,
        "retry_backoff": 2.0,
        "retryable_exceptions": None,
        "is_critical": False,
    }
    assert starts_with(JobState, flow_id="")
    assert parameters(JobState.wait_for_completion) == {
        "flow": None,
        "job_state": None,
        "timeout": None,
        "stability_checks": 5,
        "check_interval": 0.1,
        "stability_delay": 0.05,
        "progress_callback": None,
    }
    assert parameters(JobState.wait_until_condition) == {
        "flow": None,
        "job_state": None,
        "condition": None,
        "timeout": None,
        "check_interval": 0.1,
        "progress_callback": None,
    }
    assert list(parameters(OutputHandler.handle)) == ["job_id", "routine_id", "output_type", "data", "timestamp"]
