"""An event: a named output of a routine."""

from __future__ import annotations

from typing import Any, Protocol

from .persistence.plain_data import PlainReader
from .slot import Slot
from .threads.current_frame import current_frame
from .threads.synchronization import Listeners, notify


class Link(Protocol):
    """A `Connection`, as seen by its event."""

    source_event: Event | None
    target_slot: Slot | None


class Event:
    """An output of a routine.

    Args:
        name: the event's name within its routine.
        routine: the routine, or `None` for an event on its own.
        output_params: names of its parameters, for documentation; others can be emitted too.

    Attributes:
        connected_slots: the slots that receive it.
        listeners: the engine's routing tables, notified when the connections change.
    """

    _routilux_part = True

    def __init__(self, name: str = "", routine: Any = None, output_params: list[str] | None = None) -> None:
        self.name: str = name
        self.routine = routine
        self.output_params: list[str] = list(output_params or [])
        self.connected_slots: list[Slot] = []
        self._direct: list[Slot] = []
        self._connections: list[Link] = []
        self.listeners: Listeners = []

    def __repr__(self) -> str:
        return f"Event[{self.routine!r}.{self.name}]" if self.routine is not None else f"Event[{self.name}]"

    def connect(self, slot: Slot, param_mapping: dict[str, str] | None = None) -> None:
        """Connect to `slot` without a `Connection`, as in a test of one routine. Repeating it has no effect.

        `param_mapping` is ignored: it belongs to a `Connection`.
        """
        if slot not in self.connected_slots:
            self._link(slot)
            self._direct.append(slot)
            self._changed()

    def disconnect(self, slot: Slot) -> None:
        """Disconnect from `slot`, however it was connected; does nothing if it was not."""
        for connection in [known for known in self._connections if known.target_slot is slot]:
            self._connections.remove(connection)
            connection.source_event = connection.target_slot = None
        if slot in self._direct:
            self._direct.remove(slot)
        self._unlink(slot)
        self._changed()

    def link(self, connection: Link, slot: Slot) -> None:
        """Connect to `slot` through a `Connection`."""
        self._connections.append(connection)
        self._link(slot)

    def unlink(self, connection: Link, slot: Slot) -> None:
        """Undo `link`; other connections to the same slot stay."""
        self._connections.remove(connection)
        if slot not in self._direct and all(known.target_slot is not slot for known in self._connections):
            self._unlink(slot)
        self._changed()

    def emit(self, flow: Any = None, **data: Any) -> None:
        """As `Routine.emit` with `data`, for this event; inside a job it is not recorded in the history."""
        frame = current_frame()
        if frame is not None and (flow is None or flow is frame.flow):
            frame.enqueue(self, data)
        else:
            self.call_slots(data)

    def call_slots(self, data: dict[str, Any]) -> None:
        """Call every connected slot now, in this thread, without renaming parameters: there is no flow."""
        for slot in list(self.connected_slots):
            slot.receive(data.copy())

    @property
    def direct_slots(self) -> tuple[Slot, ...]:
        """The slots connected without a `Connection`."""
        return tuple(self._direct)

    def serialize(self) -> dict[str, Any]:
        """Return plain data."""
        return {"_type": "Event", "name": self.name, "output_params": list(self.output_params)}

    def deserialize(self, data: dict[str, Any]) -> None:
        """Load `data`, the result of `serialize`. Raises `ValueError` if it is invalid."""
        self.load_from(PlainReader(data, "event"))

    def load_from(self, part: PlainReader) -> None:
        """As `deserialize`, for a part of a larger document."""
        part.child("_type", "Event").expect("Event")
        name = part.string("name")
        self.output_params = [item.as_string() for item in part.child("output_params", []).items()]
        self.name = name

    def _link(self, slot: Slot) -> None:
        if slot not in self.connected_slots:
            self.connected_slots.append(slot)
        if self not in slot.connected_events:
            slot.connected_events.append(self)

    def _unlink(self, slot: Slot) -> None:
        if slot in self.connected_slots:
            self.connected_slots.remove(slot)
        if self in slot.connected_events:
            slot.connected_events.remove(self)

    def _changed(self) -> None:
        notify(self.listeners)
