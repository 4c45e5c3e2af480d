"""A flow's definition: routines, connections and configuration, also as plain data."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from ..connection import Connection, connection_name
from ..error_handler import ErrorHandler
from ..persistence.class_registry import ClassResolver
from ..persistence.plain_data import FORMAT, PlainReader, describe
from ..routine import Routine, generated_id
from .routing import RoutingTable

SEQUENTIAL, CONCURRENT = "sequential", "concurrent"
DEFAULT_TIMEOUT = 300.0

_log = logging.getLogger("routilux")


class FlowGraph:
    """A flow apart from its jobs. The attributes are those of `Flow`."""

    def __init__(
        self,
        flow_id: str,
        execution_strategy: str = SEQUENTIAL,
        max_workers: int = 1,
        execution_timeout: float = DEFAULT_TIMEOUT,
        history_limit: int | None = None,
    ) -> None:
        self.flow_id: str = flow_id
        self.execution_strategy: str = execution_strategy
        self.max_workers: int = max_workers
        self.execution_timeout: float = execution_timeout
        self.history_limit: int | None = history_limit
        self.error_handler: ErrorHandler | None = None
        self.routines: dict[str, Routine] = {}
        self.connections: list[Connection] = []
        self._routing = RoutingTable(self)

    def __repr__(self) -> str:
        return f"Flow[{self.flow_id}]"

    # -- structure

    def add_routine(self, routine: Routine, routine_id: str | None = None) -> str:
        """Add `routine` under `routine_id` (its own generated one when not given) and return the id.

        Raises `ValueError` if the id is taken, and `TypeError` unless `routine` is an instance of `Routine`.
        """
        if isinstance(routine, type):
            raise TypeError(f"{routine.__name__} is a class; add an instance: {routine.__name__}()")
        if not isinstance(routine, Routine):
            raise TypeError(f"{routine!r} is not a routine; pass an instance of a Routine subclass")

        own_id = generated_id(routine)  # raises if a constructor did not call super().__init__()
        key = own_id if routine_id is None else PlainReader(routine_id, "routine_id").as_string()
        if key in self.routines:
            raise ValueError(f"Routine id {key!r} already exists in {self!r}; choose another id")
        self.routines[key] = routine
        self._routing.routine_added()
        return key

    def connect(
        self,
        source_routine_id: str,
        source_event: str,
        target_routine_id: str,
        target_slot: str,
        param_mapping: dict[str, str] | None = None,
    ) -> Connection:
        """Connect an event to a slot and return the connection.

        Args:
            source_routine_id, source_event: the sender and its event.
            target_routine_id, target_slot: the receiver and its slot.
            param_mapping: `{event parameter: slot parameter}`.

        Raises:
            ValueError: naming the routine, event or slot that is missing.
        """
        source = self._routine(source_routine_id, "Source routine")
        target = self._routine(target_routine_id, "Target routine")
        event = source.get_event(source_event)
        if event is None:
            raise ValueError(_missing("event", source_event, source_routine_id, source.events))
        slot = target.get_slot(target_slot)
        if slot is None:
            raise ValueError(_missing("slot", target_slot, target_routine_id, target.slots))
        connection = Connection(event, slot, param_mapping)
        connection.source_routine_id, connection.target_routine_id = source_routine_id, target_routine_id
        self.connections.append(connection)
        self._routing.connected(connection)
        return connection

    def _routine(self, routine_id: str, what: str) -> Routine:
        routine = self.routines.get(routine_id)
        if routine is None:
            known = ", ".join(map(repr, self.routines)) or "none"
            raise ValueError(f"{what} {routine_id!r} not found in flow {self.flow_id!r}; it has {known}")
        return routine

    @property
    def structure_version(self) -> int:
        """A number that grows whenever routines, connections, events or slots change."""
        own = sum(len(routine.slots) + len(routine.events) for routine in list(self.routines.values()))
        return self._routing.version + own

    def connection_ends(self, connection: Connection) -> tuple[str, str, str, str]:
        """Return the ends of `connection`: (source routine id, event name, target routine id, slot name).

        An end that is not linked has empty strings.
        """
        event, slot = connection.source_event, connection.target_slot
        return (
            connection.source_routine_id or "",
            event.name if event is not None else "",
            connection.target_routine_id or "",
            slot.name if slot is not None else "",
        )

    def connection_id(self, connection: Connection) -> str:
        """Return the id of `connection`: `"reader.text->parser.source"`; a repeated pair has `#2`, `#3`, … appended."""
        ends = self.connection_ends(connection)
        duplicates = [known for known in self.connections if self.connection_ends(known) == ends]
        place = next((place for place, known in enumerate(duplicates) if known is connection), 0)
        return connection_name(ends, place + 1)

    def connection_ids(self) -> list[str]:
        """Return the ids of all `connections`, in their order."""
        counts: dict[tuple[str, str, str, str], int] = {}
        ids = []
        for connection in self.connections:
            ends = self.connection_ends(connection)
            counts[ends] = counts.get(ends, 0) + 1
            ids.append(connection_name(ends, counts[ends]))
        return ids

    # -- saving and loading

    def serialize(self) -> dict[str, Any]:
        """Return structure and configuration as plain data; nothing of any run.

        Raises:
            TypeError: for a routine whose class needs constructor arguments.
        """
        handler = self.error_handler
        return {
            "_type": "Flow",
            "format": FORMAT,
            "flow_id": self.flow_id,
            "execution_strategy": self.execution_strategy,
            "max_workers": self.max_workers,
            "execution_timeout": self.execution_timeout,
            "history_limit": self.history_limit,
            "error_handler": None if handler is None else handler.serialize(),
            "routines": {key: routine.serialize() for key, routine in self.routines.items()},
            "connections": [connection.serialize() for connection in self.connections],
            "_paused": False,
        }

    def deserialize(self, data: dict[str, Any], allow: Collection[str] = ()) -> None:
        """Load `data`, the result of `serialize`. The routines' classes must be known to this process.

        Args:
            allow: modules that may be imported to find a class.

        Raises:
            ValueError: if the data is invalid; the flow is unchanged then.
        """
        part = PlainReader(data, "flow")
        part.expect_document("Flow")
        strategy = part.string("execution_strategy", SEQUENTIAL)
        if strategy not in (SEQUENTIAL, CONCURRENT):
            raise part.child("execution_strategy").invalid(f"{SEQUENTIAL!r} or {CONCURRENT!r}")
        known = ClassResolver(allow)
        routines = {key: Routine.from_plain(item, known) for key, item in part.child("routines", {}).entries()}
        handler = ErrorHandler.from_plain(part.child("error_handler"))
        timeout = part.number("execution_timeout", self.execution_timeout)
        limit = None if part.child("history_limit").value is None else part.integer("history_limit")
        workers = part.integer("max_workers", 1)
        flow_id = part.string("flow_id", self.flow_id)
        owners = _owners(routines, "events"), _owners(routines, "slots")
        ends = [_ends(item, routines, *owners) for item in part.child("connections", []).items()]
        self.flow_id, self.execution_strategy = flow_id, strategy
        self.max_workers = max(workers, 1) if strategy == CONCURRENT else 1
        self.execution_timeout, self.history_limit, self.error_handler = timeout, limit, handler
        self._clear()
        for key, routine in routines.items():
            self.add_routine(routine, key)
        for end in ends:
            if end is not None:
                self.connect(*end)

    def _clear(self) -> None:
        version = self.structure_version
        self.routines.clear()
        self.connections.clear()
        self._routing.version = version  # slots and events are counted in it, and are gone
        self._routing.structure_changed()


def routing_of(graph: FlowGraph) -> RoutingTable:
    """The routing table that the flow's runs share."""
    return graph._routing


def _missing(what: str, name: str, routine_id: str, known: Any) -> str:
    names = ", ".join(map(repr, known)) or "none"
    return f"Routine {routine_id!r} has no {what} {name!r}; its {what}s: {names}"


_Ends = tuple[str, str, str, str, dict[str, str]]

_Owners = dict[str, str | None]


def _ends(part: PlainReader, routines: dict[str, Any], sources: _Owners, targets: _Owners) -> _Ends | None:
    connection = Connection()
    connection.load_from(part)
    event, slot = part.optional_string("_source_event_name"), part.optional_string("_target_slot_name")
    if event is None or slot is None:  # it was disconnected before the flow was saved
        return None
    source = connection.source_routine_id or sources.get(event)
    target = connection.target_routine_id or targets.get(slot)
    if source is None or target is None:
        names = describe(event), describe(slot)
        _log.warning("%s: it cannot be told which routines %s and %s belong to; it is left out", part.path, *names)
        return None
    if source not in routines or event not in routines[source].events:
        raise ValueError(
            f"{part.path}: there is no event {describe(event)} of a routine {describe(source)} in this flow"
        )
    if target not in routines or slot not in routines[target].slots:
        raise ValueError(f"{part.path}: there is no slot {describe(slot)} of a routine {describe(target)} in this flow")
    return source, event, target, slot, connection.param_mapping


def _owners(routines: dict[str, Any], kind: str) -> _Owners:
    """Map each event or slot name to its only owner: data of older releases names no routines."""
    owners: _Owners = {}
    for key, routine in routines.items():
        for name in getattr(routine, kind):
            owners[name] = None if name in owners else key
    return owners
