"""A flow's description with indexes derived from it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from ..payloads.mask import Mask
from ..payloads.preview import HIDDEN
from ..protocol import EntryPoint, FlowDefinition
from .wiring import Wiring


class FlowIndex(NamedTuple):
    """A description and the indexes derived from it. The same object until the flow changes."""

    definition: FlowDefinition
    wiring: Wiring
    routine_ids: frozenset[str]
    connection_ids: frozenset[str]


def view_of(definition: FlowDefinition) -> FlowIndex:
    """The index of a description."""
    routine_ids = frozenset(routine.routine_id for routine in definition.routines)
    connection_ids = frozenset(connection.connection_id for connection in definition.connections)
    return FlowIndex(definition, Wiring(definition), routine_ids, connection_ids)


def masked(definition: FlowDefinition, mask: Mask) -> FlowDefinition:
    """The description, with the parameter defaults that the mask hides replaced."""
    if mask.hides is None or not definition.entries:
        return definition
    return msgspec.structs.replace(definition, entries=[_masked_entry(entry, mask) for entry in definition.entries])


def _masked_entry(entry: EntryPoint, mask: Mask) -> EntryPoint:
    hides = mask.hides or (lambda _: False)
    properties = {}
    for name, schema in entry.parameters.get("properties", {}).items():
        told = {key: HIDDEN if key == "default" and hides(name) else value for key, value in schema.items()}
        properties[name] = {key: mask.apply(value) if key == "default" else value for key, value in told.items()}
    return msgspec.structs.replace(entry, parameters={**entry.parameters, "properties": properties})
