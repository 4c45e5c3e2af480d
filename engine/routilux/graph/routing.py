"""A flow's wiring, decided once: routine and event → who receives, slot → how its handler is called."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..binding import keeps_data
from ..connection import Connection, connection_name, rename
from ..event import Event
from ..journal.entries import Source, Target
from ..routine import Routine
from ..slot import Slot
from ..threads.synchronization import Watcher, add_to

if TYPE_CHECKING:
    from .flow_graph import Structure


ENTRY_SLOT = "trigger"

Ends: TypeAlias = tuple[str, str, str, str]
"""Routine and event, routine and slot: what a connection joins."""


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


UNCHANGED: Mapping[str, str] = {}


class Delivery:
    """One way from an event to a slot (`connection` is `None` for the entry and for direct slots).

    `plain` is the handler when nothing need be done but `plain(**data)`.
    """

    __slots__ = ("connection", "mapping", "merges", "plain", "target")

    def __init__(self, target: Receiver, connection: Connection | None = None) -> None:
        binding = target.slot.binding
        self.target: Receiver = target
        self.connection: Connection | None = connection
        mapping = connection.param_mapping if connection is not None else None
        self.mapping: Mapping[str, str] = dict(mapping) if mapping else UNCHANGED
        self.merges: bool = keeps_data(target.slot.merge_strategy)
        ready = binding is not None and not self.mapping and not self.merges
        self.plain: Callable[..., Any] | None = binding.keywords if ready and binding is not None else None

    def renamed(self, data: dict[str, Any]) -> dict[str, Any]:
        return rename(data, self.mapping) if self.mapping else data


@dataclass(slots=True, eq=False)
class Emission(Source):
    """An event of a routine in a flow with its ways, as they were when it was first emitted.

    `unsent` is the number of the same event when nothing is delivered any more (the job is ending); 0 until then.
    """

    deliveries: tuple[Delivery, ...] = ()
    unsent: int = 0


class Way(NamedTuple):
    """A connection as the plan remembers it; `name` is its id in the flow."""

    connection: Connection
    source_routine_id: str
    target_routine_id: str
    name: str


class Plan:
    """What a flow's jobs share. The two tables only grow: numbers in a journal keep their meaning.

    A change of the structure makes new rows for what is emitted from then on. `_lock` guards
    the tables; reading them needs none.
    """

    def __init__(self, flow: Structure) -> None:
        self.version: int = 0
        self.sources: list[Source] = []
        self.targets: list[Receiver] = []
        self._flow = flow
        self._emissions: dict[tuple[str, str], Emission] = {}
        self._receivers: dict[tuple[int, str], Receiver] = {}
        self._other_ways: dict[tuple[str, str, int], Delivery] = {}
        self._ids: dict[int, str] = {}
        self._ways: dict[int, list[Way]] = {}
        self._twins: dict[Ends, int] = {}
        self._way_count = 0
        self._lock = RLock()
        self._ref: weakref.ref[Watcher] = weakref.ref(self)

    def connected(self, connection: Connection) -> None:
        """The flow has one connection more, the last of its list."""
        with self._lock:
            if self._way_count == len(self._flow.connections) - 1:
                self._add_way(connection)
            self.routine_added()

    def structure_changed(self) -> None:
        """Forget what was decided; it is decided anew at its next use."""
        with self._lock:
            self._ways = {}
            self._twins = {}
            self._way_count = 0
            self.routine_added()

    def routine_added(self) -> None:
        """As `structure_changed`, but the connections are as they were."""
        with self._lock:
            self.version += 1
            self._emissions = {}
            for receiver in self.targets:  # activations that wait still hold earlier ones
                receiver.sources.clear()
            self._receivers = {}
            self._other_ways = {}
            self._ids = {}

    def routine_id(self, routine: Any) -> str | None:
        """The id of a routine in the flow (the first, when it is there twice), or `None`."""
        with self._lock:
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

    def unsent(self, emission: Emission) -> int:
        """The number of an event that is recorded, and delivered to nobody."""
        with self._lock:
            if not emission.unsent:
                emission.unsent = len(self.sources)
                self.sources.append(Source(emission.unsent, emission.routine_id, emission.event_name, "event"))
        return emission.unsent

    def entry(self, routine_id: str) -> Delivery | None:
        """The way into a routine's `trigger` slot, or `None` when it has none."""
        slot = self._flow.routines[routine_id].get_slot(ENTRY_SLOT)
        if slot is None:
            return None
        return self.delivery(routine_id, slot, None, plain=False)

    def delivery(self, routine_id: str, slot: Slot, connection: Connection | None, *, plain: bool = True) -> Delivery:
        """A way that is not an event's: for the entry, and for an activation that is put back."""
        key = (routine_id, slot.name, id(connection) if plain else 0)
        with self._lock:
            known = self._other_ways.get(key)
            if known is None or known.target.slot is not slot:
                known = self._other_ways[key] = Delivery(self._receiver(slot, routine_id), connection)
                known.plain = known.plain if plain else None  # so that the end of the entry is noticed
        return known

    def missing_entry(self, routine_id: str) -> Delivery:
        """A way to a `trigger` slot that is not there: its handler raises the error that says so."""
        flow = self._flow

        def no_entry(**_: Any) -> None:
            slots = ", ".join(map(repr, flow.routines[routine_id].slots)) or "none"
            raise ValueError(f"Routine {routine_id!r} has no slot {ENTRY_SLOT!r} to start at; its slots: {slots}")

        with self._lock:
            known = self._other_ways.get((routine_id, "", 0))
            if known is None:
                slot = Slot(ENTRY_SLOT, None, no_entry)
                receiver = self._add_receiver(slot, routine_id, flow.routines[routine_id])
                known = self._other_ways[routine_id, "", 0] = Delivery(receiver)
                known.plain = None
            return known

    def _ways_of(self, event: Event) -> list[Way]:
        """The connections of an event, in order, each with its ends and its id."""
        connections = self._flow.connections
        if self._way_count != len(connections):
            self._ways, self._twins, self._way_count = {}, {}, 0
            for connection in connections:
                self._add_way(connection)
        return self._ways.get(id(event), [])

    def _add_way(self, connection: Connection) -> None:
        ends = self._flow.connection_ends(connection)
        twin = self._twins[ends] = self._twins.get(ends, 0) + 1
        way = Way(connection, ends[0], ends[2], connection_name(ends, twin))
        self._ways.setdefault(id(connection.source_event), []).append(way)
        self._way_count += 1
        if connection.source_event is not None:
            add_to(connection.source_event._watchers, self._ref)

    def _make_emission(self, routine_id: str, event: Event) -> Emission:
        own = [way for way in self._ways_of(event) if way.source_routine_id == routine_id]
        deliveries = [
            Delivery(self._receiver(slot, way.target_routine_id), way.connection)
            for way in own
            if (slot := way.connection.target_slot) is not None
        ]
        if event.direct_slots:
            joined = {id(delivery.target.slot) for delivery in deliveries}
            direct = [slot for slot in event.direct_slots if id(slot) not in joined]
            deliveries += [Delivery(self._receiver(slot, None)) for slot in direct]
        emission = Emission(
            len(self.sources),
            routine_id,
            event.name,
            "event",
            tuple([way.name for way in own]),
            tuple([delivery.target.routine_id for delivery in deliveries]),
            tuple(deliveries),
        )
        self.sources.append(emission)
        self._emissions[routine_id, event.name] = emission
        add_to(event._watchers, self._ref)
        return emission

    def _receiver(self, slot: Slot, routine_id: str | None) -> Receiver:
        routine = slot.routine if isinstance(slot.routine, Routine) else None
        name = routine_id or self.routine_id(routine) or f"slot:{slot.name}"
        known = self._receivers.get((id(slot), name))
        if known is not None:
            return known
        receiver = self._receivers[id(slot), name] = self._add_receiver(slot, name, routine)
        add_to(slot._watchers, self._ref)
        return receiver

    def _add_receiver(self, slot: Slot, routine_id: str, routine: Routine | None) -> Receiver:
        receiver = Receiver(len(self.targets), routine_id, slot.name, routine, slot)
        self.targets.append(receiver)
        return receiver
