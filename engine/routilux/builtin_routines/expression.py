"""Conditions as text: a small, safe language, compiled to closures. Python never evaluates the text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from .operators import BINARY, COMPARISONS, UNARY

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
    """A condition given as text. Python never evaluates it; only these constructs are allowed.

    Names `data`, `config` and `stats`; literals; comparisons, `in`, `and`, `or`, `not`; `+ - * / // % **`;
    `x if c else y`; indexing and slices; `.get(key)` and `.get(key, default)` of dicts; `len(...)`.

    Args:
        text: at most 2000 characters, 500 parts, nested 50 deep.

    Raises:
        ValueError: for anything else, with the part that is not allowed.

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
        """Evaluate the expression. Raises whatever its operators raise, and `OverflowError` for a huge result."""
        return self._evaluate({"data": data, "config": config or {}, "stats": stats or {}})

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def parsed(text: str) -> ast.expr:
    """Return the syntax tree of a Python expression. Raises `ValueError` if it is invalid or too large."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{_short(text)} cannot be a condition: it has more than {MAX_CHARACTERS} characters")
    try:
        tree = syntax_tree(text, "eval")
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{_short(text)} cannot be a condition: it is no Python expression ({error})") from None
    except (RecursionError, MemoryError):  # raised by the parser for too many brackets, depending on its version
        raise ValueError(_too_big(text)) from None
    assert isinstance(tree, ast.Expression)
    check_size(tree.body, text)
    return tree.body


def syntax_tree(text: str, mode: str) -> ast.AST:
    """Call `ast.parse`, with retries: in CPython 3.11 parsing in two threads at once can raise `SystemError`."""
    for _ in range(5):
        try:
            return ast.parse(text, mode=mode)
        except SystemError:
            continue
    return ast.parse(text, mode=mode)


def check_size(tree: ast.AST, text: str) -> None:
    """Raise `ValueError` if the tree has too many parts, or is too deep for recursion."""
    level, depth, parts = [tree], 0, 0
    while level:
        depth, parts = depth + 1, parts + len(level)
        if depth > MAX_DEPTH or parts > MAX_PARTS:
            raise ValueError(_too_big(text))
        level = [child for node in level for child in ast.iter_child_nodes(node) if not isinstance(child, _SYMBOLS)]


def _built(tree: ast.expr, text: str) -> Evaluate:
    try:
        return compile_node(tree)
    except Unsupported as unsupported:
        part = _short(str(unsupported))
        raise ValueError(f"{_short(text)} cannot be a condition: {part} is not allowed; {_HELP}") from None


def _too_big(text: str) -> str:
    return (
        f"{_short(text)} cannot be a condition: it has more than {MAX_PARTS} parts, or is nested over {MAX_DEPTH} deep"
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:80]}…")


NAMES = ("data", "config", "stats")

Scope = Mapping[str, Any]
"""A value for each of `NAMES`."""

Evaluate = Callable[[Scope], Any]


class Unsupported(Exception):
    """A part of the text is not in the language; its source is the argument."""

    def __init__(self, node: ast.AST) -> None:
        super().__init__(ast.unparse(node))


def compile_node(node: ast.expr) -> Evaluate:
    """Compile a syntax tree to a function of its scope. Raises `Unsupported`.

    Only nodes in `_BUILDERS` are allowed: no attributes, no calls but `len` and `.get`, no
    comprehensions, lambdas, assignments, f-strings, `await` or `yield`.

    >>> compile_node(ast.parse("data[0] + 1", mode="eval").body)({"data": [41]})
    42
    """
    builder = _BUILDERS.get(type(node))
    if builder is None:
        raise Unsupported(node)
    return builder(node)


def _constant(node: ast.Constant) -> Evaluate:
    value = node.value
    if not isinstance(value, (str, bytes, int, float, type(None))):
        raise Unsupported(node)
    return lambda _scope: value


def _name(node: ast.Name) -> Evaluate:
    name = node.id
    if name not in NAMES:
        raise Unsupported(node)
    return lambda scope: scope[name]


def _boolean(node: ast.BoolOp) -> Evaluate:
    parts = [compile_node(value) for value in node.values]
    ends_it = isinstance(node.op, ast.Or)

    def evaluate(scope: Scope) -> Any:
        value = None
        for part in parts:
            value = part(scope)
            if bool(value) is ends_it:
                break
        return value

    return evaluate


def _unary(node: ast.UnaryOp) -> Evaluate:
    operator = UNARY.get(type(node.op))
    if operator is None:
        raise Unsupported(node)
    operand = compile_node(node.operand)
    return lambda scope: operator(operand(scope))


def _binary(node: ast.BinOp) -> Evaluate:
    operator = BINARY.get(type(node.op))
    if operator is None:
        raise Unsupported(node)
    left, right = compile_node(node.left), compile_node(node.right)
    return lambda scope: operator(left(scope), right(scope))


def _comparison(node: ast.Compare) -> Evaluate:
    first = compile_node(node.left)
    rest = [
        (COMPARISONS[type(op)], compile_node(operand)) for op, operand in zip(node.ops, node.comparators, strict=True)
    ]

    def evaluate(scope: Scope) -> Any:
        left, outcome = first(scope), True
        for compare, operand in rest:
            right = operand(scope)
            outcome = compare(left, right)
            if not outcome:
                break
            left = right
        return outcome

    return evaluate


def _choice(node: ast.IfExp) -> Evaluate:
    test, then, otherwise = compile_node(node.test), compile_node(node.body), compile_node(node.orelse)
    return lambda scope: then(scope) if test(scope) else otherwise(scope)


def _item(node: ast.Subscript) -> Evaluate:
    value, index = compile_node(node.value), compile_node(node.slice)
    return lambda scope: value(scope)[index(scope)]


def _slice(node: ast.Slice) -> Evaluate:
    ends = [None if end is None else compile_node(end) for end in (node.lower, node.upper, node.step)]
    return lambda scope: slice(*(None if end is None else end(scope) for end in ends))


def _tuple(node: ast.Tuple) -> Evaluate:
    parts = [compile_node(part) for part in node.elts]
    return lambda scope: tuple([part(scope) for part in parts])


def _list(node: ast.List) -> Evaluate:
    parts = [compile_node(part) for part in node.elts]
    return lambda scope: [part(scope) for part in parts]


def _set(node: ast.Set) -> Evaluate:
    parts = [compile_node(part) for part in node.elts]
    return lambda scope: {part(scope) for part in parts}


def _dict(node: ast.Dict) -> Evaluate:
    keys = [compile_node(key) for key in node.keys if key is not None]
    if len(keys) < len(node.keys):  # `{**other}`
        raise Unsupported(node)
    values = [compile_node(value) for value in node.values]
    return lambda scope: {key(scope): value(scope) for key, value in zip(keys, values, strict=True)}


def _call(node: ast.Call) -> Evaluate:
    function, count = node.func, len(node.args)
    if node.keywords:
        raise Unsupported(node)
    if isinstance(function, ast.Name) and function.id == "len" and count == 1:
        argument = compile_node(node.args[0])
        return lambda scope: len(argument(scope))
    if isinstance(function, ast.Attribute) and function.attr == "get" and count in (1, 2):
        owner, arguments = compile_node(function.value), [compile_node(argument) for argument in node.args]
        return lambda scope: _get(owner(scope), [argument(scope) for argument in arguments])
    raise Unsupported(node)


def _get(owner: Any, arguments: list[Any]) -> Any:
    """Call `owner.get(...)` for mappings only: the `get` of another class could do anything (a queue's blocks)."""
    if not isinstance(owner, Mapping):
        raise TypeError(f"Only a dict has .get in a condition, not {type(owner).__name__}")
    return owner.get(*arguments)


_BUILDERS: dict[type[ast.expr], Callable[[Any], Evaluate]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _comparison,
    ast.IfExp: _choice,
    ast.Subscript: _item,
    ast.Slice: _slice,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Call: _call,
}
