"""Handle the events that clients send on `/live`. Handlers only return replies, and never block."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from ..jobs.job_table import JobTable
from ..protocol import Ack, AckReply, LiveError, Subscribe, Unsubscribe
from .delivery import Client, Subscription

MAX_SUBSCRIPTIONS = 8
JOBS = "jobs"
"""The job list's id in an `ack`."""

S = TypeVar("S", bound=msgspec.Struct)


class _Rejected(Exception):
    """A client's event is rejected; the reply says why."""

    def __init__(self, reply: LiveError) -> None:
        super().__init__(reply.detail)
        self.reply = reply


class Desk:
    """Answers events: `(None,)` on success, `LiveError` on failure, `AckReply` to an acknowledgement.

    `pumped_at` returns when the pump last ran (epoch ms).
    """

    def __init__(self, job_table: JobTable, pumped_at: Callable[[], float]) -> None:
        self._job_table = job_table
        self._pumped_at = pumped_at
        self._handlers: dict[str, Callable[[Client, object], Any]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "ack": self._ack,
        }

    def answer(self, client: Client, event: str, arguments: tuple[object, ...]) -> Any:
        """Update the subscriptions of `client` as the event requests, and return the reply."""
        handler = self._handlers.get(event)
        if handler is None:
            known = ", ".join(self._handlers)
            return LiveError(404, "Unknown event", f"There is no event {event[:200]!r}; there is {known}.")
        if len(arguments) != 1:
            return LiveError(422, "One object expected", f"{len(arguments)} arguments came; send one object.")
        try:
            return handler(client, arguments[0])
        except _Rejected as rejected:
            return rejected.reply

    def _subscribe(self, client: Client, message: object) -> tuple[None]:
        wanted = _read(message, Subscribe)
        job_id = _watched(wanted.job_id, jobs=wanted.jobs)
        if job_id is not None:
            self._find(job_id)
        if job_id not in client.watched and len(client.watched) >= MAX_SUBSCRIPTIONS:
            detail = f"A client watches {MAX_SUBSCRIPTIONS} things at most."
            raise _Rejected(LiveError(429, "Too many subscriptions", detail))
        client.watched.setdefault(job_id, Subscription()).begin_again()
        return (None,)

    def _find(self, job_id: str) -> None:
        try:
            self._job_table.job(job_id)
        except KeyError:
            raise _Rejected(unknown_job(job_id)) from None

    def _unsubscribe(self, client: Client, message: object) -> tuple[None]:
        unwanted = _read(message, Unsubscribe)
        client.watched.pop(_watched(unwanted.job_id, jobs=unwanted.jobs), None)
        return (None,)

    def _ack(self, client: Client, message: object) -> AckReply:
        ack = _read(message, Ack)
        if ack.job_id == JOBS and None in client.watched:
            client.watched[None].acknowledge()  # its messages are unnumbered: this acknowledges all of them
        elif ack.job_id in client.watched and ack.job_id is not None:
            client.watched[ack.job_id].acknowledge(ack.frame)
        return AckReply(time.time() * 1000, self._pumped_at(), self._job_table.store_health())


def unknown_job(job_id: str) -> LiveError:
    """The error for a subscription to a job that does not exist, or no longer does."""
    return LiveError(404, "Unknown job", f"There is no job {job_id[:200]!r}; it may have been dropped.")


def _read(message: object, shape: type[S]) -> S:
    try:
        return msgspec.convert(message, shape)
    except msgspec.ValidationError as error:
        detail = f"{error}. See routilux_dashboard/protocol/topics.py."
        raise _Rejected(LiveError(422, f"Not a {shape.__name__}", detail)) from None


def _watched(job_id: str | None, *, jobs: bool) -> str | None:
    if jobs == (job_id is not None):
        detail = 'Send either {"job_id": "…"} or {"jobs": true}.'
        raise _Rejected(LiveError(422, "One thing to watch expected", detail))
    return job_id
