"""Queries on a job's history: a range and filters. The same for memory and store."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

_NEVER = 2**63 - 1


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """At most `limit` records after seq `after` and before seq `before` that match all filters.

    With `before` and no `after` these are the last ones before it, otherwise the first ones; either way in order of
    their seqs.

    Attributes:
        routine, event, kind: as in the record.
        outcome: the record caused a handler run with this outcome (one of `OUTCOMES`).
        since_ns, until_ns: the record's time is not before, and not after (ns since the epoch).
        q: the payload's JSON, or the name of the routine or event, contains this text in upper or lower case.
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
        """Whether the last records of the range are wanted rather than the first."""
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
        """Whether there are no filters."""
        named = (self.routine, self.event, self.outcome, self.kind, self.since_ns, self.until_ns, self.q or None)
        return named == (None,) * len(named)

    def has_time(self, time_ns: int) -> bool:
        """Whether a record of that time matches."""
        return (self.since_ns or 0) <= time_ns <= (_NEVER if self.until_ns is None else self.until_ns)

    def has_source(self, routine_id: str, event_name: str, kind: str) -> bool:
        """Whether a record of that source matches."""
        wanted = (self.routine, self.event, self.kind)
        return all(want in (None, have) for want, have in zip(wanted, (routine_id, event_name, kind), strict=True))


def text_in(q: str) -> Callable[[bytes], bool]:
    """A function that tells whether JSON contains `q` in one of its texts, numbers or names, ignoring case.

    >>> has = text_in('Ünder "all"')
    >>> has(msgspec.json.encode({"said": 'it is ünder "All"'})), has(b'{"said":"under all"}')
    (True, False)
    """
    text = msgspec.json.encode(q.encode("utf-8", "replace").decode())[1:-1]
    if text.isascii():
        lowered = text.lower()
        return lambda payload: lowered in payload.lower()
    folded = text.decode().casefold()
    return lambda payload: folded in payload.decode("utf-8", "replace").casefold()
