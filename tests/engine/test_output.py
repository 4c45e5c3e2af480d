"""Outputs: where they go, what they look like, and that the log has all of them."""

from __future__ import annotations

import queue
from datetime import datetime
from typing import Any

import pytest

from routilux import CallbackOutputHandler, Flow, JobState, NullOutputHandler, OutputHandler, QueueOutputHandler
from tests.engine.parts import Data, FlowMaker, Node, assert_now, chain, emits, over


class Collecting(OutputHandler, list[tuple[str, Data]]):
    """Empty at first, and so false: it is used all the same."""

    def handle(
        self, job_id: str, routine_id: str, output_type: str, data: Data, timestamp: datetime | None = None
    ) -> None:
        self.append((output_type, data))


def same_moment(one: str, other: str) -> bool:
    """A time without offset is local."""
    return datetime.fromisoformat(one).timestamp() == datetime.fromisoformat(other).timestamp()


def sender(flow: Flow) -> Flow:
    return chain(flow, ("a", Node(lambda node, data: node.send_output("row", n=1, rows=[2]))))


def test_outputs_go_to_the_handler_and_into_the_log(flow: Flow) -> None:
    collecting = Collecting()
    job = over(sender(flow).execute("a", output_handler=collecting))
    assert collecting == [("row", {"n": 1, "rows": [2]})]
    (row,) = job.output_log
    assert list(row) == ["routine_id", "output_type", "data", "timestamp"]
    assert (row["routine_id"], row["output_type"], row["data"]) == ("a", "row", {"n": 1, "rows": [2]})
    assert_now(row["timestamp"])


def test_the_flows_output_handler_is_that_of_every_new_job(flow: Flow) -> None:
    first, second = Collecting(), Collecting()
    sender(flow).set_output_handler(first)
    over(flow.execute("a"))
    over(flow.start("a"))
    assert len(first) == 2
    over(flow.start("a", output_handler=second))
    assert (len(first), len(second)) == (2, 1)
    flow.set_output_handler(None)
    over(flow.execute("a"))
    assert len(first) == 2


def test_a_handler_of_the_job_may_set_its_output_handler(flow: Flow) -> None:
    collecting = Collecting()

    def work(node: Node, data: Data) -> None:
        node.ctx.job_state.set_output_handler(collecting)
        node.send_output("one")
        node.ctx.job_state.set_output_handler(None)
        node.send_output("two")

    chain(flow, ("a", Node(work)))
    job = over(flow.execute("a"))
    assert collecting == [("one", {})]
    assert [row["output_type"] for row in job.output_log] == ["one", "two"]


def test_a_queue_gets_dicts_with_the_time_as_text() -> None:
    outputs: queue.Queue[Any] = queue.Queue()
    job = JobState("flow")
    job.set_output_handler(QueueOutputHandler(outputs))
    job.send_output("a", "row", {"n": 1})
    item = outputs.get_nowait()
    at = item.pop("timestamp")
    assert item == {"job_id": job.job_id, "routine_id": "a", "output_type": "row", "data": {"n": 1}}
    assert same_moment(at, job.output_log[0]["timestamp"])


def test_a_callback_gets_the_time_as_a_datetime() -> None:
    calls = list[tuple[Any, ...]]()
    job = JobState("flow")
    job.set_output_handler(CallbackOutputHandler(lambda *args: calls.append(args)))
    job.send_output("a", "row", {"n": 1})
    ((job_id, routine_id, output_type, data, timestamp),) = calls
    assert (job_id, routine_id, output_type, data) == (job.job_id, "a", "row", {"n": 1})
    assert isinstance(timestamp, datetime)
    assert same_moment(timestamp.isoformat(), job.output_log[0]["timestamp"])
    assert timestamp.tzinfo is None


def test_a_handler_is_called_with_keywords() -> None:
    calls = list[dict[str, Any]]()

    class Keywords(OutputHandler):
        def handle(self, **kwargs: Any) -> None:  # type: ignore[override]
            calls.append(kwargs)

    job = JobState("flow")
    job.set_output_handler(Keywords())
    job.send_output("a", "row", {"n": 1})
    assert set(calls[0]) == {"job_id", "routine_id", "output_type", "data", "timestamp"}


def test_null_takes_everything_and_does_nothing() -> None:
    NullOutputHandler().handle("job", "a", "row", {})
    NullOutputHandler().handle("job", "a", "row", {}, datetime.now())


def test_the_abstract_handler_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        OutputHandler()  # type: ignore[abstract]


def test_the_log_keeps_outputs_as_they_were_when_sent() -> None:
    rows = [1]
    job = JobState("flow")
    job.send_output("a", "row", {"rows": rows})
    rows.append(2)
    assert job.output_log[0]["data"] == {"rows": [1]}


def test_outputs_of_many_workers_all_arrive(new_flow: FlowMaker) -> None:
    flow = new_flow("flow", "concurrent", max_workers=4)
    collecting = Collecting()
    chain(flow, ("a", Node(emits(100))), ("b", Node(lambda node, data: node.send_output("row", n=data["n"]))))
    job = over(flow.start("a", output_handler=collecting))
    assert sorted(data["n"] for _, data in collecting) == list(range(100))
    assert len(job.output_log) == 100


def test_data_named_like_a_parameter_of_the_engine_is_data(flow: Flow) -> None:
    chain(flow, ("a", Node(lambda node, data: node.send_output("row", routine_id="mine", data="mine", job_id=5))))
    job = over(flow.execute("a"))
    assert job.output_log[0]["data"] == {"routine_id": "mine", "data": "mine", "job_id": 5}
