"""Invalid arguments of flows and jobs are refused at once, not when the job runs or is loaded."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from routilux import Flow, JobState
from tests.engine.parts import Data, Node, chain, over


@pytest.mark.parametrize(
    "wrong",
    [
        {"flow_id": 5},
        {"history_limit": -1},
        {"history_limit": "5"},
        {"history_limit": 2.5},
        {"execution_timeout": "5"},
        {"execution_timeout": math.nan},
        {"execution_strategy": "concurrent", "max_workers": "3"},
        {"execution_strategy": "concurrent", "max_workers": 1.5},
        {"execution_strategy": "concurrent", "max_workers": None},
    ],
)
def test_a_flow_refuses_invalid_arguments(wrong: dict[str, Any]) -> None:
    name, value = list(wrong.items())[-1]
    with pytest.raises(ValueError, match=f"{name}: .* is needed, not {value!r}"):
        Flow(**wrong)


def test_ids_and_names_are_texts_as_they_are_in_a_file(flow: Flow) -> None:
    node: Any = Node()
    for name, define in (
        ("routine_id", lambda: flow.add_routine(node, 5)),  # type: ignore[arg-type]
        ("slot name", lambda: node.define_slot(5)),
        ("event name", lambda: node.define_event(5)),
    ):
        with pytest.raises(ValueError, match=f"{name}: a text is needed, not 5"):
            define()
    assert flow.routines == {}


@pytest.mark.parametrize("timeout", ["5", math.nan, [5]])
def test_a_limit_of_time_is_a_number(flow: Flow, timeout: Any) -> None:
    chain(flow, ("a", Node()))
    for begin in (flow.execute, flow.start):
        with pytest.raises(ValueError, match=r"timeout: a number .*is needed"):
            begin("a", timeout=timeout)
    assert flow.live_jobs() == []
    over(flow.start("a", timeout=math.inf))


@pytest.mark.parametrize("params", [[1], "text", 5])
def test_the_entrys_parameters_are_a_dict(flow: Flow, params: Any) -> None:
    chain(flow, ("a", Node()))
    for begin in (flow.execute, flow.start):
        with pytest.raises(ValueError, match="entry_params: a dict is needed"):
            begin("a", params)


@pytest.mark.parametrize("checkpoint", ["here", [1]])
def test_a_checkpoint_is_a_dict(flow: Flow, checkpoint: Any) -> None:
    chain(flow, ("a", Node(lambda node, data: flow.pause(node.ctx.job_state))))
    job = over(flow.execute("a"), "paused")
    with pytest.raises(ValueError, match="checkpoint: a dict is needed"):
        flow.pause(job, checkpoint=checkpoint)
    flow.resume(job)
    over(job)


def test_recorded_and_deferred_events_can_be_saved(flow: Flow, tmp_path: Path) -> None:
    def work(node: Node, data: Data) -> None:
        job: Any = node.ctx.job_state
        for add in (job.record_execution, job.add_deferred_event):
            with pytest.raises(ValueError, match="data: a dict is needed"):
                add("a", "out", [1])
            with pytest.raises(ValueError, match="routine_id: a text is needed"):
                add(None, "out", {})
            with pytest.raises(ValueError, match="event_name: a text is needed"):
                add("a", 5, {})
            add("a", "out", {"n": 1})
            add("a", "out", None)
        flow.pause(job, checkpoint={"at": 1})

    chain(flow, ("a", Node(work)))
    job = over(flow.execute("a"), "paused")
    job.save(str(tmp_path / "job.json"))
    loaded = JobState.load(str(tmp_path / "job.json"))
    assert [record.data for record in loaded.execution_history[1:]] == [{"n": 1}, {}]
    flow.resume(loaded)
    over(loaded)
    assert loaded.execution_history[-2].event_name == "out"
