"""Programs that send nonsense, or jobs of others, are refused with a reason and disturb no other program."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import msgspec
import pytest

from routilux_dashboard import Dashboard, connect
from routilux_dashboard.forwarding.link import ConnectionRejected, NotConnected
from routilux_dashboard.protocol.programs import MAX_PROGRAM_MESSAGE, WINDOW
from routilux_dashboard.segments.segment import Records
from tests.dashboard.peers import ask, get
from tests.dashboard.remote.intruder import FLOW, Intruder, first_segment, intruder
from tests.dashboard.remote.processes import program
from tests.dashboard.remote.program import paced
from tests.waiting import eventually


@pytest.fixture
def server(tmp_path: Any) -> Iterator[Dashboard]:
    with Dashboard(port=0, store=tmp_path / "jobs.db") as dashboard:
        yield dashboard


def job_id() -> str:
    return str(uuid.uuid4())


def test_an_honest_program_is_accepted(server: Dashboard) -> None:
    mine = job_id()
    with intruder(server.url) as stranger:
        assert stranger.ask(mine) == {"jobs": {mine: 0}, "refused": {}, "unread": []}
        stranger.send_segments(first_segment(mine))
        assert stranger.wait_for("taken") > 0
        assert stranger.wait_for("kept") == {mine: 1}
        assert get(server, f"/jobs/{mine}")["counts"]["events"] == 3
        assert stranger.ask(mine)["jobs"] == {mine: 1}


def unasked(peer: Intruder) -> None:
    peer.send_segments(first_segment(job_id()))


def garbage(peer: Intruder) -> None:
    peer.send_segments(b"\xc1\xff" * 1000)


def no_segment(peer: Intruder) -> None:
    peer.send_segments(msgspec.msgpack.encode({"job_id": "x", "n": "one"}))


def no_blobs(peer: Intruder) -> None:
    peer.send("segments", {"a": 1})


def nested(peer: Intruder) -> None:
    peer.send_segments(b"\x91" * 100_000 + b"\xc0")


def late_beginning(peer: Intruder) -> None:
    mine = job_id()
    peer.ask(mine)
    for _ in range(2):
        peer.send_segments(first_segment(mine, n=7))


def unknown_event(peer: Intruder) -> None:
    peer.send("shutdown", {})


def too_many_questions(peer: Intruder) -> None:
    peer.send("jobs", [job_id() for _ in range(2000)])


def large_message(peer: Intruder) -> None:
    peer.send_segments(b"\0" * (MAX_PROGRAM_MESSAGE + 1))


def flood_of_bytes(peer: Intruder) -> None:
    mine = job_id()
    peer.ask(mine)
    for _ in range(2 * WINDOW // 900_000):
        peer.send_segments(b"\0" * 900_000)


def flood_of_messages(peer: Intruder) -> None:
    for _ in range(5000):
        peer.send("beat", {"now_ns": 1})


def many_flows(peer: Intruder) -> None:
    for number in range(201):  # stop at the one too many: after it the connection is gone
        peer.send("flow", msgspec.structs.replace(FLOW, flow_id=f"f{number}"))


FLOODS = (large_message, flood_of_bytes, flood_of_messages)


@pytest.mark.parametrize(
    ("misdeed", "reason"),
    [
        (unasked, "not told to send"),
        (garbage, "cannot be read"),
        (no_segment, "cannot be read"),
        (no_blobs, "not understood"),
        (nested, "cannot be read"),
        (late_beginning, "begins with segment 7"),
        (unknown_event, "no event 'shutdown'"),
        (too_many_questions, "2000 jobs"),
        (large_message, ""),
        (flood_of_bytes, ""),
        (flood_of_messages, ""),
        (many_flows, "200 flows"),
    ],
)
def test_a_program_that_sends_nonsense_is_disconnected_with_the_reason(
    server: Dashboard, misdeed: Callable[[Intruder], None], reason: str
) -> None:
    with intruder(server.url) as peer:
        with suppress(NotConnected):  # it may be cut while it is sending still
            misdeed(peer)
        words = peer.last_words()  # a flooding program may lose the connection before it reads the reason
        assert misdeed in FLOODS or ("disconnected this program" in words and reason in words), words
    assert ask(server, "GET", "/api/v1/healthz").status == 200


def wrong_lengths(job: str) -> Any:
    return first_segment(job, records=Records([0, 0], [1], [0, 0], [b"{}"]))


def counts_on(job: str) -> Any:
    return first_segment(job, seq=10**9)


def unknown_names(job: str) -> Any:
    return first_segment(job, sources=[])


def no_json(job: str) -> Any:
    return first_segment(job, records=Records([0] * 3, [1] * 3, [0] * 3, [b"{", b"}", b""]))


@pytest.mark.parametrize("spoilt", [wrong_lengths, counts_on, unknown_names, no_json])
def test_a_job_whose_numbers_do_not_fit_is_refused_and_the_programs_other_jobs_go_on(
    server: Dashboard, spoilt: Callable[[str], Any]
) -> None:
    bad, good = job_id(), job_id()
    with intruder(server.url) as peer:
        peer.ask(bad, good)
        peer.send_segments(spoilt(bad), first_segment(good))
        refused = peer.wait_for("refused")
        assert refused[bad]
        assert peer.wait_for("kept") == {good: 1}
        peer.send_segments(spoilt(bad))
        assert get(server, f"/jobs/{good}")["status"] == "running"
        assert ask(server, "GET", f"/api/v1/jobs/{bad}").status == 404


def test_a_program_that_keeps_sending_invalid_jobs_is_disconnected(server: Dashboard) -> None:
    with intruder(server.url) as peer:
        jobs = [job_id() for _ in range(30)]
        peer.ask(*jobs)
        peer.send_segments(*map(wrong_lengths, jobs))
        assert "do not fit together" in peer.last_words()


def test_a_program_cannot_send_another_programs_job_even_after_a_restart(tmp_path: Any) -> None:
    theirs = job_id()
    dashboard = Dashboard(port=0, store=tmp_path / "jobs.db")
    with dashboard, intruder(dashboard.url, key="k" * 64) as owner, intruder(dashboard.url) as thief:
        owner.ask(theirs)
        owner.send_segments(first_segment(theirs))
        assert owner.wait_for("kept") == {theirs: 1}
        assert "another program" in thief.ask(theirs)["refused"][theirs]
        thief.send_segments(first_segment(theirs, n=2, after_seq=3, seq=6))
        assert "not told to send" in thief.last_words()
        assert get(dashboard, f"/jobs/{theirs}")["seq"] == 3
    with dashboard, intruder(dashboard.url, key="k" * 64) as owner, intruder(dashboard.url) as thief:
        assert "another program" in thief.ask(theirs)["refused"][theirs]
        assert owner.ask(theirs)["jobs"] == {theirs: 1}


def test_a_program_cannot_send_a_job_of_the_servers_own_program(tmp_path: Any) -> None:
    flow = paced()
    with Dashboard(flow, port=0, store=tmp_path / "jobs.db") as dashboard, intruder(dashboard.url) as thief:
        own = flow.execute("source", {"count": 5, "rate": 1000})
        assert thief.ask(own.job_id)["refused"][own.job_id]


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        ({"version": 99}, "version 99"),
        ({"key": "short"}, "key of 32"),
        ({"origin": "x" * 1000}, "origin of at most"),
        ({"origin": ""}, "origin of at most"),
        ({"now_ns": "noon"}, "not understood"),
    ],
)
def test_an_invalid_hello_is_refused_with_the_reason(server: Dashboard, greeting: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConnectionRejected, match=reason), intruder(server.url, **greeting):
        pass


def test_an_unreachable_server_and_an_invalid_address_are_reported_differently() -> None:
    with connect("http://127.0.0.1:9", paced()) as connection:
        eventually(lambda: "refused" in connection.state.reason)
    with pytest.raises(ValueError, match="not the address of a server"):
        connect("127.0.0.1:5000")


def test_twenty_programs_at_once_of_which_one_is_malicious(server: Dashboard) -> None:
    """Nineteen real processes; every count of theirs is right."""
    with ExitStack() as stack:
        honest = [
            stack.enter_context(program(server.url, "--count", "3000", "--name", f"p{number}")) for number in range(19)
        ]
        for number in range(40):
            misdeed = (unasked, garbage, no_segment, late_beginning, wrong_job)[number % 5]
            with intruder(server.url) as peer:
                misdeed(peer)
                assert "disconnected this program" in peer.last_words()
        jobs = [each.line() for each in honest]
        for each in honest:
            assert each.line() == "ended completed"
            assert each.line() == "sent"
        for number, job in enumerate(jobs):
            shown = get(server, f"/jobs/{job}")
            assert (shown["status"], shown["counts"]["events"]) == ("completed", 3000)
            assert shown["routines"]["sink"]["done"] == 3000
            assert shown["origin"].startswith(f"p{number} @ ")
            assert get(server, f"/jobs/{job}/history?limit=1")["total"] == 3002


def wrong_job(peer: Intruder) -> None:
    peer.send_segments(first_segment("no such job"), first_segment("another"))
