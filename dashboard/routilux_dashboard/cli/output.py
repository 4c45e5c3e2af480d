"""What commands show to people: tables and lines, in colour where there is a terminal."""

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
"""Columns of a pipe: what reads it looks for words, and nothing is cut."""


def console(*, stderr: bool = False) -> Console:
    """Where to print. What cannot be encoded is written out; without a terminal nothing is coloured or cut."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    bounded = stream.isatty() or "COLUMNS" in os.environ
    return Console(
        file=stream, width=None if bounded else _ENDLESS, markup=False, emoji=False, highlight=False, soft_wrap=False
    )


def print_table(out: Console, table: Table) -> None:
    """Print a table, without the blanks that would fill its last column."""
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    out.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def table_of(out: Console, *columns: str) -> Table:
    """An empty table. A column whose name begins with ">" has numbers, with "=" short words, which are kept whole;
    with "…" what takes the room that is left, and may be cut."""
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
    """Lines of a name and what it is; long ones go on below themselves."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, value if isinstance(value, Text) else text_of(value))
    print_table(out, table)


def text_of(value: object, style: str = "") -> Text:
    """Text of others, as it may be shown."""
    return Text(plain(value), style)


def status_of(status: str) -> Text:
    """A status in its colour."""
    return text_of(status, STATUS_STYLES.get(status, ""))


def payload_of(data: Any, cut: bool) -> Text:
    """A payload in one line; what the server has left out of it is said."""
    return text_of(json.dumps(data, ensure_ascii=False) + (" (cut)" if cut else ""))


def number(value: float | None) -> str:
    """A figure, or a dash where there is none.

    >>> number(12345), number(1.25), number(None)
    ('12,345', '1.2', '–')
    """
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def moment(iso: str | None) -> str:
    """A time as clocks here have it; what is no time, as it is."""
    try:
        return "–" if iso is None else local(iso).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return plain(iso)


def when(iso: str) -> str:
    """The same in short: the time of a moment of today, the day of any other."""
    shown = moment(iso)
    day, _, time = shown.partition(" ")
    return time if day == datetime.now().strftime("%Y-%m-%d") else day


def local(iso: str) -> datetime:
    """A time of the wire as a `datetime` of here. Raises `ValueError`."""
    return datetime.fromisoformat(iso).astimezone()


def duration(seconds: float) -> str:
    """How long something took.

    >>> duration(0.25), duration(75), duration(7384)
    ('0.2 s', '1:15', '2:03:04')
    """
    if seconds < 60:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
