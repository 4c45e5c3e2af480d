"""What is asked of a job's history: a range, and what its records must be. The same for memory and store."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

PAGE_LIMIT = 1_000
"""Rows that one read by range gives at most."""
_NEVER = 2**63 - 1


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """At most `limit` records after seq `after` and before seq `before`, that have everything which is named.

    With `before` and no `after` these are the last ones before it, else the first; they come in the order
    of their seqs either way.

    Attributes:
        routine, event, kind: as in the record.
        outcome: a handler run that the record led to ended so (one of `film.tally.OUTCOMES`).
        since_ns, until_ns: made from then on, and until then (both included; ns since the epoch).
        q: its payload, as JSON, or the name of its routine or event has this text in it; case does not matter.
    """

    after: int | None = None
    before: int | None = None
    limit: int = 100
    routine: str | None = None
    event: str | None = None
    outcome: str | None = None
    kind: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    q: str | None = None

    @property
    def backwards(self) -> bool:
        """Whether the last records of the range are wanted."""
        return self.before is not None and self.after is None

    @property
    def first(self) -> int:
        """The first seq of the range."""
        return (self.after or 0) + 1

    @property
    def last(self) -> int:
        """The last seq of the range."""
        return _NEVER if self.before is None else self.before - 1

    @property
    def plain(self) -> bool:
        """Whether only a range is asked for."""
        named = (self.routine, self.event, self.outcome, self.kind, self.since_ns, self.until_ns, self.q or None)
        return named == (None,) * len(named)

    def has_time(self, time_ns: int) -> bool:
        """Whether a record of that time is meant."""
        return (self.since_ns or 0) <= time_ns <= (_NEVER if self.until_ns is None else self.until_ns)

    def has_source(self, routine_id: str, event_name: str, kind: str) -> bool:
        """Whether a record of that source is meant."""
        wanted = (self.routine, self.event, self.kind)
        return all(want in (None, have) for want, have in zip(wanted, (routine_id, event_name, kind), strict=True))


def text_in(q: str) -> Callable[[bytes], bool]:
    """A function that says whether JSON has `q` in one of its texts, numbers or names; case does not matter.

    >>> has = text_in('Ünder "way"')
    >>> has(msgspec.json.encode({"said": 'all ünder "Way"'})), has(b'{"said":"under way"}')
    (True, False)
    """
    text = msgspec.json.encode(q.encode("utf-8", "replace").decode())[1:-1]
    if text.isascii():
        lowered = text.lower()
        return lambda payload: lowered in payload.lower()
    folded = text.decode().casefold()
    return lambda payload: folded in payload.decode("utf-8", "replace").casefold()
