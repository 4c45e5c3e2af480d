"""Tokens: who needs one, how requests without one are refused, and how browsers keep it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from routilux_dashboard import Dashboard, connect
from routilux_dashboard.server.tokens import BadTokens, Tokens
from tests.dashboard.commands import call
from tests.dashboard.flows import chain
from tests.dashboard.peers import Answer, ask, get
from tests.dashboard.remote.processes import program
from tests.waiting import eventually

TOKEN = "a-token-of-the-laboratory"
HTML = {"Accept": "text/html"}


@pytest.fixture
def server() -> Iterator[Dashboard]:
    with Dashboard(chain(), port=0, store="none", tokens={"lab": TOKEN, "office": "another-token-entirely"}) as found:
        yield found


def from_outside(server: Dashboard, path: str, method: str = "GET", **headers: str) -> Answer:
    """A request as forwarded by a proxy on this machine for a client elsewhere."""
    return ask(server, method, path, headers={"X-Forwarded-For": "203.0.113.9", **headers})


def test_this_machine_needs_no_token_for_pages_and_rest(server: Dashboard) -> None:
    assert get(server, "/jobs")["jobs"] == []


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/jobs", "/metrics", "/static/nothing.js", "/api/v1/docs"])
def test_requests_from_elsewhere_need_a_token(server: Dashboard, path: str) -> None:
    answer = from_outside(server, path)
    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
    headers = {name.lower(): text for name, text in answer.headers.items()}
    assert headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in answer.json["detail"]
    assert "?token=" in answer.json["detail"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_without_a_token_health_says_only_that_the_server_is_up(server: Dashboard, method: str) -> None:
    answer = from_outside(server, "/api/v1/healthz", method)
    assert answer.status == 200
    if method == "GET":
        assert set(answer.json) == {"status", "behind_seconds", "jobs", "store"}
        assert (answer.json["status"], answer.json["jobs"], answer.json["store"]) == ("ok", None, None)
    known = from_outside(server, "/api/v1/healthz", Authorization=f"Bearer {TOKEN}").json
    assert known == get(server, "/healthz") | {"behind_seconds": known["behind_seconds"]}
    assert known["jobs"] == 0
    for other in ("/api/v1/healthz/", "/api/v1/healthz/x", "/api/v1/jobs/../healthz"):
        assert from_outside(server, other, method).status == 401, other
    assert from_outside(server, "/api/v1/healthz", "POST").status == 401


def test_a_request_with_a_token_is_allowed(server: Dashboard) -> None:
    assert from_outside(server, "/api/v1/jobs", Authorization=f"Bearer {TOKEN}").status == 200
    assert from_outside(server, "/api/v1/jobs", Authorization="Bearer another-token-entirely").status == 200
    wrong = from_outside(server, "/api/v1/jobs", Authorization="Bearer a-token-of-the-laboratorY")
    assert (wrong.status, "not one of" in wrong.json["detail"]) == (401, True)
    assert from_outside(server, "/api/v1/jobs", Authorization=f"Basic {TOKEN}").status == 401
    assert from_outside(server, "/api/v1/jobs", Cookie='routilux_token="\\bad').status == 401


def test_a_page_opened_once_with_the_token_leaves_a_cookie_and_no_trace_in_the_address(server: Dashboard) -> None:
    answer = from_outside(server, f"/jobs?token={TOKEN}&theme=dark", **HTML)
    assert (answer.status, answer.headers["Location"]) == (303, "/jobs?theme=dark")
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert from_outside(server, "/api/v1/jobs", Cookie=cookie).status == 200
    assert from_outside(server, "/jobs?token=wrong-token-for-sure", **HTML).status == 401
    sly = from_outside(server, f"//evil.example/%0d%0aX: 1?token={TOKEN}".replace(" ", "%20"))
    assert sly.headers.get("Location", "/x").startswith("/")
    assert not sly.headers.get("Location", "/x").startswith("//")
    assert "X" not in sly.headers


def test_a_websocket_from_outside_needs_the_token_too(server: Dashboard) -> None:
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "x" * 22 + "==",
        "Sec-WebSocket-Version": "13",
    }
    refused = from_outside(server, "/socket.io/?EIO=4&transport=websocket", **headers)
    assert refused.status == 401


def test_a_local_program_needs_a_token_too(server: Dashboard) -> None:
    flow = chain(flow_id="theirs")
    for token, word in ((None, "asks programs for a token"), ("wrong-token-for-sure", "not one of this server's")):
        with connect(server.url, flow, token=token) as connection:
            eventually(lambda: word in connection.state.reason, what=word)  # noqa: B023 - called at once
    with connect(server.url, flow, token=TOKEN) as connection:
        job = flow.execute("emitter", {"count": 2})
        assert connection.flush()
        assert get(server, f"/jobs/{job.job_id}")["status"] == "completed"


def test_a_program_from_another_machine_sends_its_token_when_it_connects() -> None:
    """A name of this machine that is not loopback stands for the other machine."""
    address = _outer_address()
    with Dashboard(port=0, host="0.0.0.0", store="none", tokens={"lab": TOKEN}) as server:
        url = server.url.replace("127.0.0.1", address)
        with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)) as connection:
            connection.request("GET", "/api/v1/jobs")
            assert connection.getresponse().status == 401
        with program(url, "--count", "5", "--token", TOKEN) as sending:
            job_id = sending.line()
            assert sending.line() == "ended completed"
            assert sending.line() == "sent"
            assert get(server, f"/jobs/{job_id}")["counts"]["events"] == 5


def _outer_address() -> str:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("203.0.113.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but its loopback")
        found: str = probe.getsockname()[0]
    if found.startswith("127."):
        pytest.skip("this machine has no address but its loopback")
    return found


# -- the file


def test_a_file_of_tokens_has_names_tokens_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("# who may come in\nlab  0123456789abcdef # since May\n\noffice fedcba9876543210\n")
    tokens = Tokens.read(path)
    assert tokens.name_of("0123456789abcdef") == "lab"
    assert tokens.name_of("fedcba9876543210") == "office"
    assert tokens.name_of("") is tokens.name_of("0123456789abcdeF") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no token"),
        ("# nothing\n", "no token"),
        ("lab\n", "line 1"),
        ("lab 0123456789abcdef x\n", "line 1"),
        ("\nlab short\n", "line 2.*16 characters"),
        ("lab 0123456789abcdef\nlab 0123456789abcdeg\n", "line 2.*already"),
        ("lab ümläüt0123456789abcdef\n", "ASCII"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_an_invalid_token_file_is_reported_with_its_line(tmp_path: Path, text: Any, words: str) -> None:
    path = tmp_path / "tokens"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadTokens, match=words):
        Tokens.read(path)
    called = call("serve", "--port", "0", "--store", "none", "--tokens", str(path))
    assert (called.code, called.out) == (2, "")
    assert str(path) in called.err


def test_a_missing_token_file_is_reported() -> None:
    called = call("serve", "--tokens", "/nowhere/tokens")
    assert (called.code, "/nowhere/tokens" in called.err) == (2, True)
