"""Slots, events, connections, error handlers, records and routines as plain data and back."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux import Connection, ErrorHandler, Event, ExecutionRecord, Routine, Slot
from tests.engine.saving.fuzzing import examples
from tests.engine.saving.routines import Sorter, is_big, newest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text().filter(lambda key: key != "_type"), JSON, max_size=5)


class Part(Protocol):
    def serialize(self) -> dict[str, Any]: ...
    def deserialize(self, data: dict[str, Any]) -> None: ...


def through_json(plain: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(plain, ensure_ascii=False))
    return found


def assert_comes_back(part: Part, fresh: Part) -> None:
    """Serialize, load through JSON into a new object, and serialize again: the result is the same."""
    plain = part.serialize()
    given_plain = through_json(plain)
    before = copy.deepcopy(given_plain)
    fresh.deserialize(given_plain)
    assert given_plain == before
    assert through_json(fresh.serialize()) == through_json(plain)


# -- routines and their configuration


def reloaded(routine: Routine) -> Routine:
    other = type(routine)()
    other.deserialize(through_json(routine.serialize()))
    return other


def test_a_routine_has_the_documented_keys() -> None:
    routine = Sorter()
    routine.set_as_critical(max_retries=5)
    plain = routine.serialize()
    assert {"_type", "_id", "_config", "_error_handler", "_slots", "_events"} <= set(plain)
    assert (plain["_type"], plain["_id"]) == ("Sorter", routine._id)
    assert (list(plain["_slots"]), list(plain["_events"])) == (["trigger", "input"], ["out", "rest"])
    assert_comes_back(routine, Sorter())


def exact(value: Any) -> Any:
    """A value with its types, for `1 == True == 1.0`."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return (type(value).__name__, value)


CONFIGS: list[dict[str, Any]] = [
    {},
    {"none": None, "empty": "", "zero": 0, "no": False, "float": 0.0, "list": [], "dict": {}},
    {"nested": {"a": [1, {"b": [None, [[], {}]]}]}, "": "", "key with spaces": 1, "schlüssel": "Größe", "键": "值 🚀"},
    {"controls": "\x00\x1f\x7f\n\r\t", "quotes": "\"'\\/", "separators": "\u2028\u2029", "half": "\ud800"},
    {"big": 10**300, "small": -(10**300), "float": 1e308, "tiny": 5e-324, "negative zero": -0.0, "inf": float("inf")},
    {f"key{number}": {"number": number, "text": f"wert {number}"} for number in range(5000)},
    {"_type": "Flow", "_config": {"_type": "Slot"}, "data": [{"_type": "ErrorHandler"}]},
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: f"{len(config)} keys")
def test_a_configuration_comes_back_exactly(config: dict[str, Any]) -> None:
    routine = Sorter()
    routine._config = config
    assert exact(reloaded(routine).config()) == exact(config)
    assert_comes_back(routine, Sorter())


@examples(100)
@given(OBJECTS)
def test_any_configuration_that_json_can_hold_comes_back_exactly(config: dict[str, Any]) -> None:
    routine = Sorter()
    routine._config = config
    assert exact(reloaded(routine).config()) == exact(config)


def test_a_serialized_or_loaded_configuration_shares_nothing_with_the_routine() -> None:
    routine = Sorter()
    routine.set_config(rows=[1, {"a": [2]}])
    plain = routine.serialize()
    routine.get_config("rows")[1]["a"].append(3)
    assert plain["_config"] == {"rows": [1, {"a": [2]}]}
    routine.deserialize(plain)
    plain["_config"]["rows"][1]["a"].append(4)
    assert routine.config() == {"rows": [1, {"a": [2]}]}


def test_callables_in_a_configuration_come_back_when_they_are_functions_of_the_user_and_else_as_none() -> None:
    routine = Sorter()
    routine.set_config(known=is_big, nested=[{"f": is_big}], other=json.dumps, builtin=len, mine=routine.sort)
    routine.set_config(made=lambda data: data)
    plain = through_json(routine.serialize())["_config"]
    assert {key: value["callable_type"] for key, value in plain.items() if key != "nested"} == {
        "known": "function",
        "other": "function",
        "builtin": "builtin",
        "mine": "method",
        "made": "function",
    }
    assert plain["known"]["module"] == is_big.__module__
    assert (plain["known"]["name"], plain["mine"]["class_name"], plain["mine"]["method_name"]) == (
        "is_big",
        "Sorter",
        "sort",
    )
    found = reloaded(routine).config()
    assert found == {
        "known": is_big,
        "nested": [{"f": is_big}],
        "other": None,
        "builtin": None,
        "mine": None,
        "made": None,
    }


def test_a_configuration_that_holds_itself_is_refused_with_its_key() -> None:
    routine = Sorter()
    loop: list[Any] = []
    loop.append(loop)
    routine.set_config(fine=1, loop=loop)
    with pytest.raises(TypeError, match=r"Sorter\[.*\] cannot be saved: its configuration 'loop' holds itself"):
        routine.serialize()


def test_slots_and_events_that_the_class_does_not_define_are_added() -> None:
    routine = Sorter()
    routine.define_slot("more", merge_strategy="append")
    routine.define_event("extra", ["x"])
    other = reloaded(routine)
    assert list(other.slots) == ["trigger", "input", "more"]
    extra = other.get_event("extra")
    assert extra is not None
    assert (extra.output_params, extra.routine) == (["x"], other)


def test_handlers_are_those_of_the_class() -> None:
    other = reloaded(Sorter())
    slot = other.get_slot("input")
    assert slot is not None
    assert (slot.handler, slot.merge_strategy) == (other.sort, "append")  # type: ignore[attr-defined]


# -- slots, events, connections


@pytest.mark.parametrize("strategy", ["override", "append", "something else", newest])
def test_a_slot_has_the_documented_keys_and_comes_back(strategy: Any) -> None:
    slot = Slot("input", merge_strategy=strategy)
    slot.receive({"a": 1})
    plain = slot.serialize()
    assert set(plain) == {"_type", "name", "handler", "merge_strategy", "_data"}
    assert (plain["_type"], plain["name"]) == ("Slot", "input")
    other = Slot()
    assert_comes_back(slot, other)
    assert other.merge_strategy == strategy
    assert other.serialize()["_data"] == slot.serialize()["_data"]


def test_data_of_an_appending_slot_that_received_once_survives() -> None:
    got: list[Any] = []
    slot = Slot("s", merge_strategy="append")
    slot.receive({"x": [1]})
    other = Slot("s", handler=lambda x: got.append(x), merge_strategy="append")
    other.deserialize(through_json(slot.serialize()))
    other.receive({"x": 2})
    assert got == [[[1], 2]]


def test_an_event_loads_completely() -> None:
    assert Event("out", None, ["a", "b"]).serialize() == {"_type": "Event", "name": "out", "output_params": ["a", "b"]}
    assert_comes_back(Event("größe", None, ["ä"]), Event())


def test_a_connection_has_mapping_names_and_ids() -> None:
    event, slot = Event("out"), Slot("in")
    connection = Connection(event, slot, {"a": "b"})
    plain = connection.serialize()
    assert {"_type", "param_mapping", "_source_event_name", "_target_slot_name"} <= set(plain)
    assert (plain["_source_event_name"], plain["_target_slot_name"]) == ("out", "in")
    other = Connection()
    other.deserialize({**through_json(plain), "_source_routine_id": "r1", "_target_routine_id": "r2"})
    assert (other.param_mapping, other.source_routine_id, other.target_routine_id) == ({"a": "b"}, "r1", "r2")


# -- error handlers


HANDLERS = [
    ErrorHandler(),
    ErrorHandler("continue"),
    ErrorHandler("skip"),
    ErrorHandler("retry", 7, 0.25, 1.5, (KeyError, OSError), is_critical=True),
    ErrorHandler("retry", 0, 0, 1, ()),
    ErrorHandler("retry", 10**9, float("inf"), 1e300),
]


@pytest.mark.parametrize("handler", HANDLERS, ids=repr)
def test_an_error_handler_loads_completely(handler: ErrorHandler) -> None:
    handler.retry_count = 2
    other = ErrorHandler()
    assert_comes_back(handler, other)
    assert vars(other) == vars(handler)


def test_an_invalid_document_leaves_the_error_handler_unchanged() -> None:
    handler = ErrorHandler("retry", 7)
    before = dict(vars(handler))
    with pytest.raises(ValueError, match=r"error_handler\.is_critical"):
        handler.deserialize({**ErrorHandler("skip").serialize(), "is_critical": "yes"})
    assert vars(handler) == before


# -- records


RECORDS = [
    ExecutionRecord("r", "out", {"a": [1, {"b": None}], "ü": "€"}),
    ExecutionRecord("", "", {}, datetime(2024, 2, 29, 23, 59, 59, 999999)),
    ExecutionRecord("r", "out", None, datetime(2031, 1, 1, 12, 0, 0, 1)),
]


@pytest.mark.parametrize("record", RECORDS, ids=["now", "leap day", "later"])
def test_a_record_comes_back_with_its_time(record: ExecutionRecord) -> None:
    other = ExecutionRecord()
    assert_comes_back(record, other)
    assert (other.routine_id, other.event_name, other.data) == (record.routine_id, record.event_name, record.data)
    assert other.timestamp == record.timestamp
    assert (other.kind, other.cause) == (record.kind, record.cause)


@examples(100)
@given(st.integers(0, 4 * 10**18))
def test_a_saved_time_never_changes(time_ns: int) -> None:
    """The first time it may lose its nanoseconds."""
    record, second, third = ExecutionRecord("r", "e"), ExecutionRecord(), ExecutionRecord()
    record.time_ns = time_ns
    second.deserialize(record.serialize())
    third.deserialize(second.serialize())
    assert abs(second.time_ns - time_ns) <= 1000
    assert (third.time_ns, third.serialize()) == (second.time_ns, record.serialize())


def test_saved_times_are_utc_with_offset_and_returned_times_are_local_and_naive() -> None:
    record = ExecutionRecord("r", "e")
    text = record.serialize()["timestamp"]
    assert datetime.fromisoformat(text).utcoffset() == timedelta(0)
    assert record.timestamp.tzinfo is None
    assert abs(record.timestamp - datetime.now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00+00:00", "2026-01-31T13:30:00+01:30", "2026-01-31T12:00:00Z", "2026-01-31 12:00:00Z"]
)
def test_a_time_of_another_zone_is_the_same_moment(text: str) -> None:
    record = ExecutionRecord()
    record.deserialize({"_type": "ExecutionRecord", "routine_id": "r", "event_name": "e", "timestamp": text})
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert record.timestamp == moment.astimezone().replace(tzinfo=None)


def test_a_time_without_offset_is_local_as_release_0_10_wrote_it() -> None:
    record = ExecutionRecord()
    record.deserialize({"routine_id": "r", "event_name": "e", "data": {}, "timestamp": "2024-06-15T10:30:00.123456"})
    assert record.timestamp == datetime(2024, 6, 15, 10, 30, 0, 123456)


def test_a_serialized_record_is_independent_of_the_record() -> None:
    record = ExecutionRecord("r", "e", {"rows": [1]})
    plain = record.serialize()
    plain["data"]["rows"].append(2)
    assert record.data == {"rows": [1]}
