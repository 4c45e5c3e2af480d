"""Requests made from the OpenAPI document, good ones and bad, to a running server: every answer is as it says.

`SCHEMA_EXAMPLES=200` asks each call that often (in `make test` it is a few times).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from routilux_dashboard import Dashboard, api, connect
from routilux_dashboard.protocol.call import field_types, query_fields
from tests.dashboard.flows import chain, gated
from tests.dashboard.peers import get
from tests.waiting import eventually

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "15"))
JOBS: list[str] = []


@schemathesis.serializer("application/x-ndjson")
def as_it_is(_context: Any, value: Any) -> bytes:
    """A body that is text already."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server with jobs that run, are paused, completed, failed, lost, only in its store, and of another program."""
    path = tmp_path_factory.mktemp("store") / "jobs.db"
    flow, (left, gate) = chain(), gated(flow_id="left")
    with Dashboard(flow, left, port=0, store=path):
        stored, lost = flow.execute("emitter", {"count": 20}), left.start("emitter", {"count": 3})
        assert gate.taken.acquire(timeout=10)
    held, collector = gated(flow_id="held")
    flow, other = chain(), chain(flow_id="elsewhere")
    with Dashboard(flow, held, port=0, store=path) as dashboard, connect(dashboard.url, other) as connection:
        done = flow.execute("emitter", {"count": 30, "text": 'Ünder "way"'})
        failed = flow.execute("emitter", {"count": "x"})
        elsewhere = other.execute("emitter", {"count": 10})
        assert connection.flush(10)
        running, paused = held.start("emitter", {"count": 3}), held.start("emitter", {"count": 3})
        assert collector.taken.acquire(timeout=10)
        assert collector.taken.acquire(timeout=10)
        held.pause(paused, wait=False)
        JOBS[:] = [job.job_id for job in (done, failed, running, paused, stored, lost, elsewhere)]
        assert {job["status"] for job in get(dashboard, "/jobs")["jobs"]} >= {"running", "completed", "failed", "lost"}
        yield schemathesis.openapi.from_url(f"{dashboard.url}/api/v1/openapi.json")
        collector.gate.set()
        gate.gate.set()
        eventually(lambda: not [job for job in (*held.live_jobs(), *left.live_jobs()) if job.status == "running"])


CALLS = [(call.endpoint.method.lower(), call.endpoint.path, GenerationMode.POSITIVE) for call in api.HANDLERS] + [
    (call.endpoint.method.lower(), call.endpoint.path, GenerationMode.NEGATIVE)
    for call in api.HANDLERS
    if query_fields(call) or field_types(call).get("body") not in (None, str)
]


@pytest.mark.parametrize(("method", "path", "mode"), CALLS)
def test_every_answer_is_as_the_document_says(document: Any, method: str, path: str, mode: GenerationMode) -> None:
    operation = document[path][method]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        know_a_job(case)
        if mode is GenerationMode.POSITIVE and path.endswith("/at"):
            name_one_moment(case)
        response = case.call(timeout=20)
        excluded = []
        if response.status_code == 414:
            excluded.append(negative_data_rejection)  # which does not know it for a refusal
        if path == "/recordings":
            excluded.append(positive_data_acceptance)  # hardly any text is a recording
        case.validate_response(response, excluded_checks=excluded)

    ask()


def know_a_job(case: Any) -> None:
    """Have three of four requests ask for a job that is there: which one, the made-up id decides."""
    made_up = case.path_parameters.get("job_id")
    if isinstance(made_up, str):
        number = zlib.crc32(made_up.encode("utf-8", "replace")) % (len(JOBS) * 4 // 3)
        if number < len(JOBS):
            case.path_parameters["job_id"] = JOBS[number]


def name_one_moment(case: Any) -> None:
    """Of `seq` and `t` one is needed: what OpenAPI has no words for."""
    if len(case.query) != 1:
        case.query = {"seq": "1"}
