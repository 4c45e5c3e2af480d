"""A flow as the wire describes it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from routilux import ErrorHandler, Flow, Routine
from routilux_dashboard.flows.describe import describe
from routilux_dashboard.flows.parameters import parameters
from tests.dashboard.flows import chain


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Walker(Routine):
    """Walks.

    Slowly.
    """

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.walk)
        self.define_slot("stop")
        self.define_event("file", ["path"])
        self.define_event("end")

    def walk(self, root: str, depth: int = 3) -> None:
        """Walk from `root`."""


class Plain(Routine):
    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=lambda: None)


def two_walkers() -> Flow:
    flow = Flow("walks")
    flow.add_routine(Walker(), "first")
    flow.add_routine(Walker(), "second")
    flow.connect("first", "file", "second", "stop", {"path": "why"})
    flow.connect("first", "file", "second", "stop")
    return flow


def test_a_routine_is_told_with_its_ports_words_and_place() -> None:
    routine = describe(two_walkers()).routines[0]
    assert (routine.routine_id, routine.class_) == ("first", "Walker")
    assert (routine.slots, routine.events) == (["trigger", "stop"], ["file", "end"])
    assert routine.doc == "Walks.\n\nSlowly."
    assert routine.source is not None
    assert Path(__file__).as_posix().endswith(routine.source.file)
    assert routine.source.line == inspect.getsourcelines(Walker)[1]


def test_connections_have_the_ids_that_the_engine_gives_them() -> None:
    flow = two_walkers()
    told = describe(flow).connections
    assert [each.connection_id for each in told] == [flow.connection_id(each) for each in flow.connections]
    assert told[1].connection_id == "first.file->second.stop#2"
    assert (told[0].source.event, told[0].target.slot, told[0].param_mapping) == ("file", "stop", {"path": "why"})


def test_an_entry_is_a_routine_with_a_trigger() -> None:
    flow = two_walkers()
    flow.add_routine(Plain(), "plain")
    first, _, plain = describe(flow).entries
    assert (first.routine_id, first.doc) == ("first", "Walk from `root`.")
    assert first.parameters == {
        "type": "object",
        "properties": {"root": {"type": "string"}, "depth": {"type": "integer", "default": 3}},
        "required": ["root"],
        "additionalProperties": False,
    }
    assert (plain.doc, plain.parameters["properties"]) == ("", {})


def test_the_error_handling_says_who_decided_it() -> None:
    flow = two_walkers()
    assert [r.error_strategy.level for r in describe(flow).routines] == ["default", "default"]
    assert describe(flow).routines[0].error_strategy.strategy == "stop"
    flow.set_error_handler(ErrorHandler("continue"))
    flow.routines["second"].set_as_critical(max_retries=7, retry_delay=0.5)
    first, second = (routine.error_strategy for routine in describe(flow).routines)
    assert (first.strategy, first.level) == ("continue", "flow")
    assert (second.strategy, second.level, second.max_retries, second.is_critical) == ("retry", "routine", 7, True)


def test_the_version_changes_with_the_structure_and_with_nothing_else() -> None:
    flow = two_walkers()
    version = describe(flow).version
    flow.set_error_handler(ErrorHandler("continue"))
    flow.set_execution_strategy("concurrent", 3)
    assert describe(flow).version == version == describe(two_walkers()).version
    flow.connect("second", "file", "first", "stop")
    assert describe(flow).version != version


def test_a_class_made_in_memory_has_no_source() -> None:
    flow = Flow()
    flow.add_routine(type("Made", (Routine,), {})(), "made")
    routine = describe(flow).routines[0]
    assert (routine.class_, routine.doc, routine.source) == ("Made", "", None)


def test_a_description_goes_over_the_wire() -> None:
    told = msgspec.json.decode(msgspec.json.encode(describe(chain())))
    assert told["routines"][0]["class"] == "Emitter"


def test_a_thousand_routines_are_described_quickly_enough_to_be_looked_at_while_they_are_added() -> None:
    flow = Flow()
    for number in range(1_000):
        flow.add_routine(Walker(), f"r{number}")
        if number:
            flow.connect(f"r{number - 1}", "file", f"r{number}", "stop")
    told = describe(flow)
    assert (len(told.routines), len(told.connections)) == (1_000, 999)


def _annotated(annotation: object) -> Callable[..., None]:
    def handler(x: Any, y: int = 0) -> None: ...

    handler.__annotations__["x"] = annotation
    return handler


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
        (str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (tuple[int, str], {"type": "array"}),
        (list, {"type": "array"}),
        (dict[str, float], {"type": "object", "additionalProperties": {"type": "number"}}),
        (Literal["a", 2], {"enum": ["a", 2]}),
        (Size, {"enum": ["s", "l"]}),
        (Path, {"type": "string"}),
        ("int", {"type": "integer"}),
        ("OnlyForTypeCheckers.Name", {}),
        ("this is no Python", {}),
        (Routine, {}),
        (Any, {}),
        (None, {"type": "null"}),
    ],
)
def test_annotations_become_json_schema_as_far_as_they_can(annotation: object, schema: dict[str, Any]) -> None:
    assert parameters(_annotated(annotation))["properties"]["x"] == schema


def test_a_handler_that_takes_everything_says_so() -> None:
    def everything(**data: Any) -> None: ...

    def whole(data: Any) -> None: ...

    def some(n: int = 1, **rest: Any) -> None: ...

    for handler in (everything, whole):
        assert parameters(handler) == {"type": "object", "properties": {}, "additionalProperties": True}
    assert parameters(some)["additionalProperties"] is True
    assert parameters(some)["properties"] == {"n": {"type": "integer", "default": 1}}


def test_a_handler_without_a_signature_or_without_a_handler_takes_what_comes() -> None:
    assert parameters(None)["properties"] == {}
    assert parameters(dict)["type"] == "object"
    assert parameters(functools.partial(_annotated(int), y=2))["properties"]["x"] == {"type": "integer"}


def test_a_default_that_json_cannot_hold_is_not_shown_as_one() -> None:
    def handler(x: Any = "x" * 10_000, y: Any = None, z: Any = (1, 2)) -> None: ...

    assert parameters(handler)["properties"] == {"x": {}, "y": {"default": None}, "z": {"default": [1, 2]}}


def test_classes_of_one_name_are_told_apart_and_nothing_is_parsed_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Walker(Routine):
        def __init__(self) -> None:
            super().__init__()

    class Bare(Routine): ...

    expected = [inspect.getsourcelines(cls)[1] for cls in (Walker, Bare)]
    flow = Flow("places")
    flow.add_routine(Walker(), "inner")
    flow.add_routine(Bare(), "bare")

    def fail(*_: Any, **__: Any) -> None:
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr("ast.parse", fail)  # CPython 3.11, when another thread of the program parses too
    assert [routine.source.line for routine in describe(flow).routines if routine.source] == expected
