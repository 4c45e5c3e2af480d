"""How a handler is called, by its signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from routilux import Flow, Routine, Slot
from tests.engine.parts import Data, Node, chain, emits, names, over


def keywords(**kwargs: Any) -> Any:
    return kwargs


def data_and_keywords(data: Any = None, **kwargs: Any) -> Any:
    return (data, kwargs)


def whole(data: Any) -> Any:
    return data


def one(x: Any) -> Any:
    return x


def two(x: Any, y: Any = "absent") -> Any:
    return (x, y)


def keyword_only(*, x: Any, y: Any = "absent") -> Any:
    return (x, y)


def one_keyword_only(*, x: Any) -> Any:
    return x


def keyword_data(*, data: Any) -> Any:
    return data


def positions(*args: Any) -> Any:
    return args


def positions_and_one(x: Any, *args: Any) -> Any:
    return (x, args)


def positional_only(x: Any, y: Any = "absent", /) -> Any:
    return (x, y)


def none() -> Any:
    return "called"


CASES: list[tuple[Callable[..., Any], Data, Any]] = [
    (keywords, {"x": 1, "y": 2}, {"x": 1, "y": 2}),
    (keywords, {}, {}),
    (data_and_keywords, {"data": 1, "y": 2}, (1, {"y": 2})),
    (data_and_keywords, {"y": 2}, (None, {"y": 2})),
    (whole, {"data": 1}, {"data": 1}),
    (whole, {"x": 1, "y": 2}, {"x": 1, "y": 2}),
    (one, {"x": 1, "y": 2}, 1),
    (one, {"y": 2}, {"y": 2}),
    (two, {"x": 1, "y": 2, "z": 3}, (1, 2)),
    (two, {"x": 1, "z": 3}, (1, "absent")),
    (two, {"z": 3}, ({"z": 3}, "absent")),
    (keyword_only, {"x": 1, "y": 2}, (1, 2)),
    (one_keyword_only, {"x": 1}, 1),
    (keyword_data, {"data": 1, "x": 2}, {"data": 1, "x": 2}),
    (positions, {"x": 1}, ({"x": 1},)),
    (positions_and_one, {"x": 1}, (1, ())),
    (positional_only, {"x": 1, "y": 2}, (1, 2)),
    (positional_only, {"x": 1}, (1, "absent")),
    (none, {"x": 1}, "called"),
]


def cases() -> list[Any]:
    return [pytest.param(*case, id=f"{case[0].__name__}-{','.join(case[1])}") for case in CASES]


@pytest.mark.parametrize(("handler", "data", "expected"), cases())
def test_a_handler_receives_the_arguments_of_its_signature(
    flow: Flow, handler: Callable[..., Any], data: Data, expected: Any
) -> None:
    got = list[Any]()

    @functools.wraps(handler)
    def note(*args: Any, **kwargs: Any) -> None:
        got.append(handler(*args, **kwargs))

    target = Routine()
    target.define_slot("input", handler=note)
    chain(flow, ("a", Node(lambda node, _: node.emit("out", **data))), ("b", target))
    over(flow.execute("a"))
    assert got == [expected]
    Slot("alone", None, note).receive(data)
    assert got == [expected] * 2


@pytest.mark.parametrize(("handler", "data", "expected"), cases())
def test_a_method_is_bound_without_its_self(handler: Callable[..., Any], data: Data, expected: Any) -> None:
    got = list[Any]()

    class Holder:
        def method(self, *args: Any, **kwargs: Any) -> None:
            got.append(handler(*args, **kwargs))

    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    signature = inspect.signature(handler)
    positional = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_ONLY]
    kind = inspect.Parameter.POSITIONAL_ONLY if positional else inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = signature.replace(parameters=[me.replace(kind=kind), *signature.parameters.values()])
    Holder.method.__signature__ = signature  # type: ignore[attr-defined]
    Slot("alone", None, Holder().method).receive(data)
    assert got == [expected]


def test_the_entry_handler_follows_the_same_rules(flow: Flow) -> None:
    got = list[Any]()

    def trigger(x: Any, y: Any = 5) -> None:
        got.append((x, y))

    routine = Routine()
    routine.define_slot("trigger", handler=trigger)
    flow.add_routine(routine, "a")
    over(flow.execute("a", {"x": 1, "z": 2}))
    over(flow.execute("a"))
    assert got == [(1, 5), ({}, 5)]


def test_a_required_parameter_that_is_missing_is_an_error_of_the_handler(flow: Flow) -> None:
    def needs_both(x: Any, y: Any) -> None:
        """Both are needed."""

    routine = Routine()
    routine.define_slot("trigger", handler=needs_both)
    flow.add_routine(routine, "a")
    job = over(flow.execute("a", {"x": 1}), "failed")
    assert ("a", "error") in names(job)
    assert "'y'" in (job.get_routine_state("a") or {})["error"]


def test_each_handler_receives_its_own_dict(flow: Flow) -> None:
    got = list[Data]()

    def greedy(data: Data) -> None:
        data["seen"] = True
        got.append(data)

    flow.add_routine(Node(emits(1)), "a")
    for n in range(2):
        target = Routine()
        target.define_slot("input", handler=greedy)
        flow.add_routine(target, f"b{n}")
        flow.connect("a", "out", f"b{n}", "input")
    job = over(flow.execute("a"))
    assert got == [{"n": 0, "seen": True}] * 2
    assert got[0] is not got[1]
    assert job.execution_history[1].data == {"n": 0}


def test_builtins_callables_partials_and_mocks_are_handlers() -> None:
    got = list[Any]()
    Slot("append", None, got.append).receive({"x": 1})
    assert got == [{"x": 1}]

    class Callable_:
        def __call__(self, x: Any) -> None:
            got.append(x)

    Slot("callable", None, Callable_()).receive({"x": 2})
    Slot("partial", None, functools.partial(two, 3)).receive({"y": 4})
    Slot("class", None, dict).receive({"x": 5})
    mocked = mock.Mock()
    Slot("mock", None, mocked).receive({"x": 6})
    assert got[1:] == [2]
    mocked.assert_called_once_with(x=6)


def test_signatures_are_inspected_only_once(flow: Flow) -> None:
    chain(flow, ("a", Node(emits(20))), ("b", Node()))
    with mock.patch.object(inspect, "signature", wraps=inspect.signature) as look:
        over(flow.execute("a"))
    assert look.call_count == 0


def test_a_slot_without_a_handler_ignores_data(flow: Flow) -> None:
    routine = Routine()
    routine.define_slot("trigger")
    routine.define_slot("input")
    flow.add_routine(routine, "a")
    over(flow.execute("a"))
    Slot("alone").receive({"x": 1})
    Slot("alone").call_handler({"x": 1}, propagate_exceptions=True)


async def waits(**data: Any) -> None:
    """Would never run."""


def yields(**data: Any) -> Any:
    yield data


async def does_both(**data: Any) -> Any:
    yield data


@pytest.mark.parametrize(
    ("handler", "why"), [(waits, "waits is async"), (yields, "yields has yield"), (does_both, "does_both is async")]
)
def test_generators_and_coroutines_are_rejected_as_handlers(handler: Any, why: str) -> None:
    class Odd(Routine):
        handle = handler

    for refused in (handler, Odd().handle):
        with pytest.raises(TypeError, match=f"Handler {why}.*: calling it would run nothing of it"):
            Routine().define_slot("input", handler=refused)


@pytest.mark.parametrize("handler", ["work", 5])
def test_a_handler_must_be_callable(handler: Any) -> None:
    with pytest.raises(TypeError, match=f"{handler!r} cannot be called"):
        Slot("input", handler=handler)
