"""Routers are saved and loaded: conditions become plain data, lambdas by their text, and nothing of it is evaluated."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from routilux import ConditionalRouter, Flow, Routine
from routilux.builtin_routines.expression import Expression
from routilux.builtin_routines.stored_conditions import condition_source
from tests.engine.builtin_routines.collected import emitted


class OfThisModule(Routine):
    """Makes this module one whose functions a file may name."""


def is_big(data: Any) -> bool:
    """A function at the top of a module."""
    return bool(data > 9)


LIMIT = 9
twice, thrice = lambda d: d * 2 > 9, lambda d: d * 3 > 9
several = [lambda a: a > 1, lambda a: a > 1, lambda a: a > 1, lambda b: b > 1 and not b > 5]


def source(condition: Any) -> str:
    return condition_source(condition, "r")


def reloaded(router: ConditionalRouter) -> ConditionalRouter:
    """The router of a flow that went through JSON."""
    flow = Flow("flow")
    flow.add_routine(router, "router")
    plain = json.loads(json.dumps(flow.serialize()))
    loaded = Flow("flow")
    loaded.deserialize(plain)
    assert json.loads(json.dumps(loaded.serialize())) == plain
    found = loaded.routines["router"]
    assert isinstance(found, ConditionalRouter)
    return found


def route_taken(router: ConditionalRouter, data: Any) -> str:
    for name in [*(name for name, _ in router.get_config("routes")), "rest"]:
        router.get_event(name)
    [(_, emission)] = emitted(router, "input", data=data)
    return str(emission["route"])


# -- the text of functions -------------------------------------------------------------------------------------------


def test_the_text_of_a_lambda_uses_data_config_and_stats() -> None:
    assert source(lambda order: order["total"] > 100) == "data['total'] > 100"
    assert source(lambda config: config > 1) == "data > 1"
    assert source(lambda a, b: a > b["limit"]) == "data > config['limit']"
    assert source(lambda stats, d: d > 1 and stats == {}) == "data > 1 and stats == {}"
    assert source(lambda config, data: data > config.get("n", 1)) == "data > config.get('n', 1)"
    assert source(lambda data, config, stats: len(data) > 1) == "len(data) > 1"
    assert source(lambda d, /: d > 1) == "data > 1"
    assert source(lambda *, d: d > 1) == "data > 1"


def test_the_right_one_of_several_lambdas_in_a_line_is_found() -> None:
    assert [source(each) for each in (twice, thrice)] == ["data * 2 > 9", "data * 3 > 9"]
    assert [source(each) for each in several] == ["data > 1"] * 3 + ["data > 1 and (not data > 5)"]
    pair = (lambda d: d in (1, 2), lambda d: d in {1, 2})
    assert [source(each) for each in pair] == ["data in (1, 2)", "data in {1, 2}"]


def test_a_nested_lambda_is_distinguished_from_the_outer_one() -> None:
    make: Any = lambda: lambda d: d > 3  # noqa: E731
    assert source(make()) == "data > 3"
    with pytest.raises(ValueError, match="route 'r'"):
        source(make)


def test_a_lambda_may_run_over_several_lines() -> None:
    condition = lambda d: (  # noqa: E731
        d["a"] > 60 * 24
        and
        # why not
        d.get("b", -1) < 0
    )
    assert source(condition) == "data['a'] > 60 * 24 and data.get('b', -1) < 0"


def test_a_local_function_with_a_single_return_has_a_text() -> None:
    def local(order: dict[str, int], config: Any = None) -> bool:
        """What it is for."""
        return order["total"] > 100

    assert source(local) == "data['total'] > 100"


def test_text_and_expressions_are_their_own_text() -> None:
    assert source("data > 1") == "data > 1"
    assert source(Expression("data > 1")) == "data > 1"


def closures() -> Iterator[Callable[..., Any]]:
    limit = 3
    yield lambda d: d > limit
    yield lambda d: d > LIMIT
    yield lambda d: is_big(d)
    yield lambda d: d.total > 3
    yield lambda d: [x + 1 for x in d]
    yield lambda d: str(d) == "x"
    yield lambda a, b, c: a > 1
    yield lambda d: sorted(d, key=lambda e: e) == d
    yield lambda d: f"{d}"
    yield lambda: LIMIT

    def two_statements(d: Any) -> Any:
        d += 1
        return d > 1

    yield two_statements

    def nothing(d: Any) -> None:
        """Returns nothing."""

    yield nothing
    yield len
    yield "text".startswith
    yield OfThisModule().get_slot
    yield OfThisModule


@pytest.mark.parametrize("condition", list(closures()))
def test_a_function_that_is_no_expression_cannot_be_stored_and_the_error_names_the_route(
    condition: Callable[..., Any],
) -> None:
    with pytest.raises(ValueError, match="The condition of route 'r' cannot be stored: ") as caught:
        source(condition)
    assert str(caught.value).endswith("; give it as text instead")


def test_the_error_names_the_variable_of_the_enclosing_scope() -> None:
    limit = 3
    with pytest.raises(ValueError, match="it uses 'limit' from around it"):
        source(lambda d: d > limit)
    with pytest.raises(ValueError, match="it uses 'LIMIT' from around it"):
        source(lambda d: d > LIMIT)


def test_a_lambda_that_was_not_read_from_a_file_cannot_be_stored() -> None:
    namespace: dict[str, Any] = {}
    exec("condition = lambda d: d > 1", namespace)
    with pytest.raises(ValueError, match="its source is not there"):
        source(namespace["condition"])


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Make a module of a text; a second text replaces the file, and not the module that was loaded."""
    path = tmp_path / "conditions_under_test.py"

    def make(text: str) -> ModuleType:
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        made = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made

    yield make
    sys.modules.pop(path.stem, None)


def test_a_source_file_changed_after_import_is_detected(module: Callable[[str], ModuleType], tmp_path: Path) -> None:
    loaded = module("condition = lambda d: d > 1\n")
    assert source(loaded.condition) == "data > 1"
    path = tmp_path / "conditions_under_test.py"
    path.write_text("condition = lambda d: d > 2  # another limit\n", encoding="utf-8")
    with pytest.raises(ValueError, match="its source has changed"):
        source(loaded.condition)
    path.write_text("no python\n", encoding="utf-8")
    with pytest.raises(ValueError, match="its source is not there"):
        source(loaded.condition)


def test_a_shadowed_len_is_detected(module: Callable[[str], ModuleType]) -> None:
    loaded = module("def len(x): return 0\nhidden = lambda d: len(d) > 1\nother = lambda d: d > 1\n")
    with pytest.raises(ValueError, match="it uses 'len' from around it"):
        source(loaded.hidden)
    assert source(loaded.other) == "data > 1"


# -- through JSON and back -------------------------------------------------------------------------------------------


def test_a_loaded_router_routes_as_before_for_every_kind_of_condition() -> None:
    router = ConditionalRouter()
    router.add_route("text", "data == 'text'")
    router.add_route("dict", {"kind": "order", "total": lambda total: total > 10})
    router.add_route("lambda", lambda d: len(d) == 3)
    router.add_route("config", lambda value, settings: value == settings["wanted"])
    router.add_route("function", is_big)
    router.set_config(default_route="rest", wanted="this one")
    loaded = reloaded(router)
    samples = ["text", {"kind": "order", "total": 11}, {"kind": "order", "total": 1}, [1, 2, 3], "this one", 10, 1]
    assert [route_taken(loaded, each) for each in samples] == [route_taken(router, each) for each in samples]
    assert loaded.get_config("wanted") == "this one"
    assert [type(condition) for _, condition in loaded.get_config("routes")] == [
        str,
        dict,
        Expression,
        Expression,
        type(is_big),
    ]


def test_saved_conditions_are_plain_data_with_their_type() -> None:
    router = ConditionalRouter()
    router.set_config(routes=[("a", "data > 1"), ("b", {"x": None}), ("c", lambda d: d["x"] > 1), ("d", is_big)])
    assert router.serialize()["_config"]["routes"] == [
        ["a", "data > 1"],
        ["b", {"x": None}],
        ["c", {"_type": "lambda_expression", "expression": "data['x'] > 1"}],
        ["d", {"_type": "callable", "callable_type": "function", "module": __name__, "name": "is_big"}],
    ]


def test_saving_fails_with_the_route_of_a_condition_that_cannot_be_stored() -> None:
    limit, router = 3, ConditionalRouter()
    router.add_route("good", "True")
    router.add_route("bad", lambda d: d > limit)
    with pytest.raises(ValueError, match="route 'bad' cannot be stored: it uses 'limit'"):
        router.serialize()
    router.set_config(routes=[("fields", {"x": lambda x: x > limit})])
    with pytest.raises(ValueError, match="route 'fields'"):
        router.serialize()


def loaded_with(routes: Any) -> ConditionalRouter:
    plain = ConditionalRouter().serialize()
    plain["_config"]["routes"] = routes
    router = ConditionalRouter()
    router.deserialize(json.loads(json.dumps(plain)))
    return router


@pytest.mark.parametrize("text", ["lambda d: d['x'] > 1", "lambda data, config: data['x'] > 1", "data['x'] > 1"])
def test_lambda_texts_in_older_documents_load(text: str) -> None:
    router = loaded_with([["a", {"_type": "lambda_expression", "expression": text}]])
    assert router.get_config("routes") == [("a", Expression("data['x'] > 1"))]


ESCAPE = "__import__('os').system('touch escaped')"


@pytest.mark.parametrize(
    "condition",
    [
        ESCAPE,
        {"_type": "lambda_expression", "expression": ESCAPE},
        {"_type": "lambda_expression", "expression": f"lambda d: {ESCAPE}"},
        {"_type": "lambda_expression", "expression": f"lambda d={ESCAPE}: other"},
        {"_type": "lambda_expression", "expression": "lambda d: d.__class__"},
        {"_type": "lambda_expression", "expression": "lambda: " * 250 + "1"},
        {"_type": "lambda_expression", "expression": 5},
        {"_type": "lambda_expression"},
        {"_type": "callable", "callable_type": "function", "module": "os", "name": "system"},
        {"_type": "callable", "callable_type": "builtin", "name": "eval"},
        {"_type": "callable", "callable_type": "function", "module": __name__, "name": "several"},
        {"_type": "callable"},
        {"field": {"_type": "callable", "callable_type": "function", "module": "os", "name": "system"}},
        {"field": {"_type": "lambda_expression", "expression": ESCAPE}},
        5,
        None,
        ["data"],
    ],
)
def test_a_hostile_file_is_rejected_and_none_of_it_is_run(
    condition: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"'bad'|routes\[0\]"):
        loaded_with([["bad", condition]])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("routes", [{"a": "True"}, "True", [["a"]], [["a", "True", 1]], [[5, "True"]], [None], 7])
def test_malformed_routes_are_rejected(routes: Any) -> None:
    with pytest.raises(ValueError, match="routes"):
        loaded_with(routes)


def test_a_default_of_a_lambda_in_a_file_is_not_evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    router = loaded_with([["a", {"_type": "lambda_expression", "expression": f"lambda d, c={ESCAPE}: d > 1"}]])
    assert route_taken(router, 2) == "a"
    assert list(tmp_path.iterdir()) == []
