"""Finds the code in the seed documents, and what each piece of it is said to print."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCUMENTS = Path(__file__).parent / "documents"


@dataclass(frozen=True)
class Block:
    """A piece of code of a document.

    Attributes:
        document: its number, `"000"` to `"004"`.
        number: its place among the document's pieces, from 1.
        code: as it stands there, without indentation and line numbers.
        prints: what the document says that it prints, or `None`.
    """

    document: str
    number: int
    code: str
    prints: str | None = None

    @property
    def name(self) -> str:
        return f"{self.document}-{self.number}"

    @property
    def is_program(self) -> bool:
        """Whether it stands alone: it imports what it needs and has a flow."""
        return self.code.startswith("from routilux") and "Flow(" in self.code


def blocks(document: str) -> list[Block]:
    """All pieces of a document, in order."""
    (path,) = DOCUMENTS.glob(f"{document}_*.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {"003": _examples, "004": _web_page}.get(document, _rst)(lines)
    return [Block(document, number, code, prints) for number, (code, prints) in enumerate(found, 1)]


# -- reStructuredText: code and output are indented under `.. code-block::` or `::`


def _rst(lines: list[str]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for kind, body in _directives(lines):
        if kind == "python":
            found.append((body, None))
        else:
            code, _ = found.pop()
            found.append((code, body))
    return found


def _directives(lines: list[str]) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        match = re.fullmatch(r"(?:\.\. code-block:: (\w+)|::)", line.strip())
        if match is None:
            continue
        start = place
        while place < len(lines) and (not lines[place].strip() or lines[place].startswith(" ")):
            place += 1
        body = [text for text in lines[start:place] if not re.fullmatch(r" +:[\w-]+:.*", text)]
        yield match[1] or "text", textwrap.dedent("\n".join(body)).strip("\n") + "\n"


# -- the page of an API, as text: examples with `>>>` and `...`, what they print is said in comments


def _examples(lines: list[str]) -> list[tuple[str, str | None]]:
    groups: list[list[str]] = []
    inside = False
    for line in lines:
        match = re.fullmatch(r"(?:>>>|\.\.\.)(?: (.*))?", line)
        if match is not None:
            if not inside:
                groups.append([])
            groups[-1].append(match[1] or "")
        inside = match is not None
    return [("\n".join(group) + "\n", None) for group in groups]


# -- a web page, as text: programs have numbered lines, fragments none


def _web_page(lines: list[str]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    place = 0
    while place < len(lines):
        if re.match(r" +1[a-z]", lines[place]):
            code, place = _numbered(lines, place)
            found.append((code, None))
        elif lines[place].startswith("def "):
            end = lines.index("", place)
            found.append(("\n".join(lines[place:end]) + "\n", None))
            place = end
        elif lines[place] == "Expected Output:":
            end = lines.index("Key Points:", place)
            found[-1] = (found[-1][0], "\n".join(lines[place + 1 : end]).strip("\n") + "\n")
            place = end
        else:
            place += 1
    return found


def _numbered(lines: list[str], place: int) -> tuple[str, int]:
    code: list[str] = []
    while (text := lines[place].lstrip()).startswith(number := str(len(code) + 1)):
        code.append(text[len(number) :])
        place += 1
    return "\n".join(code) + "\n", place
