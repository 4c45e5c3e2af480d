"""The router: which condition sends data where, and how routes get their events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from routilux import ConditionalRouter, Flow, Slot
from routilux.builtin_routines.expression import Expression
from tests.engine.builtin_routines.collected import Emitted, emitted
from tests.engine.parts import Data, Node, chain, emits, in_threads, names, over

ORDER = {"total": 120, "owner": "Ada", "items": ["x", "y"]}


def sent_to(router: ConditionalRouter, data: Any = ORDER) -> list[str]:
    """The events that the router emits for `data`, which all carry it and the name of their route."""
    for name, _ in router.get_config("routes"):
        router.get_event(name)
    default = router.get_config("default_route")
    if default:
        router.get_event(default)
    rows: Emitted = emitted(router, "input", data=data)
    for name, emission in rows:
        assert emission == {"data": data, "route": "unmatched" if emission["route"] == "unmatched" else name}
    return [emission["route"] for _, emission in rows]


def router_with(*routes: tuple[str, Any], **config: Any) -> ConditionalRouter:
    router = ConditionalRouter()
    router.set_config(routes=list(routes), **config)
    return router


def matches(condition: Any, data: Any = ORDER, **config: Any) -> bool:
    return sent_to(router_with(("yes", condition), **config), data) == ["yes"]


# -- conditions ------------------------------------------------------------------------------------------------------


def test_a_text_condition_sees_the_data_the_configuration_and_empty_stats() -> None:
    assert matches("data['total'] > 100")
    assert not matches("data['total'] > 200")
    assert matches("data['total'] > config['limit']", limit=100)
    assert matches("config.get('route_priority') == 'first_match' and stats == {}")


def test_the_value_of_a_condition_counts_as_true_or_false() -> None:
    assert matches("data['items']")
    assert not matches("data.get('missing')")
    assert matches(lambda data: data["items"])


def test_a_dict_condition_requires_every_field_to_match() -> None:
    assert matches({"owner": "Ada", "total": 120})
    assert not matches({"owner": "Ada", "total": 1})
    assert not matches({"owner": "Ada", "missing": None})
    assert matches({"note": None}, {"note": None})


def test_a_callable_in_a_dict_condition_receives_the_value_of_its_field() -> None:
    assert matches({"total": lambda total: total > 100, "owner": "Ada"})
    assert not matches({"total": lambda total: total > 200})
    assert not matches({"missing": lambda value: True})
    assert matches({"total": Expression("data > 100")})


def test_a_dict_condition_needs_a_dict() -> None:
    assert matches({}, {})
    assert not matches({}, "text")
    assert not matches({"owner": "Ada"}, ["owner"])


class Judge:
    """A callable that is no function."""

    def __call__(self, order: Any) -> bool:
        return bool(order["total"] > 100)

    def judge(self, order: Any) -> bool:
        return bool(order["total"] > 100)


@pytest.mark.parametrize(
    "condition",
    [
        lambda order: order["total"] > 100,
        lambda config: config["total"] > 100,  # the only parameter gets the data, whatever its name
        lambda order, /: order["total"] > 100,
        lambda *, order: order["total"] > 100,
        lambda *everything: everything == (ORDER,),
        lambda order, **more: order["total"] > 100 and not more,
        lambda order, settings: order["total"] > settings["limit"],
        lambda data, config: data["total"] > config["limit"],
        lambda config, data: data["total"] > config["limit"],
        lambda order, config: order["total"] > config["limit"],
        lambda data, stats: data["total"] > 100 and stats == {},
        lambda stats, config: stats == {} and config["limit"] == 100,
        lambda config, stats, data: data["total"] > config["limit"] and stats == {},
        lambda data, config, limit=7: data["total"] > config["limit"] and limit == 7,
        lambda **everything: sorted(everything) == ["config", "data", "stats"],
        lambda: True,
        Judge(),
        Judge().judge,
        partial(lambda limit, order: order["total"] > limit, 100),
        len,
        bool,
        dict.keys,
    ],
)
def test_a_callable_condition_receives_the_arguments_that_its_parameters_name(condition: Callable[..., Any]) -> None:
    assert matches(condition, limit=100)


def test_three_or_more_parameters_are_passed_by_name_and_unknown_ones_are_omitted() -> None:
    assert not matches(lambda data, config, order: True)
    assert not matches(lambda stats, order, config: True)


def test_a_condition_that_raises_does_not_match_and_the_next_one_is_tried() -> None:
    def fails(data: Any) -> bool:
        raise RuntimeError("no")

    router = router_with(
        ("text", "data['missing'] > 1"),
        ("call", fails),
        ("field", {"total": fails}),
        ("huge", "9 ** data['total'] ** 9"),
        ("last", "True"),
    )
    assert sent_to(router) == ["last"]


def test_a_condition_cannot_change_the_configuration() -> None:
    router = router_with(("yes", lambda data, config: config.clear() or True))
    assert sent_to(router) == ["yes"]
    assert router.get_config("route_priority") == "first_match"


# -- routes ----------------------------------------------------------------------------------------------------------


def test_data_goes_to_the_first_match_or_to_all_matches() -> None:
    routes = [("a", "data['total'] > 1"), ("no", "False"), ("b", "data['total'] > 100")]
    assert sent_to(router_with(*routes)) == ["a"]
    assert sent_to(router_with(*routes, route_priority="first_match")) == ["a"]
    assert sent_to(router_with(*routes, route_priority="all_matches")) == ["a", "b"]


@pytest.mark.parametrize("priority", ["first_match", "all_matches"])
def test_unmatched_data_goes_to_the_default_route_or_to_the_output(priority: str) -> None:
    router = router_with(("no", "False"), route_priority=priority)
    assert emitted(router, "input", data=1) == [("output", {"data": 1, "route": "unmatched"})]
    router.set_config(default_route="rest")
    assert sent_to(router, 1) == ["rest"]
    router.set_config(default_route="no")
    assert sent_to(router, 1) == ["no"]


def test_the_data_may_be_sent_under_any_name() -> None:
    router = router_with(("yes", "data == 7"), ("both", "data == {'a': 7, 'b': 8}"))
    router.get_event("yes"), router.get_event("both")
    assert emitted(router, "input", a=7) == [("yes", {"data": 7, "route": "yes"})]
    assert emitted(router, "input", a=7, b=8) == [("both", {"data": {"a": 7, "b": 8}, "route": "both"})]


def test_a_new_router_has_its_slot_its_output_and_its_defaults() -> None:
    router = ConditionalRouter()
    assert router.input_slot is router.get_slot("input")
    assert router.default_output is router.get_event("output")
    assert router.default_output.output_params == ["data", "route"]
    assert router.config() == {"routes": [], "default_route": None, "route_priority": "first_match"}
    assert router.get_event("nowhere") is None


def test_add_route_defines_the_event_at_once() -> None:
    router = ConditionalRouter()
    router.add_route("big", "data > 9")
    assert list(router.events) == ["output", "big"]
    assert router.events["big"].output_params == ["data", "route"]
    assert router.get_config("routes") == [("big", "data > 9")]


def test_the_event_of_a_configured_route_is_created_on_first_access() -> None:
    router = router_with(("big", "data > 9"), default_route="rest")
    assert list(router.events) == ["output"]
    assert router.get_event("big") is router.events["big"]
    assert router.get_event("rest") is router.events["rest"]


def test_a_program_may_define_events_for_routes() -> None:
    router = router_with(("big", "data > 9"))
    event = router.define_event("big", ["data", "route"])
    assert router.get_event("big") is event
    assert emitted(router, "input", data=10) == [("big", {"data": 10, "route": "big"})]


def test_concurrent_workers_create_a_route_event_only_once(hasty_switches: None) -> None:
    for _ in range(50):
        router = router_with(("big", "data > 9"))
        events: list[Any] = []

        def ask(router: ConditionalRouter = router, events: list[Any] = events) -> None:
            events.append(router.get_event("big"))

        in_threads(*[ask] * 4)
        assert len(set(map(id, events))) == 1


def test_routes_changed_directly_in_the_configuration_are_used() -> None:
    router = router_with(("big", "data > 9"))
    router._config["routes"].append(("small", "data < 5"))
    assert sent_to(router, 1) == ["small"]
    router._config["routes"] = [["one", "data == 1"]]
    assert sent_to(router, 1) == ["one"]


# -- invalid routes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ["data.__class__", "data >", 5, None, True, ["data"]])
def test_an_invalid_condition_is_rejected_with_its_route_name(condition: Any) -> None:
    router = router_with(("good", "True"))
    with pytest.raises(ValueError, match="Route 'bad': ") as caught:
        router.add_route("bad", condition)
    assert repr(condition) in str(caught.value)
    with pytest.raises(ValueError, match="Route 'bad': "):
        router.set_config(routes=[("bad", condition)], default_route="x")
    assert router.get_config("routes") == [("good", "True")]
    assert router.get_config("default_route") is None
    assert "bad" not in router.events


@pytest.mark.parametrize("routes", ["text", 5, None, {"a": "True"}, ["a"], [("a",)], [("a", "True", 1)], [(1, "True")]])
def test_routes_must_be_a_list_of_names_and_conditions(routes: Any) -> None:
    with pytest.raises(ValueError, match=r"(?i)route") as caught:
        ConditionalRouter().set_config(routes=routes)
    assert "(name, condition), not " in str(caught.value)


@pytest.mark.parametrize("name", ["", None, 5])
def test_a_route_must_have_a_name(name: Any) -> None:
    with pytest.raises(ValueError, match="A route is"):
        ConditionalRouter().add_route(name, "True")


def test_an_invalid_condition_put_into_the_configuration_directly_is_rejected_on_first_use() -> None:
    router = ConditionalRouter()
    router._config["routes"] = [("bad", "data.__class__")]
    with pytest.raises(ValueError, match="Route 'bad': "):
        emitted(router, "input", data=1)


# -- in a flow -------------------------------------------------------------------------------------------------------


def note(numbers: list[int], node: Node, data: Data) -> None:
    numbers.append(data["data"])


def test_a_router_routes_data_in_a_flow(flow: Flow) -> None:
    router = ConditionalRouter()
    router.add_route("even", "data % 2 == 0")
    router.set_config(routes=[*router.get_config("routes"), ("big", lambda n: n > 6)])
    got: dict[str, list[int]] = {"even": [], "big": [], "rest": []}
    chain(flow, ("source", Node(emits(10))), ("router", router))
    for name, event in (("even", "even"), ("big", "big"), ("rest", "output")):
        flow.add_routine(Node(partial(note, got[name])), name)
        flow.connect("router", event, name, "input")
    job = over(flow.execute("source"))
    assert {name: sorted(numbers) for name, numbers in got.items()} == {
        "even": [0, 2, 4, 6, 8],
        "big": [7, 9],
        "rest": [1, 3, 5],
    }
    assert names(job).count(("router", "even")) == 5


def test_an_emission_on_a_route_without_receivers_is_recorded(flow: Flow) -> None:
    router = router_with(("even", "data % 2 == 0"))
    chain(flow, ("source", Node(emits(2))), ("router", router))
    job = over(flow.execute("source"))
    assert sorted(name for name in names(job) if name[0] == "router") == [("router", "even"), ("router", "output")]


def test_a_router_outside_a_flow_calls_connected_slots() -> None:
    router, got = router_with(("big", "data > 9")), list[Any]()
    event = router.get_event("big")
    assert event is not None
    event.connect(Slot("listener", None, lambda data, route: got.append((data, route))))
    router.input_slot.receive({"data": 10})
    router.input_slot.receive({"data": 1})
    assert got == [(10, "big")]
