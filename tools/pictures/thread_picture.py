"""The picture of which thread runs what, drawn from the table in `threads.py`."""

from __future__ import annotations

from .svg import Picture, width_of
from .threads import (
    BLOCKING,
    CAPTURED,
    CARRIED,
    DUE,
    ENTRY,
    HANDLERS,
    PAGES,
    SENT,
    STORED,
    TAKEN_IN,
    THREADS,
    WAYS,
    ThreadKind,
)  # fmt: skip

LEFT, TOP = 268, 84
COLUMN, ROW = 190, 72
WIDTH, HEIGHT = LEFT + COLUMN * len(WAYS) + 12, TOP + ROW * len(THREADS) + 12
PILL = 24

KINDS = {
    ENTRY: "accent",
    HANDLERS: "running",
    CARRIED: "completed",
    DUE: "paused",
    PAGES: "cancelled",
    BLOCKING: "pending",
    TAKEN_IN: "cancelled",
    CAPTURED: "paused",
    STORED: "pending",
    SENT: "completed",
}
"""The colour of each sort of work."""

STYLE = """
.lane { fill: var(--surface-2); }
.rule { stroke: var(--line); stroke-width: 1; fill: none; }
.head { font-weight: 600; font-size: 14px; }
.note { font-size: 12px; fill: var(--ink-2); }
.pill { fill: var(--surface-1); stroke-width: 1.5; }
.pilltext { font-size: 12px; text-anchor: middle; }
.pill.accent { fill: var(--accent); }
.pilltext.accent { fill: var(--on-accent); }
"""


def thread_picture() -> str:
    """The picture as SVG. Raises `KeyError` for a sort of work that has no colour here."""
    picture = Picture(WIDTH, HEIGHT, "Which thread runs what", _in_words())
    colours = "".join(f"\n.pill.{name} {{ stroke: var(--{name}); }}" for name in KINDS.values())
    picture.style(STYLE.strip() + colours)
    _draw_head(picture)
    for place, kind in enumerate(THREADS):
        _draw_row(picture, kind, TOP + ROW * place)
    return picture.document()


def _in_words() -> str:
    return "; ".join(
        f"{kind.title}, {way}: {', '.join(kind.runs[way])}" for kind in THREADS for way in WAYS if way in kind.runs
    )


def _draw_head(picture: Picture) -> None:
    seen: dict[str, list[int]] = {}
    for column, way in enumerate(WAYS):
        strategy, call = way.split(": ")
        seen.setdefault(strategy, []).append(column)
        picture.text(LEFT + COLUMN * (column + 0.5), 64, call, "note middle")
    for strategy, columns in seen.items():
        left, right = LEFT + COLUMN * columns[0], LEFT + COLUMN * (columns[-1] + 1)
        picture.text((left + right) / 2, 34, f"a {strategy} job", "head middle")
        picture.path(f"M{left + 16:g} 44 H{right - 16:g}", "rule")


def _draw_row(picture: Picture, kind: ThreadKind, top: float) -> None:
    picture.rect(12, top + 3, WIDTH - 24, ROW - 6, "lane", radius=8)
    lines = [(kind.title, "strong"), *([(kind.name, "mono")] if kind.name else []), (kind.lives, "note")]
    first = top + ROW / 2 + 4 - 9 * (len(lines) - 1)
    for place, (line, style) in enumerate(lines):
        picture.text(24, first + 18 * place, line, style)
    if len({kind.runs.get(way) for way in WAYS}) == 1:  # the same whatever the way: one wide pill
        _draw_pill(picture, kind.runs[WAYS[0]][0], LEFT, COLUMN * len(WAYS), top + ROW / 2)
        return
    for column, way in enumerate(WAYS):
        works = kind.runs.get(way, ())
        for place, work in enumerate(works):
            middle = top + ROW / 2 + (place - (len(works) - 1) / 2) * (PILL + 6)
            _draw_pill(picture, work, LEFT + COLUMN * column, COLUMN, middle)


def _draw_pill(picture: Picture, work: str, left: float, width: float, middle: float) -> None:
    inner = max(width - 20, width_of(work, size=12) + 24)
    picture.rect(left + (width - inner) / 2, middle - PILL / 2, inner, PILL, f"pill {KINDS[work]}", radius=PILL / 2)
    picture.text(left + width / 2, middle + 4, work, f"pilltext {KINDS[work]}")
