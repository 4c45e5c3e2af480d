"""Conditions as text, in a small language that is interpreted here and reaches nothing outside."""

from __future__ import annotations

import ast
from typing import Any

from .evaluation import Evaluate, Refused, Scope, evaluation

MAX_CHARACTERS = 2000
MAX_PARTS = 500
MAX_DEPTH = 50
"""How deep the parts of an expression may be nested."""

_SYMBOLS = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
_HELP = (
    "use data, config and stats, literals, comparisons, in, and, or, not, + - * / // % **, x if c else y, "
    "indexing, .get(...) and len(...)"
)


class Expression:
    """A condition given as text. Python never evaluates it: what it may do is listed here, and that is all.

    Names `data`, `config` and `stats`; literals; comparisons, `in`, `and`, `or`, `not`; `+ - * / // % **`;
    `x if c else y`; indexing and slices; `.get(key)` and `.get(key, default)` of dicts; `len(...)`.

    Args:
        text: at most 2000 characters, 500 parts, nested 50 deep.

    Raises:
        ValueError: for anything else, naming it.

    >>> urgent = Expression("data.get('priority') == 'high' and len(data['items']) > 1")
    >>> urgent({"priority": "high", "items": [1, 2]})
    True
    >>> Expression("data.__class__")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: 'data.__class__' cannot be a condition: 'data.__class__' is not allowed; use data, config and ...
    """

    __slots__ = ("_evaluate", "text")

    def __init__(self, text: str) -> None:
        self.text: str = text.strip()
        self._evaluate = _built(parsed(self.text), self.text)

    def __call__(self, data: Any, config: Scope | None = None, stats: Scope | None = None) -> Any:
        """The expression's value for these. Raises what its operators raise, `OverflowError` for a huge result."""
        return self._evaluate({"data": data, "config": config or {}, "stats": stats or {}})

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def parsed(text: str) -> ast.expr:
    """The syntax tree of a Python expression that is not too big; `ValueError` for anything else."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{_short(text)} cannot be a condition: it has more than {MAX_CHARACTERS} characters")
    try:
        tree = syntax_tree(text, "eval")
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{_short(text)} cannot be a condition: it is no Python expression ({error})") from None
    except (RecursionError, MemoryError):  # what the parser says of too many brackets, by version
        raise ValueError(_too_big(text)) from None
    assert isinstance(tree, ast.Expression)
    check_size(tree.body, text)
    return tree.body


def syntax_tree(text: str, mode: str) -> ast.AST:
    """`ast.parse`, again where it fails by no fault of the text: CPython 3.11 mixes up trees of two threads."""
    for _ in range(5):
        try:
            return ast.parse(text, mode=mode)
        except SystemError:
            continue
    return ast.parse(text, mode=mode)


def check_size(tree: ast.AST, text: str) -> None:
    """Raise `ValueError` for a tree of too many parts, or too deep to be walked by recursion."""
    level, depth, parts = [tree], 0, 0
    while level:
        depth, parts = depth + 1, parts + len(level)
        if depth > MAX_DEPTH or parts > MAX_PARTS:
            raise ValueError(_too_big(text))
        level = [child for node in level for child in ast.iter_child_nodes(node) if not isinstance(child, _SYMBOLS)]


def _built(tree: ast.expr, text: str) -> Evaluate:
    try:
        return evaluation(tree)
    except Refused as refused:
        part = _short(str(refused))
        raise ValueError(f"{_short(text)} cannot be a condition: {part} is not allowed; {_HELP}") from None


def _too_big(text: str) -> str:
    return (
        f"{_short(text)} cannot be a condition: it has more than {MAX_PARTS} parts, or is nested over {MAX_DEPTH} deep"
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:80]}…")
