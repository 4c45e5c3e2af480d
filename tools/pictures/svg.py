"""Writing pictures as SVG that fit light and dark pages by themselves."""

from __future__ import annotations

from html import escape

from .palette import custom_properties

COLOURS = (
    "surface-1", "surface-2", "line", "line-strong", "ink-1", "ink-2", "ink-3",
    "accent", "on-accent", "pending", "running", "paused", "completed", "failed", "cancelled",
)  # fmt: skip
UI = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
MONO = "'JetBrains Mono', ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

STYLE = f"""{custom_properties(COLOURS, "svg")}
text {{ font-family: {UI}; font-size: 13px; fill: var(--ink-1); }}
.mono {{ font-family: {MONO}; font-size: 12px; }}
.strong {{ font-weight: 600; }}
.soft {{ fill: var(--ink-2); }}
.small {{ font-size: 12px; }}
.middle {{ text-anchor: middle; }}
.end {{ text-anchor: end; }}
.page {{ fill: var(--surface-1); stroke: var(--line); }}
.card {{ fill: var(--surface-2); stroke: var(--line-strong); }}"""


class Picture:
    """An SVG document that grows by its parts. Sizes are in CSS pixels; a reader hears `title` and `about`."""

    def __init__(self, width: float, height: float, title: str, about: str) -> None:
        self._size = (width, height)
        self._head = f"<title>{escape(title)}</title>\n<desc>{escape(about)}</desc>"
        self._parts: list[str] = []
        self._style = [STYLE]
        self.rect(0.5, 0.5, width - 1, height - 1, "page", radius=12)

    def style(self, css: str) -> None:
        """Add rules."""
        self._style.append(css)

    def add(self, element: str) -> None:
        """Add an element as it is."""
        self._parts.append(element)

    def rect(self, x: float, y: float, width: float, height: float, kind: str, radius: float = 8) -> None:
        """Add a rectangle of a class."""
        self.add(f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"/>')

    def text(self, x: float, y: float, text: str, kind: str = "") -> None:
        """Add a line of text; `y` is its baseline."""
        named = f' class="{kind}"' if kind else ""
        self.add(f'<text{named} x="{x:g}" y="{y:g}">{escape(text)}</text>')

    def path(self, d: str, kind: str, marker: str = "") -> None:
        """Add a path, perhaps with a marker at its end."""
        end = f' marker-end="url(#{marker})"' if marker else ""
        self.add(f'<path class="{kind}" d="{d}"{end}/>')

    def document(self) -> str:
        """The whole as text."""
        width, height = self._size
        style = "\n".join(self._style)
        parts = "\n".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img">\n'
            f"{self._head}\n<style>\n{style}\n</style>\n{parts}\n</svg>\n"
        )


def width_of(text: str, *, mono: bool = False, size: float = 13) -> float:
    """About how wide a text is, on the safe side: fonts differ from system to system."""
    if mono:
        return len(text) * size * 0.61
    narrow = sum(character in "iIjltf.,:;'()| " for character in text)
    return (len(text) - narrow) * size * 0.6 + narrow * size * 0.34
