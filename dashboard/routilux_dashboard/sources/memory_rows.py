"""Read an in-memory log by range and text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from ..protocol import PAGE_LIMIT, LogPage, LogRow, OutputPage, OutputRow
from ..segments.history_query import HistoryQuery, text_in

Row = TypeVar("Row", LogRow, OutputRow)


def page_of_rows(
    read: Callable[[int, int], list[Row]],
    page: LogPage | OutputPage,
    query: HistoryQuery,
    shown: Callable[[Row], object],
) -> list[Row]:
    """The rows of a range that contain the text: the first ones, or the last if `query` is backwards.

    `read(after, limit)` returns rows; `page` has the range kept; `shown` returns the searched part of a row.
    """
    low, high = max(query.first, page.first), min(query.last, page.last)
    has = text_in(query.q) if query.q else None
    limit = min(query.limit, PAGE_LIMIT)
    size = PAGE_LIMIT if has else limit
    found: list[Row] = []
    while low <= high and len(found) < limit:
        start = max(low, high - size + 1) if query.backwards else low
        stop = min(high, start + size - 1)
        rows = [row for row in read(start - 1, stop - start + 1) if start <= row.n <= stop]
        rows = [row for row in rows if has is None or has(msgspec.json.encode(shown(row)))]
        found = rows + found if query.backwards else found + rows
        low, high = (low, start - 1) if query.backwards else (stop + 1, high)
    return found[-limit:] if query.backwards else found[:limit]
