"""Find the phrases that make English read as translated: `python -m tools.words [PATH …]` exits 1 if any is left.

Prose is Markdown, the comments and strings of Python and TypeScript, the comments of CSS, and the names of tests.
Fenced blocks, code in backticks and identifiers are skipped. `--count` prints only the number of findings per folder.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = (ROOT / "tools" / "words.txt").read_text(encoding="utf-8").splitlines()
PHRASES = re.compile("|".join(line.replace(" ", r"\s+") for line in LIST if line[:1] not in ("", "#")), re.IGNORECASE)
PLACES = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "engine", "dashboard", "static/src", "docs", "examples",
    "benchmarks", "tests", "tools",
)  # fmt: skip
SKIPPED = {"node_modules", "__pycache__", "dist", "build", "generated", "fixtures", "data"}
MARKED = "words: quoted"
"""A line that ends with this comment may quote a phrase."""

_PROSE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", re.DOTALL)
_CSS = re.compile(r"/\*.*?\*/", re.DOTALL)
_TEST = re.compile(r"^\s*(?:async )?def (test_\w+)")
_FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")

Prose = Iterator[tuple[int, str]]


def python_prose(text: str) -> Prose:
    """Comments, strings and the names of tests, each with the line it begins on."""
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds:
            yield token.start[0], token.string
    for number, line in enumerate(text.splitlines(), 1):
        if named := _TEST.match(line):
            yield number, named[1].replace("_", " ")


def prose(path: Path) -> Prose:
    """The prose of a file, in pieces that begin on the line named."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from python_prose(text)
    elif path.suffix in (".ts", ".css"):
        for found in (_PROSE if path.suffix == ".ts" else _CSS).finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found[0].strip("`")
    else:
        yield 1, _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)


def findings(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the phrase of everything in a file that should be said differently."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for first, piece in prose(path):
        for found in PHRASES.finditer(_CODE.sub(lambda code: "`" * len(code[0]), piece)):
            number = first + piece.count("\n", 0, found.start())
            if not lines[number - 1].rstrip(" */").endswith(MARKED):
                yield number, " ".join(found[0].split())


def files(place: Path) -> Iterator[Path]:
    """The files with prose in a place."""
    if place.is_file():
        yield place
    for path in sorted(place.rglob("*")) if place.is_dir() else ():
        if path.suffix in (".py", ".ts", ".css", ".md") and not SKIPPED.intersection(path.parts):
            yield path


def main(arguments: list[str]) -> int:
    """Print each finding, or with `--count` their number per folder; return 1 if there is one."""
    places = [Path(name) for name in arguments if name != "--count"] or [ROOT / name for name in PLACES]
    found = [(path, number, phrase) for place in places for path in files(place) for number, phrase in findings(path)]
    if "--count" in arguments:
        folders = Counter(path.resolve().relative_to(ROOT).parent.as_posix() for path, _, _ in found)
        print("\n".join(f"{count:5} {folder}" for folder, count in sorted(folders.items())), f"\n{len(found):5} in all")
    else:
        print("\n".join(f"{path}:{number}: {phrase!r}" for path, number, phrase in found) or "No such phrase is left.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
