"""The structure of a flow: routines under ids, and connections between them."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..connection import Connection, connection_name
from ..error_handler import ErrorHandler
from ..persistence.class_registry import KnownClasses
from ..persistence.plain_data import FORMAT, Part, shown
from ..routine import Routine
from .routing import Plan

if TYPE_CHECKING:
    from ..flow import Flow


class Structure:
    """What a flow is made of, apart from how it is run."""

    def __init__(self, flow_id: str) -> None:
        self.flow_id = flow_id
        self.routines: dict[str, Routine] = {}
        self.connections: list[Connection] = []
        self._plan = Plan(self)

    def __repr__(self) -> str:
        return f"Flow[{self.flow_id}]"

    def add_routine(self, routine: Routine, routine_id: str | None = None) -> str:
        """Add `routine` under `routine_id` (its own generated one when not given) and return the id.

        Raises `ValueError` when the id is taken, and `TypeError` for what is no routine, such as its class.
        """
        if isinstance(routine, type):
            raise TypeError(f"{routine.__name__} is a class, and a routine is needed: add {routine.__name__}()")
        if not isinstance(routine, Routine):
            raise TypeError(f"{routine!r} is no routine: add an object of a class that is derived from Routine")
        own_id = routine._id
        key = own_id if routine_id is None else Part(routine_id, "routine_id").as_text()
        if key in self.routines:
            raise ValueError(f"Routine id {key!r} already exists in {self!r}; choose another id")
        self.routines[key] = routine
        self._plan.routine_added()
        return key

    def connect(
        self,
        source_routine_id: str,
        source_event: str,
        target_routine_id: str,
        target_slot: str,
        param_mapping: dict[str, str] | None = None,
    ) -> Connection:
        """Join an event to a slot and return the connection.

        Args:
            source_routine_id, source_event: who sends, and what.
            target_routine_id, target_slot: who receives, and where.
            param_mapping: `{event parameter: slot parameter}`; these are renamed on the way.

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
        self._plan.connected(connection)
        return connection

    def _clear(self) -> None:
        version = self.structure_version
        self.routines.clear()
        self.connections.clear()
        self._plan.version = version  # slots and events are counted in it, and are gone
        self._plan.structure_changed()

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
        return self._plan.version + own

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
        twins = [known for known in self.connections if self.connection_ends(known) == ends]
        place = next((place for place, known in enumerate(twins) if known is connection), 0)
        return connection_name(ends, place + 1)


def _missing(what: str, name: str, routine_id: str, known: Any) -> str:
    names = ", ".join(map(repr, known)) or "none"
    return f"Routine {routine_id!r} has no {what} {name!r}; its {what}s: {names}"


_log = logging.getLogger("routilux")

_STRATEGIES = ("sequential", "concurrent")


def flow_to_plain(flow: Flow) -> dict[str, Any]:
    """The document of a flow. Raises `TypeError` for a routine whose class needs constructor arguments."""
    handler = flow.error_handler
    return {
        "_type": "Flow",
        "format": FORMAT,
        "flow_id": flow.flow_id,
        "execution_strategy": flow.execution_strategy,
        "max_workers": flow.max_workers,
        "execution_timeout": flow.execution_timeout,
        "history_limit": flow.history_limit,
        "error_handler": None if handler is None else handler.serialize(),
        "routines": {key: routine.serialize() for key, routine in flow.routines.items()},
        "connections": [connection.serialize() for connection in flow.connections],
        "_paused": False,
    }


def fill_flow(flow: Flow, data: Any, allow: Collection[str]) -> None:
    """Make `flow` what the document says; it stays as it was when something is wrong.

    Raises:
        ValueError: saying what is wrong and where.
    """
    part = Part(data, "flow")
    part.must_be("Flow")
    strategy = part.text("execution_strategy", "sequential")
    if strategy not in _STRATEGIES:
        raise part.at("execution_strategy").wrong(" or ".join(map(repr, _STRATEGIES)))
    known = KnownClasses(allow)
    routines = {key: Routine.of(item, known) for key, item in part.at("routines", {}).entries()}
    handler = ErrorHandler.of(part.at("error_handler"))
    timeout = part.number("execution_timeout", flow.execution_timeout)
    limit = None if part.at("history_limit").value is None else part.whole("history_limit")
    workers = part.whole("max_workers", 1)
    flow_id = part.text("flow_id", flow.flow_id)
    owners = _owners(routines, "events"), _owners(routines, "slots")
    ends = [_ends(item, routines, *owners) for item in part.at("connections", []).items()]
    flow.flow_id = flow_id
    flow.execution_strategy = strategy
    flow.max_workers = max(workers, 1) if strategy == "concurrent" else 1
    flow.execution_timeout = timeout
    flow.history_limit = limit
    flow.error_handler = handler
    flow._clear()
    for key, routine in routines.items():
        flow.add_routine(routine, key)
    for end in ends:
        if end is not None:
            flow.connect(*end)


_Ends = tuple[str, str, str, str, dict[str, str]]

_Owners = dict[str, str | None]


def _ends(part: Part, routines: dict[str, Any], sources: _Owners, targets: _Owners) -> _Ends | None:
    connection = Connection()
    connection.fill(part)
    event, slot = part.optional_text("_source_event_name"), part.optional_text("_target_slot_name")
    if event is None or slot is None:  # it was taken apart before the flow was saved
        return None
    source = connection.source_routine_id or sources.get(event)
    target = connection.target_routine_id or targets.get(slot)
    if source is None or target is None:
        names = shown(event), shown(slot)
        _log.warning("%s: it cannot be told which routines %s and %s belong to; it is left out", part.path, *names)
        return None
    if source not in routines or event not in routines[source].events:
        raise ValueError(f"{part.path}: there is no event {shown(event)} of a routine {shown(source)} in this flow")
    if target not in routines or slot not in routines[target].slots:
        raise ValueError(f"{part.path}: there is no slot {shown(slot)} of a routine {shown(target)} in this flow")
    return source, event, target, slot, connection.param_mapping


def _owners(routines: dict[str, Any], kind: str) -> _Owners:
    """For each event or slot name the routine that alone has it: data of older releases names none."""
    owners: _Owners = {}
    for key, routine in routines.items():
        for name in getattr(routine, kind):
            owners[name] = None if name in owners else key
    return owners
