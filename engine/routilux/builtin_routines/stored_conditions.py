"""Conditions of routes (text, a dict of fields, or a callable): compiled to functions, stored and restored."""

from __future__ import annotations

import ast
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

from ..persistence.class_registry import callable_from_plain, callable_to_plain, function_name, to_plain
from ..persistence.plain_data import PlainReader
from .expression import NAMES, Expression, Scope, check_size, parsed, syntax_tree

_log = logging.getLogger("routilux")

Condition = str | Expression | dict[Any, Any] | Callable[..., Any]

Route = tuple[str, Condition]

Matcher = Callable[[Any, Scope], bool]
"""(data, configuration) -> whether the condition holds."""


def compile_routes(routes: Any) -> list[tuple[str, Matcher]]:
    """Compile each `(name, condition)`. Raises `ValueError` naming a route whose condition is invalid.

    >>> [(name, matches)] = compile_routes([("big", "data > config['limit']")])
    >>> matches(5, {"limit": 3})
    True
    """
    if not isinstance(routes, (list, tuple)):
        raise ValueError(f"Routes are a list of (name, condition), not {routes!r:.100}")
    return [(name, compile_condition(name, condition)) for name, condition in map(_pair, routes)]


def compile_condition(route: str, condition: Any) -> Matcher:
    """Return a function that says whether the condition matches. A condition that raises does not match."""
    ask = _asking(route, condition)

    def matches(data: Any, config: Scope) -> bool:
        try:
            return bool(ask(data, config))
        except Exception:
            _log.debug("The condition of route %r raised: it does not match", route, exc_info=True)
            return False

    return matches


def parameter_roles(parameters: Sequence[str]) -> dict[str, str]:
    """Map each parameter of a callable to data, config or stats; parameters that receive nothing are left out.

    >>> parameter_roles(["item"]), parameter_roles(["item", "settings"]), parameter_roles(["stats", "item"])
    ({'item': 'data'}, {'item': 'data', 'settings': 'config'}, {'stats': 'stats', 'item': 'data'})
    >>> parameter_roles(["data", "config", "other"])
    {'data': 'data', 'config': 'config'}
    """
    if len(parameters) == 1:
        return {parameters[0]: "data"}
    if len(parameters) == 2:
        if not {"config", "stats"} & set(parameters):
            return dict(zip(parameters, NAMES, strict=False))
        return {name: name if name in ("config", "stats") else "data" for name in parameters}
    return {name: name for name in parameters if name in NAMES}


def _pair(route: Any) -> tuple[str, Any]:
    if not isinstance(route, (tuple, list)) or len(route) != 2 or not isinstance(route[0], str) or not route[0]:
        raise ValueError(f"A route is (name, condition), not {route!r:.100}")
    return route[0], route[1]


def _asking(route: str, condition: Any) -> Callable[[Any, Scope], Any]:
    if isinstance(condition, str):
        try:
            return Expression(condition)
        except ValueError as error:
            raise ValueError(f"Route {route!r}: {error}") from None
    if isinstance(condition, Expression):
        return condition
    if isinstance(condition, dict):
        return lambda data, _config: fields_match(data, condition)
    if callable(condition):
        return _calling(condition)
    raise ValueError(f"Route {route!r}: a condition is text, a dict or a callable, not {condition!r:.100}")


def fields_match(data: Any, wanted: Mapping[Any, Any]) -> bool:
    """Whether `data` is a dict with all wanted fields, each equal to its value or accepted by its callable.

    >>> fields_match({"kind": "order", "total": 12}, {"kind": "order", "total": lambda total: total > 10})
    True
    """
    return isinstance(data, dict) and all(
        field in data and (value(data[field]) if callable(value) else data[field] == value)
        for field, value in wanted.items()
    )


def _calling(condition: Callable[..., Any]) -> Callable[[Any, Scope], Any]:
    """Return a function that calls the condition with the arguments its parameters name."""
    try:
        parameters = list(inspect.signature(condition).parameters.values())
    except (TypeError, ValueError):  # some builtins have no signature
        return lambda data, _config: condition(data)
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if not named:
        return _calling_without_names(condition, parameters)
    given = parameter_roles([p.name for p in named])
    by_place = [given[p.name] for p in named if p.kind is p.POSITIONAL_ONLY and p.name in given]
    by_name = {p.name: given[p.name] for p in named if p.kind is not p.POSITIONAL_ONLY and p.name in given}

    def ask(data: Any, config: Scope) -> Any:
        scope = {"data": data, "config": dict(config), "stats": {}}
        return condition(*[scope[role] for role in by_place], **{name: scope[role] for name, role in by_name.items()})

    return ask


def _calling_without_names(
    condition: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[[Any, Scope], Any]:
    kinds = {p.kind for p in parameters}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return lambda data, _config: condition(data)
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return lambda data, config: condition(data=data, config=dict(config), stats={})
    return lambda _data, _config: condition()


_Definition = ast.Lambda | ast.FunctionDef


def condition_source(condition: Any, route: str) -> str:
    """Return the text of a condition: its own, or the expression that a lambda or one-line function returns.

    The text uses the names `data`, `config` and `stats` instead of the parameters' names. The source is
    identified by the function's code, so several lambdas in one line are distinguished, and a source file
    that has changed is detected.

    Raises:
        ValueError: naming the route, if the source cannot be found, or is not a valid `Expression` because
            it calls functions or uses names from its enclosing scope.

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
    """As `condition_source`, for the source text of a lambda. Any other expression is returned unchanged.

    >>> text_of_lambda("lambda order: order['total'] > 100")
    "data['total'] > 100"
    """
    body = parsed(source.strip())
    return _text(body.body, parameter_roles(_parameters(body))) if isinstance(body, ast.Lambda) else source


def _source(condition: Any) -> str:
    if not isinstance(condition, FunctionType):
        raise ValueError(f"{condition!r:.100} is neither a lambda nor a function of a module")
    code = condition.__code__
    around = [*code.co_freevars, *({"len"} & set(code.co_names) & condition.__globals__.keys())]
    if around:
        raise ValueError(f"it uses {around[0]!r} from around it")
    definition = _definition(condition)
    return _text(_returned(definition), parameter_roles(_parameters(definition)))


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
    """The code of a definition, compiled for comparison and never run."""
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
    """Renames each parameter to its role."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.given.get(node.id, node.id), node.ctx)


LAMBDA = "lambda_expression"

CALLABLE = "callable"


def stored_routes(routes: Iterable[Route]) -> list[list[Any]]:
    """Return routes as lists of name and plain data. Raises `ValueError` naming a route that cannot be stored.

    Texts and dicts stay as they are. A function of a module is stored by name, a lambda or
    local function as text: `{"_type": "lambda_expression", "expression": text}`.

    >>> stored_routes([("big", "data > 9"), ("mine", {"owner": "me", "size": lambda size: size < 5})])
    [['big', 'data > 9'], ['mine', {'owner': 'me', 'size': {'_type': 'lambda_expression', 'expression': 'data < 5'}}]]
    """
    return [[name, _stored(condition, name)] for name, condition in routes]


def restored_routes(part: PlainReader) -> list[Route]:
    """Reverse `stored_routes`, with an `Expression` for each lambda.

    Raises `ValueError`, with the path, for an invalid condition or an unknown function.
    """
    return [_restored_route(route) for route in part.items()]


def _stored(condition: Any, route: str) -> Any:
    if isinstance(condition, dict):
        return {field: _stored_value(wanted, route) for field, wanted in condition.items()}
    return _stored_value(condition, route)


def _stored_value(value: Any, route: str) -> Any:
    if not callable(value):
        return to_plain(value)
    if isinstance(value, FunctionType) and function_name(value) is not None:
        return callable_to_plain(value)
    return {"_type": LAMBDA, "expression": condition_source(value, route)}


def _restored_route(part: PlainReader) -> Route:
    pair = part.items()
    if len(pair) != 2:
        raise part.invalid("a list of a name and a condition")
    name, condition = pair[0].as_string(), pair[1]
    if not isinstance(condition.value, dict) or _is_callable(condition.value):
        return name, _restored_value(condition, name)
    return name, {field: _restored_value(wanted, name) for field, wanted in condition.entries()}


def _restored_value(part: PlainReader, route: str) -> Any:
    if not _is_callable(part.value):
        return part.value
    return _restored_expression(part) if part.string("_type") == LAMBDA else _restored_function(part, route)


def _is_callable(stored: Any) -> bool:
    return isinstance(stored, dict) and stored.get("_type") in (LAMBDA, CALLABLE)


def _restored_expression(part: PlainReader) -> Expression:
    text = part.string("expression")
    try:
        return Expression(text_of_lambda(text))
    except ValueError as error:
        raise ValueError(f"{part.path}: {error}") from None


def _restored_function(part: PlainReader, route: str) -> Callable[..., Any]:
    function = callable_from_plain(part.fields())
    if function is None:
        name = f"{part.value.get('module')}:{part.value.get('name')}"
        raise ValueError(
            f"{part.path}: route {route!r} needs the function {name!r:.200}, which is not known here: "
            "import its module first; it must define a routine as well"
        )
    return function
