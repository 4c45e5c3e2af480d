"""Which room imports which: a matrix drawn from the sources, with the top room first, so that imports point down."""

from __future__ import annotations

import ast
from pathlib import Path

from tools import imports

from .svg import Picture, width_of

ROW, TOP = 26, 70
ABOUT = 560
"""The width of a room's purpose, which is cut to fit."""

STYLE = """
.band { fill: var(--surface-2); }
.rule { stroke: var(--line-strong); stroke-width: 1; fill: none; }
.uses { fill: var(--accent); }
.upward { fill: var(--failed); }
"""


def rooms_of(package: Path) -> dict[str, set[str]]:
    """Each folder or module directly in a package, with those that it imports (for types too), from the top."""
    modules = imports.python_modules(package)
    graph: dict[str, set[str]] = {room: set() for module in modules if (room := room_of(module))}
    for found in imports.python_imports(package):
        full = f"{found.source}.{found.name}"
        here, there = room_of(found.module), room_of(full if full in modules else found.source)
        if here and there in graph and here != there and found.source.startswith(package.name):
            graph[here].add(there)
    depth: dict[str, int] = {}
    for _ in graph:  # the longest way down; a circle ends here as well
        depth = {room: 1 + max((depth.get(below, 0) for below in graph[room]), default=0) for room in graph}
    return {room: graph[room] for room in sorted(graph, key=lambda room: (-depth[room], room))}


def room_of(module: str) -> str:
    """The folder or module of a package that a module belongs to, `""` for the package's own `__init__`."""
    return [*module.split("."), ""][1]


def purpose(package: Path, room: str) -> str:
    """The first sentence of a room's docstring, without backticks."""
    path = package / room / "__init__.py" if (package / room).is_dir() else package / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    sentence = " ".join(text.split("\n\n")[0].split()).replace("`", "").split(". ")[0].rstrip(".")
    while width_of(sentence, size=12) > ABOUT:
        sentence = sentence.removesuffix(" …").rpartition(" ")[0] + " …"
    return sentence


def room_picture(package: Path, title: str) -> str:
    """The picture as SVG."""
    graph = rooms_of(package)
    rooms = list(graph)
    name_width = max(width_of(room, mono=True, size=12) for room in rooms) + 24
    left = 24 + name_width + ABOUT
    width, height = left + 22 * len(rooms) + 24, TOP + ROW * len(rooms) + 16
    picture = Picture(width, height, title, in_words(graph))
    picture.style(STYLE.strip())
    picture.text(24, 36, title, "strong")
    picture.text(left, 36, "imports the room that has this number", "soft small")
    for row, room in enumerate(rooms):
        middle = TOP + ROW * (row + 0.5)
        if row % 2 == 0:
            picture.rect(12, TOP + ROW * row, width - 24, ROW, "band", radius=0)
        picture.text(24, middle + 4, f"{row + 1:2} {room}", "mono")
        picture.text(24 + name_width + 20, middle + 4, purpose(package, room), "soft small")
        picture.text(left + 22 * row + 11, 60, str(row + 1), "soft small middle")
        picture.path(f"M{left + 22 * row + 6:g} {middle:g} h10", "rule")
        for below in sorted(graph[room]):
            x, kind = left + 22 * rooms.index(below) + 11, "uses" if rooms.index(below) > row else "upward"
            picture.add(f'<circle class="{kind}" cx="{x:g}" cy="{middle:g}" r="5"/>')
    return picture.document()


def in_words(graph: dict[str, set[str]]) -> str:
    """The matrix for a screen reader."""
    return "; ".join(f"{room} imports {', '.join(sorted(below)) or 'nothing'}" for room, below in graph.items())
