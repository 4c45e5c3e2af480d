"""Times as they go over the wire, and as a sentence says them.

Inside the dashboard a moment is an `int`: nanoseconds since the epoch.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(time_ns: int) -> str:
    """ISO 8601 in UTC with offset.

    >>> iso(1_700_000_000_123_456_789)
    '2023-11-14T22:13:20.123456+00:00'
    """
    return (_EPOCH + timedelta(microseconds=time_ns // 1000)).isoformat(timespec="microseconds")


def iso_local(moment: datetime) -> str:
    """The same for a `datetime` of the engine, which is local and naive (one with an offset is converted)."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def iso_text(text: object) -> str | None:
    """The same for the ISO text that a log entry carries; `None` when it is no such text.

    >>> iso_text("2023-11-14T22:13:20+02:00")
    '2023-11-14T20:13:20.000000+00:00'
    >>> iso_text("yesterday") is None
    True
    """
    if type(text) is not str or len(text) > 40:
        return None
    try:
        return iso_local(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        return None


def epoch_ns(moment: datetime) -> int:
    """Nanoseconds since the epoch of a `datetime` of the engine."""
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000


def iso_ns(text: str) -> int:
    """Nanoseconds since the epoch of a moment that `iso` wrote.

    >>> iso_ns("2023-11-14T22:13:20.123456+00:00")
    1700000000123456000
    """
    return epoch_ns(datetime.fromisoformat(text))


def milliseconds(time_ns: int) -> float:
    """Milliseconds since the epoch, the wire's `at`."""
    return time_ns / MILLISECOND


def clock(time_ns: int) -> str:
    """The time of day here, for a sentence: `12:04:31`."""
    return datetime.fromtimestamp(time_ns // SECOND).strftime("%H:%M:%S")
