"""A routine: slots, events, configuration, and how it can be tried alone."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from routilux import Connection, Event, Flow, Routine, Slot
from tests.engine.parts import Data, Node, chain, emits, in_turn, over


def test_slots_and_events_are_defined_by_name_once() -> None:
    routine = Routine()
    slot = routine.define_slot("input", handler=print, merge_strategy="append")
    event = routine.define_event("output", ["a", "b"])
    assert routine.get_slot("input") is slot
    assert routine.get_event("output") is event
    assert (slot.name, slot.routine, slot.handler, slot.merge_strategy) == ("input", routine, print, "append")
    assert (event.name, event.routine, event.output_params) == ("output", routine, ["a", "b"])
    assert dict(routine.slots) == {"input": slot}
    assert dict(routine.events) == {"output": event}
    assert routine.get_slot("x") is None
    assert routine.get_event("x") is None
    with pytest.raises(ValueError, match="'input'"):
        routine.define_slot("input")
    with pytest.raises(ValueError, match="'output'"):
        routine.define_event("output")


def test_an_unknown_event_cannot_be_emitted() -> None:
    with pytest.raises(ValueError, match=r"'nothing'.*'out'"):
        Node().emit("nothing")


def test_other_parameters_than_the_documented_ones_may_be_emitted(flow: Flow) -> None:
    got = list[Data]()

    class Documented(Routine):
        def __init__(self) -> None:
            super().__init__()
            self.define_slot("trigger", handler=self.go)
            self.define_event("out", ["a"])

        def go(self) -> None:
            self.emit("out", b=1, job_state="mine", data={"x": 1}, name="n", slot="s")

    chain(flow, ("a", Documented()), ("b", Node(lambda node, data: got.append(data))))
    over(flow.execute("a"))
    assert got == [{"b": 1, "job_state": "mine", "data": {"x": 1}, "name": "n", "slot": "s"}]


def test_configuration_is_kept_and_handed_out_as_a_copy() -> None:
    routine = Routine()
    assert routine.config() == {}
    routine.set_config(a=1, b=[2])
    routine.set_config(a=3)
    assert routine.get_config("a") == 3
    assert routine.get_config("c") is None
    assert routine.get_config("c", 7) == 7
    copied = routine.config()
    copied["a"] = 9
    assert routine.get_config("a") == 3
    assert routine._config == {"a": 3, "b": [2]}


def test_calling_a_routine_does_nothing() -> None:
    calls = list[int]()
    Node(lambda node, data: calls.append(1))(x=1)
    assert calls == []


def test_input_data_is_extracted_as_documented() -> None:
    extract = Routine()._extract_input_data
    assert extract(5) == 5
    assert extract(0, x=1) == 0
    assert extract(data=6, x=1) == 6
    assert extract(None, x=1) == 1
    assert extract(x=7) == 7
    assert extract(x=7, y=8) == {"x": 7, "y": 8}
    assert extract() == {}


def test_generated_ids_differ() -> None:
    flow = Flow()
    assert len({flow.add_routine(Routine()) for _ in range(50)}) == 50


# -- alone, without a flow -------------------------------------------------------------------------------------------


def test_a_routine_can_be_tested_without_a_flow() -> None:
    """The way that the tutorial shows: connect a slot of one's own, then hand something in."""
    got = list[Any]()

    class Upper(Routine):
        def __init__(self) -> None:
            super().__init__()
            self.input_slot = self.define_slot("input", handler=self.process)
            self.output_event = self.define_event("output", ["result"])

        def process(self, data: Any = None, **kwargs: Any) -> None:
            self.emit("output", result=data.upper())

    routine = Upper()
    event = routine.get_event("output")
    assert event is not None
    event.connect(Slot("capture", None, lambda result: got.append(result)))
    routine.input_slot.receive({"data": "hi"})
    assert got == ["HI"]


def test_outside_a_flow_every_receiver_is_called_at_once_and_without_renaming() -> None:
    got = list[tuple[int, Data]]()
    event = Event("e")
    for n in range(3):
        event.connect(Slot(f"s{n}", None, lambda n=n, **data: got.append((n, data))))
    Connection(event, Slot("renamed", None, lambda **data: got.append((9, data))), {"x": "y"})
    event.emit(x=1)
    assert [data for _, data in got] == [{"x": 1}] * 4


def test_an_emission_of_a_connected_routine_outside_any_job_calls_its_receivers() -> None:
    got = list[Data]()
    source = Node(emits(2))
    chain(Flow(), ("a", source), ("b", Node(lambda node, data: got.append(data))))
    source.emit("out", x=1)
    assert got == [{"x": 1}]


def test_a_slot_connected_directly_gets_its_data_through_the_queue_inside_a_job(flow: Flow) -> None:
    order = list[str]()
    source = Node(in_turn(lambda node, data: node.emit("out", x=1), lambda node, data: order.append("emitted")))
    event = source.get_event("out")
    assert event is not None
    event.connect(Slot("direct", None, lambda x: order.append(f"received {x}")))
    flow.max_workers = 1
    chain(flow, ("a", source))
    over(flow.start("a"))
    assert order == ["emitted", "received 1"]


# -- connecting ------------------------------------------------------------------------------------------------------


def test_connecting_lists_both_sides_once() -> None:
    event, slot = Event("e"), Slot("s")
    event.connect(slot)
    slot.connect(event, {"ignored": "here"})
    assert event.connected_slots == [slot]
    assert slot.connected_events == [event]
    slot.disconnect(event)
    assert event.connected_slots == []
    assert slot.connected_events == []
    event.disconnect(slot)


def test_reprs_name_the_parts() -> None:
    routine = Routine()
    slot, event = routine.define_slot("s"), routine.define_event("e")
    assert repr(slot) == f"Slot[{routine!r}.s]"
    assert repr(event) == f"Event[{routine!r}.e]"
    assert (repr(Slot("s")), repr(Event("e"))) == ("Slot[s]", "Event[e]")
    assert repr(Connection(event, slot)) == f"Connection[{event!r} -> {slot!r}]"


def test_a_connection_connects_and_disconnects_its_ends() -> None:
    event, slot = Event("e"), Slot("s")
    connection = Connection(event, slot)
    assert connection.param_mapping == {}
    assert (connection.source_event, connection.target_slot) == (event, slot)
    assert event.connected_slots == [slot]
    connection.disconnect()
    assert event.connected_slots == []
    assert slot.connected_events == []
    connection.disconnect()
    Connection().disconnect()


def test_activating_a_connection_renames_parameters_and_calls_the_slot() -> None:
    got = list[Data]()
    Connection(Event("e"), Slot("s", None, lambda **data: got.append(data)), {"x": "y"}).activate({"x": 1, "z": 2})
    Connection().activate({})
    assert got == [{"z": 2, "y": 1}]


@pytest.mark.parametrize(
    ("mapping", "data", "expected"),
    [
        (None, {"x": 1}, {"x": 1}),
        ({"x": "y"}, {"x": 1}, {"y": 1}),
        ({"x": "y"}, {"z": 1}, {"z": 1}),
        ({"x": "y"}, {"x": 1, "y": 2}, {"y": 1}),
        ({"x": "y"}, {"y": 2}, {}),
        ({"x": "y", "y": "x"}, {"x": 1, "y": 2}, {"x": 2, "y": 1}),
        ({"x": "x"}, {"x": 1}, {"x": 1}),
    ],
)
def test_a_mapping_renames_parameters(flow: Flow, mapping: dict[str, str] | None, data: Data, expected: Data) -> None:
    got = list[Data]()
    flow.add_routine(Node(lambda node, _: node.emit("out", **data)), "a")
    flow.add_routine(Node(lambda node, data: got.append(data)), "b")
    flow.connect("a", "out", "b", "input", mapping)
    job = over(flow.execute("a"))
    assert got == [expected]
    assert job.execution_history[1].data == data


def test_two_connections_of_one_pair_deliver_twice_each_with_its_mapping(flow: Flow) -> None:
    got = list[Data]()
    flow.add_routine(Node(lambda node, _: node.emit("out", x=1)), "a")
    flow.add_routine(Node(lambda node, data: got.append(data)), "b")
    first = flow.connect("a", "out", "b", "input", {"x": "first"})
    flow.connect("a", "out", "b", "input", {"x": "second"})
    over(flow.execute("a"))
    assert sorted(map(str, got)) == ["{'first': 1}", "{'second': 1}"]
    first.disconnect()
    got.clear()
    over(flow.execute("a"))
    assert got == [{"second": 1}]
    event = flow.routines["a"].get_event("out")
    assert event is not None
    assert len(event.connected_slots) == 1


def test_a_disconnected_event_delivers_nothing(flow: Flow) -> None:
    got = list[Data]()
    chain(flow, ("a", Node(emits(1))), ("b", Node(lambda node, data: got.append(data))))
    event, slot = flow.routines["a"].get_event("out"), flow.routines["b"].get_slot("input")
    assert event is not None
    assert slot is not None
    over(flow.execute("a"))
    event.disconnect(slot)
    over(flow.execute("a"))
    assert len(got) == 1
    event.connect(slot)
    over(flow.execute("a"))
    assert len(got) == 2


def test_a_direct_connection_in_addition_to_a_flows_delivers_once(flow: Flow) -> None:
    got = list[Data]()
    chain(flow, ("a", Node(emits(1))), ("b", Node(lambda node, data: got.append(data))))
    event, slot = flow.routines["a"].get_event("out"), flow.routines["b"].get_slot("input")
    assert event is not None
    assert slot is not None
    event.connect(slot)
    slot.connect(event)
    over(flow.execute("a"))
    assert len(got) == 1


def test_events_and_slots_are_many_to_many(flow: Flow) -> None:
    got = list[tuple[str, int]]()
    flow.add_routine(Node(in_turn(emits(1), emits(1, "b")), events=("out", "b")), "a")
    for target in ("x", "y"):
        flow.add_routine(Node(lambda node, data: got.append((node.ctx.routine_id, data["n"]))), target)
        flow.connect("a", "out", target, "input")
        flow.connect("a", "b", target, "input")
    over(flow.execute("a"))
    assert sorted(got) == [("x", 0), ("x", 0), ("y", 0), ("y", 0)]


def test_emitting_into_another_flow_than_the_running_one_calls_directly(flow: Flow) -> None:
    got = list[Data]()
    chain(
        flow,
        ("a", Node(lambda node, data: node.emit("out", node.ctx.flow, x=1))),
        ("b", Node(lambda _, d: got.append(d))),
    )
    job = over(flow.execute("a"))
    assert got == [{"x": 1}]
    assert len(job.execution_history) == 3


def test_no_warnings_are_raised() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Flow().shutdown()


# -- common mistakes


class Forgetful(Routine):
    """Does not call `super().__init__()`."""

    def __init__(self, *, slot: bool) -> None:
        if slot:
            self.define_slot("trigger")


def test_a_constructor_without_super_gets_an_error_that_says_so() -> None:
    with pytest.raises(AttributeError, match=r"Forgetful.__init__ must begin with super\(\).__init__\(\)"):
        Forgetful(slot=True)
    with pytest.raises(AttributeError, match=r"must begin with super\(\)"):
        Flow("f").add_routine(Forgetful(slot=False), "a")


def test_other_missing_attributes_raise_the_usual_error() -> None:
    with pytest.raises(AttributeError, match=r"^'Routine' object has no attribute 'colour'$"):
        print(Routine().colour)  # type: ignore[attr-defined]
    assert not hasattr(Routine(), "colour")


def test_only_routine_instances_can_be_added() -> None:
    flow = Flow("f")
    with pytest.raises(TypeError, match=r"Routine is a class; add an instance: Routine\(\)"):
        flow.add_routine(Routine, "a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'x' is not a routine"):
        flow.add_routine("x", "a")  # type: ignore[arg-type]
    assert not flow.routines
