"""The figures of one module: what the ranking weighs and the report shows."""

from __future__ import annotations

import ast
import math
from typing import Any

from routilux_dashboard.demos.python_syntax import FunctionMeasure, count_documented, measure_functions
from routilux_dashboard.demos.python_tokens import measure_text

NO_FUNCTION = FunctionMeasure("", 0, 0, 0)


def score_module(tree: ast.Module, text: str) -> dict[str, Any]:
    """Measure a module by its tree and its text.

    Returns:
        `functions`; `complexity`, their sum; `worst` and `worst_complexity`, the most complex one; `nesting`, the
        deepest; `lines`, `code`, `comment`; `documentable` and `documented` (docstrings possible and there);
        `maintainability`, 0 to 100, the higher the better.
    """
    functions = measure_functions(tree)
    measured = measure_text(text)
    documented, documentable = count_documented(tree)
    complexity = sum(function.complexity for function in functions)
    worst = max(functions, key=lambda function: function.complexity, default=NO_FUNCTION)
    return {
        "complexity": complexity,
        "functions": len(functions),
        "worst": worst.name,
        "worst_complexity": worst.complexity,
        "nesting": max((function.nesting for function in functions), default=0),
        "lines": measured.lines,
        "code": measured.code,
        "comment": measured.comment,
        "documentable": documentable,
        "documented": documented,
        "maintainability": maintainability(measured.volume, complexity, measured.code),
    }


def maintainability(volume: int, complexity: int, code_lines: int) -> int:
    """The maintainability index of Oman and Hagemeister, scaled to 0 to 100.

    >>> maintainability(0, 0, 0), maintainability(8000, 60, 400)
    (100, 8)
    """
    index = 171 - 5.2 * math.log(max(volume, 1)) - 0.23 * complexity - 16.2 * math.log(max(code_lines, 1))
    return max(0, round(index * 100 / 171))
