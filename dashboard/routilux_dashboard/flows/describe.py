"""Describe a flow in the form the protocol defines."""

from __future__ import annotations

import hashlib
import inspect
from collections import Counter

import msgspec

from routilux import ErrorHandler, Flow, Routine, Slot

from ..protocol import (
    ENTRY_SLOT,
    ConnectionDefinition,
    EntryPoint,
    ErrorHandling,
    EventRef,
    FlowDefinition,
    RoutineDefinition,
    SlotRef,
    SourceLocation,
)
from .parameters import parameters
from .source_location import source_location


def describe(flow: Flow) -> FlowDefinition:
    """The structure of a flow, its routines' source locations and its entries' parameters."""
    routines = list(flow.routines.items())
    sources = {cls: source_location(cls) for cls in {type(routine) for _, routine in routines}}
    definitions = [_routine(flow, routine_id, routine, sources[type(routine)]) for routine_id, routine in routines]
    connections = _connections(flow)
    return FlowDefinition(
        flow_id=flow.flow_id,
        version=_version(definitions, connections),
        execution_strategy="concurrent" if flow.execution_strategy == "concurrent" else "sequential",
        max_workers=flow.max_workers,
        routines=definitions,
        connections=connections,
        entries=[
            _entry(routine_id, routine, slot)
            for routine_id, routine in routines
            if (slot := routine.get_slot(ENTRY_SLOT)) is not None
        ],
    )


def _routine(flow: Flow, routine_id: str, routine: Routine, source: SourceLocation | None) -> RoutineDefinition:
    cls = type(routine)
    return RoutineDefinition(
        routine_id=routine_id,
        class_=cls.__name__,
        doc=_doc(cls),
        slots=list(routine.slots),
        events=list(routine.events),
        error_strategy=_error_handling(routine.get_error_handler(), flow.error_handler),
        source=source,
    )


def _connections(flow: Flow) -> list[ConnectionDefinition]:
    """Connections with the ids that `flow.connection_id` returns; that method scans all connections at each call."""
    seen: Counter[str] = Counter()
    found = []
    for connection in list(flow.connections):
        source_id, event, target_id, slot = flow.connection_ends(connection)
        name = f"{source_id}.{event}->{target_id}.{slot}"
        seen[name] += 1
        key = name if seen[name] == 1 else f"{name}#{seen[name]}"
        ends = EventRef(source_id, event), SlotRef(target_id, slot)
        found.append(ConnectionDefinition(key, *ends, dict(connection.param_mapping)))
    return found


def _entry(routine_id: str, routine: Routine, slot: Slot) -> EntryPoint:
    doc = _doc(slot.handler) if slot.handler is not None else ""
    return EntryPoint(routine_id, doc or _doc(type(routine)), parameters(slot.handler))


def _error_handling(own: ErrorHandler | None, flows: ErrorHandler | None) -> ErrorHandling:
    handler = own or flows or ErrorHandler()
    return ErrorHandling(
        strategy=handler.strategy.value,
        level="routine" if own else "flow" if flows else "default",
        max_retries=handler.max_retries,
        retry_delay=handler.retry_delay,
        retry_backoff=handler.retry_backoff,
        is_critical=handler.is_critical,
    )


def _doc(thing: object) -> str:
    """The docstring of `thing` itself, not an inherited one."""
    doc = getattr(thing, "__doc__", None)
    return inspect.cleandoc(doc) if isinstance(doc, str) else ""


def _version(routines: list[RoutineDefinition], connections: list[ConnectionDefinition]) -> str:
    """A short hash of everything that a drawing of the flow depends on."""
    structure = ([(r.routine_id, r.slots, r.events) for r in routines], connections)
    return hashlib.sha256(msgspec.json.encode(structure)).hexdigest()[:12]
