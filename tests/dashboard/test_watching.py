"""How long a dashboard watches its flows: from its construction until nobody has it; and what cannot be watched."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from routilux import Flow, JobState
from routilux_dashboard import Dashboard, connect
from routilux_dashboard.payloads.mask import Mask
from tests.dashboard.flows import chain, gated
from tests.dashboard.peers import ask, get


def hooks(flow: Flow) -> int:
    """How many observers a flow has."""
    return len(flow._registry._hooks)


def test_a_dashboard_that_nobody_has_lets_go_of_its_flow_with_the_next_job() -> None:
    flow = chain()
    for _ in range(5):
        Dashboard(flow, port=0)
    gc.collect()
    job = flow.execute("emitter", {"count": 3})
    assert (job.status, hooks(flow)) == ("completed", 0)
    assert not job._journal.readers


def test_a_dashboard_that_has_served_is_let_go_too() -> None:
    flow = chain()
    with Dashboard(flow, port=0) as dashboard:
        job = flow.execute("emitter", {"count": 3})
        assert get(dashboard, f"/jobs/{job.job_id}")["status"] == "completed"
    known = weakref.ref(dashboard._job_table), weakref.ref(dashboard._recorder)
    del dashboard
    gc.collect()
    assert [ref() for ref in known] == [None, None]
    flow.execute("emitter", {"count": 1})
    assert hooks(flow) == 0


def test_a_job_under_way_is_let_go_of_at_its_end() -> None:
    flow, collector = gated()
    dashboard = Dashboard(flow, port=0)
    job = flow.start("emitter", {"count": 1})
    assert collector.taken.acquire(timeout=10)
    assert job._journal.readers
    del dashboard
    gc.collect()
    collector.gate.set()
    assert JobState.wait_for_completion(flow, job, timeout=10)
    assert (job._journal.readers, hooks(flow)) == ((), 0)


def test_a_dashboard_that_was_dropped_while_it_serves_goes_on() -> None:
    flow = chain()
    url = Dashboard(flow, port=0).start().url
    gc.collect()
    (serving,) = [found for found in gc.get_objects() if type(found) is Dashboard and found._serving]
    try:
        job = flow.execute("emitter", {"count": 3})
        assert serving.url == url
        assert get(serving, f"/jobs/{job.job_id}")["counts"]["events"] == 3
    finally:
        serving.stop()


def test_a_constructor_that_refuses_leaves_no_hook() -> None:
    flow = chain()
    with pytest.raises(ValueError, match="another flow_id"):
        Dashboard(flow, chain())
    with pytest.raises(TypeError, match="no flow"):
        Dashboard(flow, "x")  # type: ignore[arg-type]
    assert hooks(flow) == 0


@pytest.mark.parametrize(
    ("flows", "options", "words"),
    [
        (["x"], {}, "'x' is no flow"),
        ([Flow], {}, r"Flow is a class.*Flow\(…\)"),
        ([], {"port": "abc"}, "port='abc': a number from 0 to 65535"),
        ([], {"port": None}, "port=None"),
        ([], {"host": None}, "host=None"),
        ([], {"keep_jobs": -1}, "keep_jobs=-1: .* 0 or more"),
        ([], {"keep_jobs": "all"}, "keep_jobs='all'"),
        ([], {"mask": [1]}, "mask has 1"),
        ([], {"allowed_hosts": [b"x"]}, "allowed_hosts has b'x'"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_told_with_what_is_needed(
    flows: list[Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        Dashboard(*flows, **options)


def test_a_plain_text_is_one_name_and_not_its_letters() -> None:
    assert Mask("password").apply({"password": 1, "part": 2}) == {"password": "•••", "part": 2}
    with Dashboard(chain(), port=0, allowed_hosts="box.example") as dashboard:
        assert ask(dashboard, "GET", "/api/v1/jobs", headers={"Host": "box.example"}).status == 200
        assert ask(dashboard, "GET", "/api/v1/jobs", headers={"Host": "b"}).status == 403


def test_the_address_is_told_when_there_is_one() -> None:
    dashboard = Dashboard(port=0)
    with pytest.raises(RuntimeError, match="start first"):
        dashboard.url_of_job("x")
    with dashboard:
        url = dashboard.url
    assert dashboard.url == url


def test_a_connection_refuses_what_is_no_flow_and_leaves_no_hook() -> None:
    flow = chain()
    with pytest.raises(TypeError, match="no flow"):
        connect("http://127.0.0.1:9", flow, "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="another flow_id"):
        connect("http://127.0.0.1:9", flow, chain())
    assert hooks(flow) == 0
