"""Where a message came from and what came of it, as REST tells it."""

from __future__ import annotations

import msgspec

from ..protocol import Record

CHAIN = 1_000
"""Links of a chain, and rows of each kind that a record led to, that are told."""


class RunRow(msgspec.Struct):
    """A handler run: where it was, when it began, how long it took and how it ended."""

    routine_id: str
    slot: str
    started_at: str
    duration_ms: float
    outcome: str


class Causes(msgspec.Struct):
    """What led to a record: the chain of its causes, from the first to itself.

    `complete` is false where the chain begins before what is kept, or has more than a thousand links.
    """

    records: list[Record]
    complete: bool


class Effects(msgspec.Struct):
    """What a record led to at once: the handler runs that it caused, and the records that these made.

    At most a thousand of each; `complete` is false where there are more, or where they are not kept.
    """

    runs: list[RunRow]
    records: list[Record]
    complete: bool
