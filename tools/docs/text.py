"""Docstrings as Markdown: text with links, examples, and tables of what is passed and raised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_CODE = re.compile(r"`([A-Za-z_]\w*)((?:\.\w+)*)`")
_EXAMPLE = re.compile(r"^>>> ", re.MULTILINE)
_MORE = re.compile(r"; (?=[a-z_]+(?:, [a-z_]+)*: )")
"""Where one entry of a docstring's list goes on with the next in the same line."""


@dataclass(frozen=True)
class Told:
    """A docstring taken apart: paragraphs, and lists of (names, what they are)."""

    paragraphs: list[str] = field(default_factory=list)
    arguments: list[tuple[str, str]] = field(default_factory=list)
    listed: list[tuple[str, str]] = field(default_factory=list)
    raises: list[tuple[str, str]] = field(default_factory=list)

    @property
    def attributes(self) -> dict[str, str]:
        """What is said of each attribute."""
        return {name.strip(): about for names, about in self.listed for name in names.split(",")}


def entries(names: str, about: str) -> list[tuple[str, str]]:
    """An entry of a docstring's list; several, when they share a line.

    >>> entries("first", "the one; second, third: the others")
    [('first', 'the one'), ('second, third', 'the others')]
    """
    first, *more = _MORE.split(" ".join(about.split()))
    rest = [part.partition(": ") for part in more]
    return [(names, first), *((head, tail) for head, _, tail in rest)]


@dataclass(frozen=True)
class Links:
    """Where each public name is told of: name → file."""

    files: Mapping[str, str]

    def to(self, name: str, page: str = "README.md") -> str:
        """A link to a name, as seen from a page."""
        return self._link(name, f"#{name.lower()}", name, page)

    def within(self, text: str, page: str) -> str:
        """The text with links where it names something public in backticks."""
        return _CODE.sub(lambda found: self._linked(found, page), text)

    def _linked(self, found: re.Match[str], page: str) -> str:
        name, rest = found[1], found[2]
        if name not in self.files:
            return found[0]
        return self._link(name, f"#{(name + rest).replace('.', '').lower()}", name + rest, page)

    def _link(self, name: str, anchor: str, shown: str, page: str) -> str:
        file = self.files[name]
        return f"[`{shown}`]({'' if file == page else file}{anchor})"


def as_markdown(told: Told, page: str, links: Links) -> Iterator[str]:
    """The parts of a page that say what a docstring says: what it is, what it takes and raises, examples."""
    examples = [paragraph for paragraph in told.paragraphs if _EXAMPLE.match(paragraph)]
    yield from (links.within(paragraph, page) for paragraph in told.paragraphs if paragraph not in examples)
    for head, rows in (("argument", told.arguments), ("raises", told.raises)):
        if rows:
            second = "what it is" if head == "argument" else "when"
            yield table((head, second), [(_names(names), links.within(about, page)) for names, about in rows])
    yield from (f"```pycon\n{example}\n```" for example in examples)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are one line each.

    >>> print(table(("name", "size"), [("a|b", "1")]))
    | name | size |
    |---|---|
    | a\\|b | 1 |
    """
    lines = [head, ["---"] * len(head), *rows]
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"|{'|'.join(line)}|" if line[0] == "---" else f"| {' | '.join(line)} |" for line in cells)


def _names(names: str) -> str:
    return ", ".join(f"`{name.strip()}`" for name in names.split(","))
