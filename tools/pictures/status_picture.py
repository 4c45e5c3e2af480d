"""The picture of a job's statuses, drawn from the engine's own table (`engine/routilux/status.py`)."""

from __future__ import annotations

from routilux.status import TRANSITIONS

from .svg import Picture

WIDTH, HEIGHT = 968, 408
BOX = 56
"""The height of a status."""

PLACES: dict[str, tuple[float, float, float]] = {
    "pending": (32, 32, 136),
    "running": (272, 32, 664),
    "failed": (456, 176, 132),
    "completed": (608, 176, 136),
    "cancelled": (800, 176, 136),
    "paused": (272, 320, 664),
}
"""Where each status is: left, top, width. Two statuses with a transition face each other: arrows are straight."""

CAUSES: dict[tuple[str, str], str] = {
    ("pending", "running"): "execute, start",
    ("running", "paused"): "pause",
    ("running", "completed"): "nothing is left",
    ("running", "failed"): "an error, or the time",
    ("running", "cancelled"): "cancel",
    ("paused", "running"): "resume, step",
    ("paused", "failed"): "an interrupted handler",
    ("paused", "cancelled"): "cancel",
    ("completed", "paused"): "pause",
    ("completed", "cancelled"): "cancel",
}
"""What makes a job go from one status to the other."""

STYLE = """
.status { fill: var(--surface-2); stroke-width: 1.5; }
.final { fill: none; stroke-width: 1.5; }
.arrow { fill: none; stroke: var(--ink-3); stroke-width: 1.5; }
.head { fill: var(--ink-3); }
.legend { fill: none; stroke: var(--ink-3); }
.name { font-weight: 600; font-size: 15px; }
.cause { font-size: 12px; fill: var(--ink-2); }
.halo { paint-order: stroke; stroke: var(--surface-1); stroke-width: 6px; stroke-linejoin: round; }
"""
HOLLOW = "\n.shape.hollow { fill: none; stroke-width: 2; }"


def status_picture() -> str:
    """The picture as SVG. Raises `KeyError` for a status or transition that has no place or cause here."""
    picture = Picture(WIDTH, HEIGHT, "The statuses of a job", _in_words())
    picture.style(STYLE.strip() + "".join(map(_colour, TRANSITIONS)) + HOLLOW)
    picture.add(
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>'
    )
    for old, new in _transitions():
        _draw_arrow(picture, old, new)
    for name in TRANSITIONS:
        _draw_status(picture, name)
    picture.rect(36, HEIGHT - 53, 28, 18, "legend", radius=5)
    picture.rect(33, HEIGHT - 56, 34, 24, "legend", radius=7)
    picture.text(78, HEIGHT - 40, "final: nothing follows", "cause")
    return picture.document()


def _colour(name: str) -> str:
    return f"\n.{name} {{ stroke: var(--{name}); }}\n.shape.{name} {{ fill: var(--{name}); }}"


def _transitions() -> list[tuple[str, str]]:
    return [(old, new) for old in TRANSITIONS for new in sorted(TRANSITIONS[old])]


def _in_words() -> str:
    return "; ".join(f"{old} to {new}: {CAUSES[old, new]}" for old, new in _transitions())


def _draw_status(picture: Picture, name: str) -> None:
    left, top, width = PLACES[name]
    picture.rect(left, top, width, BOX, f"status {name}", radius=10)
    if not TRANSITIONS[name]:  # final: a second line around it, as in the books
        picture.rect(left - 4, top - 4, width + 8, BOX + 8, f"final {name}", radius=13)
    centre = left + width / 2
    picture.text(centre + 9, top + BOX / 2 + 5, name, "name middle")
    _draw_shape(picture, name, centre - len(name) * 4.3 - 7, top + BOX / 2)


def _draw_shape(picture: Picture, name: str, x: float, y: float) -> None:
    """The shape that stands for the status in the dashboard, too: colour is never the only sign."""
    if name == "paused":
        picture.rect(x - 4.5, y - 4.5, 9, 9, "shape paused", radius=1)
    elif name == "failed":
        picture.path(f"M{x:g} {y - 6:g} l6 6 l-6 6 l-6 -6 z", "shape failed")
    else:
        hollow = "hollow " if name in ("pending", "cancelled") else ""
        picture.add(f'<circle class="shape {hollow}{name}" cx="{x:g}" cy="{y:g}" r="4.5"/>')


def _draw_arrow(picture: Picture, old: str, new: str) -> None:
    (x1, y1), (x2, y2) = _ends(old, new)
    picture.path(f"M{x1:g} {y1:g} L{x2:g} {y2:g}", "arrow", marker="head")
    cause = CAUSES[old, new]
    if y1 == y2:
        picture.text((x1 + x2) / 2, y1 - 8, cause, "cause middle halo")
    else:
        middle = (PLACES[old][1] + PLACES[new][1] + BOX) / 2
        picture.text(x1 + 8, middle + 4, cause, "cause halo")


def _ends(old: str, new: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the arrow begins and ends: straight across the gap between the two boxes."""
    left1, top1, width1 = PLACES[old]
    left2, top2, width2 = PLACES[new]
    gap = 3 if TRANSITIONS[new] else 7
    if top1 == top2:
        y = top1 + BOX / 2
        return (left1 + width1 + 2, y), (left2 - gap, y)
    low, high = max(left1, left2), min(left1 + width1, left2 + width2)
    x = (low + high) / 2
    if old in TRANSITIONS[new]:  # running and paused are wide: their arrows are at the left, beside each other
        x = low + (28 if top1 < top2 else 84)
    return ((x, top1 + BOX + 2), (x, top2 - gap)) if top1 < top2 else ((x, top1 - 2), (x, top2 + BOX + gap))
