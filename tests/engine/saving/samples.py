"""A flow and a job with something in every place of their documents."""

from __future__ import annotations

import json
from typing import Any

from routilux import ConditionalRouter, DataTransformer, ErrorHandler, Flow, JobState
from tests.engine.saving.routines import Sorter, is_big, newest
from tests.engine.saving.steps import Step

Plain = dict[str, Any]


def flow_plain() -> Plain:
    """The document of a flow of a user's routines and built-in ones."""
    flow = Flow("sample", "concurrent", 3, 20.0, history_limit=1000)
    flow.set_error_handler(ErrorHandler("retry", 2, 0.01, retryable_exceptions=(KeyError, OSError)))
    for routine_id in ("a", "b"):
        flow.add_routine(Sorter(), routine_id)
    flow.routines["b"].set_as_optional()
    flow.routines["b"].set_config(text="größe", number=1.5, nested={"list": [1, None, {"f": is_big}]})
    flow.routines["b"].define_slot("merging", merge_strategy=newest)
    router = ConditionalRouter()
    router.add_route("big", "data > 5")
    router.add_route("fields", {"kind": "order", "total": lambda total: total < 3})
    router.add_route("checked", is_big)
    flow.add_routine(router, "router")
    transformer = DataTransformer()
    transformer.set_config(transformations=["to_string", "uppercase"])
    flow.add_routine(transformer, "transformer")
    flow.connect("a", "out", "b", "input", {"data": "data", "x": "y"})
    flow.connect("b", "out", "router", "input")
    flow.connect("router", "big", "transformer", "input")
    plain: Plain = json.loads(json.dumps(flow.serialize()))
    return plain


def resumable_flow() -> Flow:
    """The flow that the sample's job is of."""
    flow = Flow("sample")
    for routine_id in ("a", "b"):
        step = Step()
        step.set_config(emits=["out", "out"], keeps_state=True)
        flow.add_routine(step, routine_id)
    flow.connect("a", "out", "b", "gather", {"extra": "renamed"})
    return flow


def job_plain() -> Plain:
    """The document of a job that is paused in its midst."""
    flow = resumable_flow()
    job = JobState("sample")
    job = flow.execute("a", {"ttl": 2, "pause_at": [1, 2]})
    flow.resume(job)
    assert JobState.wait_for_completion(flow, job, 10.0)
    job.update_shared_data("rows", [{"x": [1, 2.5, None, True]}])
    job.metadata["owner"] = {"name": "me"}
    job.add_deferred_event("a", "alt", {"path": "late", "ttl": 0})
    job.record_execution("b", "start", {"mine": 1})
    plain: Plain = json.loads(json.dumps(job.serialize()))
    assert plain["status"] == "paused"
    assert plain["pending_tasks"]
    return plain
