"""Who may ask: names, origins, rates. Pure."""

from __future__ import annotations

import pytest

from routilux_dashboard.server.guard import (
    Names,
    TokenBucket,
    content_security_policy,
    host_name,
    is_loopback,
    refuse_origin,
)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:5000", "127.0.0.1:80", "[::1]:5000", "localhost.", "box:1"])
def test_the_servers_own_names_are_let_through(host: str) -> None:
    assert Names("box").refuse_host(host, "127.0.0.1") is None


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5000", "localhost.evil.example", "127.0.0.1.evil", "", "a b", "x,localhost"]
)
def test_a_foreign_name_that_resolves_to_this_machine_is_refused_and_told(host: str) -> None:
    refusal = Names("127.0.0.1").refuse_host(host, "127.0.0.1")
    assert refusal is not None
    assert refusal.status == 403
    assert repr(host) in refusal.detail
    assert "allowed_hosts" in refusal.detail


def test_a_further_name_can_be_allowed() -> None:
    assert Names("0.0.0.0", ["dash.example:8080"]).refuse_host("dash.example", "10.0.0.5") is None


def test_the_address_that_was_connected_to_is_no_trick() -> None:
    names = Names("0.0.0.0")
    assert names.refuse_host("10.0.0.5:5000", "10.0.0.5") is None
    assert names.refuse_host("10.0.0.6:5000", "10.0.0.5") is not None
    assert names.refuse_host("0.0.0.0:5000", "10.0.0.5") is not None


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("http://evil.example", None),
        ("http://localhost:3000", None),
        ("http://localhost", None),
        ("null", None),
        ("", None),
        ("file://localhost:5000", None),
        ("http://[", None),
        (None, "cross-site"),
        (None, "same-site"),
        ("http://localhost:5000", "cross-site"),
    ],
)
def test_another_sites_page_may_not_ask(origin: str | None, site: str | None) -> None:
    refusal = refuse_origin(origin, "localhost:5000", site)
    assert refusal is not None
    assert refusal.status == 403


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        (None, None),
        ("http://localhost:5000", None),
        ("https://localhost:5000", "same-origin"),
        ("http://LOCALHOST:5000", "none"),
    ],
)
def test_the_own_page_and_programs_may_ask(origin: str | None, site: str | None) -> None:
    assert refuse_origin(origin, "localhost:5000", site) is None


def test_the_policy_lets_only_own_files_and_the_own_socket_in() -> None:
    policy = content_security_policy("localhost:5000")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "ws://localhost:5000" in policy
    assert "unsafe" not in policy


def test_a_bucket_lets_the_burst_pass_and_then_the_rate() -> None:
    now = 0.0
    bucket = TokenBucket(rate=10, burst=3, clock=lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now = 0.1
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 100.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_only_loopback_is_private() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "Localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "", "10.0.0.1", "box")] == [False] * 5


def test_brackets_ports_and_case_are_no_part_of_a_name() -> None:
    assert host_name("[2001:DB8::1]:443") == "2001:db8::1"
    assert host_name("Box.Example.:1") == "box.example"
    assert host_name("box:port") is None
