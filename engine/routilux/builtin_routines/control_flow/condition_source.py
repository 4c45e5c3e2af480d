"""The text of a condition that was given as a function."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from .condition import roles
from .expression import Expression, check_size, parsed, syntax_tree

_Definition = ast.Lambda | ast.FunctionDef


def condition_source(condition: Any, route: str) -> str:
    """The text of a condition: its own, or what a lambda, or a function of one `return`, returns.

    The text uses the names `data`, `config` and `stats`, whatever the parameters are called. It is
    found in the source file by the very code of the function, so several lambdas in one line do
    not get mixed up, and a file that was changed meanwhile is noticed.

    Raises:
        ValueError: naming the route, when the source cannot be found, or is no `Expression` because
            it calls functions or uses names from around it.

    >>> condition_source(lambda order: order["total"] > 100, "big")
    "data['total'] > 100"
    >>> limit = 100
    >>> condition_source(lambda order: order["total"] > limit, "big")
    Traceback (most recent call last):
    ...
    ValueError: The condition of route 'big' cannot be stored: it uses 'limit' from around it; give it as text instead
    """
    if isinstance(condition, (str, Expression)):
        return condition if isinstance(condition, str) else condition.text
    try:
        return _source(condition)
    except ValueError as why:
        raise ValueError(f"The condition of route {route!r} cannot be stored: {why}; give it as text instead") from None


def text_of_lambda(source: str) -> str:
    """The same for the text of a lambda, which is not evaluated; any other expression is returned as it is.

    >>> text_of_lambda("lambda order: order['total'] > 100")
    "data['total'] > 100"
    """
    body = parsed(source.strip())
    return _text(body.body, roles(_parameters(body))) if isinstance(body, ast.Lambda) else source


def _source(condition: Any) -> str:
    if not isinstance(condition, FunctionType):
        raise ValueError(f"{condition!r:.100} is neither a lambda nor a function of a module")
    code = condition.__code__
    around = [*code.co_freevars, *({"len"} & set(code.co_names) & condition.__globals__.keys())]
    if around:
        raise ValueError(f"it uses {around[0]!r} from around it")
    definition = _definition(condition)
    return _text(_returned(definition), roles(_parameters(definition)))


def _definition(function: FunctionType) -> _Definition:
    try:
        lines, _ = inspect.findsource(function)
        tree = syntax_tree("".join(lines), "exec")
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"its source is not there ({error})") from None
    wanted, first_line = _identity(function.__code__), function.__code__.co_firstlineno
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Lambda, ast.FunctionDef)) or node.lineno != first_line:
            continue
        if any(_identity(code) == wanted for code in _codes(node, function)):
            return node
    raise ValueError("its source has changed since it was loaded, or it is decorated")


def _codes(node: _Definition, function: FunctionType) -> Iterator[CodeType]:
    """The code of a definition: compiled to be compared, never run."""
    tree = ast.Expression(node) if isinstance(node, ast.Lambda) else ast.Module([node], [])
    mode = "eval" if isinstance(node, ast.Lambda) else "exec"
    code: CodeType = compile(tree, function.__code__.co_filename, mode, dont_inherit=True)
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _identity(code: CodeType) -> tuple[object, ...]:
    names = (code.co_varnames, code.co_names, code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    return (code.co_name, code.co_code, code.co_consts, *names, tuple(code.co_positions()))


def _parameters(definition: _Definition) -> list[str]:
    given = definition.args
    return [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _returned(definition: _Definition) -> ast.expr:
    if isinstance(definition, ast.Lambda):
        return definition.body
    statements = definition.body[1:] if ast.get_docstring(definition) is not None else definition.body
    match statements:
        case [ast.Return(value=ast.expr() as value)]:
            return value
    raise ValueError(f"function {definition.name!r} does more than return one expression")


def _text(body: ast.expr, given: dict[str, str]) -> str:
    check_size(body, "the function")
    for node in ast.walk(body):
        if isinstance(node, ast.Name) and node.id not in given and node.id != "len":
            raise ValueError(f"it uses {node.id!r} from around it")
    return Expression(ast.unparse(_Renaming(given).visit(body))).text


class _Renaming(ast.NodeTransformer):
    """Calls each parameter by the name of what it gets."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.given.get(node.id, node.id), node.ctx)
