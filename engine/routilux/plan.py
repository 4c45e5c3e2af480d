"""A flow's wiring, decided once: routine and event → who receives, slot → how its handler is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from .connection import Connection, rename
from .event import Event
from .merging import keeps_data
from .routine import Routine
from .rows import Source, Target
from .slot import Slot

if TYPE_CHECKING:
    from .structure import Structure

ENTRY_SLOT = "trigger"


@dataclass(slots=True, eq=False)
class Receiver(Target):
    """A slot within its flow. `sources` caches what its routine has emitted from its handler."""

    routine: Routine | None = None
    slot: Slot = field(default_factory=Slot)
    sources: dict[str, Emission] = field(default_factory=dict)

    def call(self, data: dict[str, Any]) -> None:
        binding = self.slot.binding
        if binding is not None:
            binding.call(data)


class Delivery:
    """One way from an event to a slot (`connection` is `None` for the entry and for direct slots).

    `plain` is the handler when nothing need be done but `plain(**data)`.
    """

    __slots__ = ("connection", "mapping", "merges", "plain", "target")

    def __init__(self, target: Receiver, connection: Connection | None = None) -> None:
        binding = target.slot.binding
        self.target = target
        self.connection = connection
        self.mapping = dict(connection.param_mapping) if connection is not None else {}
        self.merges = keeps_data(target.slot.merge_strategy)
        ready = binding is not None and not self.mapping and not self.merges
        self.plain: Callable[..., Any] | None = binding.keywords if ready and binding is not None else None

    def renamed(self, data: dict[str, Any]) -> dict[str, Any]:
        return rename(data, self.mapping) if self.mapping else data


@dataclass(slots=True, eq=False)
class Emission(Source):
    """An event of a routine in a flow with its ways, as they were when it was first emitted.

    `unsent` is the number of the same event when nothing is delivered any more (the job is ending).
    """

    deliveries: tuple[Delivery, ...] = ()
    unsent: int = 0


class Plan:
    """What a flow's jobs share. The two tables only grow: numbers in a journal keep their meaning.

    A change of the structure makes new rows for what is emitted from then on. `_lock` guards
    the tables; reading them needs none.
    """

    def __init__(self, flow: Structure) -> None:
        self.version = 0
        self.sources: list[Source] = []
        self.targets: list[Target] = []
        self._flow = flow
        self._emissions: dict[tuple[str, str], Emission] = {}
        self._receivers: dict[tuple[int, str], Receiver] = {}
        self._ids: dict[int, str] = {}
        self._lock = Lock()

    def structure_changed(self) -> None:
        """Forget what was decided; it is decided anew at its next use."""
        with self._lock:
            self.version += 1
            self._emissions = {}
            for receiver in self._receivers.values():
                receiver.sources.clear()
            self._receivers = {}
            self._ids = {}

    def routine_id(self, routine: Any) -> str | None:
        """The id of a routine in the flow (the first, when it is there twice), or `None`."""
        if not self._ids:
            self._ids = {id(known): key for key, known in reversed(list(self._flow.routines.items()))}
        return self._ids.get(id(routine))

    def emission(self, routine_id: str, event: Event) -> Emission:
        """Where an event of a routine goes."""
        known = self._emissions.get((routine_id, event.name))
        if known is not None:
            return known
        with self._lock:
            return self._emissions.get((routine_id, event.name)) or self._make_emission(routine_id, event)

    def entry(self, routine_id: str) -> Delivery | None:
        """The way into a routine's `trigger` slot, or `None` when it has none."""
        slot = self._flow.routines[routine_id].get_slot(ENTRY_SLOT)
        if slot is None:
            return None
        with self._lock:
            return Delivery(self._receiver(slot, routine_id))

    def delivery(self, routine_id: str, slot: Slot, connection: Connection | None) -> Delivery:
        """A way that is not an event's: for an activation that is put back."""
        with self._lock:
            return Delivery(self._receiver(slot, routine_id), connection)

    def missing_slot(self, routine_id: str, slot_name: str, handler: Callable[..., Any]) -> Delivery:
        """A way to a slot that is not there: `handler` raises the error that says so."""
        with self._lock:
            slot = Slot(slot_name, None, handler)
            return Delivery(self._add_receiver(slot, routine_id, self._flow.routines.get(routine_id)))

    def _make_emission(self, routine_id: str, event: Event) -> Emission:
        flow = self._flow
        ends = [(c, flow.connection_ends(c)) for c in flow.connections if c.source_event is event]
        own = [(c, end) for c, end in ends if end[0] == routine_id]
        deliveries = [Delivery(self._receiver(c.target_slot, end[2]), c) for c, end in own if c.target_slot is not None]
        deliveries += [Delivery(self._receiver(slot, None)) for slot in event.direct_slots]
        number = len(self.sources)
        unsent = Source(number + 1, routine_id, event.name, "event")
        emission = Emission(
            number,
            routine_id,
            event.name,
            "event",
            tuple(flow.connection_id(c) for c, _ in own),
            tuple(delivery.target.routine_id for delivery in deliveries),
            tuple(deliveries),
            unsent.number,
        )
        self.sources += (emission, unsent)
        self._emissions[routine_id, event.name] = emission
        event._watchers.add(self)
        return emission

    def _receiver(self, slot: Slot, routine_id: str | None) -> Receiver:
        routine = slot.routine if isinstance(slot.routine, Routine) else None
        name = routine_id or self.routine_id(routine) or f"slot:{slot.name}"
        known = self._receivers.get((id(slot), name))
        if known is not None:
            return known
        receiver = self._receivers[id(slot), name] = self._add_receiver(slot, name, routine)
        slot._watchers.add(self)
        return receiver

    def _add_receiver(self, slot: Slot, routine_id: str, routine: Routine | None) -> Receiver:
        receiver = Receiver(len(self.targets), routine_id, slot.name, routine, slot)
        self.targets.append(receiver)
        return receiver
