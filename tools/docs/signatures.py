"""Signatures of functions and classes as a person would write them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from griffe import Function, Parameter, ParameterKind

WIDTH = 100
"""Characters after which a signature gets a line for each parameter."""


def signature(name: str, function: Function | None, bases: Sequence[str] | None = None) -> str:
    """A block of Python with a signature; fenced as `py`, since `python` blocks are whole programs that tests run.

    Args:
        function: the function; of a class its constructor, or `None` when nobody wrote one.
        bases: the public bases of a class; `None` for what is no class.
    """
    parameters = [_parameter(each, function.module.path) for each in _shown(function)] if function is not None else []
    if bases is None:
        assert function is not None
        line = _decoration(function) + _call(name, parameters, f" -> {function.returns}")
    elif function is None:
        line = f"class {name}"
    else:
        line = _call(f"class {name}", parameters, "")
    return f"```py\n{line}\n```"


def _call(head: str, parameters: list[str], tail: str) -> str:
    line = f"{head}({', '.join(parameters)}){tail}"
    if len(line) <= WIDTH:
        return line
    inner = "".join(f"    {parameter},\n" for parameter in parameters)
    return f"{head}(\n{inner}){tail}"


def _shown(function: Function) -> list[Parameter | str]:
    """The parameters without `self`, with the `*` before those that are by keyword only."""
    shown: list[Parameter | str] = []
    starred = False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls") and not shown:
            continue
        starred = starred or parameter.kind is ParameterKind.var_positional
        if parameter.kind is ParameterKind.keyword_only and not starred:
            shown.append("*")
            starred = True
        shown.append(parameter)
    return shown


_STARS = {ParameterKind.var_positional: "*", ParameterKind.var_keyword: "**"}


def _parameter(parameter: Parameter | str, module: str) -> str:
    if isinstance(parameter, str):
        return parameter
    stars = _STARS.get(parameter.kind or ParameterKind.positional_or_keyword, "")
    annotation = "" if parameter.annotation is None else f": {parameter.annotation}"
    equals = " = " if annotation else "="
    default = "" if stars or parameter.default is None else f"{equals}{_value(str(parameter.default), module)}"
    return f"{stars}{parameter.name}{annotation}{default}"


def _value(default: str, module: str) -> str:
    """A default as users write it: a constant of the module by its value."""
    constant = getattr(import_module(module), default, None) if default.isidentifier() else None
    return repr(constant) if isinstance(constant, (str, int, float)) else default


def _decoration(function: Function) -> str:
    kinds = ("classmethod", "staticmethod", "contextmanager")
    return "".join(f"@{kind}\n" for kind in kinds if kind in {str(each.value) for each in function.decorators})
