"""The dashboard: the one place where jobs, server and pages are wired together."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from routilux import Flow

from .jobs.job_table import JobTable
from .names import names_of
from .payloads.mask import Mask
from .server.guard import Names, is_loopback
from .server.listener import listen, url_of
from .server.tokens import Tokens
from .serving import Serving
from .sources.batch_loop import BatchLoop
from .sources.programs import Programs
from .store.location import locate
from .store.retention import Retention
from .store.store import Store

log = logging.getLogger("routilux_dashboard")

STORED_EACH = 0.25
"""Seconds between reads of new journal rows for the store."""
_EVERY_INTERFACE = ("", "0.0.0.0", "::")


class Dashboard:
    """Watches flows and serves live pages of their jobs from its own thread.

    It watches from its creation on, even while stopped, and releases the flows when it is garbage-collected.

    Args:
        flows: the flows to watch, including jobs that run before `start`.
        host: the address to listen on. Anyone who reaches it can control jobs: keep it local, configure `tokens`,
            or put an authenticating proxy in front of it.
        port: the port to listen on; 0 picks a free one.
        allowed_hosts: additional host names (or one) under which browsers may reach this server.
        switch_interval: seconds after which a busy Python thread lets the server's run
            (`sys.setswitchinterval`, restored by `stop`); `None` leaves it unchanged.
        keep_jobs: the number of ended jobs to keep in memory, the newest.
        store: where jobs are stored, payloads included: a path, a database URL, or "none". The default is the
            environment variable ROUTILUX_STORE, or else a file in the user's data folder.
        retention: how long the store keeps jobs.
        mask: names (or one) of keys whose values are neither shown nor stored, such as "password".
        tokens: access tokens by name. If given, connected programs and clients on other machines must present one.

    Raises `TypeError` or `ValueError` for an invalid argument, including two flows with the same id; then no flow is
    watched.

    >>> from routilux import Flow
    >>> with Dashboard(Flow("census"), port=0) as dashboard:
    ...     dashboard.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        *flows: Flow,
        host: str = "127.0.0.1",
        port: int = 5000,
        allowed_hosts: Iterable[str] = (),
        switch_interval: float | None = 0.001,
        keep_jobs: int = 200,
        store: str | os.PathLike[str] | None = None,
        retention: Retention | None = None,
        mask: Iterable[str] = (),
        tokens: Mapping[str, str] | Tokens | None = None,
    ) -> None:
        _check(host, port, keep_jobs)
        self._host = host
        self._port = port
        self._allowed_hosts = names_of(allowed_hosts, "allowed_hosts")
        self._switching = _SwitchInterval(switch_interval)
        self._tokens = Tokens(dict(tokens)) if isinstance(tokens, Mapping) else tokens
        self._place, self._retention = locate(store), retention
        masked = Mask(mask)
        self._job_table = JobTable(None, keep_jobs=keep_jobs, keep_runs=self._place is None, mask=masked)
        self._recorder = BatchLoop(
            origin=self._job_table.origin, mask=masked, interval=STORED_EACH, keep_jobs=keep_jobs
        )
        self._programs = Programs()
        self._job_table.add_flows_from(self._programs.flows)
        self._lock = threading.Lock()  # guards `_serving`: starting and stopping
        self._serving: Serving | None = None
        self._stopped = threading.Event()
        self._stopped.set()
        try:
            for flow in flows:
                self.watch(flow)
        except BaseException:
            self._job_table.release()
            self._recorder.release()
            raise

    def watch(self, flow: Flow) -> None:
        """Show and store the jobs of `flow` too, including running ones.

        Raises `ValueError` if another flow with this id is watched, and `TypeError` if `flow` is not a `Flow`.
        """
        self._job_table.watch(flow)
        if self._place is not None:
            self._recorder.watch(flow)

    @property
    def url(self) -> str:
        """The URL of the job list for a browser on this machine. With port 0 it is known after `start`;
        `RuntimeError` before that."""
        if not self._port:
            raise RuntimeError("The dashboard has no address yet: port 0 takes a free one at its start, so start first")
        return url_of(self._host, self._port)

    def url_of_job(self, job_id: str) -> str:
        """The URL of the page of job `job_id`."""
        return f"{self.url}/jobs/{job_id}"

    def start(self) -> Self:
        """Listen and serve; return at once. Does nothing if it is already serving.

        Raises `CannotListen` (an `OSError`) if the port is in use or the host is not on this machine, and `ValueError`
        for an unusable store. A store that is full, locked or unreachable does not prevent the start: the pages show
        a notice.
        """
        with self._lock:
            if self._serving is None:
                listener = listen(self._host, self._port)
                try:
                    self._serving = self._serve(listener)
                except BaseException:
                    listener.close()
                    raise
                self._port = listener.getsockname()[1]  # a restart reuses it, so browsers reconnect
                self._switching.set()
                self._stopped.clear()
                atexit.register(self.stop)
                self._warn_if_open()
        return self

    def stop(self) -> None:
        """Close every connection and free the port. The flows stay watched, ready for another `start`, as long as this
        object exists. Does nothing if it is not serving."""
        with self._lock:
            if self._serving is not None:
                self._serving.stop()
                self._serving = None
                self._switching.restore()
                atexit.unregister(self.stop)
                self._stopped.set()

    def wait(self) -> None:
        """Block until `stop` is called from another thread, or until Ctrl-C, which stops."""
        try:
            self._stopped.wait()
        except KeyboardInterrupt:
            self.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self, listener: socket.socket) -> Serving:
        store = None
        if self._place is not None:
            store = Store(self._place, retention=self._retention, origin=self._job_table.origin)
        serving = Serving(self._job_table, self._programs, self._recorder, store, self._names(), self._tokens)
        serving.start(listener)
        return serving

    def _names(self) -> Names:
        own = [socket.gethostname()] if self._host in _EVERY_INTERFACE else []
        return Names(self._host, (*self._allowed_hosts, *own))

    def _warn_if_open(self) -> None:
        if not is_loopback(self._host) and self._tokens is None:
            log.warning(
                "The dashboard listens on %s: anyone who reaches port %d can watch and control its jobs.",
                self._host or "every interface",
                self._port,
            )


def _check(host: object, port: object, keep_jobs: object) -> None:
    if not isinstance(host, str):
        raise TypeError(f"host={host!r}: a name or an address is needed, such as '127.0.0.1'")
    if not isinstance(port, int) or isinstance(port, bool):
        raise TypeError(f"port={port!r}: a number from 0 to 65535 is needed (0 takes a free one)")
    if not isinstance(keep_jobs, int) or isinstance(keep_jobs, bool) or keep_jobs < 0:
        raise ValueError(f"keep_jobs={keep_jobs!r}: a whole number is needed, 0 or more")


class _SwitchInterval:
    """`sys.setswitchinterval` while the server runs: with 5 ms, two busy threads double the delay of frames."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._before = self._ours = 0.0

    def set(self) -> None:
        if self._seconds is not None:
            self._before = sys.getswitchinterval()
            sys.setswitchinterval(self._seconds)
            self._ours = sys.getswitchinterval()

    def restore(self) -> None:
        if self._seconds is not None and sys.getswitchinterval() == self._ours:
            sys.setswitchinterval(self._before)
