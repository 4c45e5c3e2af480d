"""A flow's routes: for each event of a routine its receivers, and for each slot how its handler is called."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, NamedTuple, Protocol, TypeAlias

from ..binding import keeps_data
from ..connection import Connection, connection_name, rename
from ..event import Event
from ..journal.entries import Source, Target
from ..routine import Routine
from ..slot import Slot
from ..status import ENTRY_SLOT
from ..threads.synchronization import Listener, add_listener

Ends: TypeAlias = tuple[str, str, str, str]
"""The ends of a connection: routine id and event name, routine id and slot name."""


@dataclass(slots=True, eq=False)
class Receiver(Target):
    """A slot in its flow. `routes` caches the routes of the events that its handler has emitted."""

    routine: Routine | None = None
    slot: Slot = field(default_factory=Slot)
    routes: dict[str, Route] = field(default_factory=dict)

    def call(self, data: dict[str, Any]) -> None:
        binding = self.slot.binding
        if binding is not None:
            binding.call(data)


UNCHANGED: Mapping[str, str] = {}


class Delivery:
    """The way of data into a slot (`connection` is `None` for the entry and for direct slots).

    `direct_call` is the handler if `direct_call(**data)` is all that is needed, else `None`.
    """

    __slots__ = ("connection", "direct_call", "mapping", "merges", "target")

    def __init__(self, target: Receiver, connection: Connection | None = None) -> None:
        binding = target.slot.binding
        self.target: Receiver = target
        self.connection: Connection | None = connection
        mapping = connection.param_mapping if connection is not None else None
        self.mapping: Mapping[str, str] = dict(mapping) if mapping else UNCHANGED
        self.merges: bool = keeps_data(target.slot.merge_strategy)
        ready = binding is not None and not self.mapping and not self.merges
        self.direct_call: Callable[..., Any] | None = binding.keyword_handler if ready and binding is not None else None

    def renamed(self, data: dict[str, Any]) -> dict[str, Any]:
        return rename(data, self.mapping) if self.mapping else data


@dataclass(slots=True, eq=False)
class Route(Source):
    """An event of a routine in a flow, with its deliveries as of its first emission.

    `undelivered` is the number under which the event is recorded, not delivered, once the job is ending; 0 until then.
    """

    deliveries: tuple[Delivery, ...] = ()
    undelivered: int = 0


class Edge(NamedTuple):
    """A connection in the routing table; `name` is its id in the flow."""

    connection: Connection
    source_routine_id: str
    target_routine_id: str
    name: str


class Graph(Protocol):
    """A `FlowGraph`, as seen by its routing table."""

    routines: dict[str, Routine]
    connections: list[Connection]

    def connection_ends(self, connection: Connection) -> Ends: ...


class RoutingTable:
    """The routes that a flow's jobs share. Its two tables only grow, so that numbers in a journal stay valid.

    After a change of the structure, emissions get new rows. `_lock` guards the tables; reading them needs no
    lock.
    """

    def __init__(self, flow: Graph) -> None:
        self.version: int = 0
        self.sources: list[Source] = []
        self.targets: list[Receiver] = []
        self._flow = flow
        self._routes: dict[tuple[str, str], Route] = {}
        self._receivers: dict[tuple[int, str], Receiver] = {}
        self._direct_deliveries: dict[tuple[str, str, int], Delivery] = {}
        self._ids: dict[int, str] = {}
        self._edges: dict[int, list[Edge]] = {}
        self._duplicates: dict[Ends, int] = {}
        self._edge_count = 0
        self._lock = RLock()
        self._ref: weakref.ref[Listener] = weakref.ref(self)

    def connected(self, connection: Connection) -> None:
        """A connection was appended to the flow's list."""
        with self._lock:
            if self._edge_count == len(self._flow.connections) - 1:
                self._add_edge(connection)
            self.routine_added()

    def structure_changed(self) -> None:
        """Discard the routes; each is computed again at its next use."""
        with self._lock:
            self._edges = {}
            self._duplicates = {}
            self._edge_count = 0
            self.routine_added()

    def routine_added(self) -> None:
        """As `structure_changed`, but the connections are unchanged."""
        with self._lock:
            self.version += 1
            self._routes = {}
            for receiver in self.targets:  # queued activations still refer to earlier ones
                receiver.routes.clear()
            self._receivers = {}
            self._direct_deliveries = {}
            self._ids = {}

    def routine_id(self, routine: Any) -> str | None:
        """The id of a routine in the flow (the first, if it is there twice), or `None`."""
        with self._lock:
            if not self._ids:
                self._ids = {id(known): key for key, known in reversed(list(self._flow.routines.items()))}
            return self._ids.get(id(routine))

    def route(self, routine_id: str, event: Event) -> Route:
        """Return the route of an event of a routine."""
        known = self._routes.get((routine_id, event.name))
        if known is not None:
            return known
        with self._lock:
            return self._routes.get((routine_id, event.name)) or self._make_route(routine_id, event)

    def undelivered(self, route: Route) -> int:
        """The number under which an undelivered event is recorded."""
        with self._lock:
            if not route.undelivered:
                route.undelivered = len(self.sources)
                self.sources.append(Source(route.undelivered, route.routine_id, route.event_name, "event"))
        return route.undelivered

    def entry(self, routine_id: str) -> Delivery | None:
        """The edge into a routine's `trigger` slot, or `None` if it has none."""
        slot = self._flow.routines[routine_id].get_slot(ENTRY_SLOT)
        if slot is None:
            return None
        return self.delivery(routine_id, slot, None, direct_call=False)

    def delivery(
        self, routine_id: str, slot: Slot, connection: Connection | None, *, direct_call: bool = True
    ) -> Delivery:
        """Return a delivery that belongs to no route: for the entry, and for restored activations."""
        key = (routine_id, slot.name, id(connection) if direct_call else 0)
        with self._lock:
            known = self._direct_deliveries.get(key)
            if known is None or known.target.slot is not slot:
                known = self._direct_deliveries[key] = Delivery(self._receiver(slot, routine_id), connection)
                known.direct_call = (
                    known.direct_call if direct_call else None
                )  # so that the end of the entry is noticed
        return known

    def missing_entry(self, routine_id: str) -> Delivery:
        """Return a delivery to a missing `trigger` slot: its handler raises an error that says so."""
        flow = self._flow

        def no_entry(**_: Any) -> None:
            slots = ", ".join(map(repr, flow.routines[routine_id].slots)) or "none"
            raise ValueError(f"Routine {routine_id!r} has no slot {ENTRY_SLOT!r} to start at; its slots: {slots}")

        with self._lock:
            known = self._direct_deliveries.get((routine_id, "", 0))
            if known is None:
                slot = Slot(ENTRY_SLOT, None, no_entry)
                receiver = self._add_receiver(slot, routine_id, flow.routines[routine_id])
                known = self._direct_deliveries[routine_id, "", 0] = Delivery(receiver)
                known.direct_call = None
            return known

    def _edges_of(self, event: Event) -> list[Edge]:
        """Return the connections of an event, in order, with their ends and ids."""
        connections = self._flow.connections
        if self._edge_count != len(connections):
            self._edges, self._duplicates, self._edge_count = {}, {}, 0
            for connection in connections:
                self._add_edge(connection)
        return self._edges.get(id(event), [])

    def _add_edge(self, connection: Connection) -> None:
        ends = self._flow.connection_ends(connection)
        place = self._duplicates[ends] = self._duplicates.get(ends, 0) + 1
        edge = Edge(connection, ends[0], ends[2], connection_name(ends, place))
        self._edges.setdefault(id(connection.source_event), []).append(edge)
        self._edge_count += 1
        if connection.source_event is not None:
            add_listener(connection.source_event.listeners, self._ref)

    def _make_route(self, routine_id: str, event: Event) -> Route:
        own = [edge for edge in self._edges_of(event) if edge.source_routine_id == routine_id]
        deliveries = [
            Delivery(self._receiver(slot, edge.target_routine_id), edge.connection)
            for edge in own
            if (slot := edge.connection.target_slot) is not None
        ]
        if event.direct_slots:
            joined = {id(delivery.target.slot) for delivery in deliveries}
            direct = [slot for slot in event.direct_slots if id(slot) not in joined]
            deliveries += [Delivery(self._receiver(slot, None)) for slot in direct]
        route = Route(
            len(self.sources),
            routine_id,
            event.name,
            "event",
            tuple([edge.name for edge in own]),
            tuple([delivery.target.routine_id for delivery in deliveries]),
            tuple(deliveries),
        )
        self.sources.append(route)
        self._routes[routine_id, event.name] = route
        add_listener(event.listeners, self._ref)
        return route

    def _receiver(self, slot: Slot, routine_id: str | None) -> Receiver:
        routine = slot.routine if isinstance(slot.routine, Routine) else None
        name = routine_id or self.routine_id(routine) or f"slot:{slot.name}"
        known = self._receivers.get((id(slot), name))
        if known is not None:
            return known
        receiver = self._receivers[id(slot), name] = self._add_receiver(slot, name, routine)
        add_listener(slot.listeners, self._ref)
        return receiver

    def _add_receiver(self, slot: Slot, routine_id: str, routine: Routine | None) -> Receiver:
        receiver = Receiver(len(self.targets), routine_id, slot.name, routine, slot)
        self.targets.append(receiver)
        return receiver
