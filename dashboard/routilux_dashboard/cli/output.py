"""Human-readable output: tables and lines, coloured on a terminal."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .plain import plain

STATUS_STYLES = {
    "running": "cyan",
    "completed": "green",
    "failed": "bold red",
    "paused": "yellow",
    "cancelled": "dim",
    "lost": "magenta",
    "retry": "yellow",
}
_ENDLESS = 100_000
"""Width used for a pipe, so that nothing is truncated: its reader may search for words."""


def console(*, stderr: bool = False) -> Console:
    """Create a console. Unencodable characters are escaped; without a terminal, nothing is coloured or truncated."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    bounded = stream.isatty() or "COLUMNS" in os.environ
    return Console(
        file=stream, width=None if bounded else _ENDLESS, markup=False, emoji=False, highlight=False, soft_wrap=False
    )


def print_table(out: Console, table: Table) -> None:
    """Print a table, without the blanks that pad its last column."""
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    out.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def table_of(out: Console, *columns: str) -> Table:
    """Create an empty table. The first character of a column's name sets its kind: ">" for numbers, "=" for short
    words that never wrap, "…" for text that fills the remaining width and may be truncated."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", title_justify="left")
    for column in columns:
        kind, name = (column[0], column[1:]) if column[0] in ">=…" else ("", column)
        table.add_column(
            name,
            justify="right" if kind == ">" else "left",
            no_wrap=bool(kind),
            overflow="ellipsis" if kind == "…" else "fold",
        )
        if kind == "…" and out.width < _ENDLESS:
            table.expand = True
            table.columns[-1].ratio, table.columns[-1].min_width = 1, 20
    return table


def print_pairs(out: Console, pairs: Iterable[tuple[str, Text | str]]) -> None:
    """Print name-value lines; long values wrap within their column."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, value if isinstance(value, Text) else text_of(value))
    print_table(out, table)


def text_of(value: object, style: str = "") -> Text:
    """Untrusted text, made safe to show."""
    return Text(plain(value), style)


def status_of(status: str) -> Text:
    """A coloured status."""
    return text_of(status, STATUS_STYLES.get(status, ""))


def payload_of(data: Any, cut: bool) -> Text:
    """A payload on one line, marked if the server truncated it."""
    return text_of(json.dumps(data, ensure_ascii=False) + (" (cut)" if cut else ""))


def number(value: float | None) -> str:
    """A formatted number, or a dash for `None`.

    >>> number(12345), number(1.25), number(None)
    ('12,345', '1.2', '–')
    """
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def moment(iso: str | None) -> str:
    """A time in the local zone; an invalid one unchanged."""
    try:
        return "–" if iso is None else local(iso).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return plain(iso)


def when(iso: str) -> str:
    """A short form of a time: the time of day if it is today, else the date."""
    shown = moment(iso)
    day, _, time = shown.partition(" ")
    return time if day == datetime.now().strftime("%Y-%m-%d") else day


def local(iso: str) -> datetime:
    """Convert a wire time to a local `datetime`. Raises `ValueError`."""
    return datetime.fromisoformat(iso).astimezone()


def duration(seconds: float) -> str:
    """Format a duration.

    >>> duration(0.25), duration(75), duration(7384)
    ('0.2 s', '1:15', '2:03:04')
    """
    if seconds < 60:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
