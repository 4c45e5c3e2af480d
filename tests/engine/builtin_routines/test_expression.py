"""Conditions as text: what they can say, and that they reach nothing outside, however they are written."""

from __future__ import annotations

import ast
import gc
import queue
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routilux.builtin_routines.expression import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_PARTS,
    Expression,
)
from routilux.builtin_routines.operators import MAX_BITS, MAX_ITEMS

DATA: dict[str, Any] = {"n": 5, "name": "Ada", "tags": ["a", "b"], "deep": {"x": None}}

# -- what they can say -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "data['n'] == 5",
        "data['n'] != 4 and not data['n'] == 4",
        "1 < data['n'] <= 5",
        "data['n'] > 9 or data['name'] == 'Ada'",
        "data['n'] + 1 == 6 and data['n'] - 1 == 4 and data['n'] * 2 == 10",
        "data['n'] / 2 == 2.5 and data['n'] // 2 == 2 and data['n'] % 2 == 1 and data['n'] ** 2 == 25",
        "-data['n'] == -5 and +data['n'] == 5",
        "'a' in data['tags'] and 'z' not in data['tags']",
        "data['n'] in (1, 5) and data['n'] in [1, 5] and data['n'] in {1, 5} and data['n'] in {5: 'five'}",
        "data.get('missing') is None and data.get('missing', 3) == 3 and data['deep'].get('x') is None",
        "data['deep'] is not None",
        "len(data['tags']) == 2",
        "data['tags'][0] == 'a' and data['tags'][-1] == 'b'",
        "data['name'][1:] == 'da' and data['name'][::-1] == 'adA'",
        "(data['n'] if data['tags'] else 0) == 5",
        "config['limit'] == 3 and config.get('limit') == 3",
        "stats == {} and stats.get('count', 0) == 0",
        "'A' + 'da' == data['name'] and 'ab' * 2 == 'abab'",
        "[data['n'], 1] + [2] == [5, 1, 2]",
        "b'x' == b'x' and 1.5 < 2 and True and None is None",
        "  data['n'] == 5  ",
    ],
)
def test_an_expression_evaluates_as_in_python(text: str) -> None:
    scope = {"data": DATA, "config": {"limit": 3}, "stats": {}}
    assert Expression(text)(**scope) is True
    assert eval(text.strip(), {"__builtins__": {"len": len}}, scope) is True


NUMBERS = st.integers(-20, 20)
ARITHMETIC = ["({} + {})", "({} - {})", "({} * {})", "({} // {})", "({} % {})", "(-{} / {})"]
COMPARISONS = ["({} < {})", "({} == {} < 3)", "({} != {})", "({} in [{}, 3])"]
SHAPES = [*ARITHMETIC, *COMPARISONS, "({} and {})", "({} or {})", "(not {} if {} else 7)"]


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> str:
    """Well-formed expressions over numbers."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.one_of(NUMBERS.map(str), st.sampled_from(["data", "config['k']", "len('abc')"])))
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    shape = draw(st.sampled_from(SHAPES))
    return shape.format(left, right)


@given(expressions(), NUMBERS, NUMBERS)
def test_arithmetic_expressions_evaluate_as_in_python(text: str, data: int, k: int) -> None:
    scope: dict[str, Any] = {"data": data, "config": {"k": k}, "stats": {}}
    try:
        wanted = eval(text, {"len": len}, scope)
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            Expression(text)(**scope)
    else:
        assert Expression(text)(**scope) == wanted


def test_boolean_operators_short_circuit() -> None:
    assert Expression("'x' in data and data['x'] > 1")({}) is False
    assert Expression("not data or data['x'] > 1")({}) is True
    assert Expression("data['x'] > 1 if 'x' in data else 'none'")({}) == "none"
    assert Expression("1 > 2 > data['x']")({}) is False


def test_errors_of_operators_reach_the_caller() -> None:
    with pytest.raises(KeyError):
        Expression("data['x']")({})
    with pytest.raises(TypeError):
        Expression("data > 1")("text")


def test_two_expressions_of_the_same_text_are_equal() -> None:
    assert Expression("data > 1") == Expression(" data > 1 ")
    assert len({Expression("data > 1"), Expression("data > 1"), Expression("data > 2")}) == 2
    assert repr(Expression("data > 1")) == "Expression('data > 1')"


# -- what they cannot say --------------------------------------------------------------------------------------------

HOSTILE = [
    "__import__('os').system('true')",
    "data.__class__",
    "data.__class__.__mro__[1].__subclasses__()",
    "().__class__.__bases__[0]",
    "data.get.__self__",
    "data.get",
    "data.keys()",
    "data.pop('n')",
    "data.update({'n': 1})",
    "data['tags'].append(1)",
    "'{0.__class__}'.format(data)",
    "'a'.join(['b'])",
    "data.real",
    "len.__self__",
    "len",
    "len()",
    "len(data, data)",
    "len(*data)",
    "len(obj=data)",
    "data.get()",
    "data.get('a', 'b', 'c')",
    "data.get(key='a')",
    "data.get(*['a'])",
    "data.get(**{'a': 1})",
    "data()",
    "data['f']()",
    "(lambda: 1)()",
    "lambda: data",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "getattr(data, '__class__')",
    "isinstance(data, dict)",
    "str(data)",
    "type(data)",
    "vars()",
    "globals()",
    "__builtins__",
    "__name__",
    "self",
    "other > 1",
    "[x for x in data]",
    "{x for x in data}",
    "{x: 1 for x in data}",
    "(x for x in data)",
    "any(x for x in data)",
    "(x := 1)",
    "f'{data}'",
    "f'{data!r:>{999999999}}'",
    "[*data]",
    "{**data}",
    "(*data, 1)",
    "data @ data",
    "data << 99999999",
    "data >> 1",
    "data & 1",
    "data | 1",
    "data ^ 1",
    "~data",
    "1j",
    "...",
    "await data",
    "(yield)",
    "(yield from data)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_unsupported_syntax_is_rejected_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be a condition") as caught:
        Expression(text)
    assert repr(text) in str(caught.value)
    assert "use data, config and stats" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", " ", "data >", "import os", "x = 1", "data; data", "del data", "data\ndata", "data > 1 #\n1", "\0", "'"],
)
def test_invalid_syntax_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be a condition: it is no Python expression"):
        Expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "data" + " + 1" * MAX_DEPTH,
        "(" * 90 + "data" + ")" * 90 + " + 1" * MAX_DEPTH,
        "(" * 900 + "data" + ")" * 900,
        "[" * 900 + "]" * 900,
        "-" * 1900 + "1",
        "not " * 450 + "data",
        "data" + "[0]" * 600,
        "data" + ".get(0)" * 200,
        "1" + " if 1 else 1" * 150,
        "[" + "1," * (MAX_PARTS + 1) + "]",
        "[a for a in " * 90 + "data" + "]" * 90,
        "lambda: " * 200 + "data",
        "{1:" * 150 + "1" + "}" * 150,
    ],
)
def test_an_expression_too_deep_or_with_too_many_parts_is_rejected(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ValueError, match="cannot be a condition"):
        Expression(text)
    assert time.perf_counter() - began < 1


def test_a_text_that_is_too_long_is_rejected_without_parsing() -> None:
    with pytest.raises(ValueError, match=f"more than {MAX_CHARACTERS} characters") as caught:
        Expression("data == '" + "x" * 50_000_000 + "'")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        "9 ** 9 ** 9 ** 9",
        "2 ** 99999999999",
        "data ** data",
        "(9 ** 3000) ** 3000",
        " * ".join(["9 ** 3000"] * 40),
        "10 ** 9999 * 10 ** 9999",
        "'a' * 99999999999",
        "99999999999 * 'a'",
        "b'a' * 99999999999",
        "('a' * 90000) * 90000",
        "'a' * 90000 + 'a' * 90000",
        "[0] * 5",
        "(0,) * 5",
        "5 * [[0]]",
        "'%999999999d' % 1",
        "'%s' % data",
        "b'%d' % 1",
        "data['n' * 2 ** 40]",
        "1e308 ** 2",
    ],
)
def test_an_expression_with_a_huge_result_raises_immediately(text: str) -> None:
    expression = Expression(text)
    began = time.perf_counter()
    with pytest.raises((OverflowError, TypeError)):
        expression(10**6)
    assert time.perf_counter() - began < 1


def test_large_results_within_the_limits_are_allowed() -> None:
    assert len(Expression(f"'a' * {MAX_ITEMS}")(None)) == MAX_ITEMS
    assert Expression(f"2 ** {MAX_BITS // 2}")(None).bit_length() == MAX_BITS // 2 + 1
    assert Expression("data * 3")(2.5) == 7.5
    assert Expression("2 ** -1 + 2.0 ** 0.5")(None) > 1.9
    assert Expression(" and ".join(["data"] * 200))(True) is True


def test_get_is_allowed_on_dicts_only() -> None:
    waits_for_ever: queue.Queue[Any] = queue.Queue()
    with pytest.raises(TypeError, match=r"Only a dict has \.get"):
        Expression("data.get(True)")(waits_for_ever)


@given(st.text(max_size=60) | st.text("data.get(config)[]'\"0159_ +-*/%<>=!&|^~:,lambdfinorets{}@\\\n", max_size=80))
@example("data.get")
@example("data\\")
@example("0_0 in data")
def test_any_text_is_an_expression_or_raises_value_error(text: str) -> None:
    try:
        refusal = repr(Expression(text))
    except ValueError as error:
        refusal = str(error)
    assert refusal.startswith("Expression(") or "cannot be a condition" in refusal


@given(st.recursive(st.sampled_from(HOSTILE), lambda inner: st.builds("[data, {}, data]".format, inner), max_leaves=3))
def test_unsupported_syntax_is_rejected_inside_other_expressions(text: str) -> None:
    for whole in (text, f"data and ({text})", f"data.get({text})", f"1 if ({text}) else 2", f"data[{text}] > 1"):
        with pytest.raises(ValueError, match="cannot be a condition"):
            Expression(whole)


@pytest.fixture
def busy_collections() -> Iterator[None]:
    """Garbage collections that run Python code, as some tools have it: CPython 3.11 then mixes up trees of threads."""

    def busy(phase: str, info: dict[str, int]) -> None:
        sum(range(200))

    threshold = gc.get_threshold()
    gc.callbacks.append(busy)
    gc.set_threshold(20)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(busy)


def test_expressions_are_made_in_four_threads_while_garbage_is_collected(busy_collections: None) -> None:
    texts = [f"data[{n}] == [{', '.join(['1'] * 200)}]" for n in range(150)]
    with ThreadPoolExecutor(4) as pool:
        assert [made.text for made in pool.map(Expression, texts)] == texts


def test_expressions_do_not_use_python_evaluation() -> None:
    """No file of the language names `eval`, `exec` or `compile`."""
    from routilux.builtin_routines import expression, operators

    for module in (expression, operators):
        assert module.__file__ is not None
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert names.isdisjoint({"eval", "exec", "compile", "__import__", "getattr"})
