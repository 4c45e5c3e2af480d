"""The server's thread: hand-over from other threads, what peers do wrong, starting, stopping, ending."""

from __future__ import annotations

import ast
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from routilux_dashboard.server import hub as hub_module
from routilux_dashboard.server.hub import Hub, NotAnswered
from routilux_dashboard.server.listener import listen
from tests.waiting import eventually

Pump = Callable[[], float | None]
HELLO = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


@contextmanager
def serving(
    application: Callable[..., Any] = hello, pump: Pump = lambda: None, port: int = 0
) -> Iterator[tuple[Hub, int]]:
    """A running hub, and its port."""
    listener = listen("127.0.0.1", port)
    hub = Hub()
    hub.start(listener, application, pump)
    try:
        yield hub, listener.getsockname()[1]
    finally:
        hub.stop()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def fetch(port: int) -> bytes:
    """One request and its whole answer."""
    with connect(port) as connection:
        connection.sendall(HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


# -- handing over


def test_nothing_that_threads_hand_over_is_lost_and_each_threads_order_is_kept() -> None:
    taken: list[tuple[int, int]] = []
    with serving() as (hub, _):

        def hand_over(thread: int) -> None:
            for i in range(2500):
                hub.publish(partial(taken.append, (thread, i)))

        threads = [threading.Thread(target=hand_over, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: len(taken) == 20_000)
    for n in range(8):
        assert [i for thread, i in taken if thread == n] == list(range(2500))


def test_the_pump_runs_in_the_servers_thread_and_after_every_hand_over() -> None:
    threads: set[str] = set()
    rounds = threading.Semaphore(0)

    def pump() -> None:
        threads.add(threading.current_thread().name)
        rounds.release()

    with serving(pump=pump) as (hub, _):
        assert rounds.acquire(timeout=5)
        for _ in range(3):
            hub.publish(lambda: None)
            assert rounds.acquire(timeout=5)
        assert not rounds.acquire(blocking=False)
    assert threads == {"routilux-dashboard"}


def test_the_pump_runs_again_after_the_seconds_that_it_asked_for() -> None:
    rounds = threading.Semaphore(0)

    def pump() -> float:
        rounds.release()
        return 0.01

    with serving(pump=pump):
        assert all(rounds.acquire(timeout=5) for _ in range(10))


def test_a_fault_in_the_pump_or_in_what_was_handed_over_is_logged_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hub_module, "FAULT_SECONDS", 0.01)
    rounds = threading.Semaphore(0)

    def pump() -> None:
        rounds.release()
        raise RuntimeError("pump is broken")

    with caplog.at_level(logging.CRITICAL, "routilux_dashboard"), serving(pump=pump) as (hub, port):
        hub.publish(lambda: 1 / 0)
        assert all(rounds.acquire(timeout=5) for _ in range(3))
        assert fetch(port).endswith(b"hello")


# -- what may block


def test_a_handler_that_blocks_natively_holds_up_nobody() -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait() -> str:
        entered.set()
        assert leave.wait(10)
        return "waited"

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] != "/block":
            return hello(environ, start_response)
        start_response("200 OK", [])
        return [hub.run_native(wait).encode()]

    with serving(application) as (hub, port), connect(port) as blocked:
        blocked.sendall(HELLO.replace(b"/ ", b"/block "))
        assert entered.wait(5)
        for _ in range(20):
            assert fetch(port).endswith(b"hello")
        leave.set()
        assert b"waited" in blocked.recv(65536)


def test_a_native_call_that_takes_too_long_is_told_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "NATIVE_SECONDS", 0.05)
    leave, left = threading.Event(), threading.Event()

    def wait() -> None:
        assert leave.wait(10)
        left.set()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        try:
            hub.run_native(wait)
        except NotAnswered as error:
            start_response("503 Busy", [])
            return [str(error).encode()]
        raise AssertionError

    with serving(application) as (hub, port):
        assert b"No answer within 0.05 s" in fetch(port)
        leave.set()
        assert left.wait(5)


def test_calls_that_may_take_long_hold_up_none_of_the_others() -> None:
    leave, entered = threading.Event(), threading.Semaphore(0)

    def wait() -> bytes:
        entered.release()
        assert leave.wait(10)
        return b"waited"

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        return [hub.run_native(wait, 30) if environ["PATH_INFO"] == "/long" else hub.run_native(lambda: b"at once")]

    with serving(application) as (hub, port), ExitStack() as peers:
        blocked = [peers.enter_context(connect(port)) for _ in range(6)]
        for peer in blocked:
            peer.sendall(HELLO.replace(b"/ ", b"/long "))
        assert entered.acquire(timeout=5)
        assert entered.acquire(timeout=5)
        assert fetch(port).endswith(b"at once")
        leave.set()
        for peer in blocked:
            assert b"waited" in peer.recv(65536)


def test_what_a_native_call_raises_reaches_the_caller() -> None:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        with pytest.raises(ZeroDivisionError):
            hub.run_native(lambda: 1 / 0)
        return hello(environ, start_response)

    with serving(application) as (hub, port):
        assert fetch(port).endswith(b"hello")


def test_nothing_in_the_servers_thread_makes_a_native_lock() -> None:
    """A lock that is held while another greenlet runs would block the thread forever."""
    package = Path(hub_module.__file__).parent.parent
    sources = [path for room in ("server", "live", "api", "web") for path in (package / room).glob("*.py")]
    made = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }
    assert made & {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Queue", "SimpleQueue"} == set()


# -- peers that do it wrong


def test_a_half_open_request_is_ended_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "REQUEST_SECONDS", 0.2)
    with serving() as (_, port), connect(port) as half, connect(port) as silent:
        half.sendall(b"GET / HTTP/1.1\r\nHost: local")
        assert fetch(port).endswith(b"hello")
        assert half.recv(65536) == b""
        assert silent.recv(65536) == b""


def test_a_request_that_trickles_in_is_ended_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "REQUEST_SECONDS", 0.3)
    with serving() as (_, port), connect(port) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")

        def trickle() -> bool:
            try:
                slow.sendall(b"X: y\r\n")
            except OSError:
                return True
            return False

        eventually(trickle, within=5)


def test_a_peer_that_pipelines_without_end_leaves_others_their_turn() -> None:
    with serving() as (_, port), connect(port) as greedy:
        stop = threading.Event()

        def flood() -> None:
            greedy.settimeout(1)
            while not stop.is_set():
                try:
                    greedy.sendall(HELLO * 500)
                    greedy.recv(1 << 20)
                except OSError:
                    return

        thread = threading.Thread(target=flood)
        thread.start()
        began = time.monotonic()
        for _ in range(20):
            assert fetch(port).endswith(b"hello")
        assert time.monotonic() - began < 5
        stop.set()
        thread.join(5)


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"\r\n", b"GET\r\n\r\n"])
def test_what_is_no_http_is_answered_so_and_hurts_nothing(data: bytes) -> None:
    with serving() as (_, port), connect(port) as odd:
        odd.sendall(data)
        odd.shutdown(socket.SHUT_WR)
        assert b"hello" not in odd.recv(65536)
        assert fetch(port).endswith(b"hello")


def test_beyond_the_bound_connections_are_turned_away_until_others_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MAX_CONNECTIONS", 3)
    with serving() as (_, port):
        with ExitStack() as held:
            for _ in range(3):
                held.enter_context(connect(port))
            with connect(port) as beyond:
                assert beyond.recv(65536).startswith(b"HTTP/1.1 503")
                assert beyond.recv(65536) == b""

        def served_again() -> bool:
            with suppress(ConnectionError):
                return fetch(port).endswith(b"hello")
            return False

        eventually(served_again)


# -- starting and stopping


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_thirty_restarts_on_one_port_leave_threads_and_descriptors_as_they_were() -> None:
    with serving() as (_, port):
        pass
    threads, descriptors = threading.active_count(), open_descriptors()
    for _ in range(30):
        with serving(port=port), connect(port) as half:
            half.sendall(b"GET / HT")
            assert fetch(port).endswith(b"hello")
    assert threading.active_count() == threads
    assert open_descriptors() == descriptors


def test_stopping_is_quick_with_peers_that_hang_read_nothing_or_flood() -> None:
    def large(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [])
        for _ in range(1000):
            yield b"x" * 65536

    with serving(large) as (hub, port):
        peers = [connect(port) for _ in range(20)]
        for number, peer in enumerate(peers):
            peer.sendall(HELLO if number % 2 else b"GET / HTTP")
        began = time.monotonic()
        hub.stop()
        assert time.monotonic() - began < 2
        for peer in peers:
            peer.close()


def test_stopping_at_any_moment_is_quick() -> None:
    for _ in range(300):
        with serving(pump=lambda: None) as (hub, _):
            hub.publish(lambda: None)
            began = time.monotonic()
            hub.stop()
            assert time.monotonic() - began < 1


def test_stopping_waits_for_no_native_call() -> None:
    leave = threading.Event()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        hub.run_native(lambda: leave.wait(30))
        return hello(environ, start_response)

    with serving(application) as (hub, port), ExitStack() as peers:
        for _ in range(6):
            peers.enter_context(connect(port)).sendall(HELLO)
        eventually(lambda: len(hub._natives._threads) == 4)
        began = time.monotonic()
        hub.stop()
        assert time.monotonic() - began < 2
        leave.set()


def test_stopping_lets_an_answer_out_that_is_under_way() -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        assert leave.wait(5)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        hub.run_native(wait)
        return hello(environ, start_response)

    with serving(application) as (hub, port), connect(port) as peer:
        peer.sendall(HELLO)
        assert entered.wait(5)
        stopping = threading.Thread(target=hub.stop)
        stopping.start()
        leave.set()
        assert peer.recv(65536).endswith(b"hello")
        stopping.join()


def test_stopping_twice_or_from_its_own_thread_does_nothing() -> None:
    with serving() as (hub, port):
        hub.publish(hub.stop)
        assert fetch(port).endswith(b"hello")
        hub.stop()
        hub.stop()
        hub.publish(lambda: None)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_does_not_hold_the_port() -> None:
    with serving() as (hub, port):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writer, b"!")
                signal.pause()
            finally:
                os._exit(0)
        try:
            assert os.read(reader, 1) == b"!"
            assert fetch(port).endswith(b"hello"), "the parent serves on"
            hub.stop()
            with serving(port=port):
                assert fetch(port).endswith(b"hello")
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reader)
            os.close(writer)


# -- the program around it


def run_program(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", *options, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


IMPORTING = """
import os, queue, select, socket, ssl, subprocess, sys, threading, time
what = lambda: (socket.socket, socket.getaddrinfo, threading.Thread, threading.Lock, time.sleep, os.read, queue.Queue)
before = what()
import routilux_dashboard.server.hub
assert before == what()
assert "EVENTLET_NO_GREENDNS" not in os.environ
assert "dns" not in sys.modules
"""


def test_importing_warns_of_nothing_and_patches_nothing() -> None:
    done = run_program(IMPORTING)
    assert (done.returncode, done.stderr) == (0, "")


PROGRAM_THAT_ENDS = """
import threading, urllib.request
from routilux import Flow
from routilux_dashboard import Dashboard
dashboard = Dashboard(Flow("f"), port=0).start()
urllib.request.urlopen(dashboard.url + "/api/v1/jobs").read()
for _ in range(2):
    threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
"""


def test_a_program_with_busy_threads_ends_though_nobody_stopped_the_dashboard() -> None:
    done = run_program(PROGRAM_THAT_ENDS)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_ends_a_program_that_waits() -> None:
    code = PROGRAM_THAT_ENDS + (
        "try:\n    print('ready', flush=True)\n    dashboard.wait()\n"
        "except KeyboardInterrupt:\n    pass  # it came before the wait\n"
        "print('stopped', flush=True)\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=20)
    assert (program.returncode, out, err) == (0, "stopped\n", "")
