"""Parse times in command-line options."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from .output import local
from .usage import UsageProblem

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment_of(_context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """Convert a time for REST: ISO 8601 (local unless it has an offset), or how long ago, such as `10m`."""
    if text is None:
        return None
    try:
        ago = re.fullmatch(r"(\d{1,9})([smhd])", text, re.ASCII)
        if ago:
            return (datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).isoformat()
        return local(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise UsageProblem(
            f"{parameter.opts[0]} {text!r}: write 2026-11-20T12:30 (with +00:00 for UTC), or 90s, 10m, 2h, 1d for ago"
        ) from None


def point_of(context: click.Context, parameter: click.Parameter, text: str | None) -> dict[str, str | None] | None:
    """Convert a point in a job's run for REST: a record's number, or a time."""
    if text is not None and text.isascii() and text.isdigit():
        return {"seq": text}
    moment = moment_of(context, parameter, text)
    return None if moment is None else {"t": moment}
