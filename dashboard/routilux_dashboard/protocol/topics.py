"""What a browser and the server send each other over Socket.IO: subscriptions, the job list, acknowledgements."""

from __future__ import annotations

from typing import Literal

import msgspec

from .jobs import JobSummary


class StoreHealth(msgspec.Struct, frozen=True):
    """How the server's store is doing.

    `state`: "none" (nothing is kept beyond memory), "ok", "behind" (it is written later than it comes in) or
    "failing" (nothing can be written, for `reason`). `since`: when that began. `waiting`: rows that are held in
    memory until they can be written; `lost`: rows that are not kept, ever; `thinned`: records that programs elsewhere
    have left out, counted only, for too much waited in them to be sent. `place`: where the store is, without passwords.
    """

    state: Literal["none", "ok", "behind", "failing"] = "none"
    reason: str = ""
    since: str | None = None
    waiting: int = 0
    lost: int = 0
    thinned: int = 0
    place: str = ""


NO_STORE = StoreHealth()


class Jobs(msgspec.Struct):
    """The list of jobs: everything when `full`, else what changed. Newest jobs first in `full`."""

    at: float
    full: bool
    jobs: list[JobSummary]
    removed: list[str]
    counts: dict[str, int]
    rate: float
    activity: list[int]
    flows: list[str]
    store: StoreHealth


class Subscribe(msgspec.Struct, forbid_unknown_fields=True):
    """Client: watch one job (with the last `seq` it has) or the list of jobs."""

    job_id: str | None = None
    since: int = 0
    jobs: bool = False


class Unsubscribe(msgspec.Struct, forbid_unknown_fields=True):
    """Client: stop watching."""

    job_id: str | None = None
    jobs: bool = False


class Ack(msgspec.Struct, forbid_unknown_fields=True):
    """Client: frame `frame` of `job_id` (or of "jobs") has been shown. Without a job: a ping."""

    job_id: str | None = None
    frame: int = 0


class AckReply(msgspec.Struct):
    """Server's answer to an `ack`: its clock, when its pump last ran (both epoch ms), and how its store is doing."""

    at: float
    pumped_at: float
    store: StoreHealth


class LiveError(msgspec.Struct):
    """Server's answer to a `subscribe` that cannot be served."""

    status: int
    title: str
    detail: str


class Dropped(msgspec.Struct):
    """Server: nothing more comes of a job that the client watches; the rest says why, as a `LiveError` does.

    404: it is no longer on the server.
    """

    job_id: str
    status: int
    title: str
    detail: str
