"""The dashboard's colours, for pictures and pages: read from its design tokens, so that they are named in one place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

TOKENS = Path(__file__).resolve().parent.parent.parent / "static" / "src" / "styles" / "tokens.css"
_TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\);")


class Colour(NamedTuple):
    """One colour in both themes."""

    light: str
    dark: str


def colours(tokens: Path = TOKENS) -> dict[str, Colour]:
    """Every colour of the tokens, by name."""
    return {name: Colour(light, dark) for name, light, dark in _TOKEN.findall(tokens.read_text(encoding="utf-8"))}


def custom_properties(names: Iterable[str], selector: str = ":root") -> str:
    """CSS that gives these colours as custom properties, in the theme that the reader's system has."""
    known = colours()
    light = " ".join(f"--{name}: {known[name].light};" for name in names)
    dark = " ".join(f"--{name}: {known[name].dark};" for name in names)
    return f"{selector} {{ {light} }}\n@media (prefers-color-scheme: dark) {{ {selector} {{ {dark} }} }}"
