"""A segment, and a keyframe, without the values of keys that are named as secret."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from ..payloads.mask import Mask
from ..protocol import EntryPoint, FlowDefinition, Keyframe
from ..segments.segment import DataValue, Segment

_OWN_WORDS = frozenset({
    "action", "attempt", "by", "delay", "dropped", "due_ns", "error", "error_type", "kept", "key", "max_retries", "n",
    "outcome", "previous", "reason", "routines", "slot", "state", "status", "traceback",
})  # fmt: skip
"""What the engine calls the parts of entries (see `JournalEntry`)."""


def masked(segment: Segment, mask: Mask) -> Segment:
    """A copy in which `mask` hides what it names, wherever a payload, a stored value or a parameter is."""
    if not mask:
        return segment
    return replace(
        segment,
        beginning=segment.beginning and replace(segment.beginning, params=mask.apply(segment.beginning.params)),
        flow=segment.flow and _flow(segment.flow, mask),
        records=replace(segment.records, data=[_payload(data, mask) for data in segment.records.data]),
        entries=[replace(entry, data=_said(entry.data, mask)) for entry in segment.entries],
        log=[replace(row, entry=mask.apply(row.entry)) for row in segment.log],
        outputs=[replace(row, data=mask.apply(row.data)) for row in segment.outputs],
        states={key: replace(state, state=mask.apply(state.state)) for key, state in segment.states.items()},
        data={key: DataValue(mask.apply({key: held.value})[key], held.cut) for key, held in segment.data.items()},
    )


def masked_keyframe(keyframe: Keyframe, mask: Mask) -> Keyframe:
    """The same for a job as it is shown."""
    if not mask:
        return keyframe
    log, outputs = keyframe.log, keyframe.outputs
    return replace(
        keyframe,
        flow=_flow(keyframe.flow, mask),
        job=replace(keyframe.job, params=mask.apply(keyframe.job.params)),
        states={key: replace(state, state=mask.apply(state.state)) for key, state in keyframe.states.items()},
        records=[replace(record, data=mask.apply(record.data)) for record in keyframe.records],
        log=replace(log, rows=[replace(row, entry=mask.apply(row.entry)) for row in log.rows]),
        outputs=replace(outputs, rows=[replace(row, data=mask.apply(row.data)) for row in outputs.rows]),
    )


def _said(data: dict[str, Any], mask: Mask) -> dict[str, Any]:
    """What an entry says in the engine's own words is no payload, whatever is named."""
    return {key: said if key in _OWN_WORDS else mask.apply({key: said})[key] for key, said in data.items()}


def _payload(data: bytes, mask: Mask) -> bytes:
    """What hides nothing stays byte for byte."""
    value = msgspec.json.decode(data)
    hidden = mask.apply(value)
    return data if hidden == value else msgspec.json.encode(hidden)


def _flow(flow: FlowDefinition, mask: Mask) -> FlowDefinition:
    """An entry's parameters are a schema: only the defaults of what is named are values."""
    return replace(flow, entries=[_entry(entry, mask) for entry in flow.entries])


def _entry(entry: EntryPoint, mask: Mask) -> EntryPoint:
    properties = entry.parameters.get("properties")
    if not isinstance(properties, dict):
        return entry
    shown = {name: _parameter(name, schema, mask) for name, schema in properties.items()}
    return replace(entry, parameters={**entry.parameters, "properties": shown})


def _parameter(name: str, schema: Any, mask: Mask) -> Any:
    if not isinstance(schema, dict) or "default" not in schema:
        return schema
    return {**schema, "default": mask.apply({name: schema["default"]})[name]}
