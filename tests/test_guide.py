"""What the guide says in its tables is so: each row is tried."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from routilux import ErrorHandler, Flow, JobState, Slot
from tests.engine.parts import Door, Node, chain, emits, over, raises

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "guide"


def rows_of(page: str, head: str) -> list[list[str]]:
    """The rows of the table of a page whose head begins so, as lists of cells."""
    text = (GUIDE / page).read_text(encoding="utf-8")
    found = re.search(rf"^\| ?{re.escape(head)}.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found is not None, f"{page} has no table {head!r}"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()]


# -- controls --------------------------------------------------------------------------------------------------------


def job_that_is(status: str, flow: Flow, door: Door) -> JobState:
    """A job of the flow at rest with that status; a running one waits at the door."""
    if status == LOADED:
        loaded = JobState(flow.flow_id)
        loaded.status = "running"
        return loaded
    flow.add_routine(Node(raises(ValueError) if status == "failed" else door), "it")
    if status in ("completed", "failed"):
        door.open()
        return flow.execute("it")
    job_state = flow.start("it")
    door.wait_for()
    if status == "paused":
        flow.pause(job_state, wait=False)
        door.open()
    elif status == "cancelled":
        flow.cancel(job_state, wait=False)
        door.open()
    return job_state if status == "running" else over(job_state, status)


LOADED = "loaded as `running`"
CONTROLS = ["pause", "resume", "step", "cancel"]
WORDS = {"pauses": "paused", "pauses (nothing waits)": "paused", "cancels": "cancelled", "continues": "completed"}
"""The status that each entry of the table of controls leads to."""


@pytest.mark.parametrize("row", rows_of("control.md", "status | `pause`"), ids=lambda row: row[0])
@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_works_as_in_the_table_of_controls(row: list[str], control: str) -> None:
    said = row[1 + CONTROLS.index(control)]
    flow, door = Flow("flow"), Door()
    job_state = job_that_is(row[0], flow, door)
    status = job_state.status
    ask: Callable[..., object] = getattr(flow, control)
    options = {} if control in ("resume", "step") else {"wait": False}
    if said == "`ValueError`":
        with pytest.raises(ValueError, match=status):
            ask(job_state, **options)
        assert job_state.status == status
    elif said.endswith("`ValueError` if there is none"):
        with pytest.raises(ValueError, match="nothing waits"):
            ask(job_state, **options)
        assert job_state.status == status
    elif said.startswith("nothing"):
        ask(job_state, **options)
        assert job_state.status == status
    else:
        ask(job_state, **options)
        door.open()
        over(job_state, WORDS[said])
    door.open()


def test_resume_withdraws_a_pause_that_is_still_draining() -> None:
    flow, door = Flow("flow"), Door()
    job_state = job_that_is("running", flow, door)
    flow.pause(job_state, wait=False)
    flow.resume(job_state)
    door.open()
    over(job_state, "completed")
    assert job_state.pause_points == []


# -- strategies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows_of("errors.md", "strategy | the job"), ids=lambda row: row[0])
def test_a_strategy_works_as_in_the_table_of_strategies(row: list[str]) -> None:
    strategy, job, state, history = row
    flow = Flow("flow")
    bad = Node(raises(ValueError("no")))
    bad.set_error_handler(ErrorHandler(strategy.strip('`"'), max_retries=2, retry_delay=0))
    chain(flow, ("source", Node(emits(1 if strategy == '`"retry"`' else 2))), ("bad", bad))
    job_state = flow.execute("source")
    kept = job_state.get_routine_state("bad") or {}
    kinds = [record.kind for record in job_state.execution_history if record.routine_id == "bad"]
    continues = job == "continues"
    assert job_state.status == ("completed" if continues else "failed")
    tries = 3 if strategy == '`"retry"`' else 2 if continues else 1
    assert len(job_state.execution_tracker.routine_executions["bad"]) == tries
    if strategy == '`"retry"`':
        assert kinds == ["retry", "retry", "error"], history
        state = rows_of("errors.md", "strategy | the job")[0][2]
    else:
        assert kinds == re.findall(r"`(\w+)`", history) * (2 if continues else 1)
    status, *others = re.findall(r"`([^`]+)`", state)
    assert status == f'status: "{kept["status"]}"'
    assert set(kept) == {"status", *others}


# -- how handlers get their data -------------------------------------------------------------------------------------


def everything(**data: Any) -> Any:
    return data


def named_and_everything(a: Any, **data: Any) -> Any:
    return a, data


def several(a: Any, b: Any = 2) -> Any:
    return a, b


def one(a: Any) -> Any:
    return a


def other(z: Any) -> Any:
    return z


def whole(data: Any) -> Any:
    return data


def places(*data: Any) -> Any:
    return data


def none() -> Any:
    return ()


SENT = {"a": 1, "c": 3}
GETS: dict[str, list[tuple[Callable[..., Any], Any]]] = {
    "`**data`, with or without names before it": [(everything, SENT), (named_and_everything, (1, {"c": 3}))],
    "several names": [(several, (1, 2))],
    "one name": [(one, 1), (other, SENT)],
    "one, named `data`": [(whole, SENT)],
    "`*args`": [(places, (SENT,))],
    "none": [(none, ())],
}


@pytest.mark.parametrize("kind", [row[0] for row in rows_of("first-flow.md", "parameters of the handler")])
def test_a_handler_receives_data_as_in_the_table_of_parameters(kind: str) -> None:
    for handler, expected in GETS[kind]:
        got: list[Any] = []

        def record(*args: Any, _handler: Callable[..., Any] = handler, _got: list[Any] = got, **kwargs: Any) -> None:
            _got.append(_handler(*args, **kwargs))

        record.__wrapped__ = handler  # type: ignore[attr-defined]
        Slot("in", handler=record).call_handler(dict(SENT), propagate_exceptions=True)
        assert got == [expected], handler.__name__


# -- which execute returns when --------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["execute", "start"])
@pytest.mark.parametrize("strategy", ["sequential", "concurrent"])
def test_execute_and_start_return_as_in_the_table_of_strategies(strategy: str, call: str) -> None:
    said = {
        row[0]: dict(zip(("execute", "start"), row[1:], strict=True))
        for row in rows_of("concurrency.md", " | `execute`")
    }
    flow, door = Flow("flow", strategy, max_workers=1), Door()
    chain(flow, ("source", Node(emits(1))), ("slow", Node(door)))
    if (strategy, call) == ("sequential", "execute"):
        assert "returns when it has ended or is paused" in said[strategy][call]
        door.open()
        assert flow.execute("source").status == "completed"
        return
    assert "returns at once" in said[strategy][call] or "returns when that has returned" in said[strategy][call]
    job_state = getattr(flow, call)("source")
    door.wait_for()
    assert job_state.status == "running"
    door.open()
    over(job_state)
    flow.shutdown()
