"""What a syntax tree tells: complexity, documentation, imports, operations, and whether it survives a round trip."""

from __future__ import annotations

import ast
import contextlib
import dis
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

LABEL = "stdlib-census:"
"""A prefix of the compiled path, by which a warning filter recognizes our compilations."""
TRIES = 5
"""Other code in the process may parse as well, without the lock."""
ONE_TREE_AT_A_TIME = threading.Lock()
"""Held while a tree is built. CPython 3.11 counts its depth once for all threads: where a garbage collection runs
Python code in the middle, and so lets another thread build one too, both fail with a SystemError."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (*FUNCTIONS, ast.ClassDef, ast.Module)
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.Assert, ast.match_case)
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.Match)


class FunctionMeasure(NamedTuple):
    """One function: its dotted name, line, McCabe's complexity, and how deep its blocks are nested."""

    name: str
    line: int
    complexity: int
    nesting: int


def parse(text: str, path: str) -> ast.Module:
    """The syntax tree of a text.

    Raises:
        SyntaxError: for invalid Python, including null bytes and excessive nesting.
    """
    try:
        for _ in range(TRIES):
            with ONE_TREE_AT_A_TIME, contextlib.suppress(SystemError):
                return ast.parse(text, LABEL + path)
        return ast.parse(text, LABEL + path)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deeply") from error


def mute_compiler() -> None:
    """Keep the compiler's warnings about the sources of the census (old escapes, `is` with a literal) off the screen.

    They concern people who write those files. The filter is process-wide, as all filters are, but matches nothing
    else; it is set once, because setting it again while another thread compiles could let a warning through.
    """
    if not any(entry[3] and getattr(entry[3], "pattern", "") == LABEL for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=LABEL)


def count_nodes(tree: ast.AST) -> int:
    """The number of nodes of a tree."""
    return sum(1 for _ in ast.walk(tree))


def measure_functions(tree: ast.Module) -> list[FunctionMeasure]:
    """Every function of a module, nested ones and methods too, in the order of their lines.

    McCabe's complexity is 1 and one more for each decision. Decisions of an inner function are its own;
    what stands outside of all functions is left out.

    >>> measure_functions(ast.parse("def f(x):\\n    if x and x > 1:\\n        return x"))
    [FunctionMeasure(name='f', line=1, complexity=3, nesting=1)]
    """
    found: list[FunctionMeasure] = []
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        for inner, name in _definitions(node, prefix):
            waiting.append((inner, name + "."))
            if isinstance(inner, FUNCTIONS):
                found.append(_measure(inner, name))
    return sorted(found, key=lambda measure: (measure.line, measure.name))


def _definitions(scope: ast.AST, prefix: str) -> Iterator[tuple[ast.AST, str]]:
    """The functions and classes directly in a scope, with their dotted names."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node, prefix + node.name
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _measure(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> FunctionMeasure:
    complexity, deepest = 1, 0
    waiting: list[tuple[ast.AST, int]] = [(statement, 0) for statement in function.body]
    while waiting:  # no recursion: an expression may be nested deeper than Python's stack
        node, depth = waiting.pop()
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            continue
        complexity += _decisions(node)
        if isinstance(node, BLOCKS):
            depth += 1
            deepest = max(deepest, depth)
        waiting.extend((child, depth - _is_elif(node, child)) for child in ast.iter_child_nodes(node))
    return FunctionMeasure(name, function.lineno, complexity, deepest)


def _is_elif(node: ast.AST, child: ast.AST) -> bool:
    """The tree nests an `elif` in the `if` before it; a reader sees both at the same depth."""
    return isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]


def _decisions(node: ast.AST) -> int:
    if isinstance(node, BRANCHES):
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return 0


def count_documented(tree: ast.Module) -> tuple[int, int]:
    """How many of the module, its classes and functions have a docstring, and how many there are."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, DOCUMENTED)]
    return sum(1 for node in nodes if ast.get_docstring(node, clean=False)), len(nodes)


def imported_names(tree: ast.Module, module: str, is_package: bool) -> list[str]:
    """The dotted names that a module imports, anywhere in it, made absolute; sorted, each once.

    >>> imported_names(ast.parse("import os.path\\nfrom . import tasks\\nfrom ..c import d"), "a.b.x", False)
    ['a.b.tasks', 'a.c.d', 'os.path']
    """
    package = module.split(".") if is_package else module.split(".")[:-1]
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: max(0, len(package) - node.level + 1)] if node.level else []
            source = [*start, *([node.module] if node.module else [])]
            names.update(".".join([*source, alias.name]) for alias in node.names)
    return sorted(names)


def compile_tree(tree: ast.Module, path: str) -> CodeType:
    """The code object of a module.

    Raises:
        SyntaxError: it parses, but does not compile: a `return` outside of a function, an unknown `__future__`.
    """
    return compile(tree, LABEL + path, "exec", dont_inherit=True)


def count_operations(code: CodeType) -> Counter[str]:
    """How often each operation of the virtual machine stands in a code object and those inside it."""
    counts: Counter[str] = Counter()
    waiting = [code]
    while waiting:
        current = waiting.pop()
        counts.update(instruction.opname for instruction in dis.get_instructions(current))
        waiting.extend(constant for constant in current.co_consts if isinstance(constant, CodeType))
    return counts


def survives_round_trip(tree: ast.Module, path: str) -> bool:
    """Whether the tree, written out as text and parsed again, is the same tree."""
    return ast.dump(parse(ast.unparse(tree), path)) == ast.dump(tree)
