"""A connection: one event, one slot, and how parameters are renamed between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .event import Event
from .persistence.plain_data import PlainReader
from .slot import Slot


class Connection:
    """Connects an event to a slot. Made by `Flow.connect`.

    Args:
        source_event, target_slot: the ends; if both are given, they are connected at once.
        param_mapping: `{event parameter: slot parameter}`.

    Attributes:
        source_routine_id, target_routine_id: the ids of the ends' routines in their flow, or `None`.
    """

    _routilux_part = True

    def __init__(
        self,
        source_event: Event | None = None,
        target_slot: Slot | None = None,
        param_mapping: dict[str, str] | None = None,
    ) -> None:
        self.source_event = source_event
        self.target_slot = target_slot
        self.param_mapping: dict[str, str] = dict(param_mapping or {})
        self.source_routine_id: str | None = None
        self.target_routine_id: str | None = None
        if source_event is not None and target_slot is not None:
            source_event.link(self, target_slot)

    def __repr__(self) -> str:
        return f"Connection[{self.source_event!r} -> {self.target_slot!r}]"

    def activate(self, data: dict[str, Any]) -> None:
        """Rename the parameters of `data` and pass it to the slot, now and in this thread."""
        if self.target_slot is not None:
            self.target_slot.receive(rename(data, self.param_mapping))

    def disconnect(self) -> None:
        """Disconnect both ends."""
        event, slot = self.source_event, self.target_slot
        self.source_event = self.target_slot = None
        if event is not None and slot is not None:
            event.unlink(self, slot)

    def serialize(self) -> dict[str, Any]:
        """Return plain data, with the routine ids and names of both ends."""
        event, slot = self.source_event, self.target_slot
        return {
            "_type": "Connection",
            "param_mapping": dict(self.param_mapping),
            "_source_routine_id": self.source_routine_id,
            "_source_event_name": event.name if event is not None else None,
            "_target_routine_id": self.target_routine_id,
            "_target_slot_name": slot.name if slot is not None else None,
        }

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load mapping and ids from `data`, the result of `serialize`. The flow connects the ends.

        Raises `ValueError` if the data is invalid.
        """
        self.load_from(PlainReader(data, "connection"))

    def load_from(self, part: PlainReader) -> None:
        """As `deserialize`, for a part of a larger document."""
        part.child("_type", "Connection").expect("Connection")
        mapping = {key: item.as_string() for key, item in part.child("param_mapping", {}).entries()}
        source, target = part.optional_string("_source_routine_id"), part.optional_string("_target_routine_id")
        self.param_mapping, self.source_routine_id, self.target_routine_id = mapping, source, target


def connection_name(ends: tuple[str, str, str, str], place: int) -> str:
    """Return `"reader.text->parser.source"` for (routine, event, routine, slot); the second one gets `#2`.

    >>> connection_name(("reader", "text", "parser", "source"), 2)
    'reader.text->parser.source#2'
    """
    source_routine_id, event_name, target_routine_id, slot_name = ends
    name = f"{source_routine_id}.{event_name}->{target_routine_id}.{slot_name}"
    return f"{name}#{place}" if place > 1 else name


def rename(data: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """Rename the keys of `data`. An unmapped key is dropped if another key is renamed to it.

    >>> rename({"text": "a", "n": 1}, {"text": "body"})
    {'n': 1, 'body': 'a'}
    >>> rename({"body": "old", "n": 1}, {"text": "body"})
    {'n': 1}
    """
    taken = set(mapping.values())
    renamed = {name: value for name, value in data.items() if name not in mapping and name not in taken}
    renamed.update((mapping[name], value) for name, value in data.items() if name in mapping)
    return renamed
