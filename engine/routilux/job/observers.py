"""The hooks of one job, and how they are called."""

from __future__ import annotations

import logging
from threading import Lock
from typing import Any, Protocol

from ..journal.entries import JournalEntry
from ..journal.journal import JournalReader

_log = logging.getLogger("routilux")


class Observer(Protocol):
    """A `JobHook`, as its job knows it."""

    def job_started(self, job_state: Any, reader: JournalReader) -> None: ...
    def entry_added(self, job_state: Any, entry: JournalEntry) -> None: ...
    def job_ended(self, job_state: Any) -> None: ...


class HookSubscription:
    """A hook with its reader. `started`: `job_started` has returned, so the hook gets everything that follows."""

    __slots__ = ("hook", "reader", "started")

    def __init__(self, hook: Observer, reader: JournalReader) -> None:
        self.hook: Observer = hook
        self.reader: JournalReader = reader
        self.started: bool = False


class Observers:
    """The hooks of one job. Calling them never raises; without hooks it costs one look at an empty tuple.

    Each hook gets `job_started` first, and `job_ended` once per end, whenever it is attached.
    `_lock` guards the subscriptions and whether the job has ended; no hook is called with it held.
    """

    __slots__ = ("_ended", "_lock", "subscriptions")

    def __init__(self) -> None:
        self.subscriptions: tuple[HookSubscription, ...] = ()
        self._ended = False
        self._lock = Lock()

    def attach(self, hook: Observer, job_state: Any, reader: JournalReader) -> None:
        """Call `hook` from now on. A hook that is attached already keeps its reader."""
        subscription = HookSubscription(hook, reader)
        with self._lock:
            known = any(other.hook is hook for other in self.subscriptions)
            if not known:
                self.subscriptions += (subscription,)
        if known:
            reader.close()
            return
        self._notify(subscription, "job_started", job_state, reader)
        with self._lock:
            subscription.started = True
            ended = self._ended
        if ended:
            self._notify(subscription, "job_ended", job_state)

    def detach(self, hook: Observer) -> None:
        """Call `hook` no longer and close its reader."""
        with self._lock:
            leaving = [known for known in self.subscriptions if known.hook is hook]
            self.subscriptions = tuple(known for known in self.subscriptions if known.hook is not hook)
        for subscription in leaving:
            subscription.started = False
            subscription.reader.close()

    def publish(self, job_state: Any, entry: JournalEntry) -> None:
        """Pass an entry to every hook."""
        for subscription in self.subscriptions:
            if subscription.started:
                self._notify(subscription, "entry_added", job_state, entry)

    def job_ended(self, job_state: Any) -> None:
        """The job has ended."""
        with self._lock:
            self._ended = True
            subscriptions = [known for known in self.subscriptions if known.started]
        for subscription in subscriptions:
            self._notify(subscription, "job_ended", job_state)

    def job_reopened(self) -> None:
        """A job that had ended is paused: it may end again."""
        with self._lock:
            self._ended = False

    def _notify(self, subscription: HookSubscription, method: str, *args: object) -> None:
        try:
            getattr(subscription.hook, method)(*args)
        except Exception:
            name = type(subscription.hook).__name__
            _log.exception("The hook %s raised in %s and is not called again for this job", name, method)
            self.detach(subscription.hook)
