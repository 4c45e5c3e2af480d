"""Counts lines of code without blanks, comments and docstrings: `python -m tools.lines [OLD_TREE]`."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (Path("engine/routilux"), Path("dashboard/routilux_dashboard"))
_LAYOUT = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}


def code_lines(source: str) -> int:
    """The lines that hold a token of code."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    used = {n for token in tokens if token.type not in _LAYOUT for n in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            used.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(used)


def count(tree: Path) -> Counter[str]:
    """Code lines by package and folder, and in total."""
    found = Counter[str]()
    for package in PACKAGES:
        for path in (tree / package).rglob("*.py"):
            parts = (package.name, *path.relative_to(tree / package).parent.parts[:1])
            found["/".join(parts)] += code_lines(path.read_text(encoding="utf-8"))
    return found + Counter(total=found.total())


if __name__ == "__main__":
    trees = [count(Path(tree)) for tree in sys.argv[1:2]] + [count(ROOT)]
    for name in sorted({name for tree in trees for name in tree}):
        print(f"{name:40}" + "".join(f"{tree[name]:>8,}" for tree in trees))
