"""A connection: one event joined to one slot, with parameters renamed on the way."""

from __future__ import annotations

from typing import Any

from .event import Event
from .slot import Slot


class Connection:
    """Joins `source_event` to `target_slot`; `param_mapping` is `{event parameter: slot parameter}`."""

    _routilux_part = True

    def __init__(
        self,
        source_event: Event | None = None,
        target_slot: Slot | None = None,
        param_mapping: dict[str, str] | None = None,
    ) -> None:
        self.source_event = source_event
        self.target_slot = target_slot
        self.param_mapping = dict(param_mapping or {})
        self.source_routine_id: str | None = None
        self.target_routine_id: str | None = None
        if source_event is not None and target_slot is not None:
            source_event._link(target_slot)

    def __repr__(self) -> str:
        return f"Connection[{self.source_event!r} -> {self.target_slot!r}]"

    def activate(self, data: dict[str, Any]) -> None:
        """Rename the parameters of `data` and hand it to the slot, now and in this thread."""
        if self.target_slot is not None:
            self.target_slot.receive(rename(data, self.param_mapping))

    def disconnect(self) -> None:
        """Unlink both ends."""
        if self.source_event is not None and self.target_slot is not None:
            self.source_event.disconnect(self.target_slot)
        self.source_event = self.target_slot = None


def rename(data: dict[str, Any], mapping: dict[str, str]) -> dict[str, Any]:
    """Apply a parameter mapping: mapped names are renamed, others keep theirs unless a mapping aims at it.

    >>> rename({"text": "a", "n": 1}, {"text": "body"})
    {'n': 1, 'body': 'a'}
    >>> rename({"body": "old", "n": 1}, {"text": "body"})
    {'n': 1}
    """
    taken = set(mapping.values())
    renamed = {name: value for name, value in data.items() if name not in mapping and name not in taken}
    renamed.update((mapping[name], value) for name, value in data.items() if name in mapping)
    return renamed
