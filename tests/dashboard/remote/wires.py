"""A proxy between a program and its server that can cut, stall, corrupt or drop packets."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tools.apt import AptFailed, install


class Proxy:
    """Passes bytes between clients and a server, until a test changes that."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self._closed = False
        self._threads = [threading.Thread(target=self._accept, name="proxy")]
        self._threads[0].start()
        self.passed = 0
        """Bytes on their way to the server, so far."""
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Cut all connections, in the middle of a message."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for side in pair:
                with contextlib.suppress(OSError):
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    side.shutdown(socket.SHUT_RDWR)

    def stall(self) -> None:
        """Pass nothing on; connections stay."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass everything on again."""
        self._flowing.set()

    def close(self) -> None:
        self._closed = True
        self.flow()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while not self._closed:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(self._target, timeout=10)
            except OSError:
                here.close()
                continue
            there.settimeout(None)
            self._pairs.append((here, there))
            for pair, counts in (((here, there), True), ((there, here), False)):
                thread = threading.Thread(target=self._pump, args=(*pair, counts), name="proxy")
                self._threads.append(thread)
                thread.start()

    def _pump(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                target.sendall(data)
                self.passed += len(data) if counts else 0
        for side in (source, target):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        source.close()


@contextlib.contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """A proxy that is gone when the block is left."""
    between = Proxy(port)
    try:
        yield between
    finally:
        between.close()


class Namespace:
    """A network of its own for the server, joined to this one by a pair of devices. `address` is the server's there."""

    def __init__(self) -> None:
        self._name = f"rtx{secrets.token_hex(3)}"
        net = 1 + secrets.randbelow(200)
        self._here, self.address = f"10.213.{net}.1", f"10.213.{net}.2"
        device = f"v{self._name}"
        _ip("netns", "add", self._name)
        _ip("link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", self._name)
        _ip("address", "add", f"{self._here}/24", "dev", device)
        _ip("link", "set", device, "up")
        _ip("-n", self._name, "address", "add", f"{self.address}/24", "dev", "eth0")
        _ip("-n", self._name, "link", "set", "eth0", "up")
        self.prefix = ("ip", "netns", "exec", self._name)

    def drop(self) -> None:
        """Silently drop every packet, in both directions."""
        _ip("route", "add", "blackhole", f"{self.address}/32")
        _ip("-n", self._name, "route", "add", "blackhole", f"{self._here}/32")

    def pass_on(self) -> None:
        """Let packets through again."""
        _ip("route", "del", "blackhole", f"{self.address}/32")
        _ip("-n", self._name, "route", "del", "blackhole", f"{self._here}/32")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("route", "del", "blackhole", f"{self.address}/32")
        _ip("netns", "del", self._name)


@contextlib.contextmanager
def namespace() -> Iterator[Namespace]:
    """A namespace; the test is skipped where none can be made, with the reason."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    if shutil.which("ip") is None:
        try:
            install("iproute2")
        except AptFailed as error:
            pytest.skip(f"a network namespace needs iproute2: {error}")
    try:
        made = Namespace()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr}")
    try:
        yield made
    finally:
        made.close()


def _ip(*arguments: Any) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
