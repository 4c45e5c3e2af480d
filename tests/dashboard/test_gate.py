"""The gate of a real server: names, origins, bodies, and the headers of every answer."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import websocket

from routilux import Flow
from routilux_dashboard import Dashboard
from routilux_dashboard.server.gate import Gate
from routilux_dashboard.server.guard import MAX_BODY, Names
from tests.dashboard.flows import chain
from tests.dashboard.peers import Answer, address, ask, raw_connection, raw_websocket

CHUNKED = b"POST /api/v1/flows/chain/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED += b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def flow() -> Flow:
    return chain()


@pytest.fixture
def dashboard(flow: Flow) -> Any:
    with Dashboard(flow, port=0, allowed_hosts=["dash.example"]) as running:
        yield running


def is_problem(answer: Answer, status: int) -> None:
    """The answer is a problem that says what to do."""
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"]


def refused_status(dashboard: Dashboard, **options: Any) -> int:
    """The status with which a websocket is refused; 0 when it is not."""
    try:
        with raw_websocket(dashboard, **options):
            return 0
    except websocket.WebSocketBadStatusException as refused:
        return refused.status_code


@pytest.mark.parametrize("path", ["/", "/api/v1/jobs", "/static/x.js", "/socket.io/?EIO=4&transport=websocket"])
def test_a_name_that_was_pointed_here_by_somebody_else_gets_nothing(dashboard: Dashboard, path: str) -> None:
    is_problem(ask(dashboard, "GET", path, headers={"Host": "evil.example"}), 403)


def test_further_names_can_be_allowed(dashboard: Dashboard) -> None:
    assert ask(dashboard, "GET", "/api/v1/jobs", headers={"Host": "dash.example:1234"}).status == 200


def test_a_websocket_under_a_foreign_name_is_refused(dashboard: Dashboard) -> None:
    assert refused_status(dashboard, host="evil.example", origin="http://evil.example") == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:1", "null"])
def test_a_websocket_of_another_sites_page_is_refused(dashboard: Dashboard, origin: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused, raw_websocket(dashboard, origin=origin):
        pass
    assert refused.value.status_code == 403


def test_a_websocket_of_the_own_page_is_served(dashboard: Dashboard) -> None:
    assert refused_status(dashboard, origin=dashboard.url) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_cannot_start_a_job(dashboard: Dashboard, flow: Flow, headers: dict[str, str]) -> None:
    is_problem(ask(dashboard, "POST", "/api/v1/flows/chain/jobs", {"params": {"count": 1}}, headers), 403)
    assert flow.execution_tracker is None, "nothing was run"


def test_the_own_page_can_start_a_job(dashboard: Dashboard) -> None:
    headers = {"Origin": dashboard.url, "Sec-Fetch-Site": "same-origin"}
    assert ask(dashboard, "POST", "/api/v1/flows/chain/jobs", {"params": {"count": 1}}, headers).status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_said_to_be_json_is_refused(dashboard: Dashboard, kind: str) -> None:
    answer = ask(dashboard, "POST", "/api/v1/flows/chain/jobs", b'{"params": {"count": 1}}', {"Content-Type": kind})
    is_problem(answer, 415)


def test_a_body_of_a_megabyte_is_read_and_a_larger_one_is_not(dashboard: Dashboard) -> None:
    fits = json.dumps({"params": {"count": 1, "text": "x" * (MAX_BODY - 100)}}).encode()
    assert ask(dashboard, "POST", "/api/v1/flows/chain/jobs", fits).status == 201
    is_problem(ask(dashboard, "POST", "/api/v1/flows/chain/jobs", fits + b" " * 200), 413)
    is_problem(ask(dashboard, "POST", "/api/v1/flows/chain/jobs", b" " * (5 * MAX_BODY)), 413)


def test_a_body_without_a_length_is_bounded_too(dashboard: Dashboard) -> None:
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with raw_connection(dashboard, CHUNKED) as peer:
        sending = threading.Thread(target=lambda: peer.sendall(piece * 40 + b"0\r\n\r\n"))
        sending.start()
        assert peer.recv(65536).startswith(b"HTTP/1.1 413 ")
        sending.join()


def test_chunks_that_are_none_are_told(dashboard: Dashboard) -> None:
    with raw_connection(dashboard, CHUNKED + b"zz\r\n") as peer:
        assert peer.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_huge_request_line_or_header_is_refused(dashboard: Dashboard) -> None:
    with raw_connection(dashboard, b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n") as peer:
        assert b" 414 " in peer.recv(65536)
    with raw_connection(dashboard, b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n") as peer:
        assert b" 400 " in peer.recv(65536)


@pytest.mark.parametrize("path", ["/", "/jobs", "/jobs/x", "/api/v1/jobs", "/api/v1/nope", "/static/nope.js", "/nope"])
def test_every_answer_carries_the_headers_that_keep_a_page_to_itself(dashboard: Dashboard, path: str) -> None:
    headers = ask(dashboard, "GET", path).headers
    host, port = address(dashboard)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert f"ws://{host}:{port}" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    assert "Set-Cookie" not in headers


def test_a_fault_behind_the_gate_is_a_problem_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("inside")

    told: list[Any] = []
    environ = {"HTTP_HOST": "localhost", "REQUEST_METHOD": "GET", "PATH_INFO": "/x"}
    (body,) = Gate(broken, Names("localhost"))(environ, lambda *head: told.append(head))
    assert json.loads(body)["status"] == 500
    assert told[0][0] == "500 Internal Server Error"
    assert "inside" in caplog.text
