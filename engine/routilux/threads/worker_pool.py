"""The worker threads of a concurrent flow."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue

IDLE_SECONDS = 10.0
"""Seconds after which an idle thread ends."""

Work = Callable[[], None]


class WorkerPool:
    """At most `limit` threads that take calls from one queue. They start on demand and end when idle.

    The threads are daemons; `ExitBarrier` waits for their work at the interpreter's exit.
    """

    def __init__(self, limit: int, name: str) -> None:
        self.limit = limit
        self._name = name
        self._open_pool()

    def _open_pool(self) -> None:
        self._pool = PoolState(self.limit, self._name)
        self._release = weakref.finalize(self, self._pool.release)
        self._release.atexit = False

    def submit(self, work: Work) -> None:
        """Queue `work()` for a thread."""
        while not self._pool.submit(work):
            pass  # this state was just ended, and another one has replaced it

    @property
    def waiting(self) -> bool:
        """Whether calls are queued."""
        return not self._pool.queue.empty()

    def stop(self, timeout: float | None = None) -> None:
        """Let the threads finish the queue, then end them; wait up to `timeout` seconds.

        New threads start when there is work again: a paused job may be resumed later.
        """
        pool, release = self._pool, self._release
        self._open_pool()
        release.detach()
        pool.finish(timeout)


class PoolState:
    """The threads' shared state, separate so that they do not keep `WorkerPool` alive.

    `lock` guards `threads` and `idle`. `idle` counts waiting threads that no `submit` has claimed; it may be
    briefly too small (then one thread more than necessary starts, up to the limit), but never too large.
    """

    def __init__(self, limit: int, name: str) -> None:
        self.limit = limit
        self.name = name
        self.queue: SimpleQueue[Work | None] = SimpleQueue()
        self.lock: threading.Lock = threading.Lock()
        self.threads: set[threading.Thread] = set()
        self.idle: int = 0
        self.made: int = 0
        self.ended: bool = False

    def submit(self, work: Work) -> bool:
        """Queue `work`; return `False` if this pool has ended."""
        with self.lock:
            if self.ended:
                return False
            if self.idle > 0:
                self.idle -= 1
            elif len(self.threads) < self.limit:
                self._add_thread()
            self.queue.put(work)
            return True

    def _add_thread(self) -> None:
        self.made += 1
        thread = threading.Thread(target=self._run, name=f"{self.name}-{self.made}", daemon=True)
        self.threads.add(thread)
        thread.start()

    def _run(self) -> None:
        try:
            while (work := self._take()) is not None:
                work()
                del work  # keep no job in memory while this thread waits
        except BaseException:  # such as a hook's `SystemExit`, which ends the thread
            self._replace()
            raise

    def _replace(self) -> None:
        """Replace this thread, which ends because of an exception, if calls are still queued."""
        with self.lock:
            self.threads.discard(threading.current_thread())
            if not self.queue.empty():
                self._add_thread()

    def _take(self) -> Work | None:
        with self.lock:  # check and count in one step: a `submit` in between would leave a busy thread counted as idle
            self.idle += self.queue.empty()
        try:
            return self._given(self.queue.get(timeout=IDLE_SECONDS))
        except Empty:
            return self._leave_idle()

    def _given(self, work: Work | None) -> Work | None:
        if work is None:  # the signal to end
            with self.lock:
                self.threads.discard(threading.current_thread())
        return work

    def _leave_idle(self) -> Work | None:
        with self.lock:
            try:
                work = self.queue.get_nowait()  # it arrived while this thread timed out
            except Empty:
                work = None
                self.idle = max(self.idle - 1, 0)
            if work is None:
                self.threads.discard(threading.current_thread())
            return work

    def release(self) -> None:
        """Signal the threads to end; the pool has been garbage-collected.

        The garbage collector may call this in any thread, inside any of these methods, so it takes no lock
        and does not wait.
        """
        for _ in range(min(self.limit, self.made)):
            self.queue.put(None)

    def finish(self, timeout: float | None = None) -> None:
        with self.lock:
            self.ended = True
            threads = [thread for thread in self.threads if thread is not threading.current_thread()]
            for _ in threads:
                self.queue.put(None)
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in threads:
            thread.join(None if deadline is None else max(deadline - time.monotonic(), 0.0))
