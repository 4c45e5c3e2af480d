"""Which thread runs what: the table that the picture is drawn from, and that a test holds against real runs."""

from __future__ import annotations

from dataclasses import dataclass, field

ENTRY = "the entry's handler"
HANDLERS = "all other handlers"
CARRIED = "functions that a handler has carried over"
DUE = "queues again what is to be retried, ends jobs that are over their time"
PAGES = "answers requests, folds the journals of watched jobs into frames, sends them"
BLOCKING = "asks the engine for controls, reads long histories"
CAPTURED = "takes what is new of each job's journal, for the store or for another server"
STORED = "writes what was taken into the database"
SENT = "sends it to a dashboard elsewhere, and brings back what is asked there"
TAKEN_IN = "takes in what programs elsewhere send"

SEQUENTIAL_EXECUTE = "sequential: execute"
SEQUENTIAL_START = "sequential: start, resume, step"
CONCURRENT_EXECUTE = "concurrent: execute"
CONCURRENT_START = "concurrent: start, resume, step"
WAYS = (SEQUENTIAL_EXECUTE, SEQUENTIAL_START, CONCURRENT_EXECUTE, CONCURRENT_START)
"""How a job may be run; a job that is resumed, or takes a step, goes on as a started one does."""


@dataclass(frozen=True)
class ThreadKind:
    """A kind of thread.

    Attributes:
        title: what it is called here.
        name: the name that it has, `<…>` for what differs; empty for threads that are not ours.
        lives: how many there are, and when.
        made_in: the module that makes it, or `None`.
        runs: for each way of running a job, what of it this thread runs.
    """

    title: str
    name: str
    lives: str
    made_in: str | None
    runs: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _always(what: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(WAYS, (what,))


THREADS = (
    ThreadKind(
        "the thread that calls",
        "",
        "yours",
        None,
        {SEQUENTIAL_EXECUTE: (ENTRY, HANDLERS), CONCURRENT_EXECUTE: (ENTRY,)},
    ),
    ThreadKind(
        "a job's thread",
        "routilux-<flow>-<job>",
        "one, until the job is at rest",
        "routilux.execution.sequential",
        {SEQUENTIAL_START: (ENTRY, HANDLERS)},
    ),
    ThreadKind(
        "workers",
        "routilux-<flow>-<n>",
        "up to max_workers for a flow",
        "routilux.threads.worker_pool",
        {CONCURRENT_EXECUTE: (HANDLERS,), CONCURRENT_START: (ENTRY, HANDLERS)},
    ),
    ThreadKind("threads that handlers start", "", "yours, with carry()", None, _always(CARRIED)),
    ThreadKind("timers", "routilux-timers", "one, while something is due", "routilux.threads.timers", _always(DUE)),
    ThreadKind(
        "the dashboard's server",
        "routilux-dashboard",
        "one, while it serves",
        "routilux_dashboard.server.hub",
        _always(PAGES),
    ),
    ThreadKind(
        "the server's helpers",
        "routilux-dashboard-native-<n>",
        "up to four, while it serves",
        "routilux_dashboard.worker_pool",
        _always(BLOCKING),
    ),
    ThreadKind(
        "the clerk",
        "routilux-clerk",
        "one, while it serves",
        "routilux_dashboard.ingest.segment_ingest",
        _always(TAKEN_IN),
    ),
    ThreadKind(
        "the recorder",
        "routilux-recorder",
        "one, with a store or connect()",
        "routilux_dashboard.sources.batch_loop",
        _always(CAPTURED),
    ),
    ThreadKind(
        "the store's writer",
        "routilux-store",
        "one, while a store is open",
        "routilux_dashboard.store.writer",
        _always(STORED),
    ),
    ThreadKind(
        "the sender and its reader",
        "routilux-uplink",
        "two, with connect()",
        "routilux_dashboard.forwarding.uplink",
        _always(SENT),
    ),
)
