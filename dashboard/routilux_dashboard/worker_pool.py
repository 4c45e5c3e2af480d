"""A pool of native threads for blocking calls, so that the server's thread stays responsive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Natives:
    """At most `size` threads, started on demand. They are daemons: a call that never returns delays neither `stop`
    beyond its timeout nor the program's exit."""

    def __init__(self, size: int = 4, name: str = "routilux-dashboard-native") -> None:
        self._size = size
        self._name = name
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Run `call()` in one of the threads. Call this from one thread only."""
        future: Future[T] = Future()
        self._work.put((call, future))
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._size:
            thread = threading.Thread(target=self._serve, name=f"{self._name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def stop(self, timeout: float) -> None:
        """End the threads; wait at most `timeout` seconds for busy ones."""
        for _ in self._threads:
            self._work.put(None)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads.clear()

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            _run(*work)
            del work  # otherwise the last call would stay referenced until the next one
            self._idle.release()


def _run(call: Callable[[], Any], future: Future[Any]) -> None:
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
