"""The programs in a page of Markdown, with the output that the page promises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

_BLOCKS = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<prints>.*?)^```\n)?", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\w+\.py)\n")
GAP = "…"
"""Matches any text in a promised line: an id, a time."""


@dataclass(frozen=True)
class Program:
    """A Python block. One that begins with a comment like `# shop.py` is a module of that name, for those after it.

    `prints` is the text block right after it, or `None`; `line` is the line of its fence.
    """

    page: str
    line: int
    file: str
    is_module: bool
    code: str
    prints: str | None

    @property
    def place(self) -> str:
        """Its position in the form that editors understand: `page:line`."""
        return f"{self.page}:{self.line}"


def programs_of(page: Path) -> list[Program]:
    """The programs of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [_program(page, text, number, found) for number, found in enumerate(_BLOCKS.finditer(text), 1)]


def _program(page: Path, text: str, number: int, found: re.Match[str]) -> Program:
    named = _FILE.match(found["code"])
    file = named[1] if named else f"program_{number}.py"
    line = text.count("\n", 0, found.start()) + 1
    return Program(page.name, line, file, named is not None, found["code"], found["prints"])


def problem(promised: str, printed: str) -> str | None:
    """The first line where the output differs from the promise, or `None`. A `…` matches any text within a line.

    >>> problem("job …: done\\n", "job 7f3a: done\\n")
    >>> problem("done\\n", "failed\\n")
    "line 1: 'done' is promised, 'failed' is printed"
    """
    lines = zip_longest(promised.splitlines(), printed.splitlines())
    for number, (wanted, found) in enumerate(lines, 1):
        if wanted is None or found is None or not _fits(wanted, found):
            return f"line {number}: {_shown(wanted)} is promised, {_shown(found)} is printed"
    return None


def _fits(wanted: str, found: str) -> bool:
    pattern = ".+?".join(map(re.escape, wanted.split(GAP)))
    return re.fullmatch(pattern, found) is not None


def _shown(line: str | None) -> str:
    return "nothing" if line is None else repr(line)
