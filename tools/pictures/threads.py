"""Which thread runs what: the table behind the picture, which a test compares with real runs."""

from __future__ import annotations

from dataclasses import dataclass, field

ENTRY = "the entry's handler"
HANDLERS = "all other handlers"
CARRIED = "functions carried from a handler"
DUE = "requeues retries, ends jobs that exceed their time limit"
PAGES = "answers requests, folds the journals of watched jobs into frames, sends them"
BLOCKING = "requests controls, reads long histories"
CAPTURED = "reads new journal rows, for the store or another server"
STORED = "writes segments to the database"
SENT = "sends segments to another server, and receives its commands"
TAKEN_IN = "decodes, checks and stores segments of other programs"

SEQUENTIAL_EXECUTE = "sequential: execute"
SEQUENTIAL_START = "sequential: start, resume, step"
CONCURRENT_EXECUTE = "concurrent: execute"
CONCURRENT_START = "concurrent: start, resume, step"
WAYS = (SEQUENTIAL_EXECUTE, SEQUENTIAL_START, CONCURRENT_EXECUTE, CONCURRENT_START)
"""How a job may be run. A resumed or stepped job runs like a started one."""


@dataclass(frozen=True)
class ThreadKind:
    """A kind of thread.

    Attributes:
        title: its name in the picture.
        name: the thread's name, with `<…>` for variable parts; empty for threads of the user.
        lives: how many there are, and for how long.
        made_in: the module that creates it, or `None`.
        runs: what it runs, for each way of running a job.
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
        "the calling thread",
        "",
        "yours",
        None,
        {SEQUENTIAL_EXECUTE: (ENTRY, HANDLERS), CONCURRENT_EXECUTE: (ENTRY,)},
    ),
    ThreadKind(
        "a job's thread",
        "routilux-<flow>-<job>",
        "one, until the job settles",
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
    ThreadKind("threads started by handlers", "", "yours, with carry()", None, _always(CARRIED)),
    ThreadKind("timers", "routilux-timers", "one, while something is due", "routilux.threads.timers", _always(DUE)),
    ThreadKind(
        "the dashboard's server",
        "routilux-dashboard",
        "one, while it serves",
        "routilux_dashboard.server.hub",
        _always(PAGES),
    ),
    ThreadKind(
        "the server's workers",
        "routilux-dashboard-native-<n>",
        "up to four, while it serves",
        "routilux_dashboard.worker_pool",
        _always(BLOCKING),
    ),
    ThreadKind(
        "the ingest thread",
        "routilux-clerk",
        "one, while it serves",
        "routilux_dashboard.ingest.segment_ingest",
        _always(TAKEN_IN),
    ),
    ThreadKind(
        "the batch loop",
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
        "the uplink and its reader",
        "routilux-uplink",
        "two, with connect()",
        "routilux_dashboard.forwarding.uplink",
        _always(SENT),
    ),
)
