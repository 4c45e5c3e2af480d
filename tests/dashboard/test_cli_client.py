"""Commands and servers that cannot be reached, refuse, or are something else."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest

from routilux_dashboard import Dashboard
from routilux_dashboard.cli.client import ServerClient, ServerError, Unreachable, server_url, token_of
from routilux_dashboard.cli.usage import UsageProblem
from tests.dashboard.commands import StandIn, call, problem, says, stand_in
from tests.dashboard.flows import chain
from tests.dashboard.peers import ask

NOBODY: dict[str, Any] = {"jobs": [], "next": None, "counts": {}}


def told(code: int, *arguments: str, **environment: str) -> str:
    """The one line that a command which fails so says."""
    done = call(*arguments, **environment)
    assert (done.code, done.out) == (code, ""), done.err
    (line,) = done.err.splitlines()
    assert line.isprintable()
    return line


def test_a_server_that_is_not_there_is_told_and_exits_with_4() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for command in (["jobs"], ["show", "x"], ["history", "x"], ["pause", "x"], ["export", "x"], ["open"]):
        line = told(4, *command, ROUTILUX_SERVER=f"http://127.0.0.1:{port}")
        assert f"http://127.0.0.1:{port} does not answer: Connection refused" in line
        assert "--server" in line


def test_names_that_lead_nowhere_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)  # asking the network would take its time
    assert "does not answer: Name or service not known" in told(4, "jobs", "--server", "http://no-such-host:5000")


def test_what_speaks_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            for _ in range(3):
                peer, _ = server.accept()
                with peer:
                    peer.recv(1000)
                    peer.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        line = told(4, "jobs", "--server", f"127.0.0.1:{server.getsockname()[1]}")
    assert "does not answer" in line


def test_a_wrong_token_is_told_with_where_it_is_taken_from() -> None:
    with stand_in(problem(401, "Token needed", "This server knows whom it serves.")) as (url, asked):
        line = told(1, "jobs", ROUTILUX_SERVER=url, ROUTILUX_TOKEN="not-it")
    assert line == (
        "Error: Token needed (401): This server knows whom it serves. The token is taken from ROUTILUX_TOKEN."
    )
    assert asked[0][2]["Authorization"] == "Bearer not-it"


def test_a_server_that_asks_for_a_token_takes_it_from_the_environment() -> None:
    token = "correct-horse-battery"
    with Dashboard(chain(), port=0, tokens={"lab": token}) as dashboard:

        def through_a_proxy(peer: StandIn) -> None:
            sent = {name: peer.headers[name] for name in ("Authorization",) if name in peer.headers}
            got = ask(dashboard, peer.command, peer.path, headers={"X-Forwarded-For": "192.0.2.1", **sent})
            says(got.body, got.status, got.headers["Content-Type"])(peer)

        with stand_in(through_a_proxy) as (url, _):
            assert "A token is needed (401)" in told(1, "jobs", "--server", url)
            assert "not one of this dashboard's" in told(1, "jobs", "--server", url, ROUTILUX_TOKEN="wrong")
            assert call("jobs", "--server", url, ROUTILUX_TOKEN=token).code == 0


def test_without_a_token_none_is_sent_and_none_is_ever_repeated() -> None:
    with stand_in(says(NOBODY)) as (url, asked):
        assert call("jobs", "--server", url).code == 0
        assert "Authorization" not in asked[0][2]
        for token in ("secret words", "secret\r\nX-Evil: 1", "secrét"):
            line = told(2, "jobs", "--server", url, ROUTILUX_TOKEN=token)
            assert "ROUTILUX_TOKEN" in line
            assert "secr" not in line
        assert len(asked) == 1


def test_a_token_is_not_sent_on_to_where_a_server_points() -> None:
    with (
        stand_in(says(NOBODY)) as (elsewhere, asked),
        stand_in(says(b"", 302, Location=f"{elsewhere}/api/v1/jobs")) as (url, _),
    ):
        line = told(1, "jobs", ROUTILUX_SERVER=url, ROUTILUX_TOKEN="secret")
        assert f"sends on to {elsewhere}" in line
        assert asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (says(b"<html>hello</html>", content_type="text/html"), "no dashboard"),
        (says(b"\xff\xfe", content_type="text/html"), "no dashboard"),
        (says(b'{"hello": 1}'), "something else than is known here"),
        (says(b"[" * 100_000), "no dashboard"),
        (says(b'{"jobs": [{"job_id": 1}], "next": null, "counts": {}}'), "something else than is known here"),
        (says(b"\x1b[2Joops", 500), "answers 500"),
        (problem(404, "Nothing \x1b[2Jthere", "line\nline"), "Nothing \\x1b[2Jthere (404): line\\nline"),
        (says({"title": 3}, 418), "answers 418"),
    ],
)
def test_what_is_no_dashboard_is_told_and_exits_with_1(answer: Any, words: str) -> None:
    with stand_in(answer) as (url, _):
        assert words in told(1, "jobs", "--server", url)


def test_json_passes_what_a_newer_server_says_as_it_is() -> None:
    job = {"job_id": "1", "news": "\x1b[2J\u202e"}
    with stand_in(says({"jobs": [job], "next": None, "counts": {}, "more": 1})) as (url, _):
        done = call("jobs", "--json", "--server", url)
    assert done.lines == [job]
    assert done.out.isascii()
    assert "\x1b" not in done.out


def test_reading_is_tried_again_when_the_server_is_busy() -> None:
    busy = problem(503, "The engine is busy", "Look again.")
    with stand_in(busy, busy, says(NOBODY)) as (url, asked):
        assert call("jobs", "--server", url).code == 0
        assert len(asked) == 3
    with stand_in(busy) as (url, asked):
        assert "The engine is busy (503)" in told(1, "jobs", "--server", url)
        assert len(asked) == 3


def test_what_changes_something_is_asked_once() -> None:
    def cut(peer: Any) -> None:
        peer.connection.close()

    job_id = "0" * 36
    with stand_in(problem(503, "The engine is busy", "Look again.")) as (url, asked):
        assert "busy" in told(1, "pause", job_id, "--server", url)
        assert [method for method, _, _ in asked] == ["POST"]
    with stand_in(cut) as (url, asked):
        assert "does not answer" in told(4, "pause", job_id, "--server", url)
        assert [method for method, _, _ in asked] == ["POST"]


def test_an_answer_that_ends_too_early_is_none() -> None:
    with stand_in(says(b'{"jobs": [', Content_Length="100000")) as (url, _):
        assert "broke before the end" in told(4, "jobs", "--server", url)


def test_a_server_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routilux_dashboard.cli.client.READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line = told(4, "jobs", "--server", f"127.0.0.1:{silent.getsockname()[1]}")
    assert "it takes too long" in line


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routilux_dashboard.cli.client.MOST_BYTES", 1000)
    with stand_in(says(json.dumps([0] * 1000).encode())) as (url, _):
        assert "more than 1,000 bytes" in told(1, "jobs", "--server", url)


def test_ids_of_jobs_are_one_step_of_the_path_and_pages_are_followed() -> None:
    first = {"jobs": [{"job_id": "a"}], "next": "c&d", "counts": {}}
    second: dict[str, Any] = {"jobs": [{"job_id": "../b c?d#e%2f"}], "next": None, "counts": {}}
    with stand_in(says(first), says(second), says({"job_id": "found"})) as (url, asked):
        assert call("show", "../b", "--json", "--server", f"{url}/under/here/").json == {"job_id": "found"}
    assert [path for _, path, _ in asked] == [
        "/under/here/api/v1/jobs?q=..%2Fb&limit=500",
        "/under/here/api/v1/jobs?q=..%2Fb&limit=500&cursor=c%26d",
        "/under/here/api/v1/jobs/..%2Fb%20c%3Fd%23e%252f",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://x",
        "http://",
        "http://x:0",
        "http://x:99999",
        "http://x/?a=b",
        "http://x/#a",
        "http://[::1",
        "http://a b",
    ],
)
def test_what_is_no_url_is_wrong_usage(text: str) -> None:
    line = told(2, "jobs", f"--server={text}")
    assert "write a URL" in line


def test_a_password_in_the_url_is_wrong_usage() -> None:
    line = told(2, "jobs", "--server", "http://me:secret@localhost:5000")
    assert "ROUTILUX_TOKEN" in line
    assert "secret" not in line


def test_the_client_of_commands_tells_whose_fault_it_was() -> None:
    with pytest.raises(Unreachable):
        ServerClient("http://127.0.0.1:1").get("/jobs")
    with stand_in(problem(409, "Not possible now", "It has ended.")) as (url, _):
        with pytest.raises(ServerError) as refused:
            ServerClient(url).post("/jobs/x/pause", {})
        assert refused.value.status == 409
    with pytest.raises(UsageProblem):
        server_url("nonsense://")
    assert token_of(" abc\n") == "abc"
    assert token_of("") is None
