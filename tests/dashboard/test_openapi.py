"""The OpenAPI document: everything that is served is in it, and it is what it says it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from routilux_dashboard import Dashboard, __version__
from tests.dashboard.flows import chain
from tests.dashboard.peers import ask, get

PREFIX = "/api/v1"
PROBLEM = ["application/problem+json"]
WITHOUT_PROBLEM = {("/healthz", "503"), ("/docs", "503")}
"""What says in its own words that it cannot be served."""


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with Dashboard(chain(), port=0) as running:
        yield running


@pytest.fixture(scope="module")
def document(dashboard: Dashboard) -> Any:
    return get(dashboard, "/openapi.json")


def test_it_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == __version__
    schemathesis.openapi.from_dict(document).validate()


def test_every_route_is_in_it_and_nothing_else(dashboard: Dashboard, document: Any) -> None:
    served = set()
    for rule in _application(dashboard).url_map.iter_rules():
        if rule.rule.startswith(PREFIX) and not rule.endpoint.startswith("api.not "):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                path = rule.rule.removeprefix(PREFIX)
                for argument in rule.arguments:
                    for kind in ("", "path:", "int:"):
                        path = path.replace(f"<{kind}{argument}>", f"{{{argument}}}")
                served.add((method.lower(), path))
    described = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert served == described
    assert len(described) > 15


def test_every_call_says_what_it_takes_and_what_may_go_wrong(document: Any) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            assert operation["summary"], place
            assert all(parameter["description"] for parameter in operation["parameters"]), place
            for status, answer in operation["responses"].items():
                problem = int(status) >= 400 and (path, status) not in WITHOUT_PROBLEM
                assert (list(answer.get("content", PROBLEM)) == PROBLEM) == problem, f"{place} {status}"
            assert "403" in operation["responses"], place
            assert ("404" in operation["responses"]) or "{" not in path, place


def test_the_names_of_the_contract_are_in_it(document: Any) -> None:
    job = document["components"]["schemas"]["Job"]
    assert {"job_id", "flow_id", "status", "seq", "counts", "routines", "connections", "control", "origin"} <= set(
        job["required"]
    )
    history = document["paths"]["/jobs/{job_id}/history"]["get"]
    names = {parameter["name"] for parameter in history["parameters"]}
    assert {"after", "before", "limit", "routine", "event", "q", "outcome", "kind", "since", "until"} <= names
    for action in ("pause", "resume", "cancel", "step"):
        assert {"202", "409"} <= set(document["paths"][f"/jobs/{{job_id}}/{action}"]["post"]["responses"])


def test_the_page_to_try_it_names_the_document_and_asks_nobody_else(dashboard: Dashboard) -> None:
    answer = ask(dashboard, "GET", f"{PREFIX}/docs", headers={"Accept": "text/html"})
    if answer.status == 503:
        pytest.skip("the front end is not built")
    text = answer.body.decode()
    assert answer.headers["Content-Type"].startswith("text/html")
    assert f'data-document="{PREFIX}/openapi.json"' in text
    assert "rest-docs" in text
    assert "//" not in text.replace("<!doctype", "")


def _application(dashboard: Dashboard) -> Any:
    serving = dashboard._serving
    assert serving is not None
    return serving._hub._server.app._application
