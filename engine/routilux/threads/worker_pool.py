"""The threads that serve the jobs of a concurrent flow."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue

IDLE_SECONDS = 10.0
"""How long a thread without work stays."""

Work = Callable[[], None]


class WorkerPool:
    """At most `limit` threads that take calls from one queue. They come when needed and go when idle.

    The threads are daemons; who waits for their work at the interpreter's exit is `ExitBarrier`.
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
        """Have `work()` called by a thread."""
        while not self._pool.submit(work):
            pass  # it was told to end this moment, when there was another crew already

    @property
    def waiting(self) -> bool:
        """Whether calls wait for a thread."""
        return not self._pool.queue.empty()

    def stop(self, timeout: float | None = None) -> None:
        """Let the threads finish what they were given, then end them; wait for that up to `timeout` seconds.

        Others come when there is work again: a job that is paused now may be resumed.
        """
        crew, release = self._pool, self._release
        self._open_pool()
        release.detach()
        crew.finish(timeout)


class PoolState:
    """What the threads know; they must not keep `WorkerPool` alive. `lock` guards `threads` and `idle`.

    `idle` counts waiting threads that no `submit` has reckoned with; it may be too small for a
    moment (then a thread too many comes, up to the limit), never too large.
    """

    def __init__(self, limit: int, name: str) -> None:
        self.limit = limit
        self.name = name
        self.queue: SimpleQueue[Work | None] = SimpleQueue()
        self.lock = threading.Lock()
        self.threads: set[threading.Thread] = set()
        self.idle = 0
        self.made = 0
        self.ended = False

    def submit(self, work: Work) -> bool:
        """`False` when this crew was told to end."""
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
                del work  # while this thread waits it keeps no job in memory
        except BaseException:  # what a hook raised that ends threads, as `SystemExit` does
            self._replace()
            raise

    def _replace(self) -> None:
        """This thread ends in the midst of work: it must not be counted on, and what waits must not wait for it."""
        with self.lock:
            self.threads.discard(threading.current_thread())
            if not self.queue.empty():
                self._add_thread()

    def _take(self) -> Work | None:
        with self.lock:  # looked at in one step with the count: a `submit` in between would leave a busy thread in it
            self.idle += self.queue.empty()
        try:
            return self._given(self.queue.get(timeout=IDLE_SECONDS))
        except Empty:
            return self._leave_idle()

    def _given(self, work: Work | None) -> Work | None:
        if work is None:  # the sign to end
            with self.lock:
                self.threads.discard(threading.current_thread())
        return work

    def _leave_idle(self) -> Work | None:
        with self.lock:
            try:
                work = self.queue.get_nowait()  # it came while this thread was giving up
            except Empty:
                work = None
                self.idle = max(self.idle - 1, 0)
            if work is None:
                self.threads.discard(threading.current_thread())
            return work

    def release(self) -> None:
        """Send the threads home; nobody can give them anything more.

        The garbage collector may call this in any thread, inside any of these methods: so no lock is
        taken, and nobody is waited for.
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
